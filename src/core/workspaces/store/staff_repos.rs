//! The SQL of the staff area's repositories.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::sign_off::signature;
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};
use crate::core::workspaces::staff_repos::{StaffRepo, Stage, WorkspacePerson};

/// What chooses from all repositories.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RepoFilter {
    /// A part of the address.
    pub q: Option<String>,
    pub has_outputs: Option<bool>,
    pub stage: Option<Stage>,
    /// Slugs of organisations with a project that uses it; none: all.
    pub orgs: Vec<String>,
}

/// A repository as the staff's list shows it.
#[derive(Debug)]
pub struct ListedRepo {
    pub url: String,
    pub has_github_outputs: bool,
    pub workspaces: i64,
    pub signed_workspaces: i64,
    pub projects: i64,
    pub researcher_signed_off_at: Option<OffsetDateTime>,
    pub internal_signed_off_at: Option<OffsetDateTime>,
    total: i64,
}

/// Those that fit, by address.
pub async fn repos(
    conn: &mut PgConnection,
    filter: &RepoFilter,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedRepo>> {
    let rows = sqlx::query_as!(
        ListedRepo,
        r#"WITH fits AS MATERIALIZED (
             SELECT r.id, r.url FROM repo r
              WHERE ($3::text IS NULL OR r.url ILIKE $3)
                AND ($4::boolean IS NULL OR r.has_github_outputs = $4)
                AND CASE $5::text
                    WHEN 'researchers' THEN r.researcher_signed_off_at IS NULL AND r.internal_signed_off_at IS NULL
                    WHEN 'staff' THEN r.researcher_signed_off_at IS NOT NULL AND r.internal_signed_off_at IS NULL
                    WHEN 'done' THEN r.internal_signed_off_at IS NOT NULL
                    ELSE true END
                AND (cardinality($6::text[]) = 0 OR r.id = ANY (ARRAY(
                     SELECT w.repo_id FROM workspace w
                       JOIN project_collaboration c ON c.project_id = w.project_id
                       JOIN org o ON o.id = c.org_id WHERE o.slug = ANY ($6)))))
           SELECT r.url, r.has_github_outputs, r.researcher_signed_off_at, r.internal_signed_off_at,
                  w.workspaces AS "workspaces!", w.signed_workspaces AS "signed_workspaces!", w.projects AS "projects!",
                  t.total AS "total!"
             FROM (SELECT count(*) AS total FROM fits) t
            CROSS JOIN LATERAL (
                SELECT id FROM fits ORDER BY lower(url), id LIMIT $2
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) page
             JOIN repo r ON r.id = page.id
            CROSS JOIN LATERAL (
                SELECT count(*) AS workspaces, count(signed_off_at) AS signed_workspaces,
                       count(DISTINCT project_id) AS projects
                  FROM workspace WHERE repo_id = r.id) w
            ORDER BY lower(r.url), r.id"#,
        page.number(),
        per_page,
        filter.q.as_deref().map(containing),
        filter.has_outputs,
        filter.stage.map(Stage::word),
        &filter.orgs,
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// The repository at this address, without its workspaces, people and issue.
pub async fn repo(conn: &mut PgConnection, url: &str) -> Result<Option<StaffRepo>> {
    let row = sqlx::query!(
        r#"SELECT r.id, r.url, r.has_github_outputs, r.researcher_signed_off_at, r.internal_signed_off_at,
                  u.username AS "username?", u.fullname AS "fullname?",
                  s.username AS "staff_username?", s.fullname AS "staff_fullname?",
                  j.first_run_at, j.last_run_at, c.names AS "names!", c.emails AS "emails!: Vec<Option<String>>"
             FROM repo r
             LEFT JOIN "user" u ON u.id = r.researcher_signed_off_by_id
             LEFT JOIN "user" s ON s.id = r.internal_signed_off_by_id
            CROSS JOIN LATERAL (
                SELECT min(coalesce(j.started_at, j.created_at)) AS first_run_at,
                       max(coalesce(j.started_at, j.created_at)) AS last_run_at
                  FROM job j JOIN job_request q ON q.id = j.job_request_id
                 WHERE q.workspace_id = ANY (ARRAY(
                       SELECT o.id FROM workspace o WHERE o.project_id IN (
                              SELECT w.project_id FROM workspace w WHERE w.repo_id = r.id)))) j
            CROSS JOIN LATERAL (
                SELECT coalesce(array_agg(coalesce(nullif(m.fullname, ''), m.username) ORDER BY lower(m.username)), '{}') AS names,
                       coalesce(array_agg(m.email ORDER BY lower(m.username)), '{}') AS emails
                  FROM "user" m WHERE m.id IN (SELECT w.created_by_id FROM workspace w WHERE w.repo_id = r.id)) c
            WHERE r.url = $1"#,
        url
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| StaffRepo {
        id: row.id,
        url: row.url,
        has_github_outputs: row.has_github_outputs,
        by_researchers: signature(row.researcher_signed_off_at, row.username, row.fullname),
        by_staff: signature(row.internal_signed_off_at, row.staff_username, row.staff_fullname),
        contacts: row.names.into_iter().zip(row.emails).collect(),
        first_run_at: row.first_run_at,
        last_run_at: row.last_run_at,
        workspaces: Vec::new(),
        people: Vec::new(),
        issue: None,
    }))
}

/// More people than a page names.
const MOST_PEOPLE: i64 = 500;

/// Who made each workspace of a repository, and who asked for jobs in it, by name.
pub async fn people(conn: &mut PgConnection, repo_id: i32) -> Result<Vec<WorkspacePerson>> {
    Ok(sqlx::query_as!(
        WorkspacePerson,
        r#"SELECT p.workspace AS "workspace!", u.username, u.fullname, bool_or(p.is_creator) AS "is_creator!"
             FROM (SELECT name AS workspace, created_by_id AS user_id, true AS is_creator
                     FROM workspace WHERE repo_id = $1
                   UNION
                   SELECT w.name, r.created_by_id, false
                     FROM workspace w JOIN job_request r ON r.workspace_id = w.id WHERE w.repo_id = $1) p
             JOIN "user" u ON u.id = p.user_id
            GROUP BY p.workspace, u.id
            ORDER BY lower(p.workspace), bool_or(p.is_creator) DESC, lower(u.username) LIMIT $2"#,
        repo_id,
        MOST_PEOPLE,
    )
    .fetch_all(conn)
    .await?)
}

/// A repository whose row is locked.
pub struct LockedRepo {
    pub id: i32,
    pub has_github_outputs: bool,
    pub by_researchers: bool,
    pub by_staff: bool,
}

pub async fn lock_repo(conn: &mut PgConnection, url: &str) -> Result<Option<LockedRepo>> {
    Ok(sqlx::query_as!(
        LockedRepo,
        r#"SELECT id, has_github_outputs, researcher_signed_off_at IS NOT NULL AS "by_researchers!",
                  internal_signed_off_at IS NOT NULL AS "by_staff!"
             FROM repo WHERE url = $1 FOR UPDATE"#,
        url
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn sign(conn: &mut PgConnection, id: i32, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE repo SET internal_signed_off_at = now(), internal_signed_off_by_id = $2 WHERE id = $1",
        id,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
