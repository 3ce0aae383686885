//! Organisations.

use sqlx::PgPool;

use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

async fn with_staff(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    let roles = ["StaffAreaAdministrator", "ServiceAdministrator"];
    site.world.global_roles("stan", &roles).await;
    site.world.usual().await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

/// What the form of `acme` sends when nothing is changed.
pub const ACME: [(&str, &str); 5] = [
    ("name", "Acme"),
    ("slug", "acme"),
    ("description", ""),
    ("output_checking_repo", ""),
    ("slack_channel", ""),
];

pub fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = ACME
        .into_iter()
        .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

async fn events(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT type || ' ' || target_field || ' ' || old || ' > ' || new FROM auditable_event
          WHERE created_by = 'stan' AND type NOT IN ('login_link_created', 'user_signed_in') ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

#[sqlx::test]
async fn a_new_one_is_made_of_its_name(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let html = stan.get("/staff/orgs/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link("New organisation").as_deref(), Some("/staff/orgs/add/"));
    assert_accessible(&stan.get("/staff/orgs/add/").await.expect(200).html());
    let made = stan
        .post("/staff/orgs/add/", &[("name", " Bristol & Co ")])
        .await
        .expect(302);
    assert_eq!(made.location(), "/staff/orgs/bristol-co/");
    let html = stan.get("/staff/orgs/bristol-co/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("opensafely"), "{}", html.main());
    assert_eq!(
        events(&site).await,
        [
            "org_created name  > Bristol & Co",
            "org_updated slug  > bristol-co",
            "org_github_org_added github_orgs  > opensafely"
        ]
    );
    for (name, told) in [
        ("", "Enter a name."),
        ("Acme", "Another organisation has this name."),
        ("ACME", "Another organisation has a name so like this one"),
        ("日本", "letters a to z"),
        ("Add", "another page"),
    ] {
        let html = stan
            .post("/staff/orgs/add/", &[("name", name)])
            .await
            .expect(200)
            .html();
        assert!(html.main().contains(told), "{name}: {}", html.main());
        assert_eq!(html.attribute("main input[name=name]", "value").as_deref(), Some(name));
    }
    // Whoever may not is not shown the button.
    site.world.global_roles("tess", &["StaffAreaAdministrator"]).await;
    assert_eq!(site.world.number("SELECT count(*) FROM org").await, 2);
}

#[sqlx::test]
async fn a_dialog_leads_on_with_the_new_one(pool: PgPool) {
    let (_site, stan) = with_staff(pool).await;
    let stan = stan.saying("HX-Request", "true");
    let page = "/staff/orgs/add/?next=/staff/projects/create/%3Fa%3D1&x=y";
    let html = stan.get(page).await.expect(200).html();
    assert_eq!(html.count("main"), 0);
    // A script closes the dialog; without one the link leads back.
    let back = html.attribute("form[hx-post] a#closeModal", "href");
    assert_eq!(back.as_deref(), Some("/staff/projects/create/?a=1&x=y"));
    let again = stan.post(page, &[("name", "")]).await.expect(200).html();
    assert_eq!((again.count("main"), again.count("form[hx-post]")), (0, 1));
    let made = stan.post(page, &[("name", "New")]).await.expect(200);
    assert_eq!(made.body, "");
    let location = made.header("HX-Location").unwrap();
    assert_eq!(location, r#"{"path":"/staff/projects/create/?a=1&x=y&org-slug=new"}"#);
    let made = stan
        .post("/staff/orgs/add/?next=//evil.example", &[("name", "Newer")])
        .await;
    assert_eq!(
        made.expect(200).header("HX-Location").unwrap(),
        r#"{"path":"/staff/orgs/newer/?org-slug=newer"}"#
    );
    // Without a place to go on to, what else the address says comes along to its page.
    let made = stan
        .post("/staff/orgs/add/?x=y", &[("name", "Newest")])
        .await
        .expect(200);
    assert_eq!(
        made.header("HX-Location").unwrap(),
        r#"{"path":"/staff/orgs/newest/?x=y&org-slug=newest"}"#
    );
}

#[sqlx::test]
async fn without_scripts_its_form_is_a_page_that_leads_back(pool: PgPool) {
    let (_site, stan) = with_staff(pool).await;
    let html = stan.get("/staff/projects/create/").await.expect(200).html();
    let opens = html.attribute("main form button[name=new_org]", "hx-get").unwrap();
    let html = stan.get(&opens).await.expect(200).html();
    assert_eq!(
        html.link("Back").as_deref(),
        Some("/staff/projects/create/?typed=project")
    );
    let html = stan
        .get("/staff/orgs/add/?next=//evil.example")
        .await
        .expect(200)
        .html();
    assert_eq!(html.link("Back").as_deref(), Some("/staff/orgs/"));
    let html = stan.post(&opens, &[("name", "")]).await.expect(200).html();
    assert_eq!(
        html.link("Back").as_deref(),
        Some("/staff/projects/create/?typed=project")
    );
}

#[sqlx::test]
async fn people_come_and_go(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let grace = site.world.user("grace").await.to_string();
    let me = site.world.user("stan").await.to_string();
    let page = "/staff/orgs/acme/";
    let found = stan
        .post(page, &[("find_people", "gra"), ("look_for_people", "1")])
        .await
        .expect(200)
        .html();
    assert!(found.attributes("input[name=users]", "value").contains(&grace));
    stan.post(page, &[("users", &grace)]).await.expect(302);
    stan.post(page, &[("users", &grace)]).await.expect(302);
    assert_eq!(events(&site).await, ["org_member_added   > "]);
    let html = stan.get(page).await.expect(200).html();
    assert!(html.main().contains("Grace (grace)") && html.main().contains("Ada (ada)"));
    for fields in [&[][..], &[("users", &*me)], &[("find_people", "nobody-at-all")]] {
        let html = stan.post(page, fields).await.expect(200).html();
        assert_eq!(html.count("[data-errors]"), 1, "{fields:?} {}", html.main());
    }
    // Whoever belongs to it is not offered again, and who is nobody or deactivated is not passed over.
    for (asked, found) in [("grace", false), ("eve", true)] {
        site.world.user("eve").await;
        let looks = [("find_people", asked), ("look_for_people", "1")];
        let html = stan.post(page, &looks).await.expect(200).html();
        assert_eq!(html.has("[data-people-found] input[name=users]"), found, "{asked}");
        let not_in = html.attribute("[data-people]", "hx-vals").unwrap();
        let org = site.world.org("acme").await;
        assert!(not_in.contains(&format!("org:{org}")), "{not_in}");
        let suggest = format!("/staff/suggest/people/?find_people={asked}&as=users&not_in=org:{org}");
        let told = stan.get(&suggest).await.expect(200).body;
        assert_eq!(told.contains("checkbox"), found, "{told}");
    }
    let eve = site.world.user("eve").await.to_string();
    site.world
        .so("UPDATE \"user\" SET is_active = false WHERE username = 'eve'")
        .await;
    for (wrong, told) in [
        (eve.as_str(), "Eve (eve) is deactivated"),
        ("4711", "is no user any more"),
    ] {
        let before = events(&site).await.len();
        let html = stan
            .post(page, &[("users", &*grace), ("users", wrong)])
            .await
            .expect(200)
            .html();
        assert!(html.text("[data-errors]").unwrap().contains(told), "{}", html.main());
        assert_eq!(events(&site).await.len(), before);
    }
    let remove = "/staff/orgs/acme/remove-member/";
    stan.post(remove, &[("username", "grace")]).await.expect(302);
    stan.post(remove, &[("username", "grace")]).await.expect(302);
    let told = stan.get(page).await.html();
    assert!(
        told.text("body").unwrap().contains("did not belong"),
        "an honest message"
    );
    assert_eq!(events(&site).await.len(), 2);
    stan.get("/staff/orgs/none/").await.expect(404);
}

#[sqlx::test]
async fn github_organisations_are_known_once(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let add = "/staff/orgs/acme/add-github-org/";
    assert_accessible(&stan.get(add).await.expect(200).html());
    stan.post(add, &[("name", "bristol")]).await.expect(302);
    for name in ["", "Bristol", "OPENSAFELY", "a b", "https://github.com/x", "<b>"] {
        let html = stan.post(add, &[("name", name)]).await.expect(200).html();
        assert_accessible(&html);
        let typed = html.attributes("input[name=name]", "value");
        assert!(typed.contains(&name.to_owned()), "{name}: {typed:?}");
    }
    let remove = "/staff/orgs/acme/remove-github-org/";
    stan.post(remove, &[("name", "opensafely")]).await.expect(302);
    stan.post(remove, &[("name", "opensafely")]).await.expect(302);
    let held = site
        .world
        .number("SELECT count(*) FROM org WHERE github_orgs = '{bristol}'")
        .await;
    assert_eq!(held, 1);
    assert_eq!(
        events(&site).await,
        [
            "org_github_org_added github_orgs  > bristol",
            "org_github_org_removed github_orgs opensafely > "
        ]
    );
}

#[sqlx::test]
async fn a_github_organisation_is_added_in_a_dialog(pool: PgPool) {
    let (_site, stan) = with_staff(pool).await;
    let add = "/staff/orgs/acme/add-github-org/";
    let html = stan.get("/staff/orgs/acme/").await.expect(200).html();
    assert_eq!(html.attribute("main a[hx-get]", "hx-get").as_deref(), Some(add));
    assert_eq!(
        html.link("Add a GitHub organisation").as_deref(),
        Some(add),
        "without scripts"
    );
    assert!(html.has("dialog#dialog"));
    let stan = stan.saying("HX-Request", "true");
    for html in [
        stan.get(add).await.expect(200).html(),
        stan.post(add, &[("name", "a b")]).await.expect(200).html(),
    ] {
        assert_eq!((html.count("main"), html.count("form[hx-post]")), (0, 1));
        assert_eq!(
            html.attribute("a#closeModal", "href").as_deref(),
            Some("/staff/orgs/acme/")
        );
    }
    let added = stan.post(add, &[("name", "bristol")]).await.expect(200);
    assert_eq!(
        (added.body.as_str(), added.header("HX-Redirect")),
        ("", Some("/staff/orgs/acme/"))
    );
}

#[sqlx::test]
async fn a_file_has_states_in_columns_of_their_own(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    site.world
        .so("UPDATE org SET is_internal = true, name = 'Acme;=1+1'")
        .await;
    let file = stan.get("/staff/orgs/?format=csv").await.expect(200).body;
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].ends_with("\"Internal\",\"Co-piloted\""), "{file}");
    assert!(lines[1].starts_with("\"Acme;'=1+1\",\"acme\""), "{file}");
    assert!(lines[1].ends_with("\"Yes\",\"Yes\""), "{file}");
}

#[sqlx::test]
async fn only_what_differs_is_changed_and_nobody_is_overwritten(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let edit = "/staff/orgs/acme/edit/";
    let html = stan.get(edit).await.expect(200).html();
    assert_accessible(&html);
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    stan.post(edit, &with(&[("seen", &seen)])).await.expect(302);
    assert!(events(&site).await.is_empty());
    let changed = with(&[("description", "Makes all"), ("is_internal", "on"), ("seen", &seen)]);
    stan.post(edit, &changed).await.expect(302);
    assert_eq!(
        events(&site).await,
        [
            "org_updated description  > Makes all",
            "org_updated is_internal false > true"
        ]
    );
    // Somebody who has the form open since before sees what was changed, and keeps what they typed.
    let mine = with(&[("description", "Mine"), ("seen", &seen)]);
    let html = stan.post(edit, &mine).await.expect(200).html();
    assert!(html.text("[data-errors]").unwrap().contains("Makes all"));
    assert_eq!(html.text("textarea[name=description]").as_deref(), Some("Mine"));
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    stan.post(edit, &with(&[("description", "Mine"), ("seen", &seen)]))
        .await
        .expect(302);
    // Also when the address is another by now.
    let html = stan.get(edit).await.expect(200).html();
    let (seen, id) = (
        html.attribute("input[name=seen]", "value").unwrap(),
        html.attribute("input[name=id]", "value").unwrap(),
    );
    site.world
        .so("UPDATE org SET slug = 'acme-2' WHERE slug = 'acme'")
        .await;
    let late = with(&[("description", "Late"), ("seen", &seen)]);
    stan.post(edit, &late).await.expect(404);
    let html = stan
        .post(edit, &with(&[("description", "Late"), ("seen", &seen), ("id", &id)]))
        .await
        .expect(200)
        .html();
    assert!(html.text("[data-errors]").unwrap().contains("acme-2"));
    assert_eq!(html.text("textarea[name=description]").as_deref(), Some("Late"));
    site.world
        .so("UPDATE org SET slug = 'acme' WHERE slug = 'acme-2'")
        .await;
    // Wrong things stand beside their fields, with what was typed.
    let wrong = [
        ("name", ""),
        ("slug", "a b"),
        ("output_checking_repo", "x"),
        ("slack_channel", "#X"),
    ];
    let html = stan.post(edit, &with(&wrong)).await.expect(200).html();
    assert_eq!(html.count("main [aria-invalid=true]"), 4);
    // All at once, also what another one has.
    site.world.org("bristol").await;
    let html = stan
        .post(
            edit,
            &with(&[("name", "Bristol"), ("slug", "bristol"), ("slack_channel", "#X")]),
        )
        .await
        .expect(200)
        .html();
    assert_eq!(
        html.attributes("main [aria-invalid=true]", "name"),
        ["name", "slug", "slack_channel"]
    );
    let html = stan
        .post(edit, &with(&[("name", "Acme\u{202e}")]))
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("on one line"), "{}", html.main());
    let html = stan.post(edit, &with(&wrong)).await.expect(200).html();
    assert_eq!(html.attribute("input[name=slug]", "value").as_deref(), Some("a b"));
    // What the settings of a checker need is stored as two.
    let checks = [
        ("output_checking_repo", "opensafely/checks"),
        ("slack_channel", "checks"),
    ];
    stan.post(edit, &with(&checks)).await.expect(302);
    let stored = "SELECT count(*) FROM org WHERE output_checking_github_org = 'opensafely'
                     AND output_checking_repo = 'checks' AND slack_channel = 'checks'";
    assert_eq!(site.world.number(stored).await, 1);
}

#[sqlx::test]
async fn a_list_of_many_takes_as_many_statements(pool: PgPool) {
    let (site, stan) = with_staff(pool).await;
    let (_, few) = count_statements(stan.get("/staff/orgs/")).await;
    let (_, few_detail) = count_statements(stan.get("/staff/orgs/acme/")).await;
    for n in 0..30 {
        site.world.org(&format!("org{n}")).await;
        site.world.org_member("acme", &format!("user{n}")).await;
        site.world.project(&format!("p{n}")).await;
    }
    let (answer, many) = count_statements(stan.get("/staff/orgs/")).await;
    let (_, many_detail) = count_statements(stan.get("/staff/orgs/acme/")).await;
    assert_eq!((few, few_detail), (many, many_detail));
    assert_eq!(answer.expect(200).html().count("main tbody tr"), 25);
    stan.get("/staff/orgs/?page=2").await.expect(200);
    stan.get("/staff/orgs/?page=3").await.expect(404);
    let html = stan.get("/staff/orgs/?q=ORG29").await.expect(200).html();
    assert_eq!(html.texts("main tbody th a"), ["Org29"]);
    let csv = stan.get("/staff/orgs/?format=csv").await.expect(200);
    assert_eq!(csv.body.lines().count(), 32);
}
