//! Following changes as they happen: one LISTEN per process, heard by every open page, whichever
//! process made the change.

use std::time::Duration;

use rocket::Shutdown;
use rocket::response::stream::{Event, EventStream};
use sqlx::postgres::PgListener;
use tokio::sync::broadcast::{self, Receiver};

use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::jobs::store::detail::request_status;

/// Changes that a slow page may fall behind by before it is told to look at everything.
const BACKLOG: usize = 256;

/// How long to wait before listening again after the database went away.
const RETRY: Duration = Duration::from_secs(1);

/// How often a quiet stream says that it is still there: proxies close what is silent for longer.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The event that tells a page to look again.
const CHANGE: &str = "change";

/// What was said to have changed.
#[derive(Debug, Clone)]
pub enum Change {
    JobRequests(std::sync::Arc<[i32]>),
    /// Too much to list, or something was missed: look again.
    Anything,
}

impl Change {
    /// Whether a page about this job request should look again.
    pub fn concerns(&self, job_request_id: i32) -> bool {
        match self {
            Change::JobRequests(ids) => ids.contains(&job_request_id),
            Change::Anything => true,
        }
    }

    fn parse(payload: &str) -> Self {
        let ids: Result<Vec<i32>, _> = payload.split(',').map(str::parse).collect();
        ids.map_or(Change::Anything, |ids| Change::JobRequests(ids.into()))
    }
}

/// The feed of changes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Live {
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    /// Listens until the process ends; after an interruption everybody is told to look again. Run as
    /// a task of its own, with a connection of its own.
    pub async fn listen(self, db: Db) {
        loop {
            match PgListener::connect_with(db.pool()).await {
                Ok(mut listener) => {
                    if let Err(error) = listener.listen("job_request_changed").await {
                        tracing::warn!(%error, "cannot listen for changes");
                    } else {
                        self.relay(&mut listener).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot connect to listen for changes"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn relay(&self, listener: &mut PgListener) {
        // Nobody may have heard what was said before now.
        let _ = self.0.send(Change::Anything);
        loop {
            match listener.try_recv().await {
                Ok(Some(notification)) => {
                    let _ = self.0.send(Change::parse(notification.payload()));
                }
                Ok(None) => {
                    let _ = self.0.send(Change::Anything);
                }
                Err(error) => {
                    tracing::warn!(%error, "listening for changes was interrupted");
                    return;
                }
            }
        }
    }
}

/// The events of one job request: `change` whenever it changed, until it is over, or the server stops.
/// A request that is over already gets one `change`, so that a page that was loaded before learns it.
/// Between events no database connection is held.
pub fn follow(
    mut changes: Receiver<Change>,
    db: &Db,
    job_request_id: i32,
    is_over: bool,
    mut end: Shutdown,
) -> EventStream![Event + '_] {
    EventStream! {
        let mut is_over = is_over;
        if is_over {
            yield Event::data("").event(CHANGE);
        }
        while !is_over {
            let is_ours = tokio::select! {
                change = changes.recv() => match change {
                    Ok(change) => change.concerns(job_request_id),
                    Err(broadcast::error::RecvError::Lagged(_)) => true,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                () = &mut end => break,
            };
            if is_ours {
                // When the database cannot be asked, the page finds out by itself.
                is_over = is_request_over(db, job_request_id).await.unwrap_or(false);
                yield Event::data("").event(CHANGE);
            }
        }
    }
    .heartbeat(HEARTBEAT)
}

async fn is_request_over(db: &Db, id: i32) -> Result<bool> {
    let status = request_status(&mut *db.read().await?, id).await?;
    Ok(status.is_none_or(|status| status.is_completed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_name_requests_or_everything() {
        assert!(Change::parse("1,22").concerns(22));
        assert!(!Change::parse("1,22").concerns(2));
        assert!(Change::parse("*").concerns(2));
        assert!(Change::parse("").concerns(2));
    }
}
