//! Workspaces: their pages and the changes made from them.

mod actions;

use std::time::Duration;

use jobserver::core::ports::CodeHostError;
use rocket::http::Method;
use sqlx::PgPool;

use crate::support::{Request, Site, Visitor, count_statements};

const PAGE: &str = "/project/ws/";

async fn site(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    let ada = site.sign_in("ada").await;
    (site, ada)
}

async fn run(site: &Site, sql: &'static str) {
    sqlx::query(sql).execute(site.db.pool()).await.unwrap();
}

async fn events(site: &Site) -> Vec<(String, String, String)> {
    sqlx::query_as(
        "SELECT type, old, new FROM auditable_event
          WHERE type LIKE 'workspace%' OR type LIKE 'project%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

fn event(kind: &str, old: &str, new: &str) -> (String, String, String) {
    (kind.to_owned(), old.to_owned(), new.to_owned())
}

#[sqlx::test]
async fn anybody_sees_a_workspace_and_nothing_to_change(pool: PgPool) {
    let (site, _) = site(pool).await;
    run(
        &site,
        "UPDATE workspace SET purpose = E'<b>Why</b>\nhttps://example.org/p', is_archived = true",
    )
    .await;
    let html = site.anonymous().get(PAGE).await.expect(200).html();
    let text = html.main();
    assert!(
        text.contains("<b>Why</b>") && text.contains("Nothing has run here yet"),
        "{text}"
    );
    assert!(html.has("a[href='https://example.org/p']"));
    assert!(
        !html.has("main form") && !text.contains("Archived") && !text.contains("Run jobs"),
        "{text}"
    );
    assert_eq!(
        html.attribute("link[rel=canonical]", "href")
            .map(|href| href.ends_with(PAGE)),
        Some(true)
    );
    for wrong in ["/project/nope/", "/nope/ws/", "/project/w%00/", "/project/w%20s/"] {
        site.anonymous().get(wrong).await.expect(404);
    }
}

#[sqlx::test]
async fn the_run_button_says_why_it_is_greyed(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let html = ada.get(PAGE).await.html();
    assert_eq!(
        html.attribute("a.btn-primary", "href").as_deref(),
        Some("/project/ws/run-jobs/")
    );
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    let bob = site.sign_in("bob").await;
    assert!(
        bob.get(PAGE)
            .await
            .html()
            .main()
            .contains("You need the role of a developer")
    );
    assert!(!bob.get(PAGE).await.html().has("a[href='/project/ws/edit/']"));
    run(&site, "UPDATE backend SET is_active = false").await;
    assert!(ada.get(PAGE).await.html().main().contains("member of no backend"));
    run(&site, "UPDATE workspace SET is_archived = true").await;
    let text = ada.get(PAGE).await.html().main();
    assert!(
        text.contains("It is archived.") && text.contains("out of the archive below"),
        "{text}"
    );
    assert!(
        bob.get(PAGE)
            .await
            .html()
            .main()
            .contains("A developer of the project can")
    );
}

#[sqlx::test]
async fn the_repository_is_private_public_or_not_known(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    assert!(
        ada.get(PAGE)
            .await
            .expect(200)
            .html()
            .main()
            .contains("not known at the moment")
    );
    site.code_host.fail_with(None);
    site.code_host.make_private("opensafely/ws");
    let calls = site.code_host.calls();
    assert!(ada.get(PAGE).await.html().main().contains("Private"));
    // What is known for a few minutes is not asked for again.
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    assert!(ada.get(PAGE).await.html().main().contains("Private"));
    assert_eq!(site.code_host.calls(), calls + 1);
    // Later it is, and what was known is shown with its age when there is no answer.
    run(
        &site,
        "UPDATE code_host_fact SET fetched_at = now() - interval '3 hours'",
    )
    .await;
    let text = ada.get(PAGE).await.html().main();
    assert!(
        text.contains("Private") && text.contains("As known 3 hours ago"),
        "{text}"
    );
    site.code_host.fail_with(None);
    assert!(!ada.get(PAGE).await.html().main().contains("As known"));
    site.world.workspace("project", "gone").await;
    assert!(
        ada.get("/project/gone/")
            .await
            .html()
            .main()
            .contains("could not be found")
    );
    run(&site, "UPDATE code_host_fact SET value = '{\"an\": \"older shape\"}'").await;
    assert!(ada.get(PAGE).await.expect(200).html().main().contains("Private"));
}

#[sqlx::test]
async fn a_silent_host_does_not_hold_a_page(pool: PgPool) {
    let limit = Duration::from_millis(20);
    let site = Site::start_with(pool, |settings| settings.github.timeout = limit).await;
    site.world.usual().await;
    site.code_host.be_silent(true);
    let text = site.anonymous().get(PAGE).await.expect(200).html().main();
    assert!(text.contains("not known at the moment"), "{text}");
}

#[sqlx::test]
async fn the_archive_is_toggled_by_developers(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let path = "/project/ws/archive-toggle/";
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    site.sign_in("bob")
        .await
        .post(path, &[("is_archived", "True")])
        .await
        .expect(403);
    site.anonymous().post(path, &[]).await.expect(302);
    ada.post("/other/ws/archive-toggle/", &[]).await.expect(404);
    ada.bare(Method::Get, path).await.expect(405);
    for _ in 0..2 {
        let answer = ada.post(path, &[("is_archived", "True")]).await.expect(302);
        assert_eq!(answer.location(), "/project/");
    }
    let by: (bool, String) =
        sqlx::query_as(r#"SELECT is_archived, u.username FROM workspace w JOIN "user" u ON u.id = w.updated_by_id"#)
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(by, (true, "ada".into()));
    ada.post(path, &[("is_archived", "")]).await.expect(302);
    assert_eq!(
        events(&site).await,
        [
            event("workspace_archived", "false", "true"),
            event("workspace_unarchived", "true", "false")
        ]
    );
}

#[sqlx::test]
async fn notifications_are_toggled_and_the_form_follows(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.code_host.commit(
        "opensafely/ws",
        "main",
        &[(
            "project.yaml",
            "version: 4\nactions:\n  a:\n    run: python:v2 a.py\n    outputs: {highly_sensitive: {x: o/a.csv}}\n",
        )],
    );
    let path = "/project/ws/notifications-toggle/";
    assert_eq!(
        ada.post(path, &[("should_notify", "True")])
            .await
            .expect(302)
            .location(),
        PAGE
    );
    let html = ada.get("/project/ws/run-jobs/").await.html();
    assert_eq!(html.attributes("input[name=will_notify][checked]", "value"), ["True"]);
    ada.post(path, &[]).await.expect(302);
    assert_eq!(
        events(&site).await,
        [
            event("workspace_notifications_changed", "false", "true"),
            event("workspace_notifications_changed", "true", "false")
        ]
    );
    site.world.member("project", "bob", &[]).await;
    site.sign_in("bob").await.post(path, &[]).await.expect(403);
}

#[sqlx::test]
async fn a_purpose_is_edited(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let path = "/project/ws/edit/";
    site.world.user("bob").await;
    site.sign_in("bob").await.get(path).await.expect(403);
    let sent = site.anonymous().get(path).await.expect(302);
    assert_eq!(sent.location(), "/login/?next=/project/ws/edit/");
    let page = ada.get(path).await.expect(200).html();
    assert!(page.text("title").unwrap().starts_with("Edit ws"));
    let page = ada.post(path, &[("purpose", "  ")]).await.expect(200).html();
    assert!(page.text("title").unwrap().starts_with("Error: Edit ws"));
    assert!(
        page.text("[data-errors]")
            .unwrap()
            .contains("Say what the workspace is for.")
    );
    let long = "ü".repeat(10_001);
    let page = ada.post(path, &[("purpose", &long)]).await.expect(200).html();
    assert!(page.main().contains("it has 10001"));
    assert!(page.has("textarea[aria-invalid]"));
    ada.post(path, &[("purpose", &"x".repeat(300_000))]).await.expect(413);
    // The token is one of the 4,000 fields that a form may have.
    let mut fields = vec![("purpose", "")];
    fields.resize(3_999, ("item", "1"));
    ada.post(path, &fields).await.expect(200);
    fields.push(("item", "1"));
    let page = ada.post(path, &fields).await.expect(413).html();
    assert!(page.main().contains("choose fewer items"), "{}", page.main());
    ada.post(path, &[("purpose", "a\0b")]).await.expect(400);
    let purpose = "\u{202e}Why? 😀\r\n<script>alert(1)</script>";
    assert_eq!(
        ada.post(path, &[("purpose", purpose)]).await.expect(302).location(),
        PAGE
    );
    let html = ada.get(PAGE).await.html();
    assert!(html.main().contains("<script>alert(1)</script>") && html.main().contains('😀'));
    ada.post(path, &[("purpose", purpose)]).await.expect(302);
    assert_eq!(events(&site).await, [event("workspace_purpose_changed", "", purpose)]);
}

#[sqlx::test]
async fn a_projects_status_is_edited_and_one_comes_back_to_where_one_was(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let path = "/project/edit/";
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    site.sign_in("bob").await.get(path).await.expect(403);
    site.anonymous().get(path).await.expect(302);
    ada.get("/nope/edit/").await.expect(404);
    ada.get(path).await.expect(200);
    let page = ada.post(path, &[("status", "finished")]).await.expect(200).html();
    assert!(
        page.text("[data-errors]")
            .unwrap()
            .contains("Choose how the project stands.")
    );
    let long = "x".repeat(10_001);
    let fields = [("status", "retired"), ("status_description", long.as_str())];
    let page = ada.post(path, &fields).await.expect(200).html();
    assert!(page.text("[data-errors]").unwrap().contains("10000 characters"));
    assert_eq!(page.attributes("option[selected]", "value"), ["retired"]);
    let fields = [("status", "retired"), ("status_description", "*Done*")];
    for (next, to) in [
        ("", "/project/"),
        ("?next=/project/ws/", "/project/ws/"),
        ("?next=//evil.com/", "/project/"),
        ("?next=https://evil.com/", "/project/"),
        ("?next=/%5Cevil.com", "/project/"),
    ] {
        let answer = ada.post(&format!("{path}{next}"), &fields).await.expect(302);
        assert_eq!(answer.location(), to, "{next}");
    }
    assert_eq!(
        events(&site).await,
        [
            event("project_status_changed", "ongoing", "retired"),
            event("project_status_description_changed", "", "*Done*")
        ]
    );
    let by: String = sqlx::query_scalar(r#"SELECT u.username FROM project p JOIN "user" u ON u.id = p.updated_by_id"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(by, "ada");
}

#[sqlx::test]
async fn statements_do_not_grow(pool: PgPool) {
    let (site, ada) = site(pool).await;
    ada.get(PAGE).await.expect(200);
    let (_, none) = count_statements(ada.get(PAGE)).await;
    for _ in 0..30 {
        site.world.request(Request::default()).await;
    }
    let (answer, many) = count_statements(ada.get(PAGE)).await;
    assert_eq!(answer.expect(200).html().count("tbody tr"), 5);
    assert_eq!(
        (none, many),
        (6, 8),
        "session, workspace, backends, requests, outputs, facts; then the last runs and the newest definition too"
    );
}
