//! One run: does the work, keeps the claim meanwhile, and records how it went.

use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::Instrument as _;

use super::store::{self, Conclusion};
use super::{Claim, LEASE, Outcome, RENEWAL, Tools, shown};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub outcome: Outcome,
    /// What it did, or why it did not.
    pub told: String,
    pub took: Duration,
}

enum End {
    Done(Result<String>),
    /// The claim is lost, or may be: somebody else may run it.
    Lost,
    Stopped,
}

/// Runs what was claimed to its end, or breaks it off when `stop` ends: it stays due then. Logs how it went
/// and tells the monitor.
///
/// # Errors
/// When the end could not be recorded. The claim runs out then, and the work is done again.
pub async fn run(tools: &Tools, claim: Claim, stop: impl Future<Output = ()>) -> Result<Ended> {
    let schedule = claim.schedule;
    tracing::info!(schedule = schedule.name, "begins");
    let watch = tools.monitor.started(schedule);
    let since = Instant::now();
    let end = worked(tools, &claim, stop).await;
    let took = since.elapsed();
    let (outcome, told) = match end {
        End::Done(Ok(told)) => (Outcome::Ok, shown(&told)),
        End::Done(Err(error)) => (Outcome::Failed, shown(&error.to_string())),
        End::Lost => (
            Outcome::Abandoned,
            "The claim was lost: another worker may run it.".to_owned(),
        ),
        End::Stopped => (Outcome::Abandoned, "The worker was told to stop.".to_owned()),
    };
    watch.finished(outcome == Outcome::Ok);
    let seconds = took.as_secs_f64();
    match outcome {
        Outcome::Ok => tracing::info!(schedule = schedule.name, seconds, told, "done"),
        _ => tracing::error!(
            schedule = schedule.name,
            seconds,
            told,
            outcome = outcome.name(),
            "not done"
        ),
    }
    record(&tools.db, &claim, outcome, &told, seconds).await?;
    Ok(Ended { outcome, told, took })
}

async fn worked(tools: &Tools, claim: &Claim, stop: impl Future<Output = ()>) -> End {
    let (schedule, limits) = (claim.schedule, claim.limits);
    // A task of its own, so that a panic is a failure like any other; it ends with the set.
    let mut work = JoinSet::new();
    let (its_tools, task) = (tools.clone(), schedule.work);
    work.spawn(async move { task.perform(&its_tools).await }.in_current_span());
    let too_long = tokio::time::sleep(limits.runtime);
    tokio::pin!(stop, too_long);
    let mut renewals = interval(limits.renewal);
    renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    renewals.reset();
    let mut held_since = Instant::now();
    loop {
        tokio::select! {
            biased;
            Some(ended) = work.join_next() => return End::Done(flattened(ended)),
            () = &mut too_long => {
                let limit = limits.runtime.as_secs_f64();
                return End::Done(Err(Error::Internal(format!("it took longer than {limit} seconds"))));
            }
            () = &mut stop => return End::Stopped,
            _ = renewals.tick() => match kept(&tools.db, claim).await {
                Ok(true) => held_since = Instant::now(),
                Ok(false) => return End::Lost,
                Err(error) => {
                    tracing::warn!(schedule = schedule.name, %error, "cannot move the claim on");
                    if held_since.elapsed() + RENEWAL >= LEASE {
                        return End::Lost;
                    }
                }
            },
        }
    }
}

fn flattened(ended: Result<Result<String>, JoinError>) -> Result<String> {
    ended.unwrap_or_else(|error| Err(Error::Internal(format!("it broke off: {error}"))))
}

async fn kept(db: &Db, claim: &Claim) -> Result<bool> {
    let renewed = async { store::renew(&mut *db.read().await?, claim.schedule.name, claim.run).await };
    timeout(RENEWAL / 2, renewed)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable("no answer in time".to_owned())))
}

async fn record(db: &Db, claim: &Claim, outcome: Outcome, told: &str, seconds: f64) -> Result<()> {
    let (name, run) = (claim.schedule.name, claim.run);
    let mut conn = db.read().await?;
    if outcome == Outcome::Abandoned {
        return store::give_back(&mut conn, name, run, told, seconds).await;
    }
    let next = claim.schedule.when.next(store::now(&mut conn).await?);
    let end = Conclusion {
        outcome: outcome.name(),
        told,
        seconds,
        next,
    };
    if !store::conclude(&mut conn, name, run, end).await? {
        tracing::warn!(
            schedule = name,
            "another worker has taken over; how this run ended is not recorded"
        );
    }
    Ok(())
}
