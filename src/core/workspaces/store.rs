//! The SQL of workspaces and repositories.

pub mod dashboards;
pub mod edit;
pub mod facts;
pub mod lists;
pub mod outputs;
pub mod sign_off;
pub mod staff_repos;
pub mod tally;

use sqlx::PgConnection;

use super::Workspace;
use crate::core::error::Result;

/// The workspace of this name in the project of this slug.
pub async fn workspace_in_project(
    conn: &mut PgConnection,
    project_slug: &str,
    name: &str,
) -> Result<Option<Workspace>> {
    Ok(sqlx::query_as!(
        Workspace,
        r#"SELECT w.id, w.name, w.project_id, p.slug AS project_slug, p.name AS project_name,
                  p.number AS project_number, o.name AS "org_name?", o.slug AS "org_slug?", r.url AS repo_url, w.branch,
                  w.purpose, w.is_archived, w.should_notify, w.created_at,
                  u.username AS "created_by_username?", u.fullname AS "created_by_fullname?"
             FROM workspace w
             JOIN project p ON p.id = w.project_id
             JOIN repo r ON r.id = w.repo_id
             LEFT JOIN project_collaboration c ON c.project_id = p.id AND c.is_lead
             LEFT JOIN org o ON o.id = c.org_id
             LEFT JOIN "user" u ON u.id = w.created_by_id
            WHERE p.slug = $1 AND w.name = $2"#,
        project_slug,
        name
    )
    .fetch_optional(conn)
    .await?)
}

/// Whether outputs of this workspace are released the new way; `None` for an unknown name.
pub async fn uses_new_release_flow(conn: &mut PgConnection, name: &str) -> Result<Option<bool>> {
    Ok(
        sqlx::query_scalar!("SELECT uses_new_release_flow FROM workspace WHERE name = $1", name)
            .fetch_optional(conn)
            .await?,
    )
}
