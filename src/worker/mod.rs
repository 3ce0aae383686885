//! Work outside of requests. Several workers may run at once, and one in each web process: what is due is
//! claimed in the database.
//!
//! Every kind of work is a loop of its own that ends when it is told to stop; none holds up another.

pub mod engine;
mod figures;
mod monitor;
mod schedules;
mod seen;
mod stop;
mod strays;

use std::future::Future;
use std::sync::Arc;

use crate::config::Settings;
use crate::core::audit::{By, WORKER};
use crate::core::db::Db;
use crate::core::outbox::fault::FaultPoint;
use crate::core::outbox::{Courier, Service};
use crate::core::ports::CodeHost;
use crate::core::schedules::{Monitor, Tools, this_process};

pub use stop::{Stop, Teller};

/// What a worker is made of.
#[derive(Clone)]
pub struct Worker {
    pub db: Db,
    pub settings: Arc<Settings>,
    pub code_host: Arc<dyn CodeHost>,
    /// Delivers messages.
    pub courier: Arc<dyn Courier>,
    /// Where deliveries die, in tests.
    pub fault: FaultPoint,
    /// Is told of every run of a schedule.
    pub monitor: Arc<dyn Monitor>,
}

impl Worker {
    fn deliveries(&self) -> engine::Deliveries {
        engine::Deliveries {
            db: self.db.clone(),
            courier: self.courier.clone(),
            fault: self.fault.clone(),
            observer: figures::count,
        }
    }

    /// What schedules need; `by` is whom the record names.
    pub fn tools(&self, by: By) -> Tools {
        let tools = tools(self.db.clone(), &self.settings, self.code_host.clone(), by);
        Tools {
            monitor: self.monitor.clone(),
            ..tools
        }
    }
}

/// What schedules need to be run by hand.
pub fn tools(db: Db, settings: &Settings, code_host: Arc<dyn CodeHost>, by: By) -> Tools {
    Tools {
        db,
        code_host,
        copilot_channel: settings.slack.channels.copilot_support.clone(),
        keep_messages: settings.worker.keep_messages,
        by,
        monitor: monitor(),
    }
}

/// Who is told of runs of schedules in this process.
pub fn monitor() -> Arc<dyn Monitor> {
    Arc::new(monitor::Sentry)
}

/// Works until `stop` ends, and then until what was begun is done, or broken off after
/// the settings' grace. A database that is away is waited for.
pub async fn run(worker: Worker, stop: impl Future<Output = ()>) {
    let (told, stopping) = Stop::new(worker.settings.worker.grace);
    let name = this_process();
    let work = async {
        // One line for each kind of work.
        tokio::join!(
            engine::run(worker.deliveries(), Service::Mail, stopping.clone()),
            engine::run(worker.deliveries(), Service::Slack, stopping.clone()),
            engine::run(worker.deliveries(), Service::Github, stopping.clone()),
            strays::run(&worker.db, stopping.clone()),
            seen::run(&worker.db, &name, stopping.clone()),
            schedules::run(worker.tools(By::operator(WORKER)), &name, stopping.clone()),
        );
    };
    let telling = async {
        stop.await;
        told.now();
    };
    tokio::join!(work, telling);
}
