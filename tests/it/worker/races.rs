//! Several workers, and those that die.

use jobserver::core::schedules::{MAX_ATTEMPTS, claim_due, run};
use sqlx::PgPool;

use super::{OUTPUTS, let_claim_run_out, make_due, one_round, row, tools, worker};
use crate::support::Site;

#[sqlx::test]
async fn of_two_workers_one_runs_it(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    for round in 1..=10 {
        make_due(&site, "clearsessions", "1 minute").await;
        let (one, two) = (worker(&site), worker(&site));
        tokio::join!(one_round(one.0), one_round(two.0));
        assert_eq!(row(&pool, "clearsessions").await.runs, round);
        assert_eq!(one.1.told().len() + two.1.told().len(), 2);
    }
}

#[sqlx::test]
async fn of_many_who_claim_at_once_one_succeeds(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    make_due(&site, OUTPUTS, "1 minute").await;
    let claims = (0..8).map(|number| {
        let db = site.db.clone();
        async move { claim_due(&db, &format!("host:{number}")).await.unwrap().claims.len() }
    });
    let claimed: usize = futures::future::join_all(claims).await.iter().sum();
    assert_eq!(claimed, 1);
}

#[sqlx::test]
async fn what_a_killed_worker_began_is_taken_over(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host.commit("opensafely/study", "main", &[]);
    make_due(&site, OUTPUTS, "1 minute").await;
    // It claims, and is never heard of again.
    let dead = claim_due(&site.db, "dead:1").await.unwrap().claims.pop().unwrap();
    let (living, monitor) = worker(&site);
    one_round(living.clone()).await;
    let claimed = row(&pool, OUTPUTS).await;
    assert_eq!((claimed.run_by.as_deref(), claimed.is_claimed), (Some("dead:1"), true));

    let_claim_run_out(&pool, OUTPUTS).await;
    one_round(living).await;
    let after = row(&pool, OUTPUTS).await;
    assert_eq!((after.runs, after.outcome.as_deref()), (2, Some("ok")), "{after:?}");
    assert!(
        after.was_abandoned && after.due_in > 0.0 && after.attempts == 0,
        "{after:?}"
    );
    assert_eq!(monitor.told().len(), 2);

    // It was only asleep: what it does now is no longer its own to record.
    make_due(&site, OUTPUTS, "1 minute").await;
    let (tools, _) = tools(&site);
    let newer = claim_due(&site.db, "newer:1").await.unwrap().claims.pop().unwrap();
    run(&tools, dead, std::future::pending()).await.unwrap();
    let held = row(&pool, OUTPUTS).await;
    assert_eq!((held.run_by.as_deref(), held.is_claimed), (Some("newer:1"), true));
    run(&tools, newer, std::future::pending()).await.unwrap();
    assert_eq!(row(&pool, OUTPUTS).await.outcome.as_deref(), Some("ok"));
}

#[sqlx::test]
async fn a_run_that_is_abandoned_is_shown_as_such(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    make_due(&site, OUTPUTS, "1 minute").await;
    assert_eq!(claim_due(&site.db, "dead:1").await.unwrap().claims.len(), 1);
    let_claim_run_out(&pool, OUTPUTS).await;
    jobserver::core::schedules::list(&site.db).await.unwrap();
    let after = row(&pool, OUTPUTS).await;
    assert_eq!(after.outcome.as_deref(), Some("abandoned"));
    assert_eq!(after.told, "dead:1 began and was not heard of again.");
    assert!(after.due_in < 0.0, "{after:?}");
}

#[sqlx::test]
async fn work_that_kills_its_workers_is_left_until_it_is_due_again(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    make_due(&site, OUTPUTS, "1 minute").await;
    for attempt in 1..=MAX_ATTEMPTS {
        let round = claim_due(&site.db, "dead:1").await.unwrap();
        assert_eq!(round.claims.len(), 1, "attempt {attempt}");
        let_claim_run_out(&pool, OUTPUTS).await;
    }
    assert!(claim_due(&site.db, "dead:1").await.unwrap().claims.is_empty());
    let after = row(&pool, OUTPUTS).await;
    assert_eq!((after.outcome.as_deref(), after.attempts), (Some("abandoned"), 0));
    assert!(after.due_in > 0.0, "{after:?}");
}

#[sqlx::test]
async fn a_clock_that_was_ahead_stops_nothing_for_long(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    // Years ahead, it did its work and went back.
    make_due(&site, OUTPUTS, "-10 years").await;
    let round = claim_due(&site.db, "a:1").await.unwrap();
    assert!(round.claims.is_empty());
    let due_in = row(&pool, OUTPUTS).await.due_in;
    assert!(due_in > 0.0 && due_in <= 24.0 * 60.0 * 60.0, "{due_in}");
    assert!(round.next_due_in.unwrap().as_secs_f64() <= due_in + 1.0);
    // A day ahead, it has done the work of the next time, which is not done twice.
    sqlx::query("UPDATE schedule SET due_at = due_at + interval '1 day' WHERE name = $1")
        .bind(OUTPUTS)
        .execute(&pool)
        .await
        .unwrap();
    claim_due(&site.db, "a:1").await.unwrap();
    assert!(row(&pool, OUTPUTS).await.due_in > due_in + 1.0);
}
