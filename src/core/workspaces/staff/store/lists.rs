//! The SQL of workspaces as staff see them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};
use crate::core::workspaces::staff::{Stored, store};

/// A workspace in the list.
#[derive(Debug)]
pub struct ListedWorkspace {
    pub name: String,
    pub project_slug: String,
    pub project_name: String,
    pub project_number: Option<String>,
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub repo_url: String,
    pub branch: String,
    pub is_archived: bool,
    pub created_at: Option<OffsetDateTime>,
    total: i64,
}

/// What somebody looks for among workspaces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Part of a name or of the repository's address.
    pub q: Option<&'a str>,
    /// Slugs of organisations whose projects have it; empty for all.
    pub orgs: &'a [String],
    /// Slugs of projects; empty for all.
    pub projects: &'a [String],
}

/// Workspaces by name.
pub async fn workspaces(
    conn: &mut PgConnection,
    wanted: Wanted<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedWorkspace>> {
    let pattern = wanted.q.map(containing);
    let rows = sqlx::query_as!(
        ListedWorkspace,
        r#"WITH found AS (
               SELECT w.id, w.name, w.project_id, r.url, w.branch, w.is_archived, w.created_at
                 FROM workspace w JOIN repo r ON r.id = w.repo_id
                WHERE ($3::text IS NULL OR w.name ILIKE $3 OR r.url ILIKE $3)
                  AND ($4::text[] = '{}' OR w.project_id IN (
                          SELECT c.project_id FROM project_collaboration c JOIN org o ON o.id = c.org_id
                           WHERE o.slug = ANY ($4)))
                  AND ($5::text[] = '{}' OR w.project_id IN (SELECT id FROM project WHERE slug = ANY ($5))))
           SELECT f.name AS "name!", p.slug AS project_slug, p.name AS project_name, p.number AS project_number,
                  o.name AS "org_name?", o.slug AS "org_slug?", f.url AS "repo_url!", f.branch AS "branch!",
                  f.is_archived AS "is_archived!", f.created_at, t.total AS "total!"
             FROM (SELECT count(*) AS total FROM found) t
            CROSS JOIN LATERAL (SELECT * FROM found ORDER BY lower(name), id LIMIT $2
                                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) f
             JOIN project p ON p.id = f.project_id
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
            ORDER BY lower(f.name), f.id"#,
        page.number(),
        per_page,
        pattern,
        wanted.orgs,
        wanted.projects
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// The id of the workspace of this name.
pub async fn id_by_name(conn: &mut PgConnection, name: &str) -> Result<Option<i32>> {
    if name.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_scalar!("SELECT id FROM workspace WHERE name = $1", name)
        .fetch_optional(conn)
        .await?)
}

/// A workspace as it stands, for its form.
pub async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    store::stored(conn, id).await
}

/// What a workspace's page shows beside its form.
#[derive(Debug)]
pub struct Facts {
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub repo_url: String,
    pub branch: String,
    pub should_notify: bool,
    pub created_at: Option<OffsetDateTime>,
    pub created_by_username: Option<String>,
    pub created_by_fullname: Option<String>,
    pub signed_off_at: Option<OffsetDateTime>,
    pub signed_off_by: Option<String>,
}

pub async fn facts(conn: &mut PgConnection, id: i32) -> Result<Facts> {
    Ok(sqlx::query_as!(
        Facts,
        r#"SELECT o.name AS "org_name?", o.slug AS "org_slug?", r.url AS repo_url, w.branch, w.should_notify, w.created_at,
                  c.username AS "created_by_username?", c.fullname AS "created_by_fullname?", w.signed_off_at,
                  s.username AS "signed_off_by?"
             FROM workspace w
             JOIN repo r ON r.id = w.repo_id
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = w.project_id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) l ON true
             LEFT JOIN org o ON o.id = l.org_id
             LEFT JOIN "user" c ON c.id = w.created_by_id
             LEFT JOIN "user" s ON s.id = w.signed_off_by_id
            WHERE w.id = $1"#,
        id
    )
    .fetch_one(conn)
    .await?)
}

/// A job request of a workspace.
#[derive(Debug)]
pub struct WorkspaceRequest {
    pub id: i32,
    pub status: String,
    pub backend: String,
    pub username: Option<String>,
    pub fullname: Option<String>,
    pub created_at: Option<OffsetDateTime>,
    pub actions: Vec<String>,
}

/// The last ten, the newest first.
pub async fn last_requests(conn: &mut PgConnection, workspace_id: i32) -> Result<Vec<WorkspaceRequest>> {
    Ok(sqlx::query_as!(
        WorkspaceRequest,
        r#"SELECT r.id, r.status, b.slug AS backend, u.username AS "username?", u.fullname AS "fullname?",
                  r.created_at, r.requested_actions AS actions
             FROM job_request r JOIN backend b ON b.id = r.backend_id LEFT JOIN "user" u ON u.id = r.created_by_id
            WHERE r.workspace_id = $1 ORDER BY r.id DESC LIMIT 10"#,
        workspace_id
    )
    .fetch_all(conn)
    .await?)
}

/// A project to choose.
#[derive(Debug)]
pub struct ProjectChoice {
    pub id: i32,
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
}

/// Every project by name: 10,000 at most.
pub async fn project_choices(conn: &mut PgConnection) -> Result<Vec<ProjectChoice>> {
    Ok(sqlx::query_as!(
        ProjectChoice,
        "SELECT id, name, slug, number FROM project ORDER BY lower(name), id LIMIT 10000"
    )
    .fetch_all(conn)
    .await?)
}
