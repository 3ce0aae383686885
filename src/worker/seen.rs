//! Says that the worker is there, for the readiness probe.

use tokio::time::{MissedTickBehavior, interval};

use super::Stop;
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::schedules::{HEARTBEAT, forget_worker, worker_is_here};

pub(super) async fn run(db: &Db, worker: &str, mut stop: Stop) {
    let mut beats = interval(HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = beats.tick() => if let Err(error) = say(db, worker).await {
                tracing::warn!(%error, "cannot say that this worker is there");
            },
            () = stop.told() => break,
        }
    }
    if let Err(error) = unsay(db, worker).await {
        tracing::debug!(%error, "cannot say that this worker has stopped");
    }
}

async fn say(db: &Db, worker: &str) -> Result<()> {
    worker_is_here(&mut *db.read().await?, worker).await
}

async fn unsay(db: &Db, worker: &str) -> Result<()> {
    forget_worker(&mut *db.read().await?, worker).await
}
