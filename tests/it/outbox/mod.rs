//! The outbox, from the row to the courier.

mod engine;
mod operators;
mod order;
mod sending;

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use jobserver::core::db::Db;
use jobserver::core::outbox::fault::FaultPoint;
use jobserver::core::outbox::{self, Attempted, Content, Courier, Draft, Letter, State, TestMail};
use jobserver::core::ports::{Receipt, Undelivered};
use sqlx::PgPool;
use tokio::sync::mpsc;

/// Writes down what it is given, and answers as it is told; without orders it delivers.
pub struct ScriptedCourier {
    given: Mutex<Vec<Letter>>,
    answers: Mutex<VecDeque<Result<Receipt, Undelivered>>>,
    told: mpsc::UnboundedSender<i64>,
}

impl ScriptedCourier {
    pub fn new() -> Self {
        Self::telling().0
    }

    /// With an end that hears of every letter.
    pub fn telling() -> (Self, mpsc::UnboundedReceiver<i64>) {
        let (told, hears) = mpsc::unbounded_channel();
        let courier = Self {
            given: Mutex::default(),
            answers: Mutex::default(),
            told,
        };
        (courier, hears)
    }

    pub fn answering(answers: impl IntoIterator<Item = Result<Receipt, Undelivered>>) -> Self {
        let courier = Self::new();
        courier.answers.lock().unwrap().extend(answers);
        courier
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.given.lock().unwrap().clone()
    }

    pub fn ids(&self) -> Vec<i64> {
        self.letters().iter().map(|letter| letter.id).collect()
    }
}

#[async_trait]
impl Courier for ScriptedCourier {
    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        self.given.lock().unwrap().push(letter.clone());
        let _ = self.told.send(letter.id);
        self.answers
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Ok(Receipt::default()))
    }
}

/// A mail that nobody asked for.
pub fn draft() -> Draft {
    let content = Content::TestMail(TestMail { by: "tests".to_owned() });
    Draft::new(content, "someone@example.org", "tests")
}

pub async fn store(db: &Db, draft: Draft) -> i64 {
    let mut tx = db.begin().await.unwrap();
    let id = outbox::send(&mut tx, draft)
        .await
        .unwrap()
        .expect("it is a new message");
    tx.commit().await.unwrap();
    id
}

pub async fn attempt(db: &Db, id: i64, courier: &ScriptedCourier) -> Option<State> {
    match outbox::attempt(db, id, courier, &FaultPoint::default()).await.unwrap() {
        Attempted::NotNow => None,
        Attempted::Ended { state, .. } => Some(state),
    }
}

pub async fn message(db: &Db, id: i64) -> outbox::Message {
    outbox::message(&mut db.read().await.unwrap(), id)
        .await
        .unwrap()
        .unwrap()
}

/// As if the time of the next attempt had come.
pub async fn make_due(pool: &PgPool, id: i64) {
    sqlx::query("UPDATE message SET next_attempt_at = now() WHERE id = $1")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
}

/// As if the worker that claimed it had died, and its lease were over.
pub async fn end_lease(pool: &PgPool, id: i64) {
    sqlx::query("UPDATE message SET claimed_until = now() - interval '1 second' WHERE id = $1")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
}

/// Seconds from now until the queue hands a message out; `None` when it does not have it.
pub async fn queued_in(pool: &PgPool, id: i64) -> Option<f64> {
    sqlx::query_scalar(
        "SELECT extract(epoch FROM run_at - now())::float8 FROM graphile_worker._private_jobs
          WHERE key = 'message:' || $1 AND is_available",
    )
    .bind(id)
    .fetch_optional(pool)
    .await
    .unwrap()
}
