//! The SQL of making and cancelling job requests.

use sqlx::PgConnection;

use crate::core::error::{Error, Result};
use crate::core::jobs::actions::NewJobRequest;
use crate::core::jobs::status::{JobRequestStatus, job_is_completed};

/// What running jobs needs to know of a workspace.
pub struct SharedWorkspace {
    pub project_id: i32,
    pub is_archived: bool,
}

/// Reads a workspace and keeps it from being archived until the transaction ends.
pub async fn share_workspace(conn: &mut PgConnection, id: i32) -> Result<Option<SharedWorkspace>> {
    Ok(sqlx::query_as!(
        SharedWorkspace,
        "SELECT project_id, is_archived FROM workspace WHERE id = $1 FOR SHARE",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Inserts a request; `None` when its form was sent before.
pub async fn insert_request(
    conn: &mut PgConnection,
    input: &NewJobRequest,
    identifier: &str,
    user_id: i32,
) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO job_request (identifier, backend_id, workspace_id, created_by_id, requested_actions,
                                  force_run_dependencies, sha, project_definition, codelists_ok, will_notify,
                                  transport, form_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (created_by_id, form_key) DO NOTHING RETURNING id",
        identifier,
        input.backend_id,
        input.workspace_id,
        user_id,
        &input.requested_actions,
        input.force_run_dependencies,
        input.sha,
        input.project_definition,
        input.codelists_ok,
        input.will_notify,
        input.transport.name(),
        input.form_key,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn request_by_form_key(
    conn: &mut PgConnection,
    user_id: i32,
    form_key: &str,
) -> Result<Option<(i32, String)>> {
    let row = sqlx::query!(
        "SELECT id, identifier FROM job_request WHERE created_by_id = $1 AND form_key = $2",
        user_id,
        form_key
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.identifier)))
}

/// A job request whose row is locked.
pub struct LockedRequest {
    pub id: i32,
    pub workspace_id: i32,
    pub status: JobRequestStatus,
    pub transport: String,
    pub requested_actions: Vec<String>,
    pub cancelled_actions: Vec<String>,
    pub project_definition: String,
}

/// Locks one request, as a sync does: whoever comes second waits.
pub async fn lock_request(conn: &mut PgConnection, id: i32) -> Result<Option<LockedRequest>> {
    let row = sqlx::query!(
        "SELECT id, workspace_id, status, transport, requested_actions, cancelled_actions, project_definition
           FROM job_request WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(LockedRequest {
            id: row.id,
            workspace_id: row.workspace_id,
            status: row
                .status
                .parse()
                .map_err(|()| Error::Internal(format!("stored status {}", row.status)))?,
            transport: row.transport,
            requested_actions: row.requested_actions,
            cancelled_actions: row.cancelled_actions,
            project_definition: row.project_definition,
        })
    })
    .transpose()
}

/// What cancelling needs to know of a job.
pub struct JobAction {
    pub identifier: String,
    pub action: String,
    pub status: String,
}

impl JobAction {
    pub fn is_completed(&self) -> bool {
        job_is_completed(&self.status)
    }
}

pub async fn job_actions(conn: &mut PgConnection, request_id: i32) -> Result<Vec<JobAction>> {
    Ok(sqlx::query_as!(
        JobAction,
        "SELECT identifier, action, status FROM job WHERE job_request_id = $1 ORDER BY id",
        request_id
    )
    .fetch_all(conn)
    .await?)
}

/// Adds to the actions to be cancelled, each once, in one statement.
pub async fn add_cancelled_actions(conn: &mut PgConnection, id: i32, actions: &[String]) -> Result<()> {
    sqlx::query!(
        "UPDATE job_request SET cancelled_actions = cancelled_actions || ARRAY(
             SELECT DISTINCT added FROM unnest($2::text[]) AS added WHERE added <> ALL(cancelled_actions) ORDER BY added)
          WHERE id = $1",
        id,
        actions
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Tells every web process that the request changed, when the transaction commits.
pub async fn notify_changed(conn: &mut PgConnection, id: i32) -> Result<()> {
    crate::core::jobs::sync::notify(conn, std::iter::once(&id)).await
}
