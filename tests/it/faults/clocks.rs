//! A clock that jumped ahead and back left times behind that are a year away. The first look that a
//! worker takes brings back what has them.

use sqlx::PgPool;

use super::{House, kinds, stop};

/// Messages of every service, and what a clock did to them before a worker starts.
async fn brought_back(pool: &PgPool, clock: &str) {
    let mut house = House::new(pool).await;
    for kind in ["jobs_finished", "release_notified", "check_closed"] {
        house.store(kinds::draft(kind, 0)).await;
    }
    house.an_hour_passes().await;
    house.execute(clock).await;
    let worker = house.worker().await;
    house.until_all_is_delivered().await;
    stop(worker).await;
    assert!(house.is("(SELECT max(attempts) = 1 FROM message)").await);
}

#[sqlx::test]
async fn the_next_attempt_is_a_year_away(pool: PgPool) {
    brought_back(&pool, "UPDATE message SET next_attempt_at = now() + interval '1 year'").await;
}

#[sqlx::test]
async fn a_lease_ends_in_a_year(pool: PgPool) {
    brought_back(&pool, "UPDATE message SET claimed_until = now() + interval '1 year'").await;
}

#[sqlx::test]
async fn the_queue_holds_it_back_for_a_year(pool: PgPool) {
    brought_back(
        &pool,
        "UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 year'",
    )
    .await;
}

#[sqlx::test]
async fn all_of_it_is_a_year_away(pool: PgPool) {
    brought_back(
        &pool,
        "UPDATE message SET next_attempt_at = now() + interval '1 year', claimed_until = now() + interval '1 year';
         UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 year'",
    )
    .await;
}

/// A worker died while its clock was ahead: to the engine it is alive for a year.
#[sqlx::test]
async fn a_dead_worker_was_last_heard_of_in_a_year(pool: PgPool) {
    let mut house = House::new(&pool).await;
    for kind in ["jobs_finished", "release_notified", "check_closed"] {
        house.store(kinds::draft(kind, 0)).await;
        house.dies_at("claimed").await;
    }
    house.an_hour_passes().await;
    house
        .execute(
            "UPDATE message SET claimed_until = now() + interval '1 year' WHERE claimed_until IS NOT NULL;
             UPDATE graphile_worker._private_jobs SET locked_at = now() + interval '1 year' WHERE locked_at IS NOT NULL;
             UPDATE graphile_worker._private_workers SET last_heartbeat_at = now() + interval '1 year'",
        )
        .await;
    let worker = house.worker().await;
    house
        .until("NOT EXISTS (SELECT FROM message WHERE state <> 'delivered')")
        .await;
    stop(worker).await;
    assert_eq!(house.mailgun.taken().len(), 1);
    assert_eq!(house.slack.posted().len(), 1);
}

/// It died, its entry was cleared away, and what it held is still locked.
#[sqlx::test]
async fn an_unknown_worker_locked_it_in_a_year(pool: PgPool) {
    let mut house = House::new(&pool).await;
    house.store(kinds::draft("jobs_finished", 0)).await;
    house.dies_at("claimed").await;
    house.an_hour_passes().await;
    house
        .execute(
            "UPDATE graphile_worker._private_jobs SET locked_at = now() + interval '1 year';
             DELETE FROM graphile_worker._private_workers",
        )
        .await;
    let worker = house.worker().await;
    house
        .until("NOT EXISTS (SELECT FROM message WHERE state <> 'delivered')")
        .await;
    stop(worker).await;
    assert_eq!(house.mailgun.taken().len(), 1);
}
