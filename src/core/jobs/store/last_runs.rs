//! The SQL of what became of each action of a workspace last.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::jobs::ERROR_ACTION;

/// The newest job of an action on a backend.
#[derive(Debug, Clone)]
pub struct LastRun {
    pub backend_id: i32,
    pub backend_name: String,
    pub action: String,
    pub status: String,
    /// When it ended, else started, else was made.
    pub at: Option<OffsetDateTime>,
    /// How long it ran, in seconds, once it is over.
    pub seconds: Option<f64>,
    pub request_id: i32,
    pub identifier: String,
}

/// Each action's newest job in a workspace, on each backend that it ran on; by backend's name, then action. What runners
/// report when they could make no jobs is no action.
pub async fn last_runs(conn: &mut PgConnection, workspace_id: i32) -> Result<Vec<LastRun>> {
    Ok(sqlx::query_as!(
        LastRun,
        r#"SELECT newest.backend_id AS "backend_id!", b.name AS backend_name, newest.action AS "action!",
                  newest.status AS "status!", newest.at, newest.seconds, newest.request_id AS "request_id!",
                  newest.identifier AS "identifier!"
             FROM (SELECT DISTINCT ON (r.backend_id, j.action) r.backend_id, j.action, j.status,
                          coalesce(j.completed_at, j.started_at, j.created_at) AS at,
                          extract(epoch FROM j.completed_at - j.started_at)::float8 AS seconds,
                          r.id AS request_id, j.identifier
                     FROM job_request r JOIN job j ON j.job_request_id = r.id
                    WHERE r.workspace_id = $1 AND j.action <> $2
                    ORDER BY r.backend_id, j.action, j.created_at DESC, j.id DESC) newest
             JOIN backend b ON b.id = newest.backend_id
            ORDER BY lower(b.name), b.id, newest.action"#,
        workspace_id,
        ERROR_ACTION
    )
    .fetch_all(conn)
    .await?)
}

/// The `project.yaml` of a workspace's newest job request.
pub async fn newest_definition(conn: &mut PgConnection, workspace_id: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT project_definition FROM job_request WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1",
        workspace_id
    )
    .fetch_optional(conn)
    .await?)
}

/// The first job that a project ran.
#[derive(Debug, Clone)]
pub struct FirstJob {
    pub workspace_name: String,
    pub request_id: i32,
    pub identifier: String,
    /// When it started, or was made when it never started.
    pub at: OffsetDateTime,
}

/// The first job of the oldest job request that has any, over a project's workspaces.
pub async fn first_job(conn: &mut PgConnection, project_id: i32) -> Result<Option<FirstJob>> {
    Ok(sqlx::query_as!(
        FirstJob,
        r#"SELECT w.name AS workspace_name, r.id AS request_id, j.identifier, j.at AS "at!"
             FROM workspace w
            CROSS JOIN LATERAL (SELECT id FROM job_request r
                                 WHERE r.workspace_id = w.id AND EXISTS (SELECT FROM job WHERE job_request_id = r.id)
                                 ORDER BY r.created_at, r.id LIMIT 1) r
            CROSS JOIN LATERAL (SELECT identifier, coalesce(started_at, created_at) AS at FROM job
                                 WHERE job_request_id = r.id
                                 ORDER BY coalesce(started_at, created_at), id LIMIT 1) j
            WHERE w.project_id = $1
            ORDER BY j.at, r.id LIMIT 1"#,
        project_id
    )
    .fetch_optional(conn)
    .await?)
}
