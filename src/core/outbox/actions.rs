//! Writing messages, and what operators do with those that did not leave.

use std::time::Duration;

use sqlx::PgConnection;

use super::attempt::queue_what_follows;
use super::store::{self, Row, deciding, deciding::Undecided};
use super::{Content, Draft};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// Writes a message in the caller's transaction; it leaves when that commits, and never when it does
/// not. `None` when its dedupe key says that it is stored already.
///
/// # Errors
/// When the database does not answer.
pub async fn send(conn: &mut PgConnection, draft: Draft) -> Result<Option<i64>> {
    Ok(send_all(conn, vec![draft]).await?.pop())
}

/// As [`send`], with one statement for all (two when there are threads among them). Returns the ids of
/// those that are new.
///
/// # Errors
/// When the database does not answer.
pub async fn send_all(conn: &mut PgConnection, drafts: Vec<Draft>) -> Result<Vec<i64>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = drafts.into_iter().map(row).collect::<Result<Vec<Row>>>()?;
    let threads: Vec<&str> = rows.iter().filter_map(|row| row.thread.as_deref()).collect();
    if !threads.is_empty() {
        store::lock_threads(conn, &threads).await?;
    }
    store::insert(conn, &rows).await
}

fn row(draft: Draft) -> Result<Row> {
    let (kind, payload) = draft
        .content
        .write()
        .map_err(|error| Error::Internal(format!("a message cannot be written: {error}")))?;
    let (waits_for, patience) = draft.after.unzip();
    Ok(Row {
        service: draft.content.service().name(),
        kind,
        version: Content::VERSION,
        payload,
        recipient: draft.recipient,
        cause: draft.cause,
        dedupe_key: draft.dedupe_key,
        thread: draft.thread,
        waits_for,
        patience: patience.unwrap_or_default(),
    })
}

/// Lets a dead or dropped message be tried again from now, and one that waits be tried at once. Audited.
///
/// # Errors
/// `NotFound`; `Conflict` when it was delivered.
pub async fn retry_message(db: &Db, id: i64, by: &By) -> Result<()> {
    retry_within(db, id, by, None).await
}

/// As [`retry_message`], on record with what the message belongs to.
///
/// # Errors
/// As [`retry_message`].
pub async fn retry_within(db: &Db, id: i64, by: &By, parent: Option<Subject>) -> Result<()> {
    let mut tx = db.begin().await?;
    let message = locked(&mut tx, id).await?;
    if message.state == "delivered" {
        return Err(Error::Conflict(format!("Message {id} was delivered.")));
    }
    deciding::revive(&mut tx, id).await?;
    queue_what_follows(&mut tx, id, message.thread.as_deref()).await?;
    let event = Event {
        parent,
        ..about("message_retried", by, id, &message.kind, &message.recipient)
    };
    let event = match message.state.as_str() {
        "waiting" => event,
        _ => event.change("state", message.state, "waiting"),
    };
    audit::record(&mut tx, &event).await?;
    Ok(tx.commit().await?)
}

/// Lets every dead message be tried again. Returns how many. Audited, one by one.
///
/// # Errors
/// When the database does not answer; those before it are revived then.
pub async fn retry_dead(db: &Db, by: &By) -> Result<usize> {
    let (mut revived, mut last) = (0, 0);
    loop {
        let dead = deciding::dead(&mut *db.read().await?, last, BATCH).await?;
        let Some(newest) = dead.last() else {
            return Ok(revived);
        };
        last = *newest;
        for id in dead {
            match retry_message(db, id, by).await {
                Ok(()) => revived += 1,
                // Somebody else was faster.
                Err(Error::NotFound(_) | Error::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What dropping a message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    Now,
    /// It was dropped before.
    Before,
}

/// Decides that a message is never sent. Audited. One that a worker is sending at this moment may still
/// arrive, and counts as delivered then.
///
/// # Errors
/// `NotFound`; `Conflict` when it was delivered.
pub async fn drop_message(db: &Db, id: i64, by: &By) -> Result<Dropped> {
    let mut tx = db.begin().await?;
    let message = locked(&mut tx, id).await?;
    match message.state.as_str() {
        "delivered" => return Err(Error::Conflict(format!("Message {id} was delivered."))),
        "dropped" => return Ok(Dropped::Before),
        _ => {}
    }
    deciding::drop(&mut tx, id).await?;
    queue_what_follows(&mut tx, id, message.thread.as_deref()).await?;
    let event = about("message_dropped", by, id, &message.kind, &message.recipient);
    let event = event.change("state", message.state, "dropped");
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Dropped::Now)
}

/// What deciding about several messages came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    pub done: usize,
    /// Delivered or decided about meanwhile, or gone.
    pub left: usize,
}

impl Decided {
    fn count(&mut self, result: Result<bool>) -> Result<()> {
        match result {
            Ok(true) => self.done += 1,
            Ok(false) | Err(Error::NotFound(_) | Error::Conflict(_)) => self.left += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// As [`retry_message`], for each of these.
///
/// # Errors
/// When the database does not answer; those before are revived then.
pub async fn retry_messages(db: &Db, ids: &[i64], by: &By) -> Result<Decided> {
    let mut decided = Decided::default();
    for id in ids {
        decided.count(retry_message(db, *id, by).await.map(|()| true))?;
    }
    Ok(decided)
}

/// As [`drop_message`], for each of these.
///
/// # Errors
/// When the database does not answer; those before are dropped then.
pub async fn drop_messages(db: &Db, ids: &[i64], by: &By) -> Result<Decided> {
    let mut decided = Decided::default();
    for id in ids {
        decided.count(drop_message(db, *id, by).await.map(|dropped| dropped == Dropped::Now))?;
    }
    Ok(decided)
}

/// An event about a message, which says what it was and where to, as the message is deleted some day. The record is kept
/// for good, so nobody's address gets into it.
pub(in crate::core) fn about<'a>(event: &'static str, by: &'a By, id: i64, kind: &str, recipient: &str) -> Event<'a> {
    let what = match recipient.contains('@') {
        true => format!("{kind} by mail"),
        false => format!("{kind} to {recipient}"),
    };
    Event::new(event, by, Subject::message(id)).called(format!("{id} ({what})"))
}

async fn locked(conn: &mut PgConnection, id: i64) -> Result<Undecided> {
    deciding::lock(conn, id).await?.ok_or(Error::NotFound("Message"))
}

/// The most rows that one statement reads or deletes.
const BATCH: i64 = 5000;

/// Deletes messages that were delivered or dropped longer ago than `keep`. Returns how many. Dead letters
/// stay until somebody decides.
///
/// # Errors
/// When the database does not answer; what was deleted before stays deleted.
pub async fn forget_old(db: &Db, keep: Duration) -> Result<u64> {
    let mut total = 0;
    loop {
        let deleted = deciding::delete_old(&mut *db.read().await?, keep, BATCH).await?;
        total += deleted;
        if deleted < BATCH.unsigned_abs() {
            return Ok(total);
        }
    }
}
