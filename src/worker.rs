//! Work that is due outside of requests. Several workers may run at once, and one in each web process:
//! doing it twice changes nothing.

pub mod engine;

use std::future::Future;
use std::time::Duration;

use crate::core::audit::By;
use crate::core::db::Db;
use crate::core::upkeep;

/// How often what is over is swept away.
const ROUND: Duration = Duration::from_secs(60 * 60);

/// Does a round of work at once and then every hour, until `stop` ends. A round that fails is logged, and
/// the next one tries again: the database may be away for a while.
pub async fn run(db: Db, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        round(&db).await;
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

async fn round(db: &Db) {
    match upkeep::clear_sessions(db, &By::operator("worker")).await {
        Ok((0, 0)) => tracing::debug!("no session has ended"),
        Ok((sessions, links)) => tracing::info!(sessions, links, "deleted what has ended"),
        Err(error) => tracing::warn!(%error, "cannot delete ended sessions; trying again in an hour"),
    }
}
