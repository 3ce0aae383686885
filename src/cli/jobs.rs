//! `jobserver jobs`, `jobserver job`, `jobserver runjobs` and `jobserver clearsessions`

use time::OffsetDateTime;
use time::macros::format_description;

use super::outfit::{Outfit, block_on, code_host, start_telemetry};
use super::serve::stop_signal;
use super::{ByOption, CommandError};
use crate::config::{self, LogLevel};
use crate::core::audit::{By, RUN_JOBS};
use crate::core::error::Error;
use crate::core::schedules::{self, Claim, Ended, Outcome, Period, SCHEDULES, Schedule, Standing, Tools, this_process};
use crate::worker;

/// Prints every schedule, a block each.
pub async fn list() -> Result<(), CommandError> {
    let outfit = Outfit::new().await?;
    let standings = schedules::list(&outfit.db).await?;
    print!("{}", standings.iter().map(block).collect::<Vec<_>>().join("\n"));
    Ok(())
}

fn block(standing: &Standing) -> String {
    let schedule = standing.schedule;
    let mut lines = vec![
        schedule.name.to_owned(),
        format!("  does      {}", schedule.does),
        format!("  schedule  {} ({}, UTC)", schedule.when, schedule.when.period().name()),
        format!("  next due  {}", moment(standing.due_at)),
    ];
    match &standing.last {
        None => lines.push("  last run  never".to_owned()),
        Some(last) => {
            let took = last
                .seconds
                .map(|seconds| format!(", took {seconds:.1} s"))
                .unwrap_or_default();
            lines.push(format!("  last run  {} by {}{took}", moment(last.started_at), last.by));
            lines.push(format!("  outcome   {}", last.outcome.name()));
            if !last.told.is_empty() {
                lines.push(format!("  told      {}", last.told.replace('\n', " ")));
            }
        }
    }
    if let Some(at) = standing.last_abandoned_at {
        lines.push(format!("  last abandoned {}", moment(at)));
    }
    lines.join("\n") + "\n"
}

fn moment(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z"))
        .unwrap_or_else(|_| at.to_string())
}

/// Run a schedule now, whether it is due or not.
#[derive(Debug, clap::Args)]
pub struct Job {
    /// Its name; `jobserver jobs` lists them.
    name: String,
    #[command(flatten)]
    by: ByOption,
}

impl Job {
    pub fn run(self) -> Result<(), CommandError> {
        monitored(self.done())
    }

    async fn done(self) -> Result<(), CommandError> {
        let schedule = schedules::named(&self.name).ok_or_else(|| {
            let names: Vec<&str> = SCHEDULES.iter().map(|schedule| schedule.name).collect();
            CommandError::Said(format!(
                "There is no schedule {:?}. There are: {}.",
                self.name,
                names.join(", ")
            ))
        })?;
        let tools = tools(self.by.by()).await?;
        let (ended, name) = (run_now(&tools, schedule).await?, schedule.name);
        println!(
            "{name}: {} after {:.1} s",
            ended.outcome.name(),
            ended.took.as_secs_f64()
        );
        succeeded(name, &ended)?;
        println!("{}", ended.told);
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub struct RunJobs {
    /// minutely, quarter_hourly, hourly, daily, weekly or monthly.
    #[arg(value_parser = period)]
    period: Period,
}

fn period(name: &str) -> Result<Period, String> {
    Period::named(name).ok_or_else(|| {
        let names: Vec<&str> = Period::ALL.into_iter().map(Period::name).collect();
        format!("it is none of {}", names.join(", "))
    })
}

impl RunJobs {
    pub fn run(self) -> Result<(), CommandError> {
        monitored(self.done())
    }

    /// All of them, also when one fails.
    async fn done(self) -> Result<(), CommandError> {
        let tools = tools(By::operator(RUN_JOBS)).await?;
        let mut failures = Vec::new();
        let mut found = false;
        for schedule in schedules::of_period(self.period) {
            found = true;
            let name = schedule.name;
            let Some(claim) = schedules::claim_period(&tools.db, schedule, &this_process()).await? else {
                println!("{name}: was run in this period, or is being run");
                continue;
            };
            let ended = run_to_the_end(&tools, claim).await?;
            println!(
                "{name}: {} after {:.1} s",
                ended.outcome.name(),
                ended.took.as_secs_f64()
            );
            if let Err(error) = succeeded(name, &ended) {
                failures.push(error.to_string());
            }
        }
        if !found {
            println!("No schedule is {}.", self.period.name());
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(CommandError::Said(failures.join("\n")))
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct ClearSessions {
    #[command(flatten)]
    by: ByOption,
}

impl ClearSessions {
    /// As `jobserver job clearsessions`, and says no more than what was done.
    pub fn run(self) -> Result<(), CommandError> {
        monitored(self.done())
    }

    async fn done(self) -> Result<(), CommandError> {
        let schedule = schedules::named("clearsessions").ok_or(Error::NotFound("Schedule"))?;
        let tools = tools(self.by.by()).await?;
        let ended = run_now(&tools, schedule).await?;
        succeeded(schedule.name, &ended)?;
        println!("{}", ended.told);
        Ok(())
    }
}

/// Does the work with somebody to tell of it, as the worker has: monitors and traces. Log lines are only those
/// that tell of trouble, as the command says the rest.
fn monitored(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let mut settings = config::load()?.settings;
    settings.telemetry.log_level = LogLevel::Warn;
    let _telemetry = start_telemetry(&settings)?;
    block_on(work)
}

async fn tools(by: By) -> Result<Tools, CommandError> {
    let outfit = Outfit::new().await?;
    let code_host = code_host(&outfit.settings)?;
    Ok(worker::tools(outfit.db, &outfit.settings, code_host, by))
}

async fn run_now(tools: &Tools, schedule: &'static Schedule) -> Result<Ended, CommandError> {
    match schedules::claim_now(&tools.db, schedule, &this_process(), &tools.by).await? {
        Ok(claim) => run_to_the_end(tools, claim).await,
        Err(other) => Err(CommandError::Said(format!(
            "{} is being run by {} since {}. Try again when it is done; `jobserver jobs` shows when.",
            schedule.name,
            other.by,
            moment(other.since)
        ))),
    }
}

async fn run_to_the_end(tools: &Tools, claim: Claim) -> Result<Ended, CommandError> {
    Ok(schedules::run(tools, claim, stop_signal()).await?)
}

fn succeeded(name: &str, ended: &Ended) -> Result<(), CommandError> {
    match ended.outcome {
        Outcome::Ok => Ok(()),
        _ => Err(CommandError::Said(format!("{name}: {}", ended.told))),
    }
}
