//! The status page of the backends.

use sqlx::PgPool;

use super::lists::{activate, assert_accessible, execute, requests, usual};
use crate::support::{Job, Request, Site, count_statements};

#[sqlx::test]
async fn without_an_active_backend_it_says_so(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.backend("idle").await;
    execute(&site, "UPDATE backend SET is_active = false").await;
    let html = site.anonymous().get("/status/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No backend is active"));
    assert!(!html.main().contains("idle"));
}

#[sqlx::test]
async fn each_active_backend_tells_how_it_is(pool: PgPool) {
    let site = usual(pool).await;
    activate(&site, "emis").await;
    activate(&site, "test").await;
    execute(&site, "UPDATE backend SET name = upper(slug)").await;
    execute(
        &site,
        "UPDATE backend SET alert_timeout = '5 days 11:05:42' WHERE slug = 'emis'",
    )
    .await;
    execute(
        &site,
        "INSERT INTO stats (backend_id, url, api_last_seen)
         SELECT id, url, now() - age FROM backend, (VALUES
             ('tpp', '/api/v2/jobs/', interval '2 hours'), ('tpp', '/api/v2/job-requests/', interval '3 minutes'),
             ('emis', '/api/v2/jobs/', interval '5 days 11 hours 6 minutes')) v (of, url, age) WHERE slug = of",
    )
    .await;
    execute(
        &site,
        r#"UPDATE backend SET jobrunner_state = '{"mode":{"v":"db-maintenance","ts":"2024-08-21T10:00:00Z"}}'
            WHERE slug = 'emis'"#,
    )
    .await;

    // One request taken up, one not; a finished one counts nowhere.
    requests(&site, 1).await;
    site.world.request(Request::default()).await;
    let running = Request {
        status: "running",
        ..Request::default()
    };
    let (id, _) = site.world.request(running).await;
    for (identifier, status) in [("1", "running"), ("2", "pending"), ("3", "pending"), ("4", "succeeded")] {
        let job = Job {
            identifier,
            status,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }

    let html = site.anonymous().get("/status/").await.expect(200).html();
    assert_accessible(&html);
    let cards = html.texts("section.card");
    assert_eq!(html.texts("section.card h2"), ["EMIS", "TEST", "TPP"]);
    for (card, words) in cards.iter().zip([
        vec![
            "Missing",
            "Last contact 5 days ago",
            "Counts as missing after 5 days 11 hours 5 minutes 42 seconds",
            "Database maintenance On since 21 Aug 2024 10:00:00 UTC",
        ],
        vec!["Never seen", "Last contact Never", "Jobs running 0", "after 5 minutes"],
        vec![
            "In contact",
            "Last contact 3 minutes ago",
            "Jobs running 1",
            "Jobs pending 2",
            "Requests not yet taken up 1",
        ],
    ]) {
        for words in words {
            assert!(card.contains(words), "{words}: {card}");
        }
    }
    assert_eq!(html.count("section.card a[href='#db-maintenance-mode']"), 1);
    assert_eq!(html.count("#db-maintenance-mode"), 1);
}

#[sqlx::test]
async fn two_statements_however_many_backends_and_jobs(pool: PgPool) {
    let site = usual(pool).await;
    for more in 0..3 {
        activate(&site, &format!("backend-{more}")).await;
        requests(&site, 1).await;
        let (answer, statements) = count_statements(site.anonymous().get("/status/")).await;
        answer.expect(200);
        assert_eq!(statements, 2);
    }
}
