//! What the worker does, and what becomes of it when things go wrong.

mod effects;
mod host;
mod races;
mod runs;

use std::sync::{Arc, Mutex};

use jobserver::config::Settings;
use jobserver::core::audit::By;
use jobserver::core::schedules::{Monitor, Schedule, Tools, Watch};
use jobserver::worker::{self, Worker};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};

use crate::support::Site;

pub const OUTPUTS: &str = "update_repo_has_github_outputs";

/// Remembers what it was told.
#[derive(Debug, Default)]
pub struct FakeMonitor(Arc<Mutex<Vec<String>>>);

struct FakeWatch {
    name: &'static str,
    told: Arc<Mutex<Vec<String>>>,
}

impl FakeMonitor {
    pub fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Monitor for FakeMonitor {
    fn started(&self, schedule: &Schedule) -> Box<dyn Watch> {
        let told = Arc::clone(&self.0);
        told.lock().unwrap().push(format!("{} begins", schedule.name));
        Box::new(FakeWatch {
            name: schedule.name,
            told,
        })
    }
}

impl Watch for FakeWatch {
    fn finished(self: Box<Self>, succeeded: bool) {
        let text = format!("{} {}", self.name, if succeeded { "ok" } else { "failed" });
        self.told.lock().unwrap().push(text);
    }
}

/// A worker on a site's database, with the site's code host and a monitor.
pub fn worker(site: &Site) -> (Worker, Arc<FakeMonitor>) {
    let monitor = Arc::new(FakeMonitor::default());
    let settings = Settings::for_tests("postgres://localhost/unused").unwrap_or_else(|error| panic!("{error}"));
    let worker = Worker {
        db: site.db.clone(),
        settings: Arc::new(settings),
        code_host: site.code_host.clone(),
        courier: Arc::new(crate::outbox::ScriptedCourier::new()),
        fault: Default::default(),
        monitor: monitor.clone(),
    };
    (worker, monitor)
}

pub fn tools(site: &Site) -> (Tools, Arc<FakeMonitor>) {
    let (worker, monitor) = worker(site);
    (worker.tools(By::operator("worker")), monitor)
}

/// One look at what is due, and all of it done: told to stop from the beginning, a worker does that.
pub async fn one_round(worker: Worker) {
    worker::run(worker, std::future::ready(())).await;
}

/// What of a schedule's row tests look at.
#[derive(Debug, FromRow)]
pub struct Row {
    pub runs: i64,
    pub attempts: i32,
    pub outcome: Option<String>,
    pub told: String,
    pub run_by: Option<String>,
    /// From now until it is due, in seconds.
    pub due_in: f64,
    pub is_claimed: bool,
    pub was_abandoned: bool,
    pub seconds: Option<f64>,
}

pub async fn row(pool: &PgPool, name: &str) -> Row {
    sqlx::query_as::<_, Row>(
        "SELECT runs, attempts, outcome, told, run_by, extract(epoch FROM due_at - now())::float8 AS due_in,
                claimed_until IS NOT NULL AS is_claimed, last_abandoned_at IS NOT NULL AS was_abandoned, seconds
           FROM schedule WHERE name = $1",
    )
    .bind(name)
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Makes a schedule due so long ago, as PostgreSQL writes intervals; the rest is not due.
pub async fn make_due(site: &Site, name: &str, ago: &str) {
    jobserver::core::schedules::list(&site.db).await.unwrap();
    sqlx::query("UPDATE schedule SET due_at = now() - $2::interval WHERE name = $1")
        .bind(name)
        .bind(ago)
        .execute(site.db.pool())
        .await
        .unwrap();
}

/// Lets a claim run out, as time would.
pub async fn let_claim_run_out(pool: &PgPool, name: &str) {
    sqlx::query("UPDATE schedule SET claimed_until = now() - interval '1 second' WHERE name = $1")
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
}

/// One value.
pub async fn value<T>(pool: &PgPool, statement: &'static str) -> T
where
    (T,): for<'r> FromRow<'r, PgRow>,
    T: Send + Unpin,
{
    sqlx::query_as::<_, (T,)>(statement).fetch_one(pool).await.unwrap().0
}
