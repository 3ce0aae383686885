//! What an operator's command needs to ask for jobs: names instead of pages.

use super::Transport;
use super::store::operator as store;
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
}

/// Finds workspace, backend and user by their names.
///
/// # Errors
/// `NotFound` with the kind of the first that is missing.
pub async fn find_target(db: &Db, workspace: &str, username: &str, backend: &str) -> Result<Target> {
    let row = store::find_target(&mut *db.read().await?, workspace, username, backend).await?;
    let (workspace_id, repo_url, branch) = row.workspace.ok_or(Error::NotFound("Workspace"))?;
    let user_id = row.user_id.ok_or(Error::NotFound("User"))?;
    let (backend_id, transport) = row.backend.ok_or(Error::NotFound("Backend"))?;
    let transport = [Transport::Poll, Transport::Rap]
        .into_iter()
        .find(|known| known.name() == transport)
        .ok_or_else(|| Error::Internal(format!("stored transport {transport}")))?;
    Ok(Target {
        workspace_id,
        repo_url,
        branch,
        backend_id,
        transport,
        user_id,
    })
}
