//! The SQL of the pages of job requests and jobs.

use serde_json::Value;
use sqlx::PgConnection;

use crate::core::error::{Error, Result};
use crate::core::jobs::detail::{Earlier, JobDetail, ListedJob, Place, RequestDetail};
use crate::core::jobs::status::JobRequestStatus;

/// What a runner sent is kept to the letter, a number that is too large for us too: such a value is
/// not shown, and the job is.
fn free_json(text: Option<&str>) -> Option<Value> {
    serde_json::from_str(text?).ok()
}

fn status(name: &str) -> Result<JobRequestStatus> {
    name.parse()
        .map_err(|()| Error::Internal(format!("stored status {name}")))
}

fn earlier(request_id: Option<i32>, sha: Option<String>) -> Option<Earlier> {
    Some(Earlier {
        request_id: request_id?,
        sha: sha.unwrap_or_default(),
    })
}

/// The request with this id in this workspace of this project.
pub async fn request_detail(
    conn: &mut PgConnection,
    project_slug: &str,
    workspace_name: &str,
    id: i32,
) -> Result<Option<RequestDetail>> {
    let row = sqlx::query!(
        r#"SELECT r.id, r.identifier, r.created_at, r.requested_actions, r.cancelled_actions,
                  r.force_run_dependencies, r.project_definition, r.status, r.status_message, r.sha,
                  w.name AS workspace_name, w.branch, repo.url AS repo_url,
                  p.id AS project_id, p.slug AS project_slug, p.name AS project_name, p.number AS project_number,
                  o.name AS "org_name?", o.slug AS "org_slug?",
                  b.slug AS backend_slug, b.name AS backend_name, b.is_test, b.parent_directory,
                  (SELECT max(s.api_last_seen) FROM stats s WHERE s.backend_id = b.id) AS last_seen,
                  u.id AS "user_id?", u.username AS "username?", u.fullname AS "fullname?",
                  before.id AS "before_id?", before.sha AS "before_sha?",
                  good.id AS "good_id?", good.sha AS "good_sha?",
                  (SELECT count(*) FROM job_request a
                    WHERE a.backend_id = r.backend_id AND a.id < r.id
                      AND a.is_active) AS "ahead!",
                  (SELECT count(*) FROM job_request a JOIN job j ON j.job_request_id = a.id
                    WHERE r.is_active AND a.backend_id = r.backend_id AND a.id < r.id AND a.is_active
                      AND lower(j.status) IN ('pending', 'running')) AS "jobs_ahead!",
                  w.is_archived, b.is_active AS backend_is_active
             FROM job_request r
             JOIN workspace w ON w.id = r.workspace_id
             JOIN repo ON repo.id = w.repo_id
             JOIN project p ON p.id = w.project_id
             JOIN backend b ON b.id = r.backend_id
             LEFT JOIN project_collaboration c ON c.project_id = p.id AND c.is_lead
             LEFT JOIN org o ON o.id = c.org_id
             LEFT JOIN "user" u ON u.id = r.created_by_id
             LEFT JOIN LATERAL (
                 SELECT e.id, e.sha FROM job_request e
                  WHERE e.workspace_id = r.workspace_id AND e.backend_id = r.backend_id AND e.id < r.id
                  ORDER BY e.created_at DESC NULLS LAST, e.id DESC LIMIT 1) before ON true
             LEFT JOIN LATERAL (
                 SELECT e.id, e.sha FROM job_request e
                  WHERE e.workspace_id = r.workspace_id AND e.backend_id = r.backend_id AND e.id < r.id
                    AND e.status = 'succeeded' AND EXISTS (SELECT 1 FROM job j WHERE j.job_request_id = e.id)
                  ORDER BY e.created_at DESC NULLS LAST, e.id DESC LIMIT 1) good ON true
            WHERE r.id = $3 AND w.name = $2 AND p.slug = $1"#,
        project_slug,
        workspace_name,
        id
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(RequestDetail {
        id: row.id,
        identifier: row.identifier,
        place: Place {
            project_id: row.project_id,
            project_slug: row.project_slug,
            project_name: row.project_name,
            project_number: row.project_number,
            org: row.org_name.zip(row.org_slug),
            workspace_name: row.workspace_name,
            branch: row.branch,
            repo_url: row.repo_url,
            backend_slug: row.backend_slug,
            backend_name: row.backend_name,
            backend_is_test: row.is_test,
            backend_parent_directory: row.parent_directory,
            backend_last_seen: row.last_seen,
            created_by: person(row.user_id, row.username, row.fullname),
            sha: row.sha,
        },
        created_at: row.created_at,
        requested_actions: row.requested_actions,
        cancelled_actions: row.cancelled_actions,
        force_run_dependencies: row.force_run_dependencies,
        project_definition: row.project_definition,
        status: status(&row.status)?,
        status_message: row.status_message,
        previous: earlier(row.before_id, row.before_sha),
        previous_succeeded: earlier(row.good_id, row.good_sha),
        ahead: row.ahead,
        jobs_ahead: row.jobs_ahead,
        workspace_is_archived: row.is_archived,
        backend_is_active: row.backend_is_active,
    }))
}

fn person(id: Option<i32>, username: Option<String>, fullname: Option<String>) -> Option<(i32, String, String)> {
    Some((id?, username?, fullname?))
}

/// The jobs of a request in the order in which they started, those that have not started last.
pub async fn jobs_of_request(conn: &mut PgConnection, request_id: i32) -> Result<Vec<ListedJob>> {
    Ok(sqlx::query_as!(
        ListedJob,
        "SELECT identifier, action, status, status_code, status_message, created_at, updated_at, started_at, completed_at
           FROM job WHERE job_request_id = $1 ORDER BY started_at NULLS LAST, id",
        request_id
    )
    .fetch_all(conn)
    .await?)
}

/// The one job of a request whose identifier begins with `prefix`; `None` when there is none, or
/// when there are several.
pub async fn job_detail(
    conn: &mut PgConnection,
    project_slug: &str,
    workspace_name: &str,
    request_id: i32,
    prefix: &str,
) -> Result<Option<JobDetail>> {
    let mut rows = sqlx::query!(
        r#"SELECT j.identifier, j.action, j.status, j.status_code, j.status_message, j.run_command,
                  j.created_at, j.updated_at, j.started_at, j.completed_at,
                  j.trace_context::text AS trace_context, j.metrics::text AS metrics,
                  j.action = ANY(r.cancelled_actions) AS "is_cancelled!", r.id AS request_id,
                  r.identifier AS request_identifier, r.sha,
                  w.name AS workspace_name, w.branch, repo.url AS repo_url,
                  p.id AS project_id, p.slug AS project_slug, p.name AS project_name, p.number AS project_number,
                  o.name AS "org_name?", o.slug AS "org_slug?",
                  b.slug AS backend_slug, b.name AS backend_name, b.is_test, b.parent_directory,
                  (SELECT max(s.api_last_seen) FROM stats s WHERE s.backend_id = b.id) AS last_seen,
                  u.id AS "user_id?", u.username AS "username?", u.fullname AS "fullname?",
                  before.id AS "before_id?", before.sha AS "before_sha?",
                  good.id AS "good_id?", good.sha AS "good_sha?"
             FROM job j
             JOIN job_request r ON r.id = j.job_request_id
             JOIN workspace w ON w.id = r.workspace_id
             JOIN repo ON repo.id = w.repo_id
             JOIN project p ON p.id = w.project_id
             JOIN backend b ON b.id = r.backend_id
             LEFT JOIN project_collaboration c ON c.project_id = p.id AND c.is_lead
             LEFT JOIN org o ON o.id = c.org_id
             LEFT JOIN "user" u ON u.id = r.created_by_id
             LEFT JOIN LATERAL (
                 SELECT er.id, er.sha FROM job e JOIN job_request er ON er.id = e.job_request_id
                  WHERE er.workspace_id = r.workspace_id AND er.backend_id = r.backend_id
                    AND e.action = j.action AND e.id < j.id
                  ORDER BY e.created_at DESC, e.id DESC LIMIT 1) before ON true
             LEFT JOIN LATERAL (
                 SELECT er.id, er.sha FROM job e JOIN job_request er ON er.id = e.job_request_id
                  WHERE er.workspace_id = r.workspace_id AND er.backend_id = r.backend_id
                    AND e.action = j.action AND e.id < j.id AND lower(e.status) = 'succeeded'
                  ORDER BY e.created_at DESC, e.id DESC LIMIT 1) good ON true
            WHERE r.id = $3 AND w.name = $2 AND p.slug = $1 AND starts_with(j.identifier, $4)
            ORDER BY j.identifier = $4 DESC LIMIT 2"#,
        project_slug,
        workspace_name,
        request_id,
        prefix
    )
    .fetch_all(conn)
    .await?;
    // The whole identifier is exact, even when another begins with it.
    if rows.len() > 1 && rows.first().is_none_or(|row| row.identifier != prefix) {
        return Ok(None);
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let row = rows.swap_remove(0);
    Ok(Some(JobDetail {
        request_id: row.request_id,
        place: Place {
            project_id: row.project_id,
            project_slug: row.project_slug,
            project_name: row.project_name,
            project_number: row.project_number,
            org: row.org_name.zip(row.org_slug),
            workspace_name: row.workspace_name,
            branch: row.branch,
            repo_url: row.repo_url,
            backend_slug: row.backend_slug,
            backend_name: row.backend_name,
            backend_is_test: row.is_test,
            backend_parent_directory: row.parent_directory,
            backend_last_seen: row.last_seen,
            created_by: person(row.user_id, row.username, row.fullname),
            sha: row.sha,
        },
        job: ListedJob {
            identifier: row.identifier,
            action: row.action,
            status: row.status,
            status_code: row.status_code,
            status_message: row.status_message,
            created_at: row.created_at,
            updated_at: row.updated_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
        },
        request_identifier: row.request_identifier,
        run_command: row.run_command,
        created_at: row.created_at,
        trace_context: free_json(row.trace_context.as_deref()),
        metrics: free_json(row.metrics.as_deref()),
        is_cancelled: row.is_cancelled,
        previous: earlier(row.before_id, row.before_sha),
        previous_succeeded: earlier(row.good_id, row.good_sha),
    }))
}

/// What following and cancelling need to know of a request.
#[derive(Debug, Clone)]
pub struct RequestInPlace {
    pub status: JobRequestStatus,
    pub project_id: i32,
    pub created_by_id: Option<i32>,
}

/// The request with this id, when it is one of this workspace of this project.
pub async fn request_in_place(
    conn: &mut PgConnection,
    project_slug: &str,
    workspace_name: &str,
    id: i32,
) -> Result<Option<RequestInPlace>> {
    let row = sqlx::query!(
        "SELECT r.status, r.created_by_id, w.project_id
           FROM job_request r JOIN workspace w ON w.id = r.workspace_id JOIN project p ON p.id = w.project_id
          WHERE r.id = $3 AND w.name = $2 AND p.slug = $1",
        project_slug,
        workspace_name,
        id
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(RequestInPlace {
            status: status(&row.status)?,
            project_id: row.project_id,
            created_by_id: row.created_by_id,
        })
    })
    .transpose()
}

/// How a request stands; `None` when it is gone.
pub async fn request_status(conn: &mut PgConnection, id: i32) -> Result<Option<JobRequestStatus>> {
    let name = sqlx::query_scalar!("SELECT status FROM job_request WHERE id = $1", id)
        .fetch_optional(conn)
        .await?;
    name.map(|name| status(&name)).transpose()
}

/// The slug of the project and the name of the workspace that a request belongs to.
pub async fn place_of_request(conn: &mut PgConnection, id: i32) -> Result<Option<(String, String)>> {
    let row = sqlx::query!(
        "SELECT p.slug, w.name FROM job_request r JOIN workspace w ON w.id = r.workspace_id
           JOIN project p ON p.id = w.project_id WHERE r.id = $1",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.slug, row.name)))
}

/// As [`place_of_request`], and the request's id, for a job's full identifier.
pub async fn place_of_job(conn: &mut PgConnection, identifier: &str) -> Result<Option<(String, String, i32)>> {
    let row = sqlx::query!(
        "SELECT p.slug, w.name, r.id FROM job j JOIN job_request r ON r.id = j.job_request_id
           JOIN workspace w ON w.id = r.workspace_id JOIN project p ON p.id = w.project_id
          WHERE j.identifier = $1",
        identifier
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.slug, row.name, row.id)))
}
