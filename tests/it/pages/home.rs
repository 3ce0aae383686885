//! The home page.

use sqlx::PgPool;

use super::lists::{activate, assert_accessible, execute, requests, usual};
use crate::support::{Site, count_statements};

#[sqlx::test]
async fn strangers_read_what_the_site_is_for_and_what_is_running(pool: PgPool) {
    let site = usual(pool).await;
    let html = site.anonymous().get("/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No job has been asked for yet"), "{}", html.main());
    assert_eq!(html.link("Sign in").as_deref(), Some("/login/?next=/"));

    let ids = requests(&site, 12).await;
    let html = site.anonymous().get("/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.count("tbody tr"), 10);
    // Newest first, with its project, organisation, person and how far it is.
    let newest = html.text("tbody tr").unwrap();
    for part in [
        &ids[11].to_string(),
        "Failed",
        "ws",
        "Project",
        "Acme",
        "1/2",
        "TPP",
        "Ada",
        "3 hours ago",
    ] {
        assert!(newest.contains(part), "{part}: {newest}");
    }
    assert_eq!(
        html.link(&ids[11].to_string()),
        Some(format!("/project/ws/{}/", ids[11]))
    );
}

#[sqlx::test]
async fn whoever_is_signed_in_sees_their_own_work(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let html = ada.get("/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("Hello, Ada"));
    assert_eq!(html.link("No job requests").as_deref(), Some("/users/ada/logs/"));
    assert_eq!(html.link("1 workspace").as_deref(), Some("/workspaces/"));
    assert_eq!(html.link("1 project").as_deref(), Some("/projects/"));
    assert_eq!(html.link("ws").as_deref(), Some("/project/ws/"));
    assert_eq!(html.link("All of yours"), None);
    assert_eq!(html.link("All"), None);

    for number in 0..5 {
        site.world.workspace("project", &format!("more-{number}")).await;
    }
    execute(&site, "UPDATE workspace SET is_archived = true WHERE name = 'more-0'").await;
    requests(&site, 6).await;
    let html = ada.get("/").await.expect(200).html();
    assert_eq!(html.count("section[aria-labelledby=own-title] li"), 5);
    assert_eq!(html.link("All of yours").as_deref(), Some("/users/ada/logs/"));
    assert_eq!(html.link("6 job requests").as_deref(), Some("/users/ada/logs/"));
    // Five in use: all are shown, the one with the newest job request first.
    assert_eq!(
        html.text("section[aria-labelledby=workspaces-title] li").as_deref(),
        Some("ws")
    );
    assert_eq!(html.count("section[aria-labelledby=workspaces-title] li"), 5);
    assert_eq!(html.link("All"), None);
    assert_eq!(html.link("more-0"), None);

    site.world.workspace("project", "one-too-many").await;
    let html = ada.get("/").await.expect(200).html();
    assert_eq!(html.link("All").as_deref(), Some("/workspaces/"));
}

#[sqlx::test]
async fn somebody_without_a_project_is_told_what_will_be_here(pool: PgPool) {
    let site = Site::start(pool).await;
    let html = site.sign_in("newcomer").await.get("/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("You have not run any jobs yet"));
    assert_eq!(html.link("No projects").as_deref(), Some("/projects/"));
}

#[sqlx::test]
async fn requests_of_backends_out_of_use_are_not_news(pool: PgPool) {
    let site = usual(pool).await;
    requests(&site, 1).await;
    execute(&site, "UPDATE backend SET is_active = false").await;
    let ada = site.sign_in("ada").await;
    let html = ada.get("/").await.expect(200).html();
    assert_eq!(html.count("tbody tr"), 0);
    assert_eq!(html.count("section[aria-labelledby=own-title] li"), 0);
    // They were still made, and are found where everything is.
    assert_eq!(html.link("1 job request").as_deref(), Some("/users/ada/logs/"));
    activate(&site, "tpp").await;
    assert_eq!(ada.get("/").await.expect(200).html().count("tbody tr"), 1);
}

#[sqlx::test]
async fn the_statements_do_not_grow_with_the_rows(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, stranger) = (site.sign_in("ada").await, site.anonymous());
    for more in [1, 11] {
        requests(&site, more).await;
        let (answer, statements) = count_statements(stranger.get("/")).await;
        answer.expect(200);
        assert_eq!(statements, 1);
        let (answer, statements) = count_statements(ada.get("/")).await;
        answer.expect(200);
        assert_eq!(statements, 6);
    }
}
