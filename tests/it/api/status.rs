//! `/status/<backend>/` and `/status/<backend>/db-availability/`, for monitors.

use rocket::http::Method;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::support::{Site, count_statements};

async fn execute(site: &Site, sql: &'static str) {
    sqlx::raw_sql(sql).execute(site.db.pool()).await.unwrap();
}

#[sqlx::test]
async fn a_backend_that_is_silent_too_long_is_a_failure(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    let monitor = site.anonymous();
    // Never heard of: now, and no alarm.
    let before = OffsetDateTime::now_utc();
    let answer = monitor.get("/status/tpp/").await.expect(200);
    assert!(answer.body.ends_with("+00:00"), "{}", answer.body);
    let format = &time::format_description::well_known::Rfc3339;
    assert!(OffsetDateTime::parse(&answer.body, format).unwrap() >= before.replace_nanosecond(0).unwrap());

    tpp.get("/api/v2/job-requests/").await.expect(200);
    monitor.get("/status/tpp").await.expect(200);
    tpp.post_text("/api/v2/jobs/", "[]").await.expect(200);
    execute(
        &site,
        "UPDATE stats SET api_last_seen = '2024-08-21T10:00:00.123456Z' WHERE url LIKE '%jobs/'",
    )
    .await;
    execute(
        &site,
        "UPDATE stats SET api_last_seen = '2024-08-20T10:00:00Z' WHERE url LIKE '%requests/'",
    )
    .await;
    let (answer, statements) = count_statements(monitor.get("/status/tpp/")).await;
    let answer = answer.expect(503);
    // The newest call counts.
    assert_eq!(answer.body, "2024-08-21T10:00:00.123456+00:00");
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(answer.header("Content-Security-Policy").is_some());
    assert_eq!(statements, 1);
    execute(&site, "UPDATE stats SET api_last_seen = now() - interval '6 minutes'").await;
    monitor.get("/status/tpp/").await.expect(503);
    execute(&site, "UPDATE backend SET alert_timeout = interval '7 minutes'").await;
    monitor.get("/status/tpp/").await.expect(200);
    monitor.get("/status/nothing/").await.expect(404);
    let refused = monitor.bare(Method::Put, "/status/tpp/").await.expect(405);
    assert_eq!(refused.header("Allow"), Some("GET, HEAD"));
}

#[sqlx::test]
async fn maintenance_is_told_and_no_failure(pool: PgPool) {
    let site = Site::start(pool).await;
    site.backend("tpp").await;
    site.backend("emis").await;
    let monitor = site.anonymous();
    let path = "/status/tpp/db-availability/";
    for (state, text) in [
        ("null", "DB maintenance mode off"),
        ("{}", "DB maintenance mode off"),
        ("[1]", "DB maintenance mode off"),
        (r#"{"mode":null}"#, "DB maintenance mode off"),
        (r#"{"mode":{"v":null,"ts":null}}"#, "DB maintenance mode off"),
        (r#"{"mode":{"v":"db-maintenance"}}"#, "DB maintenance mode on"),
        (
            r#"{"mode":{"v":"db-maintenance","ts":"2024-08-21T10:00:00Z"}}"#,
            "DB maintenance mode on (since 2024-08-21T10:00:00Z) ",
        ),
        (
            r#"{"mode":{"v":null,"ts":"2024-08-21T10:00:00.123456Z"}}"#,
            "DB maintenance mode off (since 2024-08-21T10:00:00.123456Z) ",
        ),
        (
            r#"{"mode":{"v":"other","ts":"<b>"}}"#,
            "DB maintenance mode off (since &lt;b&gt;) ",
        ),
    ] {
        sqlx::query("UPDATE backend SET jobrunner_state = $1::text::json WHERE slug = 'tpp'")
            .bind(state)
            .execute(site.db.pool())
            .await
            .unwrap();
        let answer = monitor.get(path).await.expect(200);
        assert_eq!(answer.body, text, "{state}");
        assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    }
    execute(&site, "UPDATE backend SET jobrunner_state = NULL").await;
    assert_eq!(monitor.get(path).await.expect(200).body, "DB maintenance mode off");
    execute(
        &site,
        "UPDATE backend SET transport = 'rap', is_in_maintenance_mode = true WHERE slug = 'tpp'",
    )
    .await;
    assert_eq!(monitor.get(path).await.expect(200).body, "DB maintenance mode on");
    let other = monitor.get("/status/emis/db-availability").await.expect(200);
    assert_eq!(other.body, "DB maintenance mode off");
    execute(
        &site,
        "UPDATE backend SET is_in_maintenance_mode = true, jobrunner_state = NULL WHERE slug = 'emis'",
    )
    .await;
    let other = monitor.get("/status/emis/db-availability").await.expect(200);
    assert_eq!(other.body, "DB maintenance mode on");
    monitor.get("/status/nothing/db-availability/").await.expect(404);
}

#[sqlx::test]
async fn health_asks_nobody(pool: PgPool) {
    let site = Site::start(pool).await;
    let (answer, statements) = count_statements(site.anonymous().get("/health-check/")).await;
    let answer = answer.expect(200);
    assert_eq!((answer.body.as_str(), statements), ("", 0));
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    site.db.pool().close().await;
    site.anonymous().get("/health-check").await.expect(200);
    site.anonymous().get("/status/tpp/").await.expect(503);
}
