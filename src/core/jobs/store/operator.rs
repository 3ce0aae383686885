//! The SQL of asking for jobs at a command line.

use sqlx::PgConnection;

use crate::core::error::Result;

/// What there is of the three that were named.
pub struct TargetRow {
    /// Id, the repository's address, branch.
    pub workspace: Option<(i32, String, String)>,
    /// Id and transport.
    pub backend: Option<(i32, String)>,
    pub user_id: Option<i32>,
}

pub async fn find_target(conn: &mut PgConnection, workspace: &str, username: &str, backend: &str) -> Result<TargetRow> {
    let row = sqlx::query!(
        r#"SELECT w.id AS "workspace_id?", r.url AS "repo_url?", w.branch AS "branch?",
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
    let workspace = match (row.workspace_id, row.repo_url, row.branch) {
        (Some(id), Some(url), Some(branch)) => Some((id, url, branch)),
        _ => None,
    };
    Ok(TargetRow {
        workspace,
        backend: row.backend_id.zip(row.transport),
        user_id: row.user_id,
    })
}
