use std::sync::Arc;
use std::time::Duration;

use jobserver::core::db::Db;
use jobserver::core::outbox::fault::FaultPoint;
use jobserver::core::outbox::{self, Service};
use jobserver::worker::engine::{self, Deliveries};
use jobserver::worker::{Stop, Teller};
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{ScriptedCourier, draft, store};

/// An engine for mail, the end that hears of its deliveries, and what stops it.
struct Running {
    hears: mpsc::UnboundedReceiver<i64>,
    stop: Teller,
    engine: JoinHandle<()>,
}

fn start(pool: &PgPool) -> Running {
    let (courier, hears) = ScriptedCourier::telling();
    let (stop, stopped) = Stop::new(Duration::from_secs(15));
    let deliveries = Deliveries {
        db: Db::from(pool.clone()),
        courier: Arc::new(courier),
        fault: FaultPoint::default(),
        observer: |_| (),
    };
    let engine = tokio::spawn(engine::run(deliveries, Service::Mail, stopped));
    Running { hears, stop, engine }
}

impl Running {
    async fn hears(&mut self) -> i64 {
        let heard = tokio::time::timeout(Duration::from_secs(30), self.hears.recv());
        heard.await.expect("the engine hands the message out").unwrap()
    }

    async fn stop(self) {
        self.stop.now();
        self.engine.await.unwrap();
    }
}

#[sqlx::test]
async fn the_engine_sends_what_was_there_before_it_and_what_comes(pool: PgPool) {
    let db = Db::from(pool.clone());
    let before = store(&db, draft()).await;
    let mut engine = start(&pool);
    assert_eq!(engine.hears().await, before);
    let after = store(&db, draft()).await;
    assert_eq!(engine.hears().await, after);
    engine.stop().await;
    let mut conn = db.read().await.unwrap();
    assert_eq!(
        outbox::message(&mut conn, after).await.unwrap().unwrap().state,
        "delivered"
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM graphile_worker._private_jobs")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test]
async fn two_engines_send_each_message_once(pool: PgPool) {
    let db = Db::from(pool.clone());
    let (mut one, mut two) = (start(&pool), start(&pool));
    let mut sent = Vec::new();
    for _ in 0..40 {
        sent.push(store(&db, draft()).await);
    }
    let mut heard = Vec::new();
    while heard.len() < sent.len() {
        tokio::select! {
            id = one.hears() => heard.push(id),
            id = two.hears() => heard.push(id),
        }
    }
    one.stop().await;
    two.stop().await;
    heard.sort_unstable();
    assert_eq!(heard, sent);
}

/// The migration is a copy of what the crate makes; a new version of the crate needs a new migration.
#[sqlx::test]
async fn the_engines_schema_is_the_one_that_the_crate_makes(pool: PgPool) {
    let db = Db::from(pool.clone());
    let ours = schema(&pool, "graphile_worker").await;
    // The crate makes its own under another name.
    graphile_worker::WorkerOptions::default()
        .pg_pool(db.pool().clone())
        .schema("made_by_the_crate")
        .listen_os_shutdown_signals(false)
        .init()
        .await
        .unwrap();
    let theirs = schema(&pool, "made_by_the_crate").await;
    assert!(ours.len() > 50);
    assert_eq!(ours, theirs);
}

/// Columns, indexes, constraints and functions of a schema, and the migrations it has had.
async fn schema(pool: &PgPool, name: &str) -> Vec<String> {
    let facts: Vec<String> = sqlx::query_scalar(
        "SELECT fact FROM (
           SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                  || ' ' || coalesce(column_default, '') || ' ' || coalesce(generation_expression, '') AS fact
             FROM information_schema.columns WHERE table_schema = $1
           UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = $1
           UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid)
             FROM pg_constraint WHERE connamespace = $1::regnamespace AND conrelid <> 0
           UNION ALL SELECT 'function ' || pg_get_functiondef(oid)
             FROM pg_proc WHERE pronamespace = $1::regnamespace) AS facts ORDER BY 1",
    )
    .bind(name)
    .fetch_all(pool)
    .await
    .unwrap();
    facts.iter().map(|fact| fact.replace(name, "SCHEMA")).collect()
}
