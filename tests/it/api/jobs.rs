//! `POST /api/v2/jobs/`.

mod body;
mod hostile;

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Backend, Request, Site, count_statements};

const JOBS: &str = "/api/v2/jobs/";

/// A job as runners report it.
pub fn job(request: &str, identifier: &str, status: &str) -> Value {
    json!({
        "job_request_id": request, "identifier": identifier, "action": format!("action-{identifier}"),
        "run_command": "python:latest python a.py", "status": status, "status_code": "created",
        "status_message": "Message", "created_at": "2024-08-21T10:00:00Z", "updated_at": "2024-08-21T10:01:00Z",
        "started_at": null, "completed_at": null, "trace_context": {"traceparent": "00-1-2"},
        "metrics": {"cpu": 1.50}, "requires_db": false
    })
}

/// Request identifier, job identifier, status; in the order of the jobs' ids.
async fn jobs(site: &Site) -> Vec<(String, String, String)> {
    sqlx::query_as(
        "SELECT r.identifier, j.identifier, j.status FROM job j JOIN job_request r ON r.id = j.job_request_id
          ORDER BY j.id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

async fn status(site: &Site, identifier: &str) -> (String, Option<String>) {
    sqlx::query_as("SELECT status, status_message FROM job_request WHERE identifier = $1")
        .bind(identifier)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

async fn start(pool: PgPool) -> (Site, Backend, String) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let (_, identifier) = site.world.request(Request::default()).await;
    let tpp = site.backend("tpp").await;
    (site, tpp, identifier)
}

fn row(request: &str, job: &str, status: &str) -> (String, String, String) {
    (request.to_owned(), job.to_owned(), status.to_owned())
}

#[sqlx::test]
async fn a_report_becomes_what_is_stored(pool: PgPool) {
    let (site, tpp, request) = start(pool).await;
    let mut one = job(&request, "1", "succeeded");
    one["completed_at"] = json!("2024-08-21T11:00:00.123456+01:00");
    one["run_command"] = Value::Null;
    let answer = tpp
        .post(JOBS, &json!([one, job(&request, "2", "failed")]))
        .await
        .expect(200);
    assert_eq!(answer.body, r#"{"status":"success"}"#);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Allow"), Some("POST, OPTIONS"));
    assert_eq!(
        jobs(&site).await,
        [row(&request, "1", "succeeded"), row(&request, "2", "failed")]
    );
    let stored: (String, String, String, String, String, bool) = sqlx::query_as(
        "SELECT action, run_command, status_message, metrics::text, trace_context::text,
                completed_at = '2024-08-21 10:00:00.123456Z' AND created_at = '2024-08-21 10:00Z' AND started_at IS NULL
           FROM job WHERE identifier = '1'",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        stored,
        (
            "action-1".to_owned(),
            String::new(),
            "Message".to_owned(),
            r#"{"cpu":1.5}"#.to_owned(),
            r#"{"traceparent":"00-1-2"}"#.to_owned(),
            true
        )
    );
    let (status, message) = status(&site, &request).await;
    assert_eq!(status, "failed");
    assert!(message.unwrap().contains("job failed"));
}

#[sqlx::test]
async fn jobs_left_out_go_and_other_requests_stay(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let (_, b) = site.world.request(Request::default()).await;
    // Interleaved: all of a request counts, not only what stands together.
    let report = json!([
        job(&a, "a1", "running"),
        job(&b, "b1", "pending"),
        job(&a, "a2", "pending")
    ]);
    tpp.post(JOBS, &report).await.expect(200);
    let all = [
        row(&a, "a1", "running"),
        row(&b, "b1", "pending"),
        row(&a, "a2", "pending"),
    ];
    assert_eq!(jobs(&site).await, all);
    assert_eq!(status(&site, &a).await.0, "running");
    assert_eq!(status(&site, &b).await.0, "pending");

    tpp.post(JOBS, &json!([job(&a, "a2", "succeeded")])).await.expect(200);
    assert_eq!(
        jobs(&site).await,
        [row(&b, "b1", "pending"), row(&a, "a2", "succeeded")]
    );
    assert_eq!(status(&site, &a).await.0, "succeeded");
    // Over is not for ever: a job may be reset.
    tpp.post(JOBS, &json!([job(&a, "a2", "pending")])).await.expect(200);
    assert_eq!(status(&site, &a).await.0, "pending");
    tpp.post(JOBS, &json!([])).await.expect(200);
    assert_eq!(jobs(&site).await.len(), 2);
}

#[sqlx::test]
async fn of_two_reports_of_one_job_the_last_counts(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let report = json!([
        job(&a, "1", "pending"),
        job(&a, "2", "running"),
        job(&a, "1", "succeeded")
    ]);
    tpp.post(JOBS, &report).await.expect(200);
    assert_eq!(jobs(&site).await, [row(&a, "1", "succeeded"), row(&a, "2", "running")]);
}

#[sqlx::test]
async fn a_jobs_identifier_belongs_to_one_request(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let (_, b) = site.world.request(Request::default()).await;
    let (_, emis_request) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    tpp.post(JOBS, &json!([job(&a, "1", "running"), job(&a, "2", "running")]))
        .await
        .expect(200);
    let before = jobs(&site).await;
    let emis = site.backend("emis").await;
    for (backend, report) in [
        (&tpp, json!([job(&b, "3", "running"), job(&b, "1", "failed")])),
        (&tpp, json!([job(&a, "1", "failed"), job(&b, "1", "failed")])),
        (&tpp, json!([job(&a, "9", "failed"), job(&b, "9", "failed")])),
        (&emis, json!([job(&emis_request, "2", "failed")])),
    ] {
        let answer = backend.post(JOBS, &report).await.expect(409);
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("another job request"),
            "{}",
            answer.body
        );
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(jobs(&site).await, before);
    }
    assert_eq!(status(&site, &b).await.0, "unknown");
}

#[sqlx::test]
async fn requests_of_others_count_as_unknown(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let (_, theirs) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    let (pushed, pushed_identifier) = site.world.request(Request::default()).await;
    sqlx::query("UPDATE job_request SET transport = 'rap' WHERE id = $1")
        .bind(pushed)
        .execute(site.db.pool())
        .await
        .unwrap();
    let report = json!([
        job("nosuchrequest", "1", "running"),
        job(&theirs, "2", "running"),
        job(&pushed_identifier, "3", "running"),
        job(&"x".repeat(100_000), "4", "running")
    ]);
    assert_eq!(
        tpp.post(JOBS, &report).await.expect(200).body,
        r#"{"status":"success"}"#
    );
    assert!(jobs(&site).await.is_empty());
    assert_eq!(status(&site, &theirs).await.0, "unknown");
    // What is known beside them is stored, even under an identifier that was used beside it in vain.
    let report = json!([job(&theirs, "1", "running"), job(&a, "1", "running")]);
    tpp.post(JOBS, &report).await.expect(200);
    assert_eq!(jobs(&site).await, [row(&a, "1", "running")]);
}

#[sqlx::test]
async fn absent_free_values_are_kept_and_null_clears(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let free = async || -> Vec<(String, Option<String>, Option<String>)> {
        sqlx::query_as("SELECT identifier, metrics::text, trace_context::text FROM job ORDER BY identifier")
            .fetch_all(site.db.pool())
            .await
            .unwrap()
    };
    let some = |text: &str| Some(text.to_owned());
    let (metrics, trace) = (some(r#"{"cpu":1.5}"#), some(r#"{"traceparent":"00-1-2"}"#));
    tpp.post(JOBS, &json!([job(&a, "1", "running"), job(&a, "2", "running")]))
        .await
        .expect(200);
    let mut without = job(&a, "1", "running");
    without.as_object_mut().unwrap().remove("metrics");
    without.as_object_mut().unwrap().remove("trace_context");
    let mut cleared = job(&a, "2", "running");
    cleared["metrics"] = Value::Null;
    tpp.post(JOBS, &json!([without, cleared])).await.expect(200);
    assert_eq!(
        free().await,
        [
            ("1".to_owned(), metrics.clone(), trace.clone()),
            ("2".to_owned(), None, trace.clone())
        ]
    );
    // All without, too.
    let mut moved = without.clone();
    moved["status"] = json!("succeeded");
    tpp.post(JOBS, &json!([moved])).await.expect(200);
    assert_eq!(free().await, [("1".to_owned(), metrics, trace)]);
    // Any JSON is taken, as it is.
    let mut odd = job(&a, "1", "running");
    odd["metrics"] = json!("text");
    odd["trace_context"] = json!([1, {"b": null}]);
    tpp.post(JOBS, &json!([odd])).await.expect(200);
    assert_eq!(
        free().await,
        [("1".to_owned(), some("\"text\""), some(r#"[1,{"b":null}]"#))]
    );
}

#[sqlx::test]
async fn one_bad_item_and_nothing_is_stored(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    tpp.post(JOBS, &json!([job(&a, "1", "running")])).await.expect(200);
    let mut bad = job(&a, "2", "running");
    bad["status"] = json!("");
    let answer = tpp.post(JOBS, &json!([job(&a, "1", "failed"), bad])).await.expect(400);
    assert_eq!(answer.body, r#"[{},{"status":["This field may not be blank."]}]"#);
    assert_eq!(jobs(&site).await, [row(&a, "1", "running")]);
    assert_eq!(status(&site, &a).await.0, "running");
}

#[sqlx::test]
async fn a_report_is_noted_with_its_flags(pool: PgPool) {
    let (site, tpp, a) = start(pool).await;
    let send = async |flags: &str, body: &Value| {
        let headers = [
            ("Authorization", tpp.token.as_str()),
            ("Content-Type", "application/json"),
            ("Flags", flags),
        ];
        tpp.send(Method::Post, "/api/v2/jobs", &headers, body.to_string().as_bytes())
            .await
    };
    let noted = async || -> (Option<String>, i64) {
        sqlx::query_as(
            "SELECT jobrunner_state::text, (SELECT count(*) FROM stats WHERE url = '/api/v2/jobs/')
               FROM backend WHERE slug = 'tpp'",
        )
        .fetch_one(site.db.pool())
        .await
        .unwrap()
    };
    send("{}", &json!({})).await.expect(400);
    assert_eq!(noted().await, (None, 0), "a refused report is not noted");
    send("{not json", &json!([job(&a, "1", "running")])).await.expect(200);
    assert_eq!(noted().await, (None, 1));
    assert_eq!(jobs(&site).await.len(), 1);
    let flags = r#"{"mode":{"v":"db-maintenance","ts":"2024-08-21T10:00:00Z"}}"#;
    send(flags, &json!([])).await.expect(200);
    assert_eq!(noted().await, (Some(flags.to_owned()), 1));
}

#[sqlx::test]
async fn statements_do_not_grow_with_jobs(pool: PgPool) {
    let (_, tpp, a) = start(pool).await;
    let report = |count: usize, status: &str| Value::from_iter((0..count).map(|n| job(&a, &format!("job{n}"), status)));
    let count = async |jobs: usize, status: &str| {
        let (answer, statements) = count_statements(tpp.post(JOBS, &report(jobs, status))).await;
        answer.expect(200);
        statements
    };
    // New, changed with many new, all changed, all as before.
    let new = count(1, "pending").await;
    assert_eq!(count(300, "running").await, new);
    assert_eq!(count(300, "succeeded").await, new);
    assert_eq!(count(300, "succeeded").await, new);
    // One to delete what is gone, one to see why fewer were written than reported.
    assert_eq!(count(1, "succeeded").await, new + 2, "gone and as before");
    assert_eq!(new, 8);
    let ((), for_wrong) = count_statements(async {
        let headers = [("Authorization", "wrong"), ("Content-Type", "application/json")];
        tpp.send(
            Method::Post,
            JOBS,
            &headers,
            report(300, "running").to_string().as_bytes(),
        )
        .await
        .expect(403);
    })
    .await;
    // The look-up, and the count of wrong ones.
    assert_eq!(for_wrong, 2);
}
