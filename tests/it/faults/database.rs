//! The database goes away and comes back, at every moment of a worker's life.

use sqlx::PgPool;

use super::{House, kinds, stop};
use crate::fakes::Fault;
use crate::support::DatabaseProxy;

/// So that engines notice soon that the database is away.
const IMPATIENT: [&str; 2] = ["--database-patience", "300"];

#[sqlx::test]
async fn while_nothing_is_to_be_done(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let proxy = DatabaseProxy::start();
    let mut worker = house.worker_through(&proxy, &IMPATIENT).await;
    house.store(kinds::draft("test_mail", 0)).await;
    house.until_all_is_delivered().await;
    proxy.cut().await;
    worker.says(r#"the outbox engine stopped service="mail""#).await;
    // Meanwhile the web processes reach it.
    for (number, kind) in kinds::all().iter().enumerate() {
        house.store(kinds::draft(kind, number)).await;
    }
    proxy.restore();
    house.until_all_is_delivered().await;
    assert!(house.is("NOT EXISTS (SELECT FROM message WHERE attempts > 1)").await);
    stop(worker).await;
}

#[sqlx::test]
async fn while_a_service_is_at_it(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let proxy = DatabaseProxy::start();
    let worker = house.worker_through(&proxy, &[]).await;
    house.slack.fail(1, Fault::HangAfter);
    let id = house.store(kinds::draft("release_notified", 0)).await;
    house.slack.hanging(1).await;
    proxy.cut().await;
    proxy.restore();
    house.slack.release();
    delivered_once(&mut house, id).await;
    stop(worker).await;
}

#[sqlx::test]
async fn when_it_is_to_be_recorded(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let proxy = DatabaseProxy::start();
    let mut worker = house.worker_through(&proxy, &IMPATIENT).await;
    house.slack.fail(1, Fault::HangAfter);
    let id = house.store(kinds::draft("release_notified", 0)).await;
    house.slack.hanging(1).await;
    proxy.cut().await;
    house.slack.release();
    worker.says("cannot record how a delivery went").await;
    proxy.restore();
    delivered_once(&mut house, id).await;
    stop(worker).await;
}

/// What is being delivered outlives the engine that handed it out.
#[sqlx::test]
async fn for_longer_than_the_engine_waits(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let proxy = DatabaseProxy::start();
    let options = [&IMPATIENT[..], &["--grace", "100"]].concat();
    let mut worker = house.worker_through(&proxy, &options).await;
    house.slack.fail(1, Fault::HangAfter);
    let id = house.store(kinds::draft("release_notified", 0)).await;
    house.slack.hanging(1).await;
    proxy.cut().await;
    worker.says(r#"the outbox engine stopped service="slack""#).await;
    house.slack.release();
    worker.says("cannot record how a delivery went").await;
    proxy.restore();
    delivered_once(&mut house, id).await;
    stop(worker).await;
}

/// The message is delivered at its first attempt, and the engines work.
async fn delivered_once(house: &mut House, id: i64) {
    house
        .until(&format!(
            "EXISTS (SELECT FROM message WHERE id = {id} AND state = 'delivered')"
        ))
        .await;
    assert_eq!(house.message(id).await.attempts, 1);
    assert_eq!(house.slack.count(), 1);
    for kind in ["test_mail", "release_notified", "check_opened"] {
        house.store(kinds::draft(kind, 7)).await;
    }
    house
        .until("NOT EXISTS (SELECT FROM message WHERE state <> 'delivered')")
        .await;
    assert_eq!(house.slack.posted().len(), 2);
}
