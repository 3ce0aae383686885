//! Runs what is due by the clock.

use std::time::Duration;

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::Stop;
use crate::core::schedules::{Claim, Tools, claim_due, run as run_claimed};
use crate::telemetry::traces;

/// The longest between two looks: a claim of a worker that died ends, or a clock is put right, meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The shortest: what cannot be claimed is not asked for again and again.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Looks at once, then whenever something is due or a run has ended. Runs do not wait for each other.
pub(super) async fn run(tools: Tools, worker: &str, mut stop: Stop) {
    let mut running = JoinSet::new();
    loop {
        let pause = match claim_due(&tools.db, worker).await {
            Ok(round) => {
                for claim in round.claims {
                    running.spawn(run_one(tools.clone(), claim, stop.clone()));
                }
                round.next_due_in.unwrap_or(LONGEST_PAUSE)
            }
            Err(error) => {
                tracing::warn!(%error, "cannot see what is due; trying again");
                LONGEST_PAUSE
            }
        };
        tokio::select! {
            biased;
            () = stop.told() => break,
            Some(_) = running.join_next() => {}
            () = tokio::time::sleep(pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

async fn run_one(tools: Tools, claim: Claim, stop: Stop) {
    let name = claim.schedule.name;
    let span = traces::begin(&format!("schedule {name}"));
    let run = run_claimed(&tools, claim, stop.out_of_patience());
    if let Err(error) = run.instrument(span).await {
        tracing::error!(schedule = name, %error, "how a run ended could not be recorded; it will be done again");
    }
}
