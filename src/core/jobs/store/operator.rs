//! The SQL of asking for jobs at a command line.

use sqlx::PgConnection;

use crate::core::error::Result;

/// What there is of the three that were named.
pub struct TargetRow {
    pub workspace: Option<WorkspaceRow>,
    /// Id and transport.
    pub backend: Option<(i32, String)>,
    pub user_id: Option<i32>,
}

pub struct WorkspaceRow {
    pub id: i32,
    pub project_id: i32,
    pub repo_url: String,
    pub branch: String,
}

pub async fn find_target(conn: &mut PgConnection, workspace: &str, username: &str, backend: &str) -> Result<TargetRow> {
    let row = sqlx::query!(
        r#"SELECT w.id AS "workspace_id?", w.project_id AS "project_id?", r.url AS "repo_url?", w.branch AS "branch?",
                  b.id AS "backend_id?", b.transport AS "transport?", u.id AS "user_id?"
             FROM (VALUES (1)) AS one
             LEFT JOIN workspace w ON w.name = $1
             LEFT JOIN repo r ON r.id = w.repo_id
             LEFT JOIN "user" u ON u.username = $2 AND u.is_active
             LEFT JOIN backend b ON b.slug = $3"#,
        workspace,
        username,
        backend
    )
    .fetch_one(conn)
    .await?;
    let workspace = match (row.workspace_id, row.project_id, row.repo_url, row.branch) {
        (Some(id), Some(project_id), Some(repo_url), Some(branch)) => Some(WorkspaceRow {
            id,
            project_id,
            repo_url,
            branch,
        }),
        _ => None,
    };
    Ok(TargetRow {
        workspace,
        backend: row.backend_id.zip(row.transport),
        user_id: row.user_id,
    })
}
