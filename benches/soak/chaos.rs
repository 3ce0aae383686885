//! What goes wrong: kills at random, and services that fail at random.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Plan;
use crate::fakes::Fault;
use crate::programs::{Machine, Services, Victim};

/// How often what was killed, and how often which service was told to fail.
#[derive(Debug, Default)]
pub struct Tolls(pub BTreeMap<&'static str, usize>);

impl Tolls {
    fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

pub struct Chaos {
    stop: watch::Sender<bool>,
    kills: JoinHandle<Tolls>,
    faults: JoinHandle<Tolls>,
}

impl Chaos {
    pub fn begin(machine: Arc<Machine>, services: Arc<Services>, plan: &Plan) -> Self {
        let (stop, stopped) = watch::channel(false);
        let kills = tokio::spawn(kill(
            machine,
            StdRng::seed_from_u64(plan.seed),
            plan.pause,
            stopped.clone(),
        ));
        let faults = tokio::spawn(fail(services, StdRng::seed_from_u64(plan.seed + 1), stopped));
        Self { stop, kills, faults }
    }

    /// Ends it; everything runs afterwards.
    pub async fn end(self) -> Tolls {
        self.stop.send_replace(true);
        let mut all = Tolls::default();
        for tolls in [self.kills.await, self.faults.await].into_iter().flatten() {
            all.0.extend(tolls.0);
        }
        all
    }
}

async fn kill(machine: Arc<Machine>, mut chance: StdRng, pause: f64, mut stop: watch::Receiver<bool>) -> Tolls {
    let mut tolls = Tolls::default();
    while rest(&mut chance, pause, &mut stop).await {
        match chance.random_range(0..10) {
            0..3 => again(&machine, Victim::WorkerA, &mut tolls, "killed worker").await,
            3..6 => again(&machine, Victim::WorkerB, &mut tolls, "killed worker").await,
            6..8 => again(&machine, Victim::Web, &mut tolls, "killed web").await,
            8 => match machine.kill_a_backend().await {
                Ok(()) => tolls.count("killed database connection"),
                Err(error) => eprintln!("no connection could be killed: {error}"),
            },
            _ => match machine.kill_postgres().await {
                Ok(()) => tolls.count("killed PostgreSQL"),
                Err(error) => eprintln!("PostgreSQL does not come back: {error}"),
            },
        }
    }
    tolls
}

async fn again(machine: &Machine, victim: Victim, tolls: &mut Tolls, what: &'static str) {
    machine.kill(victim).await;
    tolls.count(what);
    if let Err(error) = machine.start(victim).await {
        eprintln!("{victim:?} cannot be started again: {error}");
    }
}

async fn fail(services: Arc<Services>, mut chance: StdRng, mut stop: watch::Receiver<bool>) -> Tolls {
    let mut tolls = Tolls::default();
    while rest(&mut chance, 0.4, &mut stop).await {
        let (fault, what) = match chance.random_range(0..5) {
            0 => (Fault::status(500), "answered 500"),
            1 => (Fault::too_many(1), "answered 429"),
            2 => (Fault::CloseBefore, "closed before taking over"),
            3 => (Fault::CloseAfter, "took over and closed without an answer"),
            _ => (Fault::HangBefore, "hung"),
        };
        tolls.count(what);
        match chance.random_range(0..3) {
            0 => services.mailgun.fail(1, fault),
            1 => services.slack.fail(1, fault),
            _ => services.github.fail(1, fault),
        }
    }
    services.mailgun.mend();
    services.slack.mend();
    services.github.mend();
    services.mailgun.release();
    services.slack.release();
    services.github.release();
    tolls
}

/// Waits a random while; false when it is time to stop.
async fn rest(chance: &mut StdRng, pause: f64, stop: &mut watch::Receiver<bool>) -> bool {
    let pause = Duration::from_secs_f64(pause * chance.random_range(0.2..1.8));
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}
