use jobserver::core::audit::By;
use jobserver::core::db::Db;
use jobserver::core::error::Error;
use jobserver::core::outbox::{self, Dropped, Figures, Filter, Service, State};
use jobserver::core::ports::Undelivered;
use sqlx::PgPool;

use super::{ScriptedCourier, attempt, draft, message, queued_in, store};

async fn dead(db: &Db) -> i64 {
    let id = store(db, draft()).await;
    attempt(
        db,
        id,
        &ScriptedCourier::answering([Err(Undelivered::refused("no such box"))]),
    )
    .await;
    id
}

async fn events(pool: &PgPool) -> Vec<(String, String, String, String, String)> {
    sqlx::query_as("SELECT type, target_id, old, new, created_by FROM auditable_event ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_dead_letter_can_be_retried_and_that_is_on_record(pool: PgPool) {
    let db = Db::from(pool.clone());
    let id = dead(&db).await;
    outbox::retry_message(&db, id, &By::operator("olive")).await.unwrap();
    assert!(queued_in(&pool, id).await.unwrap() <= 0.0);
    let courier = ScriptedCourier::new();
    assert_eq!(attempt(&db, id, &courier).await, Some(State::Delivered));
    assert!(courier.letters()[0].may_be_a_repeat(), "it may have arrived after all");
    let expected = ("message_retried", id.to_string(), "dead", "waiting", "olive");
    let (kind, target, old, new, by) = events(&pool).await.remove(0);
    assert_eq!(
        (kind.as_str(), target, old.as_str(), new.as_str(), by.as_str()),
        expected
    );
    let again = outbox::retry_message(&db, id, &By::operator("olive")).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}

#[sqlx::test]
async fn all_dead_letters_can_be_retried_at_once(pool: PgPool) {
    let db = Db::from(pool.clone());
    let ids = [dead(&db).await, dead(&db).await];
    let waiting = store(&db, draft()).await;
    assert_eq!(outbox::retry_dead(&db, &By::operator("olive")).await.unwrap(), 2);
    let courier = ScriptedCourier::new();
    outbox::deliver_due(&db, &courier).await.unwrap();
    assert_eq!(courier.ids(), [ids[0], ids[1], waiting]);
    assert_eq!(events(&pool).await.len(), 2);
}

#[sqlx::test]
async fn a_dropped_message_is_never_sent_and_lets_the_next_of_its_thread_go(pool: PgPool) {
    let db = Db::from(pool.clone());
    let first = store(&db, draft().in_thread("release 1")).await;
    let second = store(&db, draft().in_thread("release 1")).await;
    let by = By::operator("olive");
    assert_eq!(outbox::drop_message(&db, first, &by).await.unwrap(), Dropped::Now);
    assert_eq!(outbox::drop_message(&db, first, &by).await.unwrap(), Dropped::Before);
    let courier = ScriptedCourier::new();
    outbox::deliver_due(&db, &courier).await.unwrap();
    assert_eq!(courier.ids(), [second]);
    assert_eq!(message(&db, first).await.state, "dropped");
    assert_eq!(events(&pool).await.len(), 1);
    let delivered = outbox::drop_message(&db, second, &by).await;
    assert!(matches!(delivered, Err(Error::Conflict(_))));
    assert!(matches!(
        outbox::drop_message(&db, 999, &by).await,
        Err(Error::NotFound(_))
    ));
    // And can be brought back.
    outbox::retry_message(&db, first, &by).await.unwrap();
    assert_eq!(attempt(&db, first, &courier).await, Some(State::Delivered));
}

#[sqlx::test]
async fn lists_and_figures_tell_what_waits_and_what_is_dead(pool: PgPool) {
    let db = Db::from(pool.clone());
    let dead = dead(&db).await;
    let waiting = store(&db, draft()).await;
    let delivered = store(&db, draft()).await;
    attempt(&db, delivered, &ScriptedCourier::new()).await;
    let mut conn = db.read().await.unwrap();
    let figures = outbox::figures(&mut conn).await.unwrap();
    let created = message(&db, waiting).await.created_at;
    let mail = Figures {
        service: Service::Mail,
        waiting: 1,
        oldest: Some(created),
        dead: 1,
    };
    assert_eq!(figures[0], mail);
    assert_eq!((figures[1].waiting, figures[1].dead, figures[1].oldest), (0, 0, None));

    let mut listed = async |state, service| {
        let filter = Filter { state, service };
        let listed = outbox::list(&mut conn, filter, 2).await.unwrap();
        listed.iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None).await, [delivered, waiting]);
    assert_eq!(listed(Some(State::Dead), None).await, [dead]);
    assert_eq!(listed(Some(State::Dead), Some(Service::Slack)).await, [0_i64; 0]);
}
