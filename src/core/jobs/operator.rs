//! What an operator's command needs to ask for jobs: names instead of pages.

use super::Transport;
use super::pipeline::Policy;
use super::store::operator as store;
use super::store::run_form::policy;
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// Where jobs are to run and for whom.
#[derive(Debug, Clone)]
pub struct Target {
    pub workspace_id: i32,
    pub repo_url: String,
    pub branch: String,
    pub backend_id: i32,
    pub transport: Transport,
    pub user_id: i32,
    /// Which tools the project may use.
    pub policy: Policy,
}

/// Finds workspace, backend and user by their names.
///
/// # Errors
/// `NotFound` with the kind of the first that is missing.
pub async fn find_target(db: &Db, workspace: &str, username: &str, backend: &str) -> Result<Target> {
    let mut conn = db.read().await?;
    let row = store::find_target(&mut conn, workspace, username, backend).await?;
    let found = row.workspace.ok_or(Error::NotFound("Workspace"))?;
    let user_id = row.user_id.ok_or(Error::NotFound("User"))?;
    let (backend_id, transport) = row.backend.ok_or(Error::NotFound("Backend"))?;
    let transport = [Transport::Poll, Transport::Rap]
        .into_iter()
        .find(|known| known.name() == transport)
        .ok_or_else(|| Error::Internal(format!("stored transport {transport}")))?;
    let policy = policy(&mut conn, found.project_id).await?;
    Ok(Target {
        workspace_id: found.id,
        repo_url: found.repo_url,
        branch: found.branch,
        backend_id,
        transport,
        user_id,
        policy,
    })
}
