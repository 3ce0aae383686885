//! One attempt at one message: claim it for the length of a lease, let the courier deliver it without a
//! transaction, record how that went. Each of the three can be the last thing that this process does.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::fault::FaultPoint;
use super::store::{self, Claimed, Conclusion};
use super::{ATTEMPT_LIMIT, Awaited, Content, Courier, LEASE, Letter, Service, State};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::ports::{Receipt, Undelivered};

/// What came of looking at a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempted {
    /// It is gone, done, not due, somebody else's, or has to let another leave first.
    NotNow,
    /// It was tried.
    Ended {
        service: Service,
        kind: String,
        /// `Waiting` when it will be tried again.
        state: State,
        took: Duration,
    },
}

/// Tries to deliver a message, if it is time.
///
/// # Errors
/// When the database does not answer. A message that was delivered meanwhile is delivered again when its
/// lease is over.
pub async fn attempt(db: &Db, id: i64, courier: &dyn Courier, fault: &FaultPoint) -> Result<Attempted> {
    let mut tx = db.begin().await?;
    store::lock_thread_of(&mut tx, id).await?;
    let Some(claimed) = store::claim(&mut tx, id).await? else {
        if let Some(at) = store::worth_another_look_at(&mut tx, id).await? {
            store::queue(&mut tx, id, at).await?;
        }
        tx.commit().await?;
        return Ok(Attempted::NotNow);
    };
    tx.commit().await?;
    fault.reached("claimed");
    let since = Instant::now();
    let service = Service::named(&claimed.service)
        .ok_or_else(|| Error::Internal(format!("message {id} is for {}, which is unknown", claimed.service)))?;
    let kind = claimed.kind.clone();
    let thread = claimed.thread.clone();
    let number = claimed.attempts;

    let outcome = deliver(id, claimed, courier).await;
    if outcome.is_ok() {
        fault.reached("sent");
    }
    let took = since.elapsed();
    let ended = Ended::new(service, number, outcome);
    let counted = record(db, id, number, thread.as_deref(), &ended, since).await?;
    fault.reached("recorded");
    tell(id, &kind, number, &ended, took, counted);
    Ok(Attempted::Ended {
        service,
        kind,
        state: ended.state,
        took,
    })
}

/// Delivers everything that is due, oldest first, until nothing is: for tests and for commands. The
/// worker has the engine for it.
pub async fn deliver_due(db: &Db, courier: &dyn Courier) -> Result<Vec<Attempted>> {
    let mut all = Vec::new();
    loop {
        let due = store::due(&mut *db.read().await?, 1000).await?;
        let before = all.len();
        for id in due {
            match attempt(db, id, courier, &FaultPoint::default()).await? {
                Attempted::NotNow => {}
                ended => all.push(ended),
            }
        }
        if all.len() == before {
            return Ok(all);
        }
    }
}

async fn deliver(id: i64, claimed: Claimed, courier: &dyn Courier) -> Result<Receipt, Undelivered> {
    // A newer program wrote what this one cannot read, and runs or will run beside it.
    let content = Content::read(&claimed.kind, claimed.version, claimed.payload).map_err(Undelivered::later)?;
    let letter = Letter {
        id,
        key: claimed.key,
        recipient: claimed.recipient,
        content,
        attempt: claimed.attempts,
        first_attempt_at: claimed.first_attempt_at,
        awaited: claimed.awaited_state.map(|state| Awaited {
            delivered: State::named(&state) == Some(State::Delivered),
            url: claimed.awaited_url,
            last_error: claimed.awaited_error,
        }),
    };
    match tokio::time::timeout(ATTEMPT_LIMIT, courier.deliver(&letter)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Undelivered::later(format!(
            "no answer within {} seconds",
            ATTEMPT_LIMIT.as_secs()
        ))),
    }
}

/// How an attempt ended, and what follows.
struct Ended {
    state: State,
    pause: Duration,
    error: Option<String>,
    receipt: Receipt,
}

impl Ended {
    fn new(service: Service, number: i32, outcome: Result<Receipt, Undelivered>) -> Self {
        let dead = |error| Self {
            state: State::Dead,
            pause: Duration::ZERO,
            error: Some(error),
            receipt: Receipt::default(),
        };
        match outcome {
            Ok(receipt) => Self {
                state: State::Delivered,
                pause: Duration::ZERO,
                error: None,
                receipt,
            },
            Err(Undelivered::Later { why, after }) => {
                let chance = rand::random::<f64>();
                match service.retry_policy().pause_after(number, after, chance) {
                    Some(pause) => Self {
                        state: State::Waiting,
                        pause,
                        error: Some(why),
                        receipt: Receipt::default(),
                    },
                    None => dead(format!("given up after {number} attempts: {why}")),
                }
            }
            Err(Undelivered::Missing { why } | Undelivered::Refused { why }) => dead(why),
        }
    }
}

/// Records how an attempt ended, for as long as the lease lasts: a database that is away for a moment
/// must not make a delivered message be sent again.
async fn record(db: &Db, id: i64, number: i32, thread: Option<&str>, ended: &Ended, since: Instant) -> Result<bool> {
    let mut pause = Duration::from_millis(200);
    loop {
        let error = match record_once(db, id, number, thread, ended).await {
            Ok(counted) => return Ok(counted),
            Err(error) => error,
        };
        if !matches!(error, Error::Unavailable(_)) || since.elapsed() + pause >= LEASE {
            return Err(error);
        }
        tracing::warn!(message_id = id, %error, "cannot record how a delivery went; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn record_once(db: &Db, id: i64, number: i32, thread: Option<&str>, ended: &Ended) -> Result<bool> {
    let mut tx = db.begin().await?;
    let counted = store::conclude(&mut tx, id, number, &conclusion(ended)).await?;
    queue_what_follows(&mut tx, id, thread).await?;
    tx.commit().await?;
    Ok(counted)
}

fn conclusion(ended: &Ended) -> Conclusion<'_> {
    Conclusion {
        state: ended.state,
        pause: ended.pause.as_secs_f64(),
        error: ended.error.as_deref(),
        provider_id: ended.receipt.id.as_deref(),
        provider_url: ended.receipt.url.as_deref(),
    }
}

pub(super) async fn queue_what_follows(conn: &mut PgConnection, id: i64, thread: Option<&str>) -> Result<()> {
    store::queue_around(conn, id, thread).await
}

/// For the logs: which message, never what it says or to whom.
fn tell(id: i64, kind: &str, number: i32, ended: &Ended, took: Duration, counted: bool) {
    let took_ms = took.as_millis();
    let error = ended.error.as_deref().unwrap_or_default();
    match ended.state {
        _ if !counted => tracing::warn!(
            message_id = id,
            kind,
            attempt = number,
            "an attempt ended after its lease"
        ),
        State::Waiting => tracing::warn!(
            message_id = id,
            kind,
            attempt = number,
            took_ms,
            error,
            "not delivered yet"
        ),
        State::Dead => tracing::error!(
            message_id = id,
            kind,
            attempt = number,
            error,
            "a message is a dead letter"
        ),
        State::Delivered | State::Dropped => {
            tracing::info!(message_id = id, kind, attempt = number, took_ms, "delivered");
        }
    }
}
