//! Jobs: their pages, their short links, cancelling one.

use jobserver::core::jobs::ERROR_ACTION;
use serde_json::json;
use sqlx::PgPool;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::support::{Job, Request, Site, count_statements};

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

async fn site(pool: PgPool) -> (Site, i32) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let (id, _) = site
        .world
        .request(Request {
            status: "running",
            ..Request::default()
        })
        .await;
    (site, id)
}

async fn cancelled(site: &Site, id: i32) -> Vec<String> {
    sqlx::query_scalar("SELECT cancelled_actions FROM job_request WHERE id = $1")
        .bind(id)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_prefix_leads_to_the_one_job_it_fits(pool: PgPool) {
    let (site, id) = site(pool).await;
    for identifier in ["abcd", "abef", "ab", "x y/é"] {
        site.world
            .job(
                id,
                Job {
                    identifier,
                    ..Job::default()
                },
            )
            .await;
    }
    let (other, _) = site.world.request(Request::default()).await;
    let visitor = site.anonymous();
    let to = visitor.get(&format!("/project/ws/{id}/abc/")).await.expect(302);
    assert_eq!(to.location(), format!("/project/ws/{id}/abcd/"));
    visitor.get(&format!("/project/ws/{id}/abcd/")).await.expect(200);
    // The whole identifier wins over those that begin with it.
    visitor.get(&format!("/project/ws/{id}/ab/")).await.expect(200);
    let odd = visitor.get(&format!("/project/ws/{id}/x%20y/")).await.expect(302);
    assert_eq!(odd.location(), format!("/project/ws/{id}/x%20y%2F%C3%A9/"));
    visitor.get(odd.location()).await.expect(200);
    for wrong in [
        format!("/project/ws/{id}/a/"),
        format!("/project/ws/{id}/zzz/"),
        format!("/project/ws/{id}/%25/"),
        format!("/project/ws/{id}/a%00b/"),
        format!("/project/ws/{other}/abcd/"),
        format!("/project/nowhere/{id}/abcd/"),
        format!("/nowhere/ws/{id}/abcd/"),
        "/jobs/abc/".to_owned(),
        "/jobs/a%00/".to_owned(),
    ] {
        visitor.get(&wrong).await.expect(404);
    }
    let to = visitor.get("/jobs/abcd/").await.expect(302);
    assert_eq!(to.location(), format!("/project/ws/{id}/abcd/"));
    let to = visitor.get("/jobs/x%20y%2F%C3%A9/").await.expect(302);
    assert_eq!(to.location(), odd.location());
}

#[sqlx::test]
async fn a_failed_job_says_why_and_where_its_log_is(pool: PgPool) {
    let (site, id) = site(pool).await;
    let job = Job {
        action: "describe <b>",
        status: "failed",
        status_code: "nonzero_exit",
        status_message: "Job exited with an error",
        started_at: Some(START),
        completed_at: Some(START + Duration::seconds(252)),
        ..Job::default()
    };
    site.world.job(id, job).await;
    sqlx::query("UPDATE job SET run_command = 'python:v2 a.py', metrics = $1, trace_context = $2")
        .bind(json!({"cpu_mean": 86.4, "cpu_peak": 312, "mem_mb_peak": 2048.9}))
        .bind(json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}))
        .execute(site.db.pool())
        .await
        .unwrap();
    let path = format!("/project/ws/{id}/job1/");
    let html = site.anonymous().get(&path).await.expect(200).html();
    let text = html.main();
    for words in [
        "describe <b>",
        "Job exited with an error",
        "nonzero_exit",
        "metadata/describe <b>.log",
        "4 min 12 s",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        text.contains("python:v2 a.py") && text.contains("has not run before"),
        "{text}"
    );
    assert_eq!(html.attribute("main", "data-live"), None);
    // Metrics are for people with a role, telemetry for staff.
    assert!(!text.contains("2,048 MB"));
    let text = site.sign_in("ada").await.get(&path).await.html().main();
    assert!(
        text.contains("86%") && text.contains("312%") && text.contains("several cores"),
        "{text}"
    );
    assert!(
        text.contains("2,048 MB") && !text.contains("Trace in Honeycomb"),
        "{text}"
    );
    site.world.global_roles("sam", &["StaffAreaAdministrator"]).await;
    let html = site.sign_in("sam").await.get(&path).await.html();
    let trace = html.link("Trace in Honeycomb").unwrap();
    assert!(trace.contains("trace_id=0af7651916cd43dd8448eb211c80319c"), "{trace}");
}

#[sqlx::test]
async fn a_running_job_is_followed_and_can_be_cancelled(pool: PgPool) {
    let (site, id) = site(pool).await;
    site.world
        .job(
            id,
            Job {
                action: "go",
                status: "running",
                started_at: Some(START),
                ..Job::default()
            },
        )
        .await;
    let path = format!("/project/ws/{id}/job1/");
    let ada = site.sign_in("ada").await;
    let html = ada.get(&path).await.expect(200).html();
    assert_eq!(html.attribute("main", "data-live"), Some(format!("{path}events/")));
    assert!(html.has(&format!("form[action='{path}cancel/']")));
    site.world.user("bob").await;
    let bob = site.sign_in("bob").await;
    bob.post(&format!("{path}cancel/"), &[]).await.expect(403);
    assert!(!bob.get(&path).await.html().has("form[action$='/cancel/']"));
    ada.post(&format!("/project/ws/{id}/nothing/cancel/"), &[])
        .await
        .expect(404);
    ada.post(&format!("/project/ws/{id}/a%00/cancel/"), &[])
        .await
        .expect(404);
    site.world.workspace("other", "elsewhere").await;
    ada.post(&format!("/other/elsewhere/{id}/job1/cancel/"), &[])
        .await
        .expect(404);
    assert!(cancelled(&site, id).await.is_empty());

    assert_eq!(
        ada.post(&format!("{path}cancel/"), &[]).await.expect(302).location(),
        path
    );
    assert_eq!(cancelled(&site, id).await, ["go"]);
    let html = ada.get(&path).await.html();
    assert!(html.texts(".notices").join(" ").contains("asked to cancel go"));
    assert!(html.main().contains("Being cancelled.") && !html.has("form[action$='/cancel/']"));
    ada.post(&format!("{path}cancel/"), &[]).await.expect(302);
    assert_eq!(cancelled(&site, id).await, ["go"]);
}

#[sqlx::test]
async fn jobs_of_every_state_have_a_page(pool: PgPool) {
    let (site, id) = site(pool).await;
    let ago = OffsetDateTime::now_utc() - Duration::minutes(31);
    let states = [
        ("p", "pending", "waiting_on_workers"),
        ("r", "running", "executing"),
        ("s", "succeeded", "succeeded"),
        ("f", "failed", "dependency_failed"),
        ("z", "0", ""),
        ("e", "", ""),
        ("o", "<odd>", "\u{202e}strange"),
    ];
    for (identifier, status, status_code) in states {
        let job = Job {
            identifier,
            status,
            status_code,
            status_message: "",
            updated_at: Some(ago),
            ..Job::default()
        };
        site.world.job(id, job).await;
        site.anonymous()
            .get(&format!("/project/ws/{id}/{identifier}/"))
            .await
            .expect(200);
    }
    let text = site
        .anonymous()
        .get(&format!("/project/ws/{id}/r/"))
        .await
        .html()
        .main();
    assert!(text.contains("No news for 31 min"), "{text}");
    let job = Job {
        identifier: "i",
        action: ERROR_ACTION,
        status: "failed",
        ..Job::default()
    };
    site.world.job(id, job).await;
    let html = site.anonymous().get(&format!("/project/ws/{id}/i/")).await.html();
    assert_eq!(html.text("h1").as_deref(), Some("Jobs could not be created"));
    site.anonymous().get(&format!("/project/ws/{id}/")).await.expect(200);
}

#[sqlx::test]
async fn earlier_runs_of_the_action_are_compared_with(pool: PgPool) {
    let (site, first) = site(pool).await;
    site.world
        .job(
            first,
            Job {
                identifier: "one",
                status: "succeeded",
                ..Job::default()
            },
        )
        .await;
    let (second, _) = site.world.request(Request::default()).await;
    site.world
        .job(
            second,
            Job {
                identifier: "two",
                status: "failed",
                ..Job::default()
            },
        )
        .await;
    let (third, _) = site.world.request(Request::default()).await;
    site.world
        .job(
            third,
            Job {
                identifier: "three",
                ..Job::default()
            },
        )
        .await;
    // Neither another action nor another backend counts.
    site.world
        .job(
            third,
            Job {
                identifier: "other",
                action: "b",
                ..Job::default()
            },
        )
        .await;
    let (elsewhere, _) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    site.world
        .job(
            elsewhere,
            Job {
                identifier: "four",
                ..Job::default()
            },
        )
        .await;
    let html = site
        .anonymous()
        .get(&format!("/project/ws/{third}/three/"))
        .await
        .html();
    assert!(
        html.link(&format!("Since the previous run of this action, in request {second}"))
            .is_some()
    );
    assert!(
        html.link(&format!("Since its last run that succeeded, in request {first}"))
            .is_some()
    );
    for (id, identifier) in [(third, "other"), (elsewhere, "four"), (first, "one")] {
        let text = site
            .anonymous()
            .get(&format!("/project/ws/{id}/{identifier}/"))
            .await
            .html()
            .main();
        assert!(text.contains("has not run before"), "{identifier}: {text}");
    }
}

#[sqlx::test]
async fn statements_do_not_grow(pool: PgPool) {
    let (site, id) = site(pool).await;
    site.world.job(id, Job::default()).await;
    let ada = site.sign_in("ada").await;
    let path = format!("/project/ws/{id}/job1/");
    let (answer, one) = count_statements(ada.get(&path)).await;
    answer.expect(200);
    for n in 0..200 {
        let identifier = format!("x{n}");
        site.world
            .job(
                id,
                Job {
                    identifier: &identifier,
                    ..Job::default()
                },
            )
            .await;
    }
    let (_, many) = count_statements(ada.get(&path)).await;
    assert_eq!((one, many), (3, 3), "session, job, earlier runs");
}
