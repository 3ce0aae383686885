//! The SQL of making users for others.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A project whose people can be made users.
#[derive(Debug, Clone)]
pub struct ProjectChoice {
    pub id: i32,
    pub slug: String,
    pub name: String,
    pub number: Option<String>,
}

/// Those with a workspace for analyses, whose name ends so; by name.
pub async fn interactive_projects(conn: &mut PgConnection) -> Result<Vec<ProjectChoice>> {
    Ok(sqlx::query_as!(
        ProjectChoice,
        "SELECT id, slug, name, number FROM project p
          WHERE EXISTS (SELECT FROM workspace w WHERE w.project_id = p.id AND w.name LIKE '%interactive')
          ORDER BY lower(name), id LIMIT 1000"
    )
    .fetch_all(conn)
    .await?)
}

/// One of [`interactive_projects`], held still.
pub(super) async fn lock_interactive(conn: &mut PgConnection, id: i32) -> Result<Option<ProjectChoice>> {
    Ok(sqlx::query_as!(
        ProjectChoice,
        "SELECT id, slug, name, number FROM project p
          WHERE id = $1 AND EXISTS (SELECT FROM workspace w WHERE w.project_id = p.id AND w.name LIKE '%interactive')
            FOR SHARE",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Lets a user belong to all the organisations of a project; returns their ids.
pub(super) async fn join_orgs(
    conn: &mut PgConnection,
    user_id: i32,
    project_id: i32,
    by_id: Option<i32>,
) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO org_membership (org_id, user_id, created_by_id)
         SELECT org_id, $1, $3 FROM project_collaboration WHERE project_id = $2 ORDER BY org_id
         ON CONFLICT DO NOTHING RETURNING org_id",
        user_id,
        project_id,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

/// Somebody's username that differs from this one in nothing but its letters' case, if there is one.
pub(super) async fn alike(conn: &mut PgConnection, username: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT username FROM "user" WHERE lower(username) = lower($1) LIMIT 1"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}
