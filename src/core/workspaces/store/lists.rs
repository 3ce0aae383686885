//! The SQL of workspace lists.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{First, Listed, PageAsked};

/// A workspace's name and the project that its address begins with.
#[derive(Debug)]
pub struct WorkspaceName {
    pub name: String,
    pub project_slug: String,
}

/// Of somebody's projects, the five workspaces in use where something happened last: a change to the
/// workspace or a job request in it.
pub async fn most_active_workspaces(conn: &mut PgConnection, user_id: i32) -> Result<Vec<WorkspaceName>> {
    Ok(sqlx::query_as!(
        WorkspaceName,
        "SELECT w.name, p.slug AS project_slug
           FROM project_membership m
           JOIN project p ON p.id = m.project_id
           JOIN workspace w ON w.project_id = p.id
           LEFT JOIN LATERAL (SELECT r.created_at FROM job_request r WHERE r.workspace_id = w.id
                               ORDER BY r.id DESC LIMIT 1) newest ON true
          WHERE m.user_id = $1 AND NOT w.is_archived
          ORDER BY greatest(w.updated_at, newest.created_at) DESC, w.id DESC LIMIT 5",
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// A workspace as its members' list shows it.
#[derive(Debug)]
pub struct OwnWorkspace {
    pub name: String,
    pub is_archived: bool,
    pub project_slug: String,
    pub project_name: String,
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    total: i64,
}

/// The workspaces of somebody's projects, archived ones too, by name, 20 a page.
pub async fn own_workspaces(conn: &mut PgConnection, user_id: i32, page: PageAsked) -> Result<Listed<OwnWorkspace>> {
    let rows = sqlx::query_as!(
        OwnWorkspace,
        r#"WITH own AS (SELECT w.id, w.name, w.is_archived, w.project_id FROM workspace w
                          JOIN project_membership m ON m.project_id = w.project_id WHERE m.user_id = $2),
                counted AS (SELECT count(*) AS total FROM own)
           SELECT w.name, w.is_archived, p.slug AS project_slug, p.name AS project_name, o.name AS "org_name?",
                  o.slug AS "org_slug?", t.total AS "total!"
             FROM counted t
            CROSS JOIN LATERAL (SELECT * FROM own ORDER BY lower(name), id LIMIT 20
                               OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / 20) * 20)) w
             JOIN project p ON p.id = w.project_id
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
            ORDER BY lower(w.name), w.id"#,
        page.number(),
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// A workspace as its project's page shows it.
#[derive(Debug)]
pub struct ProjectWorkspace {
    pub name: String,
    pub branch: String,
    pub repo_url: String,
    pub is_archived: bool,
    pub created_at: Option<OffsetDateTime>,
    /// Its newest job request.
    pub newest_id: Option<i32>,
    pub newest_status: Option<String>,
    pub newest_at: Option<OffsetDateTime>,
    total: i64,
}

/// The first `most`: those in use first, then by name.
pub async fn workspaces_of_project(
    conn: &mut PgConnection,
    project_id: i32,
    most: i64,
) -> Result<First<ProjectWorkspace>> {
    let rows = sqlx::query_as!(
        ProjectWorkspace,
        r#"SELECT w.name, w.branch, r.url AS repo_url, w.is_archived, w.created_at, newest.id AS "newest_id?",
                  newest.status AS "newest_status?", newest.created_at AS newest_at, w.total AS "total!"
             FROM (SELECT id, name, branch, repo_id, is_archived, created_at, count(*) OVER () AS total
                     FROM workspace WHERE project_id = $1 ORDER BY is_archived, lower(name), id LIMIT $2) w
             JOIN repo r ON r.id = w.repo_id
             LEFT JOIN LATERAL (SELECT id, status, created_at FROM job_request WHERE workspace_id = w.id
                                 ORDER BY id DESC LIMIT 1) newest ON true
            ORDER BY w.is_archived, lower(w.name), w.id"#,
        project_id,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(First::new(rows, |row| row.total))
}
