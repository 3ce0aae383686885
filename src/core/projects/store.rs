//! The SQL of projects, memberships, organisations.

use sqlx::PgConnection;

use super::Project;
use crate::core::error::Result;

pub async fn project_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<Project>> {
    Ok(sqlx::query_as!(
        Project,
        "SELECT id, name, slug, number, status, status_description, created_at FROM project WHERE slug = $1",
        slug
    )
    .fetch_optional(conn)
    .await?)
}
