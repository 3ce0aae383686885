//! The SQL of projects, memberships, organisations.

pub mod copilot;
pub mod detail;
pub mod edit;
pub mod lists;
pub mod orgs;

use sqlx::PgConnection;

use super::Project;
use crate::core::error::Result;
use crate::core::names::is_project_slug;

pub async fn project_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<Project>> {
    if !is_project_slug(slug) {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        Project,
        "SELECT id, name, slug, number, status, status_description, created_at FROM project WHERE slug = $1",
        slug
    )
    .fetch_optional(conn)
    .await?)
}
