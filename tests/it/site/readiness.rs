//! Whether the site is ready, and what an operator should look at.

use sqlx::PgPool;

use crate::support::{Site, count_statements};

async fn ask(site: &Site) -> String {
    let answer = site.anonymous().get("/ready/").await.expect(200);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
    answer.body
}

async fn execute(site: &Site, statement: &'static str) {
    sqlx::raw_sql(statement).execute(site.db.pool()).await.unwrap();
}

#[sqlx::test]
async fn what_is_well_is_ready_and_says_no_more(pool: PgPool) {
    let site = Site::start(pool).await;
    assert_eq!(ask(&site).await, "ready\nwarning: no worker runs\n");
    execute(&site, "INSERT INTO worker_seen (worker) VALUES ('a:1')").await;
    execute(
        &site,
        "INSERT INTO worker_seen (worker, seen_at) VALUES ('dead:1', now() - interval '1 hour')",
    )
    .await;
    let (body, statements) = count_statements(ask(&site)).await;
    assert_eq!((body.as_str(), statements), ("ready\n", 2));
}

#[sqlx::test]
async fn what_is_not_well_is_told_and_keeps_nobody_away(pool: PgPool) {
    let site = Site::start(pool).await;
    execute(
        &site,
        "INSERT INTO worker_seen (worker, seen_at) VALUES ('secret-host:1', now() - interval '10 minutes');
         INSERT INTO message (service, kind, version, payload, recipient, cause, created_at)
         VALUES ('mail', 'test_mail', 1, '{\"by\": \"x\"}', 'ada@example.com', 'test', now() - interval '20 minutes');
         INSERT INTO message (service, kind, version, payload, recipient, cause, state, decided_at, last_error)
         VALUES ('slack', 'test_mail', 1, '{\"by\": \"x\"}', 'channel', 'test', 'dead', now(), 'invalid_auth'),
                ('github', 'test_mail', 1, '{\"by\": \"x\"}', 'o/r', 'test', 'dead', now(), 'gone')",
    )
    .await;
    let body = ask(&site).await;
    let lines: Vec<&str> = body.lines().collect();
    let [ready, worker, dead, oldest] = lines[..] else {
        panic!("{body}")
    };
    assert_eq!(ready, "ready");
    assert!(worker.starts_with("warning: no worker was seen for 60"), "{worker}");
    assert_eq!(
        dead,
        "warning: messages that could not be delivered: 2 (jobserver outbox list)"
    );
    assert_eq!(oldest, "warning: the oldest message waits for 20 minutes");
    for hidden in ["secret-host", "ada@example.com", "invalid_auth", "channel"] {
        assert!(!body.contains(hidden), "{body}");
    }
}

#[sqlx::test]
async fn without_the_database_it_is_not_ready(pool: PgPool) {
    let site = Site::start(pool).await;
    site.db.pool().close().await;
    site.anonymous().get("/ready/").await.expect(503);
}
