//! The SQL of a sync: one statement each, whatever the number of jobs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::{Free, LockedRequest, ReportedJob};
use crate::core::error::{Error, Result};
use crate::core::jobs::JobRequestStatus;
use crate::core::people::notify::Notify;

/// Locks this backend's polled requests among `identifiers`, in the order of their ids.
pub(super) async fn lock_requests(
    conn: &mut PgConnection,
    backend_id: i32,
    identifiers: &[String],
) -> Result<HashMap<String, LockedRequest>> {
    let rows = sqlx::query!(
        "SELECT r.id, r.identifier, r.status, r.will_notify, w.name AS workspace
           FROM job_request r JOIN workspace w ON w.id = r.workspace_id
          WHERE r.identifier = ANY($1) AND r.backend_id = $2 AND r.transport = 'poll'
          ORDER BY r.id FOR UPDATE OF r",
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
            let request = LockedRequest {
                id: row.id,
                status,
                will_notify: row.will_notify,
                workspace: row.workspace,
            };
            Ok((row.identifier, request))
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
    metrics: Vec<Option<&'a str>>,
    /// Identifiers of jobs that keep the value they have stored.
    keep_trace_context: Vec<&'a str>,
    keep_metrics: Vec<&'a str>,
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
        c.metrics.push(text_of(&job.metrics));
        if matches!(job.trace_context, Free::Absent) {
            c.keep_trace_context.push(&job.identifier);
        }
        if matches!(job.metrics, Free::Absent) {
            c.keep_metrics.push(&job.identifier);
        }
    }
    c
}

fn text_of(value: &Free) -> Option<&str> {
    match value {
        Free::Value(raw) => Some(raw.get()),
        Free::Absent | Free::Null => None,
    }
}

/// What was stored before a sync.
pub(super) struct Before {
    /// By job identifier.
    pub statuses: HashMap<String, String>,
    pub requests_with_fewer_jobs: BTreeSet<i32>,
}

/// Deletes the jobs of these requests that the report leaves out, and returns how the others stand.
///
/// # Errors
/// `Conflict` when a job of the report stands under another of its requests.
pub(super) async fn delete_others(conn: &mut PgConnection, jobs: &[(i32, ReportedJob)]) -> Result<Before> {
    let requests: BTreeSet<i32> = jobs.iter().map(|(request, _)| *request).collect();
    let requests: Vec<i32> = requests.into_iter().collect();
    let standing = sqlx::query!(
        "SELECT id, identifier, status, job_request_id FROM job WHERE job_request_id = ANY($1)",
        &requests,
    )
    .fetch_all(&mut *conn)
    .await?;
    let wanted: HashMap<&str, i32> = jobs
        .iter()
        .map(|(request, job)| (job.identifier.as_str(), *request))
        .collect();
    let mut gone = Vec::new();
    let mut before = Before {
        statuses: HashMap::with_capacity(standing.len()),
        requests_with_fewer_jobs: BTreeSet::new(),
    };
    for job in standing {
        match wanted.get(job.identifier.as_str()) {
            None => {
                gone.push(job.id);
                before.requests_with_fewer_jobs.insert(job.job_request_id);
            }
            Some(request) if *request != job.job_request_id => {
                return Err(super::foreign_identifier(&job.identifier));
            }
            Some(_) => {
                before.statuses.insert(job.identifier, job.status);
            }
        }
    }
    if !gone.is_empty() {
        sqlx::query!("DELETE FROM job WHERE id = ANY($1)", &gone)
            .execute(conn)
            .await?;
    }
    Ok(before)
}

/// Makes or overwrites jobs, and returns the requests of those that were not stored so already.
///
/// # Errors
/// `Conflict` when one of these identifiers is a job of a request that the report does not name, or
/// another sync made it one meanwhile.
pub(super) async fn write_jobs(conn: &mut PgConnection, jobs: &[(i32, ReportedJob)]) -> Result<Vec<i32>> {
    let c = columns(jobs);
    let written = sqlx::query_scalar!(
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
                trace_context = CASE WHEN $16 OR j.identifier = ANY($14::text[])
                                     THEN j.trace_context ELSE excluded.trace_context END,
                metrics = CASE WHEN $17 OR j.identifier = ANY($15::text[]) THEN j.metrics ELSE excluded.metrics END
          WHERE j.job_request_id = excluded.job_request_id
            AND ((j.status, j.status_code, j.status_message, j.updated_at, j.started_at, j.completed_at,
                  j.created_at, j.action, j.run_command)
                 IS DISTINCT FROM
                 (excluded.status, excluded.status_code, excluded.status_message, excluded.updated_at,
                  excluded.started_at, excluded.completed_at, excluded.created_at, excluded.action,
                  excluded.run_command)
                 OR (NOT ($16 OR j.identifier = ANY($14::text[]))
                     AND j.trace_context::text IS DISTINCT FROM excluded.trace_context::text)
                 OR (NOT ($17 OR j.identifier = ANY($15::text[]))
                     AND j.metrics::text IS DISTINCT FROM excluded.metrics::text))
         RETURNING j.job_request_id",
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
        &c.keep_trace_context as &[&str],
        &c.keep_metrics as &[&str],
        // All of them is the usual case besides none, and needs no search of the lists.
        c.keep_trace_context.len() == jobs.len(),
        c.keep_metrics.len() == jobs.len(),
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(turned_away)?;
    if written.len() < jobs.len() {
        // Some are stored so already; or somebody made one of these identifiers since we looked, and
        // the upsert left that row alone.
        if let Some(foreign) = foreign_job(conn, &c.request, &c.identifier).await? {
            return Err(super::foreign_identifier(&foreign));
        }
    }
    Ok(written)
}

/// A job with one of these identifiers that is not of the request beside it.
async fn foreign_job(conn: &mut PgConnection, requests: &[i32], identifiers: &[&str]) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT j.identifier FROM unnest($1::int[], $2::text[]) AS r (job_request_id, identifier)
           JOIN job j ON j.identifier = r.identifier
          WHERE j.job_request_id <> r.job_request_id LIMIT 1",
        requests,
        identifiers as &[&str],
    )
    .fetch_optional(conn)
    .await?)
}

/// Two syncs that make jobs of the same identifiers for different requests wait for each other; the
/// database ends that by turning one of them away.
fn turned_away(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.code()) {
        Some(code) if code == "40P01" => {
            Error::Conflict("Jobs with the same identifiers are being stored for another job request.".to_owned())
        }
        _ => error.into(),
    }
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

/// Who is to be told about a request, and what names its place.
pub(super) struct Addressee {
    pub job_request_id: i32,
    pub workspace: String,
    pub project: String,
    pub email: String,
    pub notify: Notify,
}

/// Those who asked for these requests, in the order of the requests' ids: without those who left, who
/// have no address, or who want to be told nothing.
pub(super) async fn addressees(conn: &mut PgConnection, requests: &[i32]) -> Result<Vec<Addressee>> {
    let rows = sqlx::query!(
        r#"SELECT r.id, w.name AS workspace, p.name AS project, u.email AS "email!", u.notify
             FROM job_request r
             JOIN "user" u ON u.id = r.created_by_id
             JOIN workspace w ON w.id = r.workspace_id
             JOIN project p ON p.id = w.project_id
            WHERE r.id = ANY($1) AND u.is_active AND u.email IS NOT NULL AND u.notify <> 'nothing'
            ORDER BY r.id"#,
        requests
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let notify =
                Notify::named(&row.notify).ok_or_else(|| Error::Internal(format!("stored choice {}", row.notify)))?;
            Ok(Addressee {
                job_request_id: row.id,
                workspace: row.workspace,
                project: row.project,
                email: row.email,
                notify,
            })
        })
        .collect()
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
