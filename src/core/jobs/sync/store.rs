//! The SQL of a sync: one statement each, whatever the number of jobs.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::{Free, LockedRequest, ReportedJob};
use crate::core::error::{Error, Result};
use crate::core::jobs::JobRequestStatus;

/// Locks this backend's polled requests among `identifiers`, in the order of their ids.
pub(super) async fn lock_requests(
    conn: &mut PgConnection,
    backend_id: i32,
    identifiers: &[String],
) -> Result<HashMap<String, LockedRequest>> {
    let rows = sqlx::query!(
        "SELECT id, identifier, status FROM job_request
          WHERE identifier = ANY($1) AND backend_id = $2 AND transport = 'poll'
          ORDER BY id FOR UPDATE",
        identifiers,
        backend_id
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status = row
                .status
                .parse()
                .map_err(|()| Error::Internal(format!("stored status {}", row.status)))?;
            Ok((row.identifier, LockedRequest { id: row.id, status }))
        })
        .collect()
}

#[derive(Default)]
struct Columns<'a> {
    request: Vec<i32>,
    identifier: Vec<&'a str>,
    action: Vec<&'a str>,
    run_command: Vec<&'a str>,
    status: Vec<&'a str>,
    status_code: Vec<&'a str>,
    status_message: Vec<&'a str>,
    created_at: Vec<time::OffsetDateTime>,
    updated_at: Vec<Option<time::OffsetDateTime>>,
    started_at: Vec<Option<time::OffsetDateTime>>,
    completed_at: Vec<Option<time::OffsetDateTime>>,
    trace_context: Vec<Option<&'a str>>,
    keep_trace_context: Vec<bool>,
    metrics: Vec<Option<&'a str>>,
    keep_metrics: Vec<bool>,
}

fn columns(jobs: &[(i32, ReportedJob)]) -> Columns<'_> {
    let mut c = Columns::default();
    for (request, job) in jobs {
        c.request.push(*request);
        c.identifier.push(&job.identifier);
        c.action.push(&job.action);
        c.run_command.push(&job.run_command);
        c.status.push(&job.status);
        c.status_code.push(&job.status_code);
        c.status_message.push(&job.status_message);
        c.created_at.push(job.created_at);
        c.updated_at.push(job.updated_at);
        c.started_at.push(job.started_at);
        c.completed_at.push(job.completed_at);
        c.trace_context.push(text_of(&job.trace_context));
        c.keep_trace_context.push(matches!(job.trace_context, Free::Absent));
        c.metrics.push(text_of(&job.metrics));
        c.keep_metrics.push(matches!(job.metrics, Free::Absent));
    }
    c
}

fn text_of(value: &Free) -> Option<&str> {
    match value {
        Free::Value(raw) => Some(raw.get()),
        Free::Absent | Free::Null => None,
    }
}

/// Makes the stored jobs of these requests what the report says: what it leaves out is deleted, the
/// rest inserted or overwritten. Returns the status that each job had before, by identifier.
///
/// # Errors
/// `Conflict` with the identifier of a job that belongs to another request.
pub(super) async fn replace_jobs(
    conn: &mut PgConnection,
    jobs: &[(i32, ReportedJob)],
) -> Result<HashMap<String, String>> {
    let c = columns(jobs);
    let before = sqlx::query!(
        "WITH gone AS (
             DELETE FROM job WHERE job_request_id = ANY($1) AND identifier <> ALL($2)
         )
         SELECT identifier, status, job_request_id FROM job WHERE identifier = ANY($2)",
        &c.request,
        &c.identifier as &[&str],
    )
    .fetch_all(&mut *conn)
    .await?;
    let wanted: HashMap<&str, i32> = jobs
        .iter()
        .map(|(request, job)| (job.identifier.as_str(), *request))
        .collect();
    if let Some(foreign) = before
        .iter()
        .find(|row| wanted.get(row.identifier.as_str()) != Some(&row.job_request_id))
    {
        return Err(Error::Conflict(foreign.identifier.clone()));
    }
    let written = sqlx::query!(
        "INSERT INTO job AS j (job_request_id, identifier, action, run_command, status, status_code, status_message,
                          created_at, updated_at, started_at, completed_at, trace_context, metrics)
         SELECT r.job_request_id, r.identifier, r.action, r.run_command, r.status, r.status_code, r.status_message,
                r.created_at, r.updated_at, r.started_at, r.completed_at, r.trace_context::json, r.metrics::json
           FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
                       $12::text[], $13::text[])
                WITH ORDINALITY
             AS r (job_request_id, identifier, action, run_command, status, status_code, status_message,
                   created_at, updated_at, started_at, completed_at, trace_context, metrics, place)
          ORDER BY r.place
         ON CONFLICT (identifier) DO UPDATE SET
                action = excluded.action, run_command = excluded.run_command, status = excluded.status,
                status_code = excluded.status_code, status_message = excluded.status_message,
                created_at = excluded.created_at, updated_at = excluded.updated_at,
                started_at = excluded.started_at, completed_at = excluded.completed_at,
                trace_context = CASE WHEN j.identifier = ANY($14::text[]) THEN j.trace_context ELSE excluded.trace_context END,
                metrics = CASE WHEN j.identifier = ANY($15::text[]) THEN j.metrics ELSE excluded.metrics END
          WHERE j.job_request_id = excluded.job_request_id",
        &c.request,
        &c.identifier as &[&str],
        &c.action as &[&str],
        &c.run_command as &[&str],
        &c.status as &[&str],
        &c.status_code as &[&str],
        &c.status_message as &[&str],
        &c.created_at,
        &c.updated_at as &[Option<time::OffsetDateTime>],
        &c.started_at as &[Option<time::OffsetDateTime>],
        &c.completed_at as &[Option<time::OffsetDateTime>],
        &c.trace_context as &[Option<&str>],
        &c.metrics as &[Option<&str>],
        &kept(&c.identifier, &c.keep_trace_context) as &[&str],
        &kept(&c.identifier, &c.keep_metrics) as &[&str],
    )
    .execute(conn)
    .await?;
    // Another backend made one of these identifiers since we looked: the upsert left that row alone.
    if written.rows_affected() != jobs.len() as u64 {
        let identifier = jobs.first().map(|(_, job)| job.identifier.clone()).unwrap_or_default();
        return Err(Error::Conflict(identifier));
    }
    Ok(before.into_iter().map(|row| (row.identifier, row.status)).collect())
}

fn kept<'a>(identifiers: &[&'a str], keep: &[bool]) -> Vec<&'a str> {
    identifiers
        .iter()
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .map(|(identifier, _)| *identifier)
        .collect()
}

/// Stores statuses that changed, with the message that goes with each.
pub(super) async fn update_statuses(conn: &mut PgConnection, statuses: &BTreeMap<i32, JobRequestStatus>) -> Result<()> {
    let ids: Vec<i32> = statuses.keys().copied().collect();
    let names: Vec<&str> = statuses.values().map(|status| status.name()).collect();
    let messages: Vec<Option<&str>> = statuses.values().map(|status| status.message()).collect();
    sqlx::query!(
        "UPDATE job_request r SET status = n.status, status_message = n.message
           FROM unnest($1::int[], $2::text[], $3::text[]) AS n (id, status, message)
          WHERE r.id = n.id AND r.status <> n.status",
        &ids,
        &names as &[&str],
        &messages as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Longest payload of a notification; PostgreSQL refuses 8000 bytes and more.
const NOTIFY_LIMIT: usize = 7900;

/// Tells every web process that these requests changed, when the transaction commits: ids separated
/// by commas, or `*` when they are too many to list.
pub(in crate::core::jobs) async fn notify(conn: &mut PgConnection, ids: impl Iterator<Item = &i32>) -> Result<()> {
    let mut payload = ids.map(i32::to_string).collect::<Vec<_>>().join(",");
    if payload.len() > NOTIFY_LIMIT {
        payload = "*".to_owned();
    }
    sqlx::query!("SELECT pg_notify('job_request_changed', $1)", payload)
        .execute(conn)
        .await?;
    Ok(())
}
