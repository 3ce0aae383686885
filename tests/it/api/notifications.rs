//! Telling people that their jobs are over: what runners report, and the mails that follow.

use jobserver::core::ports::{Mail, Undelivered};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::jobs::job;
use crate::support::{Backend, Request, Site, Trouble, count_statements};

const JOBS: &str = "/api/v2/jobs/";

/// A site, its backend's runner, and a request of `ada` that notifies.
async fn start(pool: PgPool) -> (Site, Backend, String) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let request = notifying(&site).await;
    let tpp = site.backend("tpp").await;
    (site, tpp, request)
}

async fn notifying(site: &Site) -> String {
    let request = Request {
        will_notify: true,
        ..Request::default()
    };
    site.world.request(request).await.1
}

async fn choose(site: &Site, notify: &str) {
    let ada = site.sign_in("ada").await;
    ada.post("/settings/", &[("notify", notify), ("notifications", "1")])
        .await
        .expect(302);
}

/// Reports jobs of one request, as (identifier, status), and returns what arrives by mail.
async fn report(site: &Site, tpp: &Backend, request: &str, jobs: &[(&str, &str)]) -> Vec<Mail> {
    let jobs = Value::from_iter(jobs.iter().map(|(identifier, status)| job(request, identifier, status)));
    tpp.post(JOBS, &jobs).await.expect(200);
    site.drain().await;
    site.post().mail.take()
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}

async fn messages(site: &Site) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM message")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_finished_job_is_told_once_however_often_it_is_reported(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    assert!(
        report(&site, &tpp, &request, &[("1", "running"), ("2", "pending")])
            .await
            .is_empty()
    );
    let mails = report(&site, &tpp, &request, &[("1", "succeeded"), ("2", "running")]).await;
    assert_eq!(subjects(&mails), ["succeeded: [os ws] action-1"]);
    assert_eq!(mails[0].to, ["ada@example.com"]);
    assert!(mails[0].bcc.is_empty());
    for fact in [
        "action-1 succeeded.",
        "Message",
        "/jobs/1/",
        "/job-requests/1/",
        "1 of its 2 jobs is over.",
    ] {
        assert!(mails[0].text.contains(fact), "{fact}\n{}", mails[0].text);
    }
    for _ in 0..3 {
        let same = report(&site, &tpp, &request, &[("1", "succeeded"), ("2", "running")]).await;
        assert!(same.is_empty(), "{same:?}");
    }
    // What changes without being completed by it is no news.
    let mut worded = job(&request, "1", "succeeded");
    worded["status_message"] = json!("Other words");
    tpp.post(JOBS, &json!([worded, job(&request, "2", "running")]))
        .await
        .expect(200);
    assert!(site.drain().await.is_empty());
    let mails = report(&site, &tpp, &request, &[("1", "succeeded"), ("2", "failed")]).await;
    assert_eq!(subjects(&mails), ["failed: [os ws] action-2"]);
    assert!(
        mails[0].text.contains("All 2 jobs are over. Its status is: failed."),
        "{}",
        mails[0].text
    );
    assert_eq!(messages(&site).await, 2);
}

#[sqlx::test]
async fn a_job_that_runs_and_ends_again_is_told_again(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    assert_eq!(report(&site, &tpp, &request, &[("1", "failed")]).await.len(), 1);
    assert!(report(&site, &tpp, &request, &[("1", "running")]).await.is_empty());
    let mails = report(&site, &tpp, &request, &[("1", "failed")]).await;
    assert_eq!(subjects(&mails), ["failed: [os ws] action-1"]);
    assert!(report(&site, &tpp, &request, &[("1", "pending")]).await.is_empty());
    let mails = report(&site, &tpp, &request, &[("1", "succeeded")]).await;
    assert_eq!(subjects(&mails), ["succeeded: [os ws] action-1"]);
    // Three mails, three Message-IDs: to a mailbox, none repeats another.
    let keys: i64 = sqlx::query_scalar("SELECT count(DISTINCT key) FROM message")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!((keys, messages(&site).await), (3, 3));
}

#[sqlx::test]
async fn jobs_that_finish_together_are_one_mail(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    let other = notifying(&site).await;
    let reports = json!([
        job(&request, "1", "succeeded"),
        job(&other, "9", "succeeded"),
        job(&request, "2", "failed"),
        job(&request, "3", "running"),
    ]);
    tpp.post(JOBS, &reports).await.expect(200);
    site.drain().await;
    let mails = site.post().mail.take();
    let mut all = subjects(&mails);
    all.sort_unstable();
    assert_eq!(all, ["failed: [os ws] 1 of 2 jobs", "succeeded: [os ws] action-9"]);
    let together = mails.iter().find(|mail| mail.subject.contains("of 2")).unwrap();
    assert!(together.text.contains("/jobs/1/") && together.text.contains("/jobs/2/"));
    assert!(!together.text.contains("/jobs/3/"));
    assert!(together.text.contains("2 of its 3 jobs are over."), "{}", together.text);
    let causes: Vec<String> = sqlx::query_scalar("SELECT cause FROM message ORDER BY cause")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(causes, ["job_request:1", "job_request:2"]);
}

#[sqlx::test]
async fn failures_alone_can_be_told(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    choose(&site, "failures").await;
    assert!(
        report(&site, &tpp, &request, &[("1", "succeeded"), ("2", "running")])
            .await
            .is_empty()
    );
    let mails = report(
        &site,
        &tpp,
        &request,
        &[("1", "succeeded"), ("2", "failed"), ("3", "succeeded")],
    )
    .await;
    assert_eq!(subjects(&mails), ["failed: [os ws] action-2"]);
    assert!(!mails[0].text.contains("/jobs/3/"));
}

#[sqlx::test]
async fn a_whole_request_can_be_told_when_it_ends(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    choose(&site, "whole_request").await;
    assert!(
        report(
            &site,
            &tpp,
            &request,
            &[("1", "succeeded"), ("2", "running"), ("3", "running")]
        )
        .await
        .is_empty()
    );
    assert!(
        report(
            &site,
            &tpp,
            &request,
            &[("1", "succeeded"), ("2", "failed"), ("3", "running")]
        )
        .await
        .is_empty()
    );
    let end = [("1", "succeeded"), ("2", "failed"), ("3", "succeeded")];
    let mails = report(&site, &tpp, &request, &end).await;
    assert_eq!(subjects(&mails), ["failed: [os ws] job request 1, 1 of 3 jobs"]);
    for job in ["/jobs/1/", "/jobs/2/", "/jobs/3/"] {
        assert!(mails[0].text.contains(job), "{job}\n{}", mails[0].text);
    }
    assert!(report(&site, &tpp, &request, &end).await.is_empty());
    // Begun again, ended again.
    assert!(
        report(&site, &tpp, &request, &[("2", "running"), ("3", "succeeded")])
            .await
            .is_empty()
    );
    let mails = report(&site, &tpp, &request, &[("2", "succeeded"), ("3", "succeeded")]).await;
    assert_eq!(subjects(&mails), ["succeeded: [os ws] job request 1, 2 jobs"]);
}

#[sqlx::test]
async fn a_message_keeps_so_many_jobs_and_so_much_of_what_a_runner_says(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    choose(&site, "whole_request").await;
    let jobs: Vec<Value> = (0..70)
        .map(|number| {
            let status = if number == 69 { "failed" } else { "succeeded" };
            let mut job = job(&request, &format!("{number:02}"), status);
            job["status_message"] = json!("é".repeat(5000));
            job
        })
        .collect();
    tpp.post(JOBS, &Value::from(jobs)).await.expect(200);
    let (size, listed): (i32, i32) =
        sqlx::query_as("SELECT length(payload::text), jsonb_array_length(payload->'jobs') FROM message")
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(listed, 50);
    assert!(size < 50 * 600, "{size}");
    site.drain().await;
    let mail = &site.post().mail.take()[0];
    assert_eq!(mail.subject, "failed: [os ws] job request 1, 1 of 70 jobs");
    for part in [
        "1 of 70 jobs failed.",
        "And 20 more, on the page",
        "/jobs/69/",
        "All 70 jobs are over.",
    ] {
        assert!(mail.text.contains(part), "{part}\n{}", mail.text);
    }
}

#[sqlx::test]
async fn a_request_also_ends_when_its_last_active_job_is_withdrawn(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    choose(&site, "whole_request").await;
    assert!(
        report(&site, &tpp, &request, &[("1", "succeeded"), ("2", "running")])
            .await
            .is_empty()
    );
    let mails = report(&site, &tpp, &request, &[("1", "succeeded")]).await;
    assert_eq!(subjects(&mails), ["succeeded: [os ws] action-1"]);
    assert!(mails[0].text.starts_with("Job request 1 is over."), "{}", mails[0].text);
}

#[sqlx::test]
async fn a_choice_counts_from_then_on(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    choose(&site, "nothing").await;
    assert!(
        report(&site, &tpp, &request, &[("1", "failed"), ("2", "running")])
            .await
            .is_empty()
    );
    choose(&site, "each_job").await;
    let mails = report(&site, &tpp, &request, &[("1", "failed"), ("2", "succeeded")]).await;
    assert_eq!(subjects(&mails), ["succeeded: [os ws] action-2"]);
}

#[sqlx::test]
async fn nobody_is_told_who_did_not_ask_or_cannot_be_reached(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    let (_, silent) = site.world.request(Request::default()).await;
    assert!(report(&site, &tpp, &silent, &[("silent", "failed")]).await.is_empty());
    for (change, back) in [
        ("email = NULL", "email = 'ada@example.com'"),
        ("is_active = false", "is_active = true"),
    ] {
        let set = async |what: &str| {
            sqlx::query(sqlx::AssertSqlSafe(format!(
                r#"UPDATE "user" SET {what} WHERE username = 'ada'"#
            )))
            .execute(site.db.pool())
            .await
            .unwrap();
        };
        set(change).await;
        assert!(
            report(&site, &tpp, &request, &[("1", "failed")]).await.is_empty(),
            "{change}"
        );
        set(back).await;
        assert!(report(&site, &tpp, &request, &[("1", "running")]).await.is_empty());
        assert_eq!(
            report(&site, &tpp, &request, &[("1", "failed")]).await.len(),
            1,
            "{back}"
        );
        assert!(report(&site, &tpp, &request, &[("1", "running")]).await.is_empty());
    }
    sqlx::query("UPDATE job_request SET created_by_id = NULL, created_at = NULL WHERE identifier = $1")
        .bind(&request)
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(report(&site, &tpp, &request, &[("1", "failed")]).await.is_empty());
    assert_eq!(messages(&site).await, 2);
}

#[sqlx::test]
async fn a_report_that_is_turned_away_tells_nothing(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    let other = notifying(&site).await;
    report(&site, &tpp, &other, &[("theirs", "running")]).await;
    report(&site, &tpp, &request, &[("1", "running")]).await;
    let bad = json!([job(&request, "1", "failed"), job(&request, "theirs", "failed")]);
    tpp.post(JOBS, &bad).await.expect(409);
    assert!(site.drain().await.is_empty());
    assert_eq!(messages(&site).await, 0);
    assert_eq!(report(&site, &tpp, &request, &[("1", "failed")]).await.len(), 1);
}

#[sqlx::test]
async fn what_a_runner_writes_cannot_leave_its_place(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    let mut hostile = job(&request, "a/b?c#d", "failed");
    hostile["action"] = json!("x\r\nBcc: mallory@example.com\r\n\r\n<script>alert(1)</script>");
    hostile["status_message"] = json!(format!("<img src=x>{}", "long ".repeat(2000)));
    hostile["started_at"] = json!("2024-08-21T10:00:00Z");
    hostile["completed_at"] = json!("2024-08-21T10:04:12.9Z");
    tpp.post(JOBS, &json!([hostile])).await.expect(200);
    site.drain().await;
    let mails = site.post().mail.take();
    assert_eq!(
        subjects(&mails),
        ["failed: [os ws] x Bcc: mallory@example.com <script>alert(1)</script>"]
    );
    assert!(mails[0].bcc.is_empty());
    assert!(mails[0].text.contains("failed after 4 min 12 s"), "{}", mails[0].text);
    assert!(mails[0].text.contains("/jobs/a%2Fb%3Fc%23d/"), "{}", mails[0].text);
    assert!(mails[0].text.len() < 2000, "{}", mails[0].text.len());
    assert!(
        !mails[0].html.contains("<script") && !mails[0].html.contains("<img"),
        "{}",
        mails[0].html
    );
    // The address leads to the job.
    let page = site.anonymous().get("/jobs/a%2Fb%3Fc%23d/").await.expect(302);
    site.anonymous().get(page.location()).await.expect(200);
}

#[sqlx::test]
async fn a_mail_that_does_not_leave_is_tried_again_as_the_same_mail(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    site.post().mail.script.next(Trouble::AnswerLost);
    site.post()
        .mail
        .script
        .next(Trouble::Fails(Undelivered::later("no connection")));
    let mut ids = Vec::new();
    for mail in report(&site, &tpp, &request, &[("1", "failed")]).await {
        ids.push(mail.message_id);
    }
    for _ in 0..2 {
        sqlx::query("UPDATE message SET next_attempt_at = now()")
            .execute(site.db.pool())
            .await
            .unwrap();
        site.drain().await;
        ids.extend(site.post().mail.take().into_iter().map(|mail| mail.message_id));
    }
    assert_eq!(site.post().mail.script.calls(), 3);
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[sqlx::test]
async fn telling_takes_two_statements_more_and_none_when_nobody_wants_to_know(pool: PgPool) {
    let (site, tpp, _) = start(pool).await;
    let mut silent = Vec::new();
    let mut telling = Vec::new();
    for _ in 0..20 {
        silent.push(site.world.request(Request::default()).await.1);
        telling.push(notifying(&site).await);
    }
    let statements = async |requests: &[String], jobs: usize, status: &str| {
        let report = Value::from_iter(
            requests
                .iter()
                .flat_map(|request| (0..jobs).map(move |n| job(request, &format!("{request}-{n}"), status))),
        );
        let (answer, statements) = count_statements(tpp.post(JOBS, &report)).await;
        answer.expect(200);
        statements
    };
    let usual = statements(&silent[..1], 1, "running").await;
    assert_eq!(statements(&silent, 10, "succeeded").await, usual);
    assert_eq!(statements(&telling, 10, "running").await, usual);
    assert_eq!(statements(&telling[..1], 10, "succeeded").await, usual + 2);
    assert_eq!(statements(&telling[1..], 10, "succeeded").await, usual + 2);
    // All as before: one to see why fewer were written than reported, none to tell pages that are open.
    assert_eq!(statements(&telling, 10, "succeeded").await, usual);
    assert_eq!(messages(&site).await, 20);
}
