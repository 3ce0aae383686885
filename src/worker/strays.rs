//! Looks after the outbox: finds messages that the queue has lost, and tells how many wait.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Stop, figures};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::outbox;
use crate::telemetry::metrics;

/// Between two looks.
const ROUND: Duration = Duration::from_secs(15);

pub(super) async fn run(db: &Db, mut stop: Stop) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.told() => return,
            _ = rounds.tick() => {}
        }
        match wake(db).await {
            Ok(0) => {}
            Ok(woken) => tracing::warn!(woken, "messages that the queue had lost are in it again"),
            Err(error) => tracing::warn!(%error, "cannot look after the outbox; trying again"),
        }
        if metrics::are_wanted()
            && let Err(error) = tell(db).await
        {
            tracing::warn!(%error, "cannot count what lies in the outbox; trying again");
        }
    }
}

async fn wake(db: &Db) -> Result<i64> {
    let mut conn = db.read().await?;
    outbox::clear_queue(&mut conn).await?;
    outbox::wake_stray(&mut conn).await
}

async fn tell(db: &Db) -> Result<()> {
    figures::tell(&outbox::figures(&mut *db.read().await?).await?);
    Ok(())
}
