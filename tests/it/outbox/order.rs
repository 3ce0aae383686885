use jobserver::core::audit::By;
use jobserver::core::db::Db;
use jobserver::core::outbox::{self, State};
use jobserver::core::ports::{Receipt, Undelivered};
use sqlx::PgPool;

use super::{ScriptedCourier, attempt, draft, end_lease, make_due, queued_in, store};

#[sqlx::test]
async fn messages_of_one_thread_leave_in_order_also_when_the_first_fails(pool: PgPool) {
    let db = Db::from(pool.clone());
    let first = store(&db, draft().in_thread("release 1")).await;
    let second = store(&db, draft().in_thread("release 1")).await;
    let other = store(&db, draft().in_thread("release 2")).await;
    let courier = ScriptedCourier::answering([Err(Undelivered::later("no connection"))]);
    assert_eq!(attempt(&db, second, &courier).await, None);
    assert_eq!(attempt(&db, first, &courier).await, Some(State::Waiting));
    assert_eq!(attempt(&db, second, &courier).await, None);
    assert_eq!(attempt(&db, other, &courier).await, Some(State::Delivered));
    // The queue's job of the second is used up, as when an engine looked at it.
    sqlx::query("DELETE FROM graphile_worker._private_jobs WHERE key = 'message:' || $1")
        .bind(second)
        .execute(&pool)
        .await
        .unwrap();
    make_due(&pool, first).await;
    assert_eq!(attempt(&db, first, &courier).await, Some(State::Delivered));
    assert!(
        queued_in(&pool, second).await.unwrap() <= 0.0,
        "the first wakes the second"
    );
    assert_eq!(attempt(&db, second, &courier).await, Some(State::Delivered));
    assert_eq!(courier.ids(), [first, other, first, second]);
}

#[sqlx::test]
async fn a_dead_letter_does_not_hold_up_its_thread(pool: PgPool) {
    let db = Db::from(pool.clone());
    let first = store(&db, draft().in_thread("release 1")).await;
    let second = store(&db, draft().in_thread("release 1")).await;
    let courier = ScriptedCourier::answering([Err(Undelivered::refused("no"))]);
    let ended = outbox::deliver_due(&db, &courier).await.unwrap();
    assert_eq!(ended.len(), 2);
    assert_eq!(courier.ids(), [first, second]);
}

#[sqlx::test]
async fn messages_of_a_thread_are_numbered_as_their_transactions_commit(pool: PgPool) {
    let db = Db::from(pool);
    let mut slow = db.begin().await.unwrap();
    let first = outbox::send(&mut slow, draft().in_thread("release 1"))
        .await
        .unwrap()
        .unwrap();
    let quick = tokio::spawn({
        let db = db.clone();
        async move { store(&db, draft().in_thread("release 1")).await }
    });
    // Others are not kept waiting.
    let other = store(&db, draft().in_thread("release 2")).await;
    assert!(!quick.is_finished());
    slow.commit().await.unwrap();
    let second = quick.await.unwrap();
    assert!(first < second && other != second);
}

#[sqlx::test]
async fn a_message_that_waits_for_another_learns_what_became_of_it(pool: PgPool) {
    let db = Db::from(pool.clone());
    let comment = store(&db, draft()).await;
    let post = store(&db, draft().after(comment, 3)).await;
    let seen = Receipt {
        id: None,
        url: Some("https://issues.example/1#2".to_owned()),
    };
    let courier = ScriptedCourier::answering([Ok(seen)]);
    assert_eq!(attempt(&db, post, &courier).await, None);
    assert_eq!(attempt(&db, comment, &courier).await, Some(State::Delivered));
    assert_eq!(attempt(&db, post, &courier).await, Some(State::Delivered));
    let awaited = courier.letters()[1].awaited.clone().unwrap();
    assert!(awaited.delivered);
    assert_eq!(awaited.url.as_deref(), Some("https://issues.example/1#2"));
}

#[sqlx::test]
async fn patience_ends_after_so_many_failures(pool: PgPool) {
    let db = Db::from(pool.clone());
    let comment = store(&db, draft()).await;
    let post = store(&db, draft().after(comment, 2)).await;
    let down = || Err(Undelivered::later("GitHub is down"));
    let courier = ScriptedCourier::answering([down(), down()]);
    assert_eq!(attempt(&db, comment, &courier).await, Some(State::Waiting));
    assert_eq!(attempt(&db, post, &courier).await, None);
    sqlx::query("DELETE FROM graphile_worker._private_jobs WHERE key = 'message:' || $1")
        .bind(post)
        .execute(&pool)
        .await
        .unwrap();
    make_due(&pool, comment).await;
    assert_eq!(attempt(&db, comment, &courier).await, Some(State::Waiting));
    assert!(
        queued_in(&pool, post).await.unwrap() <= 0.0,
        "the failure wakes who waits"
    );
    assert_eq!(attempt(&db, post, &courier).await, Some(State::Delivered));
    let awaited = courier.letters()[2].awaited.clone().unwrap();
    assert!(!awaited.delivered);
    assert_eq!(awaited.last_error.as_deref(), Some("GitHub is down"));
}

#[sqlx::test]
async fn without_patience_it_waits_however_often_the_other_fails(pool: PgPool) {
    let db = Db::from(pool.clone());
    let first = store(&db, draft()).await;
    let second = store(&db, draft().after(first, 0)).await;
    sqlx::query("UPDATE message SET attempts = 30 WHERE id = $1")
        .bind(first)
        .execute(&pool)
        .await
        .unwrap();
    let courier = ScriptedCourier::answering([Err(Undelivered::refused("no"))]);
    assert_eq!(attempt(&db, second, &courier).await, None);
    assert_eq!(attempt(&db, first, &courier).await, Some(State::Dead));
    assert_eq!(attempt(&db, second, &courier).await, Some(State::Delivered));
    assert!(!courier.letters()[1].awaited.clone().unwrap().delivered);
}

/// A comment behind a submission that fails is not even tried: what waits for it counts the failures of
/// whatever is before it.
#[sqlx::test]
async fn patience_also_ends_when_the_awaited_message_is_held_up_itself(pool: PgPool) {
    let db = Db::from(pool.clone());
    let open = store(&db, draft().in_thread("release 1")).await;
    let comment = store(&db, draft().in_thread("release 1")).await;
    let post = store(&db, draft().after(comment, 2)).await;
    let down = || Err(Undelivered::later("GitHub is down"));
    let courier = ScriptedCourier::answering([down(), down()]);
    assert_eq!(attempt(&db, open, &courier).await, Some(State::Waiting));
    assert_eq!(attempt(&db, post, &courier).await, None);
    sqlx::query("DELETE FROM graphile_worker._private_jobs WHERE key = 'message:' || $1")
        .bind(post)
        .execute(&pool)
        .await
        .unwrap();
    make_due(&pool, open).await;
    assert_eq!(attempt(&db, open, &courier).await, Some(State::Waiting));
    assert!(
        queued_in(&pool, post).await.unwrap() <= 0.0,
        "the failure wakes who waits behind it"
    );
    assert_eq!(attempt(&db, post, &courier).await, Some(State::Delivered));
    let awaited = courier.letters()[2].awaited.clone().unwrap();
    assert!(!awaited.delivered);
    assert_eq!(awaited.last_error.as_deref(), Some("GitHub is down"));
}

#[sqlx::test]
async fn a_message_that_waits_is_not_taken_for_a_lost_one(pool: PgPool) {
    let db = Db::from(pool.clone());
    let comment = store(&db, draft()).await;
    let post = store(&db, draft().after(comment, 2)).await;
    let courier = ScriptedCourier::answering([Err(Undelivered::later("GitHub is down"))]);
    attempt(&db, comment, &courier).await;
    // The queue handed both out a minute ago.
    sqlx::query("DELETE FROM graphile_worker._private_jobs WHERE key = 'message:' || $1")
        .bind(post)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE message SET next_attempt_at = now() - interval '1 minute' WHERE id = $1")
        .bind(post)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(outbox::wake_stray(&mut db.read().await.unwrap()).await.unwrap(), 0);
}

/// An operator brings an earlier message back while a later one of its thread is being delivered.
#[sqlx::test]
async fn two_messages_of_one_thread_are_never_under_way_at_once(pool: PgPool) {
    let db = Db::from(pool.clone());
    let first = store(&db, draft().in_thread("release 1")).await;
    let second = store(&db, draft().in_thread("release 1")).await;
    attempt(
        &db,
        first,
        &ScriptedCourier::answering([Err(Undelivered::refused("no"))]),
    )
    .await;
    sqlx::query(
        "UPDATE message SET attempts = 1, first_attempt_at = now(), claimed_until = now() + interval '1 minute'
          WHERE id = $1",
    )
    .bind(second)
    .execute(&pool)
    .await
    .unwrap();
    outbox::retry_message(&db, first, &By::operator("olive")).await.unwrap();
    let courier = ScriptedCourier::new();
    assert_eq!(attempt(&db, first, &courier).await, None);
    end_lease(&pool, second).await;
    assert_eq!(attempt(&db, second, &courier).await, None, "the first goes first again");
    assert_eq!(attempt(&db, first, &courier).await, Some(State::Delivered));
    assert_eq!(attempt(&db, second, &courier).await, Some(State::Delivered));
}
