//! Job requests: their pages, their short links, cancelling them.

mod again;
mod cancelling;
mod compared;

use jobserver::core::jobs::ERROR_ACTION;
use sqlx::PgPool;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use self::cancelling::cancelled;
use crate::support::{Html, Job, Request, Site, count_statements};

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

async fn site(pool: PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site
}

fn path(id: i32) -> String {
    format!("/project/ws/{id}/")
}

async fn page(site: &Site, id: i32) -> Html {
    site.anonymous().get(&path(id)).await.expect(200).html()
}

#[sqlx::test]
async fn only_the_whole_address_finds_a_request(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site.world.request(Request::default()).await;
    site.world.workspace("other", "elsewhere").await;
    let visitor = site.anonymous();
    visitor.get(&path(id)).await.expect(200);
    for wrong in [
        format!("/project/elsewhere/{id}/"),
        format!("/other/ws/{id}/"),
        format!("/project/ws/{}/", id + 1),
        "/project/ws/99999999999/".to_owned(),
        "/project/ws/-1/".to_owned(),
        format!("/project/w%00s/{id}/"),
        format!("/pro%F0%9F%98%80ject/ws/{id}/"),
        format!("/project/ws/{id}x/"),
    ] {
        visitor.get(&wrong).await.expect(404);
        visitor.get(&format!("{wrong}events/")).await.expect(404);
    }
    let to = visitor.get(&format!("/job-requests/{id}/")).await.expect(302);
    assert_eq!(to.location(), path(id));
    visitor.get("/job-requests/424242/").await.expect(404);
    visitor.get("/job-requests/x/").await.expect(404);
}

#[sqlx::test]
async fn a_waiting_request_says_where_it_stands_in_the_queue(pool: PgPool) {
    let site = site(pool).await;
    site.world.request(Request::default()).await;
    site.world
        .request(Request {
            status: "running",
            ..Request::default()
        })
        .await;
    site.world
        .request(Request {
            status: "succeeded",
            ..Request::default()
        })
        .await;
    site.world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    let (id, _) = site.world.request(Request::default()).await;
    let page = page(&site, id).await;
    let text = page.main();
    assert!(text.contains("2 job requests ahead"), "{text}");
    assert!(
        text.contains("Backend never seen yet") && text.contains("No jobs yet"),
        "{text}"
    );
    assert_eq!(
        page.attribute("main", "data-live"),
        Some(format!("/project/ws/{id}/events/"))
    );
    let (first, _) = site
        .world
        .request(Request {
            backend: "new",
            ..Request::default()
        })
        .await;
    assert!(self::page(&site, first).await.main().contains("Next in line"));
}

#[sqlx::test]
async fn a_failed_request_shows_what_failed_first(pool: PgPool) {
    let site = site(pool).await;
    let (before, _) = site
        .world
        .request(Request {
            status: "succeeded",
            ..Request::default()
        })
        .await;
    site.world
        .job(
            before,
            Job {
                identifier: "old",
                status: "succeeded",
                ..Job::default()
            },
        )
        .await;
    let (between, _) = site
        .world
        .request(Request {
            status: "failed",
            ..Request::default()
        })
        .await;
    let (id, _) = site
        .world
        .request(Request {
            status: "failed",
            ..Request::default()
        })
        .await;
    sqlx::query("UPDATE job_request SET sha = repeat('b', 40) WHERE id = $1")
        .bind(id)
        .execute(site.db.pool())
        .await
        .unwrap();
    let good = Job {
        identifier: "g",
        action: "good",
        status: "succeeded",
        started_at: Some(START),
        completed_at: Some(START + Duration::minutes(4) + Duration::seconds(12)),
        ..Job::default()
    };
    let bad = Job {
        identifier: "b",
        action: "bad <b>",
        status: "Failed",
        status_code: "nonzero_exit",
        status_message: "Job exited with an error",
        started_at: Some(START + Duration::minutes(5)),
        completed_at: Some(START + Duration::minutes(4)),
        ..Job::default()
    };
    site.world.job(id, good).await;
    site.world.job(id, bad).await;
    let html = page(&site, id).await;
    let text = html.main();
    assert_eq!(html.texts(".failure code"), ["bad <b>"]);
    assert!(
        text.contains("1 of 2 jobs") && text.contains("metadata/bad <b>.log"),
        "{text}"
    );
    assert!(text.contains("nonzero_exit: Job exited with an error"), "{text}");
    assert!(text.contains("4 min 12 s"), "{text}");
    assert_eq!(html.attribute("main", "data-live"), None);
    let compare = |to: i32| format!("Since the previous request, {to}");
    let link = html.link(&compare(between)).unwrap();
    assert_eq!(
        link,
        format!(
            "https://github.com/opensafely/ws/compare/{}..{}",
            "a".repeat(40),
            "b".repeat(40)
        )
    );
    assert!(
        html.link(&format!("Since the last one that succeeded, {before}"))
            .is_some()
    );
    let ada = site.sign_in("ada").await;
    assert!(ada.get(&path(id)).await.html().main().contains("It has finished."));
    ada.post(&format!("{}cancel/", path(id)), &[]).await.expect(302);
    assert!(cancelled(&site, id).await.is_empty());
}

#[sqlx::test]
async fn requests_without_jobs_say_why(pool: PgPool) {
    let site = site(pool).await;
    for (status, message, words) in [
        (
            "nothing_to_do",
            None,
            "All the actions asked for had already succeeded.",
        ),
        ("nothing_to_do", Some("Nothing new"), "Nothing new"),
        (
            "failed",
            Some("Unknown error creating jobs"),
            "Unknown error creating jobs",
        ),
        ("unknown_error_creating_jobs", None, "The backend's answer was lost."),
    ] {
        let (id, _) = site
            .world
            .request(Request {
                status,
                ..Request::default()
            })
            .await;
        sqlx::query("UPDATE job_request SET status_message = $2 WHERE id = $1")
            .bind(id)
            .bind(message)
            .execute(site.db.pool())
            .await
            .unwrap();
        let html = page(&site, id).await;
        let text = html.main();
        assert!(text.contains(words), "{status}: {text}");
        // Of what has ended, nothing is still to come; of the unknown, all may be.
        let moments = if status == "unknown_error_creating_jobs" { 3 } else { 1 };
        assert_eq!(html.count(".timeline li"), moments, "{status}: {text}");
    }
}

#[sqlx::test]
async fn an_invalid_request_shows_the_backends_reason_and_no_jobs(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site
        .world
        .request(Request {
            status: "failed",
            ..Request::default()
        })
        .await;
    let job = Job {
        action: ERROR_ACTION,
        status: "failed",
        status_code: "internal_error",
        status_message: "ProjectValidationError: Invalid project",
        ..Job::default()
    };
    site.world.job(id, job).await;
    let html = page(&site, id).await;
    assert!(html.main().contains("ProjectValidationError: Invalid project"));
    assert!(html.main().contains("No jobs could be made"));
    assert!(!html.main().contains(ERROR_ACTION));
    assert!(!html.has("tbody tr"));
}

#[sqlx::test]
async fn a_backend_that_has_gone_quiet_is_said_to(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site
        .world
        .request(Request {
            status: "running",
            ..Request::default()
        })
        .await;
    let ago = OffsetDateTime::now_utc() - Duration::minutes(42);
    site.world
        .job(
            id,
            Job {
                status: "running",
                updated_at: Some(ago),
                ..Job::default()
            },
        )
        .await;
    let text = page(&site, id).await.main();
    assert!(text.contains("No news for 42 min"), "{text}");
}

#[sqlx::test]
async fn the_pipeline_is_shown_collapsed_or_linked(pool: PgPool) {
    let site = site(pool).await;
    let short = "actions: # <b>\n  a:\n    run: python:v2 analysis/a.py\n";
    let (id, _) = site
        .world
        .request(Request {
            project_definition: short,
            ..Request::default()
        })
        .await;
    let html = page(&site, id).await;
    assert!(html.has("details pre.code"));
    assert!(!html.has("details[open] pre.code"));
    assert_eq!(html.text("pre.code .c").as_deref(), Some("# <b>"));
    assert_eq!(
        html.link("analysis/a.py").unwrap(),
        format!("https://github.com/opensafely/ws/blob/{}/analysis/a.py", "a".repeat(40))
    );
    let long = "#".repeat(10_001);
    let (id, _) = site
        .world
        .request(Request {
            project_definition: &long,
            ..Request::default()
        })
        .await;
    let html = page(&site, id).await;
    assert!(!html.has("pre.code"));
    assert!(html.link("Read it on GitHub").unwrap().ends_with("/project.yaml"));
    let (id, _) = site.world.request(Request::default()).await;
    assert!(!page(&site, id).await.main().contains("Pipeline"));
}

#[sqlx::test]
async fn staff_find_the_telemetry_and_test_backends_are_explained(pool: PgPool) {
    let site = site(pool).await;
    let (id, identifier) = site.world.request(Request::default()).await;
    site.world.global_roles("sam", &["StaffAreaAdministrator"]).await;
    let html = site.sign_in("sam").await.get(&path(id)).await.html();
    let link = html.link("Job request in Honeycomb").unwrap();
    assert!(
        link.starts_with("https://ui.honeycomb.io/") && link.contains(&identifier),
        "{link}"
    );
    let html = page(&site, id).await;
    assert!(html.link("Job request in Honeycomb").is_none());
    assert!(!html.main().contains("made-up data"));
    sqlx::query("UPDATE backend SET is_test = true")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(page(&site, id).await.main().contains("made-up data"));
}

#[sqlx::test]
async fn old_requests_without_commit_or_maker_have_a_page(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site.world.request(Request::default()).await;
    sqlx::query("UPDATE job_request SET sha = '', created_by_id = NULL, created_at = NULL WHERE id = $1")
        .bind(id)
        .execute(site.db.pool())
        .await
        .unwrap();
    sqlx::query("DELETE FROM project_collaboration")
        .execute(site.db.pool())
        .await
        .unwrap();
    let html = page(&site, id).await;
    assert!(html.main().contains("Not known"));
    assert_eq!(
        html.link("Repository").as_deref(),
        Some("https://github.com/opensafely/ws")
    );
}

#[sqlx::test]
async fn the_preview_is_absolute(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site.world.request(Request::default()).await;
    let html = page(&site, id).await;
    let content = |name: &str| html.attribute(&format!("meta[property='{name}']"), "content").unwrap();
    assert_eq!(content("og:title"), format!("Job request {id}"));
    assert!(content("og:url").starts_with("http") && content("og:url").ends_with(&path(id)));
    assert_eq!(content("og:description"), "1 requested action in the workspace ws");
}

#[sqlx::test]
async fn statements_do_not_grow_with_jobs(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site
        .world
        .request(Request {
            status: "running",
            ..Request::default()
        })
        .await;
    site.world.job(id, Job::default()).await;
    let ada = site.sign_in("ada").await;
    let (answer, one) = count_statements(ada.get(&path(id))).await;
    answer.expect(200);
    for n in 0..199 {
        let (identifier, action) = (format!("x{n}"), format!("action {n}"));
        let status = ["failed", "running", "pending", "succeeded"][n % 4];
        let job = Job {
            identifier: &identifier,
            action: &action,
            status,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    let (answer, many) = count_statements(ada.get(&path(id))).await;
    assert_eq!(answer.expect(200).html().count("tbody tr"), 200);
    assert_eq!((one, many), (4, 4), "session, request, jobs");
}
