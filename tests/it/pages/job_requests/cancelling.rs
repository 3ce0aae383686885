//! Cancelling a job request, and who may.

use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use super::{page, path, site};
use crate::support::{Job, Request, Site};

pub async fn cancelled(site: &Site, id: i32) -> Vec<String> {
    sqlx::query_scalar("SELECT cancelled_actions FROM job_request WHERE id = $1")
        .bind(id)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

async fn events(site: &Site, kind: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM auditable_event WHERE type = $1")
        .bind(kind)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_running_request_shows_progress_and_who_may_cancel_it(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site
        .world
        .request(Request {
            status: "running",
            actions: &["run_all"],
            ..Request::default()
        })
        .await;
    let now = OffsetDateTime::now_utc();
    let jobs = [
        (
            "j1",
            "first",
            "succeeded",
            Some(now - Duration::minutes(10)),
            Some(now - Duration::minutes(5)),
        ),
        ("j2", "second", "running", Some(now - Duration::minutes(5)), None),
        ("j3", "third", "pending", None, None),
    ];
    for (identifier, action, status, started_at, completed_at) in jobs {
        let job = Job {
            identifier,
            action,
            status,
            started_at,
            completed_at,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    let html = page(&site, id).await;
    let text = html.main();
    assert!(
        text.contains("1 of 3 jobs done") && text.contains("1 pending"),
        "{text}"
    );
    assert!(text.contains("Running for") && text.contains("10 min"), "{text}");
    assert!(text.contains("created: Created"), "a waiting job says why: {text}");
    assert!(!html.has("form[action$='/cancel/']"), "a stranger sees no button");
    assert_eq!(html.texts("tbody th code"), ["first", "second", "third"]);

    let ada = site.sign_in("ada").await;
    let html = ada.get(&path(id)).await.html();
    assert!(html.has(&format!("form[action='/project/ws/{id}/cancel/']")));
    assert!(html.main().contains("Stop 2 jobs that have not finished?"));
    let answer = ada.post(&format!("{}cancel/", path(id)), &[]).await.expect(302);
    assert_eq!(answer.location(), path(id));
    assert_eq!(cancelled(&site, id).await, ["second", "third"]);
    assert_eq!(events(&site, "job_request_cancelled").await, 1);
    let html = ada.get(&path(id)).await.html();
    assert!(
        html.texts(".notices")
            .join(" ")
            .contains("asked to cancel second, third")
    );
    assert!(html.main().contains("Being cancelled."));
    assert!(html.main().contains("Cancellation has been asked for."));
    assert!(!html.has("form[action$='/cancel/']"));
    // Once more changes nothing.
    ada.post(&format!("{}cancel/", path(id)), &[]).await.expect(302);
    assert_eq!(events(&site, "job_request_cancelled").await, 1);
}

#[sqlx::test]
async fn cancelling_before_there_are_jobs_names_all_that_would_run(pool: PgPool) {
    let site = site(pool).await;
    let definition = "version: 4
actions:
  a:
    run: python:v2 a.py
    outputs: {highly_sensitive: {x: output/a.csv}}
  b:
    run: python:v2 b.py
    needs: [a]
    outputs: {highly_sensitive: {x: output/b.csv}}
";
    let (id, _) = site
        .world
        .request(Request {
            actions: &["run_all"],
            project_definition: definition,
            ..Request::default()
        })
        .await;
    let ada = site.sign_in("ada").await;
    assert!(
        ada.get(&path(id))
            .await
            .html()
            .main()
            .contains("Cancel this request before it starts?")
    );
    ada.post(&format!("{}cancel/", path(id)), &[]).await.expect(302);
    assert_eq!(cancelled(&site, id).await, ["a", "b"]);
    assert!(!ada.get(&path(id)).await.html().has("form[action$='/cancel/']"));
}

#[sqlx::test]
async fn who_may_cancel(pool: PgPool) {
    let site = site(pool).await;
    let (id, _) = site
        .world
        .request(Request {
            by: "eve",
            ..Request::default()
        })
        .await;
    site.world.workspace("other", "elsewhere").await;
    let to = format!("{}cancel/", path(id));
    let sent = site.anonymous().post(&to, &[]).await.expect(302);
    assert!(sent.location().starts_with("/login/?next="));
    // Whoever asked and is no member any more has no say.
    let eve = site.sign_in("eve").await;
    eve.post(&to, &[]).await.expect(403);
    assert!(!eve.get(&path(id)).await.html().main().contains("Cancel this request"));
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    site.sign_in("bob").await.post(&to, &[]).await.expect(403);
    let ada = site.sign_in("ada").await;
    ada.post(&format!("/other/elsewhere/{id}/cancel/"), &[])
        .await
        .expect(404);
    ada.post(&format!("/other/ws/{id}/cancel/"), &[]).await.expect(404);
    ada.post_without_token(&to, &[]).await.expect(403);
    assert!(cancelled(&site, id).await.is_empty());
    site.world.member("project", "eve", &[]).await;
    eve.post(&to, &[]).await.expect(302);
    assert_eq!(cancelled(&site, id).await, ["a"]);
}
