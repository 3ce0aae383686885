//! The SQL of interactive workspaces.

use sqlx::PgConnection;

use super::Interactive;
use crate::core::error::Result;
use crate::core::outbox::InteractiveRepo;

pub(super) async fn insert(conn: &mut PgConnection, workspace_id: i32) -> Result<()> {
    sqlx::query!(
        "INSERT INTO interactive_workspace (workspace_id) VALUES ($1)",
        workspace_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers that a workspace's repository is as it should be. Since when stays when it is said again.
pub async fn repo_is_ready(conn: &mut PgConnection, workspace_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE interactive_workspace SET repo_ready_at = now() WHERE workspace_id = $1 AND repo_ready_at IS NULL",
        workspace_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A project's interactive workspaces, oldest first: one, unless another was moved there.
pub async fn of_project(conn: &mut PgConnection, project_id: i32) -> Result<Vec<Interactive>> {
    let rows = sqlx::query!(
        r#"SELECT i.workspace_id, w.name, r.url, i.repo_ready_at, m.id AS "message_id?", m.state AS "state?",
                  m.last_error, m.next_attempt_at AS "next_attempt_at?"
             FROM interactive_workspace i
             JOIN workspace w ON w.id = i.workspace_id
             JOIN repo r ON r.id = w.repo_id
             LEFT JOIN message m ON m.dedupe_key = $2 || w.id
            WHERE w.project_id = $1 ORDER BY w.id"#,
        project_id,
        InteractiveRepo::KEY
    )
    .fetch_all(conn)
    .await?;
    let all = rows.into_iter().map(|row| Interactive {
        workspace_id: row.workspace_id,
        workspace: row.name,
        repo_url: row.url,
        ready_at: row.repo_ready_at,
        message: row.message_id.zip(row.state),
        last_error: row.last_error,
        next_attempt_at: row.next_attempt_at,
    });
    Ok(all.collect())
}
