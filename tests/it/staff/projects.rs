//! Projects and who works on them.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

const ALL: [&str; 3] = ["StaffAreaAdministrator", "ServiceAdministrator", "TechSupport"];

pub async fn with_staff(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &ALL).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

pub async fn texts(site: &Site, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(site.db.pool()).await.unwrap()
}

pub async fn events(site: &Site) -> Vec<String> {
    texts(
        site,
        "SELECT type || ' ' || target_field || ' ' || old || ' > ' || new FROM auditable_event
          WHERE created_by = 'stan' AND type NOT IN ('login_link_created', 'user_signed_in') ORDER BY id",
    )
    .await
}

/// What the form of `project` shows, as its fields.
async fn shown(stan: &Visitor, slug: &str) -> Vec<(String, String)> {
    let path = format!("/staff/projects/{slug}/edit/");
    let html = stan.get(&path).await.expect(200).html();
    let ticked = html.attributes("input[name=orgs][checked]", "value");
    let form = html
        .posted_forms()
        .into_iter()
        .find(|(_, fields)| fields.iter().any(|(name, _)| name == "seen"));
    let fields = form.unwrap().1.into_iter();
    fields
        .filter(|(name, value)| name != "orgs" || ticked.contains(value))
        .collect()
}

fn with<'a>(fields: &'a [(String, String)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = kept.filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

#[sqlx::test]
async fn projects_stand_by_their_identifiers(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    for (slug, number) in [
        ("a", "9"),
        ("b", "POS-2026-1001"),
        ("c", "10"),
        ("d", "POS-2025-9999"),
        ("e", "99999999999999999999"),
        ("f", ""),
    ] {
        site.world.project(slug).await;
        sqlx::query("UPDATE project SET number = nullif($2, '') WHERE slug = $1")
            .bind(slug)
            .bind(number)
            .execute(site.db.pool())
            .await
            .unwrap();
    }
    let names = async |query: &str| {
        let html = stan.get(&format!("/staff/projects/{query}")).await.expect(200).html();
        assert_accessible(&html);
        html.texts("main tbody th a")
    };
    assert_eq!(
        names("").await,
        [
            "POS-2026-1001 - B",
            "POS-2025-9999 - D",
            "99999999999999999999 - E",
            "10 - C",
            "9 - A",
            "F",
            "Project"
        ]
    );
    assert_eq!(names("?q=999").await, ["POS-2025-9999 - D", "99999999999999999999 - E"]);
    assert_eq!(names("?q=pos-2026").await, ["POS-2026-1001 - B"]);
    assert_eq!(names("?orgs=none&orgs=nothing").await, Vec::<String>::new());
    assert_eq!(names("?orgs=acme&status=retired").await, Vec::<String>::new());
    let (_, few) = count_statements(stan.get("/staff/projects/")).await;
    let (_, few_detail) = count_statements(stan.get("/staff/projects/project/")).await;
    for n in 0..30 {
        site.world.project(&format!("p{n}")).await;
        site.world
            .member("project", &format!("u{n}"), &["ProjectDeveloper"])
            .await;
        site.world.workspace("project", &format!("w{n}")).await;
    }
    let (_, many) = count_statements(stan.get("/staff/projects/")).await;
    let (answer, many_detail) = count_statements(stan.get("/staff/projects/project/")).await;
    assert_eq!((few, few_detail), (many, many_detail));
    assert_accessible(&answer.expect(200).html());
    stan.get("/staff/projects/none/").await.expect(404);
}

#[sqlx::test]
async fn a_new_project_tells_its_co_pilot(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let org = site.world.org("acme").await.to_string();
    let copilot = site
        .world
        .global_roles("olga", &["StaffAreaAdministrator"])
        .await
        .to_string();
    site.world.so("UPDATE project SET number = '209'").await;
    let create = "/staff/projects/create/";
    let html = stan.get(&format!("{create}?org-slug=acme")).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.attribute("select[name=orgs] option[selected]", "value"),
        Some(org.clone())
    );
    assert!(html.main().contains("210"));
    let fields = [
        ("name", "Tea"),
        ("number", "POS-2026-3001"),
        ("orgs", &*org),
        ("copilot", &*copilot),
    ];
    let made = stan.post(create, &fields).await.expect(302);
    assert_eq!(made.location(), "/staff/projects/tea/created/");
    assert_accessible(&stan.get(made.location()).await.expect(200).html());
    assert_eq!(
        events(&site).await,
        [
            "project_created   > ",
            "project_updated name  > Tea",
            "project_updated slug  > tea",
            "project_updated number  > POS-2026-3001",
            "project_copilot_changed copilot  > olga",
            "project_org_added orgs  > Acme",
            "project_org_lead_changed orgs  > Acme"
        ]
    );
    site.drain().await;
    let posts = site.post().chat.posted();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].text.contains("POS-2026-3001 - Tea"), "{}", posts[0].text);
    // The next number is taken when it is stored; nobody is told without a co-pilot.
    let fields = [("name", "Coffee"), ("next_number", "on"), ("orgs", &*org)];
    stan.post(create, &fields).await.expect(302);
    assert_eq!(
        texts(&site, "SELECT number FROM project WHERE slug = 'coffee'").await,
        ["210"]
    );
    site.drain().await;
    assert_eq!(site.post().chat.posted().len(), 1);
    let ada = site.world.user("ada").await.to_string();
    for (wrong, field) in [
        (vec![("name", ""), ("orgs", &*org)], "name"),
        (vec![("name", "TEA"), ("orgs", &*org)], "name"),
        (vec![("name", "Create"), ("orgs", &*org)], "name"),
        (vec![("name", "New")], "orgs"),
        (vec![("name", "New"), ("orgs", "x")], "orgs"),
        (vec![("name", "New"), ("orgs", &*org), ("number", "210")], "number"),
        (vec![("name", "New"), ("orgs", &*org), ("number", "0")], "number"),
        (
            vec![("name", "New"), ("orgs", &*org), ("number", "POS-2026-3002")],
            "copilot",
        ),
        (vec![("name", "New"), ("orgs", &*org), ("copilot", &*ada)], "copilot"),
    ] {
        let html = stan.post(create, &wrong).await.expect(200).html();
        let invalid = html.attributes("main [aria-invalid=true]", "name");
        assert_eq!(invalid, [field], "{wrong:?}");
        assert_eq!(html.attribute("input[name=name]", "value").as_deref(), Some(wrong[0].1));
    }
}

#[sqlx::test]
async fn numbers_are_given_once_however_many_ask(pool: PgPool) {
    let (site, _) = with_staff(pool).await;
    let org = site.world.org("acme").await.to_string();
    let visitors = [
        site.sign_in("stan").await,
        site.sign_in("stan").await,
        site.sign_in("stan").await,
    ];
    let make = async |n: usize| {
        let name = format!("Next {n}");
        let fields = [("name", &*name), ("next_number", "on"), ("orgs", &*org)];
        visitors[n].post("/staff/projects/create/", &fields).await.expect(302);
    };
    futures::join!(make(0), make(1), make(2));
    let numbers = texts(
        &site,
        "SELECT number FROM project WHERE number IS NOT NULL ORDER BY number",
    )
    .await;
    assert_eq!(numbers, ["1", "2", "3"]);
}

#[sqlx::test]
async fn only_what_differs_is_changed_and_old_addresses_lead_on(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let other = site.world.org("bristol").await.to_string();
    let acme = site.world.org("acme").await.to_string();
    let path = "/staff/projects/project/edit/";
    let before = shown(&stan, "project").await;
    stan.post(path, &with(&before, &[])).await.expect(302);
    assert!(events(&site).await.is_empty());
    let kept: i64 = site.world.number("SELECT id::bigint FROM project_collaboration").await;
    let mut changed = with(
        &before,
        &[
            ("name", "Tea"),
            ("slug", "tea"),
            ("number", "7"),
            ("status", "postponed"),
            ("copilot_support_ends_at", "2030-01-02"),
            ("copilot_notes", "Later"),
            ("application_url", "https://example.org/a"),
            ("lead", &other),
        ],
    );
    changed.push(("orgs", &other));
    let saved = stan.post(path, &changed).await.expect(302);
    assert_eq!(saved.location(), "/staff/projects/tea/");
    assert_eq!(
        events(&site).await,
        [
            "project_updated name Project > Tea",
            "project_updated slug project > tea",
            "project_updated number  > 7",
            "project_updated application_url  > https://example.org/a",
            "project_updated copilot_support_ends_at  > 2030-01-02",
            "project_updated copilot_notes  > Later",
            "project_status_changed status ongoing > postponed",
            "project_org_added orgs  > Bristol",
            "project_org_lead_changed orgs Acme > Bristol",
            "redirect_created old_url /project/ > /tea/",
        ]
    );
    let stays = "SELECT count(*) FROM project_collaboration WHERE NOT is_lead AND org_id = (SELECT id FROM org WHERE slug = 'acme')";
    assert_eq!(site.world.number(stays).await, 1);
    assert!(kept > 0);
    let moved = site.anonymous().get("/project/ws/?a=1").await.expect(301);
    assert_eq!(moved.location(), "/tea/ws/?a=1");
    let html = stan.get("/staff/projects/tea/").await.expect(200).html();
    assert!(html.main().contains("Postponed") && html.main().contains("/project/"));
    // The one that leads cannot go without another that does.
    let seen = shown(&stan, "tea").await;
    let without: Vec<(&str, &str)> = with(&seen, &[("lead", "")])
        .into_iter()
        .filter(|field| *field != ("orgs", &*other))
        .collect();
    stan.post("/staff/projects/tea/edit/", &without).await.expect(302);
    let leads = "SELECT count(*) FROM project_collaboration WHERE is_lead AND org_id = (SELECT id FROM org WHERE slug = 'acme')";
    assert_eq!(site.world.number(leads).await, 1);
    let wrong = [
        ("name", ""),
        ("slug", "staff"),
        ("number", "x"),
        ("application_url", "javascript:1"),
        ("status", "?"),
        ("lead", &*other),
        ("orgs", &*acme),
    ];
    let seen = shown(&stan, "tea").await;
    let html = stan
        .post("/staff/projects/tea/edit/", &with(&seen, &wrong))
        .await
        .expect(200)
        .html();
    assert_accessible(&html);
    assert_eq!(
        html.attributes("main [aria-invalid=true]", "name"),
        ["name", "slug", "number", "status", "lead", "application_url"]
    );
    // Everything at once: a day that is none, and both of what another project has.
    site.world.project("coffee").await;
    let wrong = [
        ("copilot_support_ends_at", "tomorrow"),
        ("name", "Coffee"),
        ("slug", "coffee"),
        ("number", "x"),
    ];
    let html = stan
        .post("/staff/projects/tea/edit/", &with(&seen, &wrong))
        .await
        .expect(200)
        .html();
    assert_eq!(html.attribute("input[name=name]", "value").as_deref(), Some("Coffee"));
    assert_eq!(
        html.attributes("main [aria-invalid=true]", "name"),
        ["name", "slug", "number", "copilot_support_ends_at"]
    );
}

#[sqlx::test]
async fn the_only_organisation_is_swapped_without_a_word_about_who_leads(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let other = site.world.org("bristol").await.to_string();
    let acme = site.world.org("acme").await.to_string();
    let seen = shown(&stan, "project").await;
    // The field that says who leads still says what it said.
    assert!(seen.contains(&("lead".to_owned(), acme.clone())), "{seen:?}");
    let mut fields = with(&seen, &[]);
    fields.retain(|(name, _)| *name != "orgs");
    fields.push(("orgs", &other));
    stan.post("/staff/projects/project/edit/", &fields).await.expect(302);
    let leads = "SELECT o.slug FROM project_collaboration c JOIN org o ON o.id = c.org_id WHERE c.is_lead";
    assert_eq!(texts(&site, leads).await, ["bristol"]);
}

#[sqlx::test]
async fn two_who_edit_see_each_other_and_a_co_pilot_stays(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    site.world.user("former").await;
    site.world
        .so("UPDATE project SET copilot_id = (SELECT id FROM \"user\" WHERE username = 'former')")
        .await;
    let path = "/staff/projects/project/edit/";
    let first = shown(&stan, "project").await;
    // Who helped before and may not enter any more goes on, and is not dropped by another change.
    stan.post(path, &with(&first, &[("copilot_notes", "Theirs")]))
        .await
        .expect(302);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM project WHERE copilot_id IS NOT NULL")
            .await,
        1
    );
    let html = stan
        .post(path, &with(&first, &[("copilot_notes", "Mine")]))
        .await
        .expect(200)
        .html();
    let told = html.text("[data-errors]").unwrap();
    assert!(told.contains("Stan (stan)") && told.contains("Theirs"), "{told}");
    assert_eq!(html.text("textarea[name=copilot_notes]").as_deref(), Some("Mine"));
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let again = with(&first, &[("copilot_notes", "Mine"), ("seen", &seen)]);
    stan.post(path, &again).await.expect(302);
    assert_eq!(texts(&site, "SELECT copilot_notes FROM project").await, ["Mine"]);
    // Also when the address is another by now.
    let first = shown(&stan, "project").await;
    stan.post(path, &with(&first, &[("slug", "elsewhere")]))
        .await
        .expect(302);
    let html = stan
        .post(path, &with(&first, &[("copilot_notes", "Long and late")]))
        .await
        .expect(200)
        .html();
    assert!(html.text("[data-errors]").unwrap().contains("elsewhere"));
    assert_eq!(
        html.text("textarea[name=copilot_notes]").as_deref(),
        Some("Long and late")
    );
    let kept = with(&first, &[("id", "0")]);
    stan.post("/staff/projects/nowhere/edit/", &kept).await.expect(404);
}
