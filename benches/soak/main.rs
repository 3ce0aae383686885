//! The proof that nothing said is lost: thousands of jobs are reported over HTTP, each of them told to its
//! requester by mail, and Airlock's events are told on to GitHub, Slack and by mail, while the web process, two
//! workers and PostgreSQL are killed at random and the services fail at random. At the end everything has
//! arrived, and what arrived twice did so under one key. `scripts/soak` runs it.
//!
//! The services are fakes in this process. What they took is compared with what the clients were
//! promised: a report or event that was answered with success.

#[path = "../../tests/fakes/mod.rs"]
mod fakes;

mod chaos;
mod clients;
mod programs;
mod verdict;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clients::Promised;
use fakes::{FakeGitHub, FakeMailgun, FakeSlack};
use programs::{Machine, Services};

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many jobs are reported as over.
    pub completions: usize,
    /// How many release requests Airlock tells of, five events each.
    pub releases: usize,
    /// Seconds between two kills, on average.
    pub pause: f64,
    pub seed: u64,
    pub program: PathBuf,
    pub root: PathBuf,
    /// How long everything may take to arrive once the last report is in.
    pub patience: Duration,
}

/// Jobs of one job request; each report completes one more of them.
pub const JOBS: usize = 10;

fn plan() -> Result<Plan, String> {
    let mut plan = Plan {
        completions: 10_000,
        releases: 200,
        pause: 1.5,
        seed: std::process::id().into(),
        program: PathBuf::new(),
        root: std::env::current_dir().map_err(|error| error.to_string())?,
        patience: Duration::from_secs(900),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        // Cargo tells every bench that it is one.
        if argument == "--bench" {
            continue;
        }
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_| format!("{argument} is a whole number"))
        };
        match argument.as_str() {
            "--completions" => plan.completions = number()?,
            "--releases" => plan.releases = number()?,
            "--pause" => plan.pause = value.parse().map_err(|_| "--pause is a number of seconds".to_owned())?,
            "--seed" => plan.seed = number()? as u64,
            "--patience" => plan.patience = Duration::from_secs(number()? as u64),
            "--program" => plan.program = PathBuf::from(&value),
            _ => return Err(format!("{argument} is unknown")),
        }
    }
    Ok(plan)
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    match soak().await {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn soak() -> Result<bool, String> {
    let plan = plan()?;
    println!(
        "{} completions, {} release requests, seed {}",
        plan.completions, plan.releases, plan.seed
    );
    let services = Arc::new(Services {
        mailgun: FakeMailgun::start().await,
        slack: FakeSlack::start().await,
        github: FakeGitHub::start(&[clients::REPO]).await,
    });
    // Slack does not promise to know repeats, so ours does not: what it takes twice is counted.
    services.github.label(
        clients::REPO,
        &[
            "internal",
            "external",
            "Pending review",
            "Under review",
            "With requester",
        ],
    );
    let machine = Arc::new(Machine::new(&plan, &services).await?);
    let token = machine.prepare(plan.completions.div_ceil(JOBS)).await?;
    machine.start_all().await?;

    let began = Instant::now();
    let chaos = chaos::Chaos::begin(machine.clone(), services.clone(), &plan);
    let promised = clients::report_everything(&machine, &token, &plan).await;
    let reported = began.elapsed();
    let tolls = chaos.end().await;
    println!("all is reported, waiting for the rest to arrive");
    let quiet = machine.until_quiet(plan.patience).await;
    let settled = began.elapsed();
    let outcome = verdict::Outcome {
        wanted: (plan.completions.div_ceil(JOBS) * JOBS, plan.releases),
        promised,
        tolls,
        reported,
        settled,
        quiet,
    };
    let fine = outcome.judge(&machine, &services).await?;
    machine.stop_all().await;
    Ok(fine)
}

/// Shared by the parts: a promise is an answer with success.
pub type Promises = Arc<std::sync::Mutex<Promised>>;
