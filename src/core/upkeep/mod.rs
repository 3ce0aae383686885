//! Looking after the database as a whole.

mod readiness;
mod store;

pub use store::setup;

pub use readiness::{Readiness, readiness};

use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::people::{attempts, sessions};

/// How many rows each table has, by the table's name, sorted.
pub async fn count_rows(db: &Db) -> Result<Vec<(String, i64)>> {
    store::count(&mut *db.read().await?).await
}

/// What was deleted, by what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleared {
    pub sessions: u64,
    /// Links that operators made.
    pub links: u64,
    /// Ways to GitHub and back, names that were still to be given, links that were asked for by mail.
    pub sign_ins: u64,
    /// Addresses that were to be confirmed.
    pub addresses: u64,
    /// How often somebody tried something.
    pub attempts: u64,
}

impl std::fmt::Display for Cleared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Sessions deleted: {}. Login links deleted: {}. Unfinished sign-ins deleted: {}. \
             E-mail confirmations deleted: {}. Counts of attempts deleted: {}.",
            self.sessions, self.links, self.sign_ins, self.addresses, self.attempts
        )
    }
}

/// Deletes sessions that are over or that nobody used for too long, and everything about signing in that
/// works no longer. Audited when a session or a link was among it: the rest is nobody's yet.
pub async fn clear_sessions(db: &Db, by: &By) -> Result<Cleared> {
    let mut tx = db.begin().await?;
    let cleared = Cleared {
        sessions: store::delete_ended_sessions(&mut tx, sessions::IDLE_LIFETIME).await?,
        links: store::delete_ended_links(&mut tx).await?,
        sign_ins: store::delete_ended_sign_ins(&mut tx).await?,
        addresses: store::delete_ended_email_changes(&mut tx).await?,
        attempts: attempts::delete_old(&mut tx).await?,
    };
    if cleared.sessions + cleared.links > 0 {
        // It is about no single session: those deleted are gone.
        let all = Subject {
            model: "jobserver.Session",
            id: audit::SubjectId::Number(0),
        };
        let event =
            Event::new("sessions_cleared", by, all).change("", (cleared.sessions + cleared.links).to_string(), "");
        audit::record(&mut tx, &event).await?;
    }
    tx.commit().await?;
    Ok(cleared)
}
