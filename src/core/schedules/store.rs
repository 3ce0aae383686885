//! The SQL of schedules and of the workers that were seen. The clock is the database's: workers on several
//! machines have one time.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{LEASE, MAX_ATTEMPTS, SECOND_CHANCE};
use crate::core::error::Result;

/// A schedule as stored.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub name: String,
    pub due_at: OffsetDateTime,
    pub runs: i64,
    pub attempts: i32,
    pub started_at: Option<OffsetDateTime>,
    pub ended_at: Option<OffsetDateTime>,
    pub outcome: Option<String>,
    pub told: String,
    pub seconds: Option<f64>,
    pub run_by: Option<String>,
    pub claimed_until: Option<OffsetDateTime>,
    pub last_abandoned_at: Option<OffsetDateTime>,
}

pub(super) async fn now(conn: &mut PgConnection) -> Result<OffsetDateTime> {
    Ok(sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(conn).await?)
}

/// Rows of these names, as far as there are any.
pub(super) async fn rows(conn: &mut PgConnection, names: &[&str]) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        "SELECT name, due_at, runs, attempts, started_at, ended_at, outcome, told, seconds, run_by, claimed_until,
                last_abandoned_at
           FROM schedule WHERE name = ANY($1) ORDER BY name",
        names as &[&str],
    )
    .fetch_all(conn)
    .await?)
}

/// Adds schedules that are not there yet.
pub(super) async fn add(conn: &mut PgConnection, names: &[&str], due: &[OffsetDateTime]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO schedule (name, due_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
         ON CONFLICT (name) DO NOTHING",
        names as &[&str],
        due,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// When a schedule may be claimed, beside that nobody else has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum If {
    Always,
    Due,
    /// Due, or not started since then, or failed.
    NotSince(OffsetDateTime),
}

/// Claims a schedule; returns the number of the run. `None` when the condition does not hold or somebody
/// else has it. Of several who try at once one succeeds: the others see its row when it is free.
pub(super) async fn claim(conn: &mut PgConnection, name: &str, by: &str, condition: If) -> Result<Option<i64>> {
    let since = match condition {
        If::NotSince(since) => Some(since),
        If::Always | If::Due => None,
    };
    Ok(sqlx::query_scalar!(
        "UPDATE schedule
            SET runs = runs + 1, attempts = attempts + 1, started_at = now(), ended_at = NULL, outcome = 'running',
                told = '', seconds = NULL, run_by = $2, claimed_until = now() + $3 * interval '1 second'
          WHERE name = $1 AND claimed_until IS NULL
            AND ($4 OR due_at <= now() OR ($5::timestamptz IS NOT NULL AND (started_at IS NULL OR started_at < $5
                                                                     OR outcome = 'failed')))
      RETURNING runs",
        name,
        by,
        LEASE.as_secs_f64(),
        condition == If::Always,
        since,
    )
    .fetch_optional(conn)
    .await?)
}

/// Moves a claim on. `false` when it is lost.
pub(super) async fn renew(conn: &mut PgConnection, name: &str, run: i64) -> Result<bool> {
    let renewed = sqlx::query!(
        "UPDATE schedule SET claimed_until = now() + $3 * interval '1 second'
          WHERE name = $1 AND runs = $2 AND claimed_until IS NOT NULL",
        name,
        run,
        LEASE.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// How a run ended that was brought to its end.
pub(super) struct Conclusion<'a> {
    pub outcome: &'static str,
    pub told: &'a str,
    pub seconds: f64,
    /// When it is due next, if this run was the one that was due.
    pub next: OffsetDateTime,
}

/// Records the end of a run. What failed when it was due is due again soon, a few times. `false` when its
/// claim is lost.
pub(super) async fn conclude(conn: &mut PgConnection, name: &str, run: i64, end: Conclusion<'_>) -> Result<bool> {
    let concluded = sqlx::query!(
        "UPDATE schedule
            SET ended_at = now(), outcome = $3, told = $4, seconds = $5, claimed_until = NULL,
                attempts = CASE WHEN due_at <= started_at AND $3 = 'failed' AND attempts < $7 THEN attempts
                                ELSE 0 END,
                due_at = CASE WHEN due_at > started_at THEN due_at
                              WHEN $3 = 'failed' AND attempts < $7
                              THEN least($6, now() + $8 * interval '1 second' * 2 ^ (attempts - 1))
                              ELSE $6 END
          WHERE name = $1 AND runs = $2 AND claimed_until IS NOT NULL",
        name,
        run,
        end.outcome,
        end.told,
        end.seconds,
        end.next,
        MAX_ATTEMPTS,
        SECOND_CHANCE.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(concluded.rows_affected() == 1)
}

/// Gives a run back that had to be broken off through no fault of the work: it stays due.
pub(super) async fn give_back(conn: &mut PgConnection, name: &str, run: i64, told: &str, seconds: f64) -> Result<()> {
    sqlx::query!(
        "UPDATE schedule
            SET ended_at = now(), outcome = 'abandoned', told = $3, seconds = $4, claimed_until = NULL,
                attempts = greatest(attempts - 1, 0), last_abandoned_at = now()
          WHERE name = $1 AND runs = $2 AND claimed_until IS NOT NULL",
        name,
        run,
        told,
        seconds,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a run whose claim has run out. With `postponed_to` it is due then, else it stays due as it is.
/// `false` when it has not run out or somebody was faster.
pub(super) async fn abandon(
    conn: &mut PgConnection,
    name: &str,
    run: i64,
    told: &str,
    postponed_to: Option<OffsetDateTime>,
) -> Result<bool> {
    let abandoned = sqlx::query!(
        "UPDATE schedule
            SET ended_at = now(), outcome = 'abandoned', told = $3, claimed_until = NULL, last_abandoned_at = now(),
                due_at = coalesce($4, due_at), attempts = CASE WHEN $4::timestamptz IS NULL THEN attempts ELSE 0 END
          WHERE name = $1 AND runs = $2 AND claimed_until <= now()",
        name,
        run,
        told,
        postponed_to,
    )
    .execute(conn)
    .await?;
    Ok(abandoned.rows_affected() == 1)
}

/// Makes a schedule due at another time than it was.
pub(super) async fn move_due(
    conn: &mut PgConnection,
    name: &str,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "UPDATE schedule SET due_at = $3 WHERE name = $1 AND due_at = $2",
        name,
        from,
        to
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that a worker is there, and forgets those that were not seen for a day.
pub async fn worker_is_here(conn: &mut PgConnection, worker: &str) -> Result<()> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM worker_seen WHERE seen_at < now() - interval '1 day' AND worker <> $1)
         INSERT INTO worker_seen (worker) VALUES ($1) ON CONFLICT (worker) DO UPDATE SET seen_at = now()",
        worker,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A worker has stopped.
pub async fn forget_worker(conn: &mut PgConnection, worker: &str) -> Result<()> {
    sqlx::query!("DELETE FROM worker_seen WHERE worker = $1", worker)
        .execute(conn)
        .await?;
    Ok(())
}

/// Seconds since any worker was last seen; below zero when the clock was ahead. `None` when none was, or
/// all have stopped.
pub async fn seconds_since_a_worker(conn: &mut PgConnection) -> Result<Option<f64>> {
    Ok(
        sqlx::query_scalar!("SELECT extract(epoch FROM now() - max(seen_at))::double precision FROM worker_seen")
            .fetch_one(conn)
            .await?,
    )
}

/// Makes a schedule due now that nobody runs. `false` when it is due or being run.
pub(super) async fn make_due(conn: &mut PgConnection, name: &str) -> Result<bool> {
    let made = sqlx::query!(
        "UPDATE schedule SET due_at = now() WHERE name = $1 AND claimed_until IS NULL AND due_at > now()",
        name
    )
    .execute(conn)
    .await?;
    Ok(made.rows_affected() == 1)
}
