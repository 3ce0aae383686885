//! Projects with an interactive workspace, and the repositories that are made for them.

use jobserver::core::ports::Undelivered;
use sqlx::PgPool;

use super::{said, with_stan};
use crate::pages::lists::assert_accessible;
use crate::support::{Site, Trouble, Visitor, count_statements};

const ADD: &str = "/staff/projects/add/";
const REPO: &str = "https://github.com/opensafely/tea-interactive";

/// A form that is in order, for a project called Tea, led by Acme, helped by somebody who is not of the staff.
struct Typed {
    org: String,
    copilot: String,
}

impl Typed {
    async fn new(site: &Site) -> Self {
        Self {
            org: site.world.org("acme").await.to_string(),
            copilot: site.world.user("grace").await.to_string(),
        }
    }

    fn fields(&self) -> Vec<(&str, &str)> {
        vec![
            ("name", "Tea"),
            ("number", "12"),
            ("orgs", &self.org),
            ("copilot", &self.copilot),
            ("application_url", "https://example.org/apply/1"),
        ]
    }

    fn with<'a>(&'a self, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let kept = self.fields().into_iter();
        let kept = kept.filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        kept.chain(changes.iter().copied()).collect()
    }
}

async fn texts(site: &Site, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(site.db.pool()).await.unwrap()
}

/// What the project's page says of its repository.
async fn state(stan: &Visitor, slug: &str) -> String {
    let html = stan.get(&format!("/staff/projects/{slug}/")).await.expect(200).html();
    assert_accessible(&html);
    html.text("#interactive-workspace").unwrap_or_default()
}

#[sqlx::test]
async fn a_project_comes_with_its_workspace_and_the_repository_follows(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    let another = site.world.org("aardvark").await.to_string();
    let html = stan.get(&format!("{ADD}?org-slug=acme")).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.attributes("input[name=orgs][checked]", "value"),
        [typed.org.as_str()]
    );

    let mut fields = typed.fields();
    fields.push(("orgs", &another));
    let made = stan.post(ADD, &fields).await.expect(302);
    assert_eq!(made.location(), "/staff/projects/tea/");
    let project = "SELECT concat_ws(' ', p.name, p.number, p.application_url, u.username)
                     FROM project p JOIN \"user\" u ON u.id = p.copilot_id WHERE p.slug = 'tea'";
    assert_eq!(
        texts(&site, project).await,
        ["Tea 12 https://example.org/apply/1 grace"]
    );
    let orgs = "SELECT o.slug || ' ' || c.is_lead FROM project_collaboration c JOIN org o ON o.id = c.org_id
                  JOIN project p ON p.id = c.project_id WHERE p.slug = 'tea' ORDER BY c.id";
    assert_eq!(texts(&site, orgs).await, ["aardvark true", "acme false"]);
    let workspace = "SELECT concat_ws(' ', w.name, w.branch, r.url, u.username, w.purpose <> '')
                       FROM workspace w JOIN repo r ON r.id = w.repo_id JOIN \"user\" u ON u.id = w.created_by_id
                       JOIN interactive_workspace i ON i.workspace_id = w.id";
    let wanted = format!("tea-interactive main {REPO} stan t");
    assert_eq!(texts(&site, workspace).await, [wanted]);
    let events = "SELECT type || ' ' || new FROM auditable_event
                   WHERE created_by = 'stan' AND type NOT IN ('login_link_created', 'user_signed_in') ORDER BY id";
    assert_eq!(
        texts(&site, events).await,
        [
            "project_created ",
            "project_updated Tea",
            "project_updated tea",
            "project_updated 12",
            "project_updated https://example.org/apply/1",
            "project_copilot_changed grace",
            "project_org_added Aardvark",
            "project_org_added Acme",
            "project_org_lead_changed Aardvark",
            "workspace_created https://github.com/opensafely/tea-interactive, branch main",
            "workspace_purpose_changed Analyses that the project's people ask for on this site, without writing code of \
             their own. Each has to serve the purpose that the project was approved for."
        ]
    );
    assert!(state(&stan, "tea").await.contains("On its way"));

    site.drain().await;
    let all = site.post().repos.all();
    let repo = &all[REPO];
    assert_eq!((all.len(), &*repo.topics[0], repo.topics.len()), (1, "interactive", 1));
    assert!(repo.teams.contains("interactive"));
    let told = &site.post().chat.posted()[0].text;
    assert!(told.contains("12 - Tea"), "{told}");
    let said = state(&stan, "tea").await;
    assert!(
        said.contains("There") && !said.contains("Make the repository now"),
        "{said}"
    );
    // Whoever is to read reports there can be made a user now.
    let html = stan.get("/staff/users/add/?project-slug=tea").await.expect(200).html();
    assert_eq!(html.text("#id_project option[selected]").as_deref(), Some("12 - Tea"),);
}

#[sqlx::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    site.world.so("UPDATE project SET number = '209'").await;
    site.world.workspace("project", "taken-interactive").await;
    site.world.workspace("project", "other").await;
    site.world
        .so("UPDATE repo SET url = 'https://github.com/opensafely/theirs-interactive' WHERE url LIKE '%/other'")
        .await;
    let gone = site.world.user("gone").await.to_string();
    site.world
        .so("UPDATE \"user\" SET is_active = false WHERE username = 'gone'")
        .await;
    let long = "x".repeat(89);
    let everything = "SELECT (SELECT count(*) FROM project) + (SELECT count(*) FROM workspace)
                           + (SELECT count(*) FROM repo) + (SELECT count(*) FROM message)";
    let before = site.world.number(everything).await;
    for (field, changes) in [
        ("name", vec![("name", "")]),
        ("name", vec![("name", "日本")]),
        ("name", vec![("name", "Add")]),
        ("name", vec![("name", "Project")]),
        ("name", vec![("name", "project")]),
        ("name", vec![("name", &*long)]),
        ("name", vec![("name", "Taken")]),
        ("name", vec![("name", "Theirs")]),
        ("number", vec![("number", "")]),
        ("number", vec![("number", "209")]),
        ("number", vec![("number", "0")]),
        ("number", vec![("number", "POS-2026-3001")]),
        ("orgs", vec![("orgs", "0")]),
        ("orgs", vec![("orgs", "x")]),
        ("orgs", vec![("orgs", &*typed.org), ("orgs", "0")]),
        ("copilot", vec![("copilot", &*gone)]),
        ("copilot", vec![("copilot", "0")]),
        ("copilot", vec![("copilot", &*typed.copilot), ("copilot", &*gone)]),
        ("copilot", vec![("copilot", "0"), ("find_people", "nobody")]),
        ("application_url", vec![("application_url", "")]),
        ("application_url", vec![("application_url", "javascript:1")]),
        ("application_url", vec![("application_url", "example.org")]),
    ] {
        let html = stan.post(ADD, &typed.with(&changes)).await.expect(200).html();
        assert_accessible(&html);
        let links = html.attributes(".summary a", "href");
        assert_eq!(links, [format!("#id_{field}")], "{changes:?}");
        let kept = html.attribute("#id_application_url", "value").unwrap_or_default();
        assert!(changes[0].0 == "application_url" || kept == "https://example.org/apply/1");
    }
    let html = stan.post(ADD, &[]).await.expect(200).html();
    assert_eq!(html.count(".summary a"), 5);
    assert_eq!(site.world.number(everything).await, before);

    // Somebody is looked for first, and chosen among those who are found.
    let looks = typed.with(&[("copilot", ""), ("find_people", "gra"), ("look_for_people", "1")]);
    let html = stan.post(ADD, &looks).await.expect(200).html();
    assert_eq!(html.count(".summary"), 0);
    assert_eq!(
        html.attributes("input[name=copilot]", "value"),
        [typed.copilot.as_str()]
    );
    // The number is that of now, not the one that was shown.
    let next = typed.with(&[("number", ""), ("next_number", "on")]);
    stan.post(ADD, &next).await.expect(302);
    assert_eq!(
        texts(&site, "SELECT number FROM project WHERE slug = 'tea'").await,
        ["210"]
    );
}

#[sqlx::test]
async fn what_github_refuses_is_said_and_tried_again(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    let repos = &site.post().repos;
    stan.post(ADD, &typed.fields()).await.expect(302);
    let retry = "/staff/projects/tea/interactive-repo/retry/";

    // It may pass.
    repos.script.next(Trouble::AnswerLost);
    site.drain().await;
    let said_then = state(&stan, "tea").await;
    for part in [
        "On its way",
        "the connection ended",
        "tried again at",
        "Make the repository now",
    ] {
        assert!(said_then.contains(part), "{part}: {said_then}");
    }
    // It may not.
    repos.script.next(Trouble::Nothing);
    repos
        .script
        .next(Trouble::Fails(Undelivered::refused("GitHub has enough topics")));
    stan.post(retry, &[]).await.expect(302);
    site.drain().await;
    let failed = state(&stan, "tea").await;
    assert!(
        failed.contains("Failed") && failed.contains("enough topics"),
        "{failed}"
    );
    // Nobody who only looks around has the button.
    site.world.global_roles("lou", &["StaffAreaAdministrator"]).await;
    let lou = site.sign_in("lou").await;
    assert!(!state(&lou, "tea").await.contains("Make the repository now"));
    lou.post(retry, &[]).await.expect(403);

    // What was done before is not done twice, and what was not, is.
    assert_eq!(
        stan.post(retry, &[]).await.expect(302).location(),
        "/staff/projects/tea/"
    );
    assert!(said(&stan, "/staff/projects/tea/").await.contains("at once"));
    site.drain().await;
    assert_eq!(repos.all().len(), 1);
    assert_eq!(repos.all()[REPO].topics, ["interactive"]);
    assert!(state(&stan, "tea").await.contains("There"));
    let calls = repos.script.calls();
    stan.post(retry, &[]).await.expect(302);
    assert!(said(&stan, "/staff/projects/tea/").await.contains("no repository left"));
    site.drain().await;
    assert_eq!(repos.script.calls(), calls);
    let retried = "SELECT count(*) FROM auditable_event WHERE type = 'message_retried' AND created_by = 'stan'";
    assert_eq!(site.world.number(retried).await, 2);
}

#[sqlx::test]
async fn a_discarded_repository_is_asked_for_anew(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    stan.post(ADD, &typed.fields()).await.expect(302);
    let retry = "/staff/projects/tea/interactive-repo/retry/";
    let id = site
        .world
        .number("SELECT id FROM message WHERE kind = 'interactive_repo'")
        .await;
    stan.post(&format!("/staff/outbox/{id}/discard/"), &[])
        .await
        .expect(302);
    let said = state(&stan, "tea").await;
    assert!(said.contains("Failed") && said.contains("discarded"), "{said}");
    // Long after that nothing is known of it.
    site.world
        .so("DELETE FROM message WHERE kind = 'interactive_repo'")
        .await;
    assert!(state(&stan, "tea").await.contains("Failed"));
    stan.post(retry, &[]).await.expect(302);
    assert!(state(&stan, "tea").await.contains("On its way"));
    site.drain().await;
    assert!(state(&stan, "tea").await.contains("There"));
    assert_eq!(site.post().repos.all().len(), 1);
}

#[sqlx::test]
async fn it_stays_the_projects_whatever_that_is_called(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    let (_, without) = count_statements(stan.get("/staff/projects/project/")).await;
    stan.post(ADD, &typed.fields()).await.expect(302);
    let (_, with) = count_statements(stan.get("/staff/projects/tea/")).await;
    assert_eq!(without, with);
    site.world
        .so("UPDATE project SET slug = 'coffee' WHERE slug = 'tea'")
        .await;
    assert!(state(&stan, "coffee").await.contains("tea-interactive"));
    assert_eq!(state(&stan, "project").await, "");
    // The name that is free again has a workspace still.
    let again = typed.with(&[("name", "Tea "), ("number", "13")]);
    let html = stan.post(ADD, &again).await.expect(200).html();
    assert_eq!(html.attributes(".summary a", "href"), ["#id_name"]);
}

#[sqlx::test]
async fn what_is_typed_of_a_reader_survives_the_way_there_and_back(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    let users = "/staff/users/add/?next=/staff/projects/";
    let html = stan.get(users).await.expect(200).html();
    assert_accessible(&html);
    // With scripts the form comes into a dialog.
    let opens = "main form button[name=new_project]";
    assert_eq!(html.attribute(opens, "hx-target").as_deref(), Some("#dialog"));
    assert_eq!(html.attribute(opens, "hx-params").as_deref(), Some("name,email"));
    let there = html.attribute(opens, "hx-get").unwrap();
    assert!(there.starts_with(ADD) && html.has("dialog#dialog"), "{there}");

    // Without, the button sends what is typed.
    let reader = [("project", ""), ("name", "Rea Der"), ("email", "rea+1@example.org")];
    let mut pressed = reader.to_vec();
    pressed.push(("new_project", "1"));
    let led = stan.post(users, &pressed).await.expect(302);
    let there = led.location().to_owned();
    assert!(there.starts_with(ADD), "{there}");
    let html = stan.get(&there).await.expect(200).html();
    // It is the project's name that is asked for here.
    assert_eq!(html.attribute("#id_name", "value").unwrap_or_default(), "");
    let given_up = html.attribute("main form .actions a", "href").unwrap();
    for back in [
        given_up,
        stan.post(&there, &typed.fields())
            .await
            .expect(302)
            .location()
            .to_owned(),
    ] {
        assert!(back.starts_with("/staff/users/add/?"), "{back}");
        let html = stan.get(&back).await.expect(200).html();
        assert_eq!(html.attribute("#id_name", "value").as_deref(), Some("Rea Der"));
        assert_eq!(
            html.attribute("#id_email", "value").as_deref(),
            Some("rea+1@example.org")
        );
        if back.contains("project-slug=tea") {
            let project = html.attribute("#id_project option[selected]", "value").unwrap();
            let fields = [("project", &*project), reader[1], reader[2]];
            // Where one is to go on to is not lost either.
            let done = stan.post(&back, &fields).await.expect(302);
            assert_eq!(done.location(), "/staff/projects/");
        }
    }
    let members = "SELECT u.username FROM project_membership m JOIN \"user\" u ON u.id = m.user_id
                     JOIN project p ON p.id = m.project_id WHERE p.slug = 'tea'";
    assert_eq!(texts(&site, members).await, ["rea+1@example.org"]);
}

#[sqlx::test]
async fn within_a_dialog_it_answers_with_where_to_go(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let typed = Typed::new(&site).await;
    let htmx = site.sign_in("stan").await.saying("HX-Request", "true");
    let path = format!("{ADD}?next=/staff/users/add/%3Fnext=/staff/&name=Rea&email=rea%40example.org");
    let fragment = htmx.get(&path).await.expect(200);
    assert!(!fragment.body.contains("<main"), "{}", fragment.body);
    let html = fragment.html();
    assert_eq!(html.attribute("form", "hx-post"), Some(path.clone()));
    assert!(html.has("a#closeModal"));
    // The page around it has a field of this id.
    assert!(html.has("#dialog_id_name") && !html.has("#id_name") && html.has("label[for=dialog_id_name]"));

    let wrong = htmx.post(&path, &typed.with(&[("name", "")])).await.expect(200);
    assert_eq!(wrong.header("HX-Redirect"), None);
    let html = wrong.html();
    assert_eq!(html.attributes(".summary a", "href"), ["#dialog_id_name"]);
    assert!(html.has(&format!("input[name=orgs][value='{}'][checked]", typed.org)));

    let made = htmx.post(&path, &typed.fields()).await.expect(200);
    assert_eq!(made.body, "");
    let to = made.header("HX-Redirect").unwrap();
    assert_eq!(
        to,
        "/staff/users/add/?next=%2Fstaff%2F&name=Rea&email=rea%40example.org&project-slug=tea"
    );
    let html = stan.get(to).await.expect(200).html();
    assert_eq!(html.attribute("#id_name", "value").as_deref(), Some("Rea"));
    // Without a place to go back to, or with one elsewhere, it is the project's page.
    let evil = format!("{ADD}?next=https://evil.example/");
    let made = htmx
        .post(&evil, &typed.with(&[("name", "Coffee"), ("number", "13")]))
        .await
        .expect(200);
    assert_eq!(
        made.header("HX-Redirect"),
        Some("/staff/projects/coffee/?project-slug=coffee")
    );
}
