//! The SQL of making workspaces at a command line.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::projects::title;

/// A workspace whose row is locked, as it is.
pub(super) struct LockedWorkspace {
    pub id: i32,
    pub project: Project,
    pub repo_url: String,
    pub branch: String,
}

/// Where a workspace is.
#[derive(Clone)]
pub(super) struct Project {
    pub id: i32,
    pub slug: String,
    /// As people call it.
    pub title: String,
}

pub(super) async fn lock_workspace(conn: &mut PgConnection, name: &str) -> Result<Option<LockedWorkspace>> {
    let row = sqlx::query!(
        "SELECT w.id, w.branch, r.url, p.id AS project_id, p.slug, p.number, p.name
           FROM workspace w JOIN project p ON p.id = w.project_id JOIN repo r ON r.id = w.repo_id
          WHERE w.name = $1 FOR UPDATE OF w",
        name
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| LockedWorkspace {
        id: row.id,
        project: Project {
            id: row.project_id,
            slug: row.slug,
            title: title(row.number.as_deref(), &row.name),
        },
        repo_url: row.url,
        branch: row.branch,
    }))
}

pub(super) async fn project(conn: &mut PgConnection, slug: &str) -> Result<Option<Project>> {
    let row = sqlx::query!("SELECT id, slug, number, name FROM project WHERE slug = $1", slug)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| Project {
        id: row.id,
        slug: row.slug,
        title: title(row.number.as_deref(), &row.name),
    }))
}

/// A project that is called by its slug.
pub(super) async fn insert_project(conn: &mut PgConnection, slug: &str, user_id: i32) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO project (name, slug, created_by_id, updated_by_id) VALUES ($1::text, $1::text, $2, $2) RETURNING id",
        slug,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

/// The repository of this address, made when there is none.
pub(super) async fn repo_id(conn: &mut PgConnection, url: &str) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO repo (url) VALUES ($1) ON CONFLICT (url) DO UPDATE SET url = excluded.url RETURNING id",
        url
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn insert_workspace(
    conn: &mut PgConnection,
    name: &str,
    project_id: i32,
    repo_id: i32,
    branch: &str,
    user_id: i32,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
        name,
        project_id,
        repo_id,
        branch,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn update_workspace(
    conn: &mut PgConnection,
    id: i32,
    project_id: i32,
    repo_id: Option<i32>,
    branch: &str,
    user_id: i32,
) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET project_id = $2, repo_id = coalesce($3, repo_id), branch = $4,
                              updated_at = now(), updated_by_id = $5
          WHERE id = $1",
        id,
        project_id,
        repo_id,
        branch,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
