//! The home page.

use sqlx::PgPool;
use time::OffsetDateTime;

use super::lists::{activate, assert_accessible, execute, requests, usual};
use crate::support::{Request, Site, count_statements};

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
        for number in 0..more * 10 {
            site.world.org(&format!("org-{more}-{number}")).await;
        }
        let (answer, statements) = count_statements(stranger.get("/")).await;
        answer.expect(200);
        assert_eq!(statements, 3);
        let (answer, statements) = count_statements(ada.get("/")).await;
        answer.expect(200);
        assert_eq!(statements, 7);
    }
}

/// What of the news is shown: the titles of its cards, with how many each has.
async fn news(visitor: &crate::support::Visitor) -> Vec<(String, usize)> {
    let html = visitor.get("/").await.expect(200).html();
    assert_accessible(&html);
    html.texts(".news h2")
        .into_iter()
        .map(|title| {
            let id = if title.starts_with("Failed") {
                "failed-title"
            } else {
                "going-title"
            };
            let count = html.count(&format!("section[aria-labelledby={id}] li"));
            (title, count)
        })
        .collect()
}

#[sqlx::test]
async fn what_goes_on_and_what_failed_meanwhile_comes_first(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    assert!(news(&ada).await.is_empty());

    // Three hours ago is news to a browser that knows of no earlier visit; eight days ago is none.
    requests(&site, 8).await;
    execute(
        &site,
        "UPDATE job SET completed_at = now() - interval '8 days' WHERE job_request_id = 1",
    )
    .await;
    execute(
        &site,
        "UPDATE job SET completed_at = now() - interval '3 hours' WHERE job_request_id > 1",
    )
    .await;
    let running = Request {
        status: "running",
        ..Request::default()
    };
    site.world.request(running.clone()).await;
    let theirs = Request { by: "zoe", ..running };
    site.world.request(theirs).await;
    let failed = |title: &str, count| (title.to_owned(), count);
    let going = ("Going on now".to_owned(), 1);
    assert_eq!(
        news(&ada).await,
        [going.clone(), failed("Failed in the last 7 days", 5)]
    );

    // A browser that was here two hours ago: what failed before that was seen.
    let id: i32 = sqlx::query_scalar(r#"SELECT id FROM "user" WHERE username = 'ada'"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let two_hours_ago = OffsetDateTime::now_utc().unix_timestamp() - 7200;
    ada.set_cookie("looked", &format!("{id}..{two_hours_ago}")).await;
    assert_eq!(news(&ada).await, std::slice::from_ref(&going));
    execute(
        &site,
        "UPDATE job SET completed_at = now() - interval '1 hour' WHERE job_request_id = 3",
    )
    .await;
    // It stays news while the page is loaded again.
    for _ in 0..2 {
        assert_eq!(
            news(&ada).await,
            [going.clone(), failed("Failed since your last visit", 1)]
        );
    }
    for nonsense in ["", "x", "1.2.3", "99999999999..1", &"9.".repeat(500)] {
        ada.set_cookie("looked", nonsense).await;
        assert_eq!(news(&ada).await.len(), 2, "{nonsense}");
    }
}

#[sqlx::test]
async fn whoever_only_asks_for_analyses_sees_nothing_of_jobs(pool: PgPool) {
    let site = usual(pool).await;
    site.world.member("project", "rita", &["InteractiveReporter"]).await;
    let html = site.sign_in("rita").await.get("/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.texts("main h2"), ["Projects", "Latest job requests"]);
    assert_eq!(html.texts(".facts a"), ["1 project"]);
    assert_eq!(html.link("Project").as_deref(), Some("/project/"));
}

#[sqlx::test]
async fn strangers_see_who_runs_studies_and_how_much(pool: PgPool) {
    let site = usual(pool).await;
    site.world.org("idle").await;
    execute(
        &site,
        "UPDATE org SET logo = 'https://logos.example/a.svg' WHERE slug = 'acme'",
    )
    .await;
    requests(&site, 2).await;
    let answer = site.anonymous().get("/").await.expect(200);
    let html = answer.html();
    assert_accessible(&html);
    assert_eq!(
        html.texts(".figures-strip li"),
        ["2 job requests", "1 project", "2 organisations"]
    );
    // Those that take part in projects.
    assert_eq!(html.texts(".tiles li"), ["Acme 1 project"]);
    assert_eq!(html.attributes("main img", "src"), ["https://logos.example/a.svg"]);
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(
        policy.contains("; img-src 'self' blob: data: https://logos.example; manifest-src"),
        "{policy}"
    );
    for meta in ["meta[name=description]", "meta[property='og:description']"] {
        assert!(html.attribute(meta, "content").unwrap().contains("health records"));
    }
    // Elsewhere nothing is shown from there.
    let other = site.anonymous().get("/event-log/").await.expect(200);
    assert!(
        !other
            .header("Content-Security-Policy")
            .unwrap()
            .contains("logos.example")
    );
}

#[sqlx::test]
async fn initials_stand_beside_the_greeting(pool: PgPool) {
    let site = usual(pool).await;
    execute(
        &site,
        r#"UPDATE "user" SET fullname = 'Ada <b>Lovelace' WHERE username = 'ada'"#,
    )
    .await;
    let html = site.sign_in("ada").await.get("/").await.expect(200).html();
    assert_eq!(html.text(".initials").as_deref(), Some("A<"));
    assert_eq!(html.text("h1").as_deref(), Some("Hello, Ada <b>Lovelace"));
}

#[sqlx::test]
async fn who_sets_the_service_up_is_led_to_what_is_left_of_that(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    site.world.user("ada").await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("11 of 12 steps are left"), "{}", html.main());
    assert_eq!(html.link("go on with them").as_deref(), Some("/staff/#setup"));
    assert!(stan.get("/staff/").await.html().has("#setup"));
    // The area is a link in the header, for whoever may enter it.
    let area = "header nav a[href='/staff/']";
    assert!(html.has(area));
    let html = site.sign_in("ada").await.get("/").await.expect(200).html();
    assert!(!html.has(area) && html.link("go on with them").is_none());
    site.world.usual().await;
    site.world.member("project", "grace", &["ProjectCollaborator"]).await;
    site.world.so("UPDATE backend SET token_last_used_at = now()").await;
    site.world.request(Request::default()).await;
    let html = stan.get("/").await.expect(200).html();
    assert!(html.link("go on with them").is_none(), "{}", html.main());
}
