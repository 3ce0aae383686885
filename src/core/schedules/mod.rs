//! Work that is due by the clock: what there is ([`SCHEDULES`]), when it is due, and what became of it.
//!
//! Any number of workers look at the same rows, by the database's clock. One of them claims what is due
//! ([`claim_due`]), and moves its claim on while it works ([`run`]); no transaction is open meanwhile. When
//! a worker dies its claim ends, and the work is due again. Times that were missed are made up for by one
//! run.

mod actions;
mod hasten;
mod running;
mod store;
mod table;
mod when;
mod work;

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

pub use actions::{Claim, Limits, Refused, Round, claim_due, claim_now, claim_period, list, of_period};
pub use hasten::{Hastened, hasten};
pub use running::{Ended, run};
pub use store::{forget_worker, seconds_since_a_worker, worker_is_here};
pub use table::{SCHEDULES, named};
pub use when::{Period, When};

use super::audit::By;
use super::db::Db;
use super::ports::CodeHost;

/// How long a claim holds that nobody moves on.
pub const LEASE: Duration = Duration::from_secs(60);
/// How often a run moves its claim on.
pub const RENEWAL: Duration = Duration::from_secs(15);
/// How often one and the same due time is tried when workers die of it.
pub const MAX_ATTEMPTS: i32 = 3;

/// How long after it failed a schedule is due again; twice as long after the second time.
pub const SECOND_CHANCE: Duration = Duration::from_secs(5 * 60);
/// How often a worker says that it is there.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// One kind of work.
#[derive(Debug)]
pub struct Schedule {
    /// Lower-case letters, digits and underscores; also the name of its monitor.
    pub name: &'static str,
    pub when: When,
    /// One line for people, without a final full stop.
    pub does: &'static str,
    /// It is given up after that.
    pub max_runtime: Duration,
    pub(super) work: work::Work,
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Ok,
    Failed,
    /// Its worker died or had to stop.
    Abandoned,
}

impl Outcome {
    /// As stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Running, Self::Ok, Self::Failed, Self::Abandoned]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// A schedule as it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub schedule: &'static Schedule,
    /// In the past while it is being run, or when nobody is there to run it.
    pub due_at: OffsetDateTime,
    /// `None` when it was never run.
    pub last: Option<LastRun>,
    pub last_abandoned_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone)]
pub struct LastRun {
    pub started_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub outcome: Outcome,
    /// What it did, or why it did not.
    pub told: String,
    pub seconds: Option<f64>,
    /// `host:pid`
    pub by: String,
}

/// What work needs.
#[derive(Clone)]
pub struct Tools {
    pub db: Db,
    pub code_host: Arc<dyn CodeHost>,
    /// Where co-pilot matters are told, without `#`.
    pub copilot_channel: String,
    /// How long messages are kept that were delivered or dropped.
    pub keep_messages: Duration,
    /// Whom the record names.
    pub by: By,
    pub monitor: Arc<dyn Monitor>,
}

/// Is told of every run, to raise the alarm when work fails or is not done. It must not wait.
pub trait Monitor: Send + Sync {
    /// A run begins. What is returned is told how it ended; dropped before, it ended badly.
    fn started(&self, schedule: &Schedule) -> Box<dyn Watch>;
}

/// One run, as its monitor sees it.
pub trait Watch: Send {
    fn finished(self: Box<Self>, succeeded: bool);
}

/// Who this process is: `host:pid`.
pub fn this_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.as_deref().map(str::trim).filter(|host| !host.is_empty());
    format!("{}:{}", host.unwrap_or("host"), std::process::id())
}

/// What went wrong, or was done, as it can be stored and shown.
fn shown(text: &str) -> String {
    const LONGEST: usize = 2000;
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}
