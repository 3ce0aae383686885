//! Looking after the database as a whole.

mod readiness;
mod store;

pub use readiness::{Readiness, readiness};

use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;

/// How many rows each table has, by the table's name, sorted.
pub async fn count_rows(db: &Db) -> Result<Vec<(String, i64)>> {
    store::count(&mut *db.read().await?).await
}

/// Deletes sessions that are over and login links that no longer work; returns how many of each.
pub async fn clear_sessions(db: &Db, by: &By) -> Result<(u64, u64)> {
    let mut tx = db.begin().await?;
    let sessions = store::delete_ended_sessions(&mut tx).await?;
    let links = store::delete_ended_links(&mut tx).await?;
    if sessions + links > 0 {
        // It is about no single session: those deleted are gone.
        let all = Subject {
            model: "jobserver.Session",
            id: 0,
        };
        let event = Event::new("sessions_cleared", by, all).change("", (sessions + links).to_string(), "");
        audit::record(&mut tx, &event).await?;
    }
    tx.commit().await?;
    Ok((sessions, links))
}
