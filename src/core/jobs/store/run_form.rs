//! The SQL behind the form that asks for jobs.

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::core::error::{Error, Result};
use crate::core::jobs::Transport;
use crate::core::jobs::permissions::DataPermission;
use crate::core::jobs::pipeline::Policy;
use crate::core::jobs::status::JobRequestStatus;
use crate::core::projects::INTERNAL_PROJECT;
use crate::core::workspaces::Workspace;

/// A backend on which somebody may ask for jobs.
#[derive(Debug, Clone)]
pub struct OfferedBackend {
    pub id: i32,
    pub slug: String,
    pub name: String,
    pub transport: Transport,
}

/// The active backends that a user may use, by name; with `is_switched_off` without those that obey
/// the switch for creating jobs. Without a RAP controller every backend is polled; with one, those behind
/// it are left out, as nothing here speaks to it yet and what is asked for would never arrive.
pub async fn backends_of_user(
    conn: &mut PgConnection,
    user_id: i32,
    is_switched_off: bool,
    has_controller: bool,
) -> Result<Vec<OfferedBackend>> {
    let rows = sqlx::query!(
        "SELECT b.id, b.slug, b.name FROM backend b JOIN backend_membership m ON m.backend_id = b.id
          WHERE m.user_id = $1 AND b.is_active AND NOT ($2 AND b.obeys_disable_creating_jobs)
            AND NOT ($3 AND b.transport = 'rap')
          ORDER BY lower(b.name), b.id",
        user_id,
        is_switched_off,
        has_controller
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OfferedBackend {
            id: row.id,
            slug: row.slug,
            name: row.name,
            transport: Transport::Poll,
        })
        .collect())
}

/// Which tools a project may use.
pub async fn policy(conn: &mut PgConnection, project_id: i32) -> Result<Policy> {
    let kinds = sqlx::query_scalar!(
        "SELECT kind FROM data_permission WHERE project_id = $1 AND ended_at IS NULL",
        project_id
    )
    .fetch_all(conn)
    .await?;
    let has = |permission: DataPermission| kinds.iter().any(|kind| kind == permission.kind());
    Ok(Policy {
        cohortextractor: has(DataPermission::Cohortextractor),
        sqlrunner: has(DataPermission::Sqlrunner),
    })
}

/// As [`policy`], for the project of a workspace: the project that we run ourselves may use all of them.
pub async fn policy_of(conn: &mut PgConnection, workspace: &Workspace) -> Result<Policy> {
    if workspace.project_slug == INTERNAL_PROJECT {
        return Ok(Policy {
            cohortextractor: true,
            sqlrunner: true,
        });
    }
    policy(conn, workspace.project_id).await
}

/// The newest request of a workspace.
#[derive(Debug, Clone)]
pub struct LatestRequest {
    pub id: i32,
    pub created_at: Option<OffsetDateTime>,
    pub status: JobRequestStatus,
    pub requested_actions: Vec<String>,
    pub jobs: Vec<LatestJob>,
}

/// One of its jobs, by the order in which they were made.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct LatestJob {
    pub action: String,
    pub status: String,
    pub status_code: String,
    pub status_message: String,
    /// How long it ran, in seconds, once it is over.
    pub seconds: Option<f64>,
}

/// The newest job request of a workspace, when that has jobs.
pub async fn latest_request(conn: &mut PgConnection, workspace_id: i32) -> Result<Option<LatestRequest>> {
    let row = sqlx::query!(
        r#"SELECT r.id, r.created_at, r.status, r.requested_actions,
                  (SELECT coalesce(json_agg(json_build_object(
                              'action', j.action, 'status', j.status, 'status_code', j.status_code,
                              'status_message', j.status_message,
                              'seconds', extract(epoch FROM j.completed_at - j.started_at)) ORDER BY j.id), '[]')
                     FROM job j WHERE j.job_request_id = r.id) AS "jobs!: Json<Vec<LatestJob>>"
             FROM job_request r WHERE r.workspace_id = $1
            ORDER BY r.created_at DESC NULLS LAST, r.id DESC LIMIT 1"#,
        workspace_id
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row.filter(|row| !row.jobs.0.is_empty()) else {
        return Ok(None);
    };
    Ok(Some(LatestRequest {
        id: row.id,
        created_at: row.created_at,
        status: row
            .status
            .parse()
            .map_err(|()| Error::Internal(format!("stored status {}", row.status)))?,
        requested_actions: row.requested_actions,
        jobs: row.jobs.0,
    }))
}

/// How each action of a workspace last ended on a backend; an action that never ran is missing.
pub async fn last_statuses(
    conn: &mut PgConnection,
    workspace_id: i32,
    backend_id: i32,
) -> Result<HashMap<String, String>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (j.action) j.action, j.status
           FROM job j JOIN job_request r ON r.id = j.job_request_id
          WHERE r.workspace_id = $1 AND r.backend_id = $2
          ORDER BY j.action, j.created_at DESC, j.id DESC",
        workspace_id,
        backend_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.action, row.status)).collect())
}
