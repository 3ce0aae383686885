use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jobserver::core::db::Db;
use jobserver::core::outbox::fault::FaultPoint;
use jobserver::core::outbox::{self, Attempted, Courier, Letter, Service, State};
use jobserver::core::ports::{Receipt, Undelivered};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::{ScriptedCourier, attempt, draft, end_lease, make_due, message, queued_in, store};
use crate::support::{count_statements, until_waiting};

#[sqlx::test]
async fn a_message_leaves_when_its_transaction_commits_and_never_when_it_does_not(pool: PgPool) {
    let db = Db::from(pool.clone());
    let courier = ScriptedCourier::new();
    let mut tx = db.begin().await.unwrap();
    outbox::send(&mut tx, draft()).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(outbox::deliver_due(&db, &courier).await.unwrap().is_empty());
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM graphile_worker._private_jobs")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(jobs, 0);

    let id = store(&db, draft()).await;
    assert!(queued_in(&pool, id).await.unwrap() <= 0.0);
    assert_eq!(outbox::deliver_due(&db, &courier).await.unwrap().len(), 1);
    assert_eq!(courier.ids(), [id]);
    assert_eq!(message(&db, id).await.state, "delivered");
    assert!(outbox::deliver_due(&db, &courier).await.unwrap().is_empty());
}

#[sqlx::test]
async fn what_the_service_calls_it_is_kept(pool: PgPool) {
    let db = Db::from(pool);
    let id = store(&db, draft()).await;
    let receipt = Receipt {
        id: Some("1234.5".to_owned()),
        url: Some("https://chat.example/1234".to_owned()),
    };
    attempt(&db, id, &ScriptedCourier::answering([Ok(receipt)])).await;
    let message = message(&db, id).await;
    assert_eq!(message.provider_id.as_deref(), Some("1234.5"));
    assert_eq!(message.provider_url.as_deref(), Some("https://chat.example/1234"));
    assert_eq!(message.attempts, 1);
    assert!(message.decided_at.is_some() && message.last_error.is_none());
}

#[sqlx::test]
async fn of_two_messages_with_one_dedupe_key_only_the_first_is_one(pool: PgPool) {
    let db = Db::from(pool);
    let first = store(&db, draft().once("week 47")).await;
    let mut tx = db.begin().await.unwrap();
    let ids = outbox::send_all(&mut tx, vec![draft().once("week 47"), draft().once("week 48"), draft()])
        .await
        .unwrap();
    assert_eq!(outbox::send(&mut tx, draft().once("week 47")).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| *id > first));
    assert_eq!(
        outbox::deliver_due(&db, &ScriptedCourier::new()).await.unwrap().len(),
        3
    );
}

#[sqlx::test]
async fn many_messages_take_one_statement(pool: PgPool) {
    let db = Db::from(pool);
    let mut tx = db.begin().await.unwrap();
    for size in [1, 200] {
        let drafts = (0..size).map(|_| draft()).collect();
        let (ids, statements) = count_statements(outbox::send_all(&mut tx, drafts)).await;
        assert_eq!((ids.unwrap().len(), statements), (size, 1));
    }
    assert!(outbox::send_all(&mut tx, Vec::new()).await.unwrap().is_empty());
}

#[sqlx::test]
async fn what_may_work_later_is_tried_later_and_under_the_same_key(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    let courier = ScriptedCourier::answering([Err(Undelivered::later("no connection"))]);
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Waiting));
    let waiting = message(&db, id).await;
    assert_eq!(waiting.last_error.as_deref(), Some("no connection"));
    let pause = queued_in(&pool, id).await.unwrap();
    assert!((10.0..=19.0).contains(&pause), "{pause}");
    // Not before its time, whoever asks.
    assert_eq!(attempt(&db, id, &courier).await, None);

    make_due(&pool, id).await;
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Delivered));
    let letters = courier.letters();
    assert_eq!(letters[0].key, letters[1].key);
    assert_eq!(letters[0].first_attempt_at, letters[1].first_attempt_at);
    assert!(!letters[0].may_be_a_repeat() && letters[1].may_be_a_repeat());
    assert_eq!(message(&db, id).await.last_error, None);
}

#[sqlx::test]
async fn a_service_that_asks_to_be_left_alone_is(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    let busy = Undelivered::Later {
        why: "too many calls".to_owned(),
        after: Some(Duration::from_secs(900)),
    };
    attempt(&db, id, &ScriptedCourier::answering([Err(busy)])).await;
    let pause = queued_in(&pool, id).await.unwrap();
    assert!((895.0..=900.0).contains(&pause), "{pause}");
}

#[sqlx::test]
async fn after_its_last_attempt_a_message_is_a_dead_letter(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    sqlx::query("UPDATE message SET attempts = $1")
        .bind(Service::Mail.retry_policy().attempts - 1)
        .execute(&pool)
        .await
        .unwrap();
    let courier = ScriptedCourier::answering([Err(Undelivered::later("still no connection"))]);
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Dead));
    let dead = message(&db, id).await;
    assert!(dead.last_error.unwrap().ends_with("still no connection"));
    assert!(dead.decided_at.is_some());
    assert_eq!(attempt(&db, id, &courier).await, None);
}

#[sqlx::test]
async fn what_is_refused_for_good_is_not_tried_again(pool: PgPool) {
    let db = Db::from(pool);
    for answer in [
        Undelivered::refused("no such channel"),
        Undelivered::missing("no such issue"),
    ] {
        let id = store(&db, draft()).await;
        assert_eq!(
            attempt(&db, id, &ScriptedCourier::answering([Err(answer.clone())])).await,
            Some(State::Dead)
        );
        assert_eq!(message(&db, id).await.last_error, Some(answer.to_string()));
    }
}

#[sqlx::test]
async fn two_workers_that_get_one_message_send_it_once(pool: PgPool) {
    let db = Db::from(pool);
    let id = store(&db, draft()).await;
    let courier = ScriptedCourier::new();
    let fault = FaultPoint::default();
    let attempts = (0..8).map(|_| outbox::attempt(&db, id, &courier, &fault));
    let ended = futures::future::join_all(attempts).await;
    assert_eq!(
        ended.iter().filter(|one| !matches!(one, Ok(Attempted::NotNow))).count(),
        1
    );
    assert_eq!(courier.ids(), [id]);
}

/// Delivers while another worker looks at the message, and keeps that one from committing.
struct LookedAt {
    db: Db,
    look: Mutex<Option<JoinHandle<Attempted>>>,
}

#[async_trait]
impl Courier for LookedAt {
    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        let (db, id) = (self.db.clone(), letter.id);
        let look = async move {
            let attempted = outbox::attempt(&db, id, &ScriptedCourier::new(), &FaultPoint::default()).await;
            attempted.unwrap()
        };
        *self.look.lock().unwrap() = Some(tokio::spawn(look));
        until_waiting(&self.db, 1).await;
        Ok(Receipt::default())
    }
}

#[sqlx::test]
async fn nothing_of_a_message_that_left_is_in_the_queue_even_if_it_was_looked_at_meanwhile(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    sqlx::raw_sql(
        "DELETE FROM graphile_worker._private_jobs;
         CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON graphile_worker._private_jobs
           DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION waits()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let mut closed = pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(1)")
        .execute(&mut *closed)
        .await
        .unwrap();

    let courier = LookedAt {
        db: db.clone(),
        look: Mutex::default(),
    };
    let fault = FaultPoint::default();
    let mut delivery = pin!(outbox::attempt(&db, id, &courier, &fault));
    let ended = tokio::select! {
        ended = &mut delivery => Some(ended),
        () = until_waiting(&db, 2) => None,
    };
    closed.rollback().await.unwrap();
    if ended.is_none() {
        delivery.await.unwrap();
    }
    let look = courier.look.lock().unwrap().take().unwrap();
    assert_eq!(look.await.unwrap(), Attempted::NotNow);
    assert_eq!(message(&db, id).await.state, "delivered");
    assert_eq!(queued_in(&pool, id).await, None);
}

#[sqlx::test]
async fn a_dead_workers_message_is_sent_again_when_its_lease_is_over(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    // A worker claimed it and never came back.
    sqlx::query(
        "UPDATE message SET attempts = 1, first_attempt_at = now(), claimed_until = now() + interval '2 minutes'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let courier = ScriptedCourier::new();
    assert_eq!(attempt(&db, id, &courier).await, None);
    // Whoever finds it claimed has it looked at again then.
    let again = queued_in(&pool, id).await.unwrap();
    assert!((115.0..=120.0).contains(&again), "{again}");
    end_lease(&pool, id).await;
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Delivered));
    assert!(courier.letters()[0].may_be_a_repeat());
    assert_eq!(queued_in(&pool, id).await, None, "and nobody looks at it again");
}

#[sqlx::test]
async fn clocks_that_jump_keep_no_message(pool: PgPool) {
    let db = Db::from(pool.clone());
    let put_off = store(&db, draft()).await;
    let claimed = store(&db, draft()).await;
    let lost = store(&db, draft()).await;
    let fresh = store(&db, draft()).await;
    for statement in [
        "UPDATE message SET next_attempt_at = now() + interval '1 year' WHERE id = $1",
        "UPDATE message SET claimed_until = now() + interval '1 year', next_attempt_at = now() - interval '1 minute' WHERE id = $1",
        "UPDATE message SET next_attempt_at = now() - interval '1 minute' WHERE id = $1",
    ]
    .into_iter()
    .zip([put_off, claimed, lost])
    {
        sqlx::query(statement.0).bind(statement.1).execute(&pool).await.unwrap();
    }
    // The queue has one for a year from now, and has lost the others.
    sqlx::query(
        "UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 year' WHERE key = 'message:' || $1",
    )
    .bind(put_off)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("DELETE FROM graphile_worker._private_jobs WHERE key IN ('message:' || $1, 'message:' || $2)")
        .bind(claimed)
        .bind(lost)
        .execute(&pool)
        .await
        .unwrap();
    let woken = outbox::wake_stray(&mut db.read().await.unwrap()).await.unwrap();
    assert_eq!(woken, 3);
    for id in [put_off, claimed, lost, fresh] {
        assert!(queued_in(&pool, id).await.unwrap() <= 0.0, "message {id}");
    }
    assert_eq!(outbox::wake_stray(&mut db.read().await.unwrap()).await.unwrap(), 0);
    assert_eq!(
        outbox::deliver_due(&db, &ScriptedCourier::new()).await.unwrap().len(),
        4
    );
}

/// Found by the soak: the queue keeps a job that was replaced while a worker had it, when that worker dies.
#[sqlx::test]
async fn the_queue_keeps_nothing_that_it_never_hands_out(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    for statement in [
        "UPDATE graphile_worker._private_jobs SET locked_by = 'a worker', locked_at = now(), attempts = 1",
        "SELECT graphile_worker.add_job('outbox_mail', '{}', job_key := (SELECT 'message:' || id FROM message))",
        "UPDATE graphile_worker._private_jobs SET locked_by = NULL, locked_at = NULL WHERE key IS NULL",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(outbox::clear_queue(&mut conn).await.unwrap(), 1);
    assert_eq!(outbox::clear_queue(&mut conn).await.unwrap(), 0);
    assert!(queued_in(&pool, id).await.is_some());
}

#[sqlx::test]
async fn a_message_of_a_newer_program_waits_for_it(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = store(&db, draft()).await;
    sqlx::query("UPDATE message SET version = 99")
        .execute(&pool)
        .await
        .unwrap();
    let courier = ScriptedCourier::new();
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Waiting));
    assert!(courier.ids().is_empty());
    assert!(message(&db, id).await.last_error.unwrap().contains("version 99"));
}

#[sqlx::test]
async fn delivered_messages_are_forgotten_in_time_and_dead_ones_are_not(pool: PgPool) {
    let db = Db::from(pool.clone());
    let (old, young, dead) = (
        store(&db, draft()).await,
        store(&db, draft()).await,
        store(&db, draft()).await,
    );
    attempt(&db, old, &ScriptedCourier::new()).await;
    attempt(&db, young, &ScriptedCourier::new()).await;
    attempt(
        &db,
        dead,
        &ScriptedCourier::answering([Err(Undelivered::refused("no"))]),
    )
    .await;
    sqlx::query("UPDATE message SET decided_at = now() - interval '31 days' WHERE id <> $1")
        .bind(young)
        .execute(&pool)
        .await
        .unwrap();
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    assert_eq!(outbox::forget_old(&db, month).await.unwrap(), 1);
    let mut conn = db.read().await.unwrap();
    let left = outbox::list(&mut conn, outbox::Filter::default(), 10).await.unwrap();
    assert_eq!(left.iter().map(|message| message.id).collect::<Vec<_>>(), [dead, young]);
}
