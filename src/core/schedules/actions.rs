//! Claiming what is to be run, and telling how things stand.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store::{self, If, Row};
use super::{LastRun, MAX_ATTEMPTS, Outcome, Period, RENEWAL, SCHEDULES, Schedule, Standing};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;

/// The right to run a schedule, once, for as long as it is moved on.
#[derive(Debug)]
pub struct Claim {
    pub schedule: &'static Schedule,
    pub(super) run: i64,
    pub limits: Limits,
}

/// How a run is kept in bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often its claim is moved on.
    pub renewal: Duration,
    /// It is given up after that.
    pub runtime: Duration,
}

impl Claim {
    fn new(schedule: &'static Schedule, run: i64) -> Self {
        let limits = Limits {
            renewal: RENEWAL,
            runtime: schedule.max_runtime,
        };
        Self { schedule, run, limits }
    }
}

/// What a look at all schedules came to.
#[derive(Debug)]
pub struct Round {
    /// To be run now, by whoever looked.
    pub claims: Vec<Claim>,
    /// Until the next schedule is due that nobody runs.
    pub next_due_in: Option<Duration>,
}

/// Why a schedule cannot be run now: it is being run.
#[derive(Debug, Clone)]
pub struct Refused {
    pub by: String,
    pub since: OffsetDateTime,
}

/// Claims everything that is due, ends the runs whose worker is gone, and puts right what a wrong clock
/// has done. One statement when there is nothing to do.
///
/// # Errors
/// When the database does not answer before anything is claimed. Afterwards what was claimed is returned,
/// and the rest is left for the next look.
pub async fn claim_due(db: &Db, by: &str) -> Result<Round> {
    let mut conn = db.read().await?;
    let (now, rows) = tidied(&mut conn).await?;
    let mut round = Round {
        claims: Vec::new(),
        next_due_in: None,
    };
    for (schedule, row) in &rows {
        if row.claimed_until.is_some() {
            continue;
        }
        if row.due_at > now {
            let pause = (row.due_at - now).try_into().unwrap_or_default();
            round.next_due_in = Some(round.next_due_in.map_or(pause, |sooner: Duration| sooner.min(pause)));
            continue;
        }
        match store::claim(&mut conn, schedule.name, by, If::Due).await {
            Ok(Some(run)) => round.claims.push(Claim::new(schedule, run)),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(schedule = schedule.name, %error, "cannot claim what is due; trying again");
                break;
            }
        }
    }
    Ok(round)
}

/// Claims one schedule, whether it is due or not.
/// Audited: whoever has it run is named.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_now(
    db: &Db,
    schedule: &'static Schedule,
    by: &str,
    operator: &By,
) -> Result<Result<Claim, Refused>> {
    let mut tx = db.begin().await?;
    tidied(&mut tx).await?;
    if let Some(run) = store::claim(&mut tx, schedule.name, by, If::Always).await? {
        let event = Event::new("schedule_run", operator, Subject::schedules()).change("name", "", schedule.name);
        audit::record(&mut tx, &event).await?;
        tx.commit().await?;
        return Ok(Ok(Claim::new(schedule, run)));
    }
    let row = store::rows(&mut tx, &[schedule.name]).await?.pop();
    let (by, since) = row.map(|row| (row.run_by, row.started_at)).unwrap_or_default();
    let now = store::now(&mut tx).await?;
    Ok(Err(Refused {
        by: by.unwrap_or_default(),
        since: since.unwrap_or(now),
    }))
}

/// Claims a schedule unless it was run in its present period, the time from when it was last due until it
/// is due next. `None` when it was, or is being run.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_period(db: &Db, schedule: &'static Schedule, by: &str) -> Result<Option<Claim>> {
    let mut conn = db.read().await?;
    let (now, _) = tidied(&mut conn).await?;
    let condition = If::NotSince(schedule.when.latest(now));
    let run = store::claim(&mut conn, schedule.name, by, condition).await?;
    Ok(run.map(|run| Claim::new(schedule, run)))
}

/// All schedules as they stand, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db) -> Result<Vec<Standing>> {
    let mut conn = db.read().await?;
    let (_, rows) = tidied(&mut conn).await?;
    Ok(rows
        .into_iter()
        .map(|(schedule, row)| standing(schedule, row))
        .collect())
}

/// The schedules of a period, by name.
pub fn of_period(period: Period) -> impl Iterator<Item = &'static Schedule> {
    SCHEDULES
        .iter()
        .filter(move |schedule| schedule.when.period() == period)
}

fn standing(schedule: &'static Schedule, row: Row) -> Standing {
    let outcome = row.outcome.as_deref().and_then(Outcome::named);
    let last = row.started_at.zip(outcome).map(|(started_at, outcome)| LastRun {
        started_at,
        ended_at: row.ended_at,
        outcome,
        told: row.told,
        seconds: row.seconds,
        by: row.run_by.unwrap_or_default(),
    });
    Standing {
        schedule,
        due_at: row.due_at,
        last,
        last_abandoned_at: row.last_abandoned_at,
    }
}

/// The database's time and every schedule's row, after those that lacked were added, runs without a worker
/// ended, and times that are too far off brought near.
async fn tidied(conn: &mut PgConnection) -> Result<(OffsetDateTime, Vec<(&'static Schedule, Row)>)> {
    let names: Vec<&str> = SCHEDULES.iter().map(|schedule| schedule.name).collect();
    let now = store::now(conn).await?;
    let mut rows = store::rows(conn, &names).await?;
    if rows.len() < SCHEDULES.len() {
        let due: Vec<OffsetDateTime> = SCHEDULES.iter().map(|schedule| schedule.when.next(now)).collect();
        store::add(conn, &names, &due).await?;
        rows = store::rows(conn, &names).await?;
    }
    let mut changed = false;
    for (schedule, row) in matched(&rows) {
        changed |= end_if_abandoned(conn, schedule, row, now).await?;
        let due = schedule.when.bounded(row.due_at, now);
        if due != row.due_at {
            tracing::warn!(schedule = schedule.name, was = %row.due_at, is = %due, "was due too far in the future");
            store::move_due(conn, schedule.name, row.due_at, due).await?;
            changed = true;
        }
    }
    if changed {
        rows = store::rows(conn, &names).await?;
    }
    let rows = rows
        .into_iter()
        .filter_map(|row| Some((super::named(&row.name)?, row)))
        .collect();
    Ok((now, rows))
}

fn matched(rows: &[Row]) -> impl Iterator<Item = (&'static Schedule, &Row)> {
    rows.iter().filter_map(|row| Some((super::named(&row.name)?, row)))
}

/// Whether a run was ended because nobody moves its claim on any more. Work that has cost several workers
/// their lives is left until it is due again.
async fn end_if_abandoned(
    conn: &mut PgConnection,
    schedule: &Schedule,
    row: &Row,
    now: OffsetDateTime,
) -> Result<bool> {
    if row.claimed_until.is_none_or(|until| until > now) {
        return Ok(false);
    }
    let postponed_to = (row.attempts >= MAX_ATTEMPTS).then(|| schedule.when.next(now));
    let by = row.run_by.as_deref().unwrap_or_default();
    let told = format!("{by} began and was not heard of again.");
    let ended = store::abandon(conn, schedule.name, row.runs, &told, postponed_to).await?;
    if ended {
        tracing::warn!(
            schedule = schedule.name,
            by,
            attempts = row.attempts,
            "a run was abandoned"
        );
    }
    Ok(ended)
}
