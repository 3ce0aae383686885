//! What drives the outbox: graphile_worker, one engine for each service, so that a service that hangs
//! delays no other. The engine finds out what is due (told by NOTIFY, and by looking every second) and
//! hands out message ids; what is done with them is the outbox's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Stop;
use crate::core::db::Db;
use crate::core::error::Error;
use crate::core::outbox::fault::FaultPoint;
use crate::core::outbox::{self, Attempted, Courier, Service};
use crate::telemetry::traces;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerBuildError, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

/// Deliveries to one service at a time. They hold no connection while they wait for it.
const AT_ONCE: usize = 4;

/// Delivers messages for as long as the worker runs.
#[derive(Clone)]
pub struct Deliveries {
    pub db: Db,
    pub courier: Arc<dyn Courier>,
    /// Where to die, in tests.
    pub fault: FaultPoint,
    /// Told of every attempt that ended, for the metrics.
    pub observer: fn(&Attempted),
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

/// What the engine's queue holds: one struct for each service, as each is a task of its own name. The
/// names are those that `core::outbox` puts into the queue.
macro_rules! task {
    ($task:ident, $name:literal) => {
        #[derive(Debug, Serialize, Deserialize)]
        struct $task {
            message: i64,
        }

        impl TaskHandler for $task {
            const IDENTIFIER: &'static str = $name;

            async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
                deliver($name, self.message, &context).await
            }
        }
    };
}
task!(DeliverMail, "outbox_mail");
task!(DeliverSlack, "outbox_slack");
task!(DeliverGithub, "outbox_github");

/// An error goes back to the engine, which tries the job again by itself: the database was away. How a
/// delivery went is in the message's row. Each attempt is a trace of its own.
///
/// The attempt is a task of its own. An engine that ends because the database is away breaks off what it
/// handed out, and what a service has taken by then must be recorded when the database is back.
async fn deliver(name: &str, message: i64, context: &WorkerContext) -> Result<(), String> {
    let deliveries = context
        .get_ext::<Deliveries>()
        .ok_or("the engine lost what it delivers with")?
        .clone();
    let attempt = async move {
        let Deliveries {
            db,
            courier,
            fault,
            observer,
        } = deliveries;
        let attempted = outbox::attempt(&db, message, courier.as_ref(), &fault).await?;
        observer(&attempted);
        Ok(())
    };
    match tokio::spawn(attempt.instrument(traces::begin(name))).await {
        Ok(attempted) => attempted.map_err(|error: Error| error.to_string()),
        Err(panicked) => Err(panicked.to_string()),
    }
}

/// Runs the engine of one service until the worker stops. An engine that ends before (the database was
/// away) is started again, soon at first, then every half minute.
pub async fn run(deliveries: Deliveries, service: Service, mut stop: Stop) {
    const SOON: Duration = Duration::from_millis(500);
    let mut pause = SOON;
    while !stop.is_told() {
        let began = Instant::now();
        match engine(&deliveries, service, stop.clone()).await {
            Ok(engine) => match engine.run().await {
                Ok(()) => {}
                Err(error) => tracing::warn!(service = service.name(), %error, "the outbox engine stopped"),
            },
            Err(error) => tracing::warn!(service = service.name(), %error, "the outbox engine cannot start"),
        }
        if began.elapsed() > Duration::from_secs(60) {
            pause = SOON;
        }
        tokio::select! {
            () = stop.told() => {}
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(30)),
        }
    }
}

async fn engine(deliveries: &Deliveries, service: Service, mut stop: Stop) -> Result<Worker, WorkerBuildError> {
    let options = WorkerOptions::default()
        .pg_pool(deliveries.db.pool().clone())
        .concurrency(AT_ONCE)
        .poll_interval(Duration::from_secs(1))
        // A worker that was killed is noticed after half a minute, and its jobs are handed out again.
        .heartbeat_interval(Duration::from_secs(5))
        .sweep_interval(Duration::from_secs(10))
        .sweep_threshold(Duration::from_secs(30))
        .recovery_delay(Duration::from_secs(1))
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(stop.grace())
        .shutdown_signal(async move { stop.told().await })
        .shutdown_interrupted_job_retry_delay(Duration::from_secs(1))
        .add_extension(deliveries.clone());
    let options = match service {
        Service::Mail => options.define_job::<DeliverMail>(),
        Service::Slack => options.define_job::<DeliverSlack>(),
        Service::Github => options.define_job::<DeliverGithub>(),
    };
    options.init().await
}
