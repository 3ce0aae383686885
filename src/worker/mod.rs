//! Work outside of requests. Several workers may run at once, and one in each web process: what is due is
//! claimed in the database.
//!
//! Every kind of work is a loop of its own that ends when it is told to stop; none holds up another.

mod schedules;
mod seen;
mod stop;

use std::future::Future;
use std::sync::Arc;

use crate::config::Settings;
use crate::core::audit::By;
use crate::core::db::Db;
use crate::core::ports::CodeHost;
use crate::core::schedules::{Monitor, NoMonitor, Tools, this_process};

pub use stop::Stop;

/// What a worker is made of.
#[derive(Clone)]
pub struct Worker {
    pub db: Db,
    pub settings: Arc<Settings>,
    pub code_host: Arc<dyn CodeHost>,
    /// Is told of every run of a schedule.
    pub monitor: Arc<dyn Monitor>,
}

impl Worker {
    /// What schedules need; `by` is whom the record names.
    pub fn tools(&self, by: By) -> Tools {
        Tools {
            db: self.db.clone(),
            code_host: self.code_host.clone(),
            copilot_channel: self.settings.slack.channels.copilot_support.clone(),
            keep_messages: self.settings.worker.keep_messages,
            by,
            monitor: self.monitor.clone(),
        }
    }
}

/// Who is told of runs of schedules in this process.
pub fn monitor() -> Arc<dyn Monitor> {
    Arc::new(NoMonitor)
}

/// Works until `stop` ends, and then until what was begun is done, or broken off after
/// [`stop::GRACE`]. A database that is away is waited for.
pub async fn run(worker: Worker, stop: impl Future<Output = ()>) {
    let (told, stopping) = Stop::new();
    let name = this_process();
    let work = async {
        // One line for each kind of work.
        tokio::join!(
            seen::run(&worker.db, &name, stopping.clone()),
            schedules::run(worker.tools(By::operator("worker")), &name, stopping.clone()),
        );
    };
    let telling = async {
        stop.await;
        told.now();
    };
    tokio::join!(work, telling);
}
