//! The SQL of workspaces and repositories.

pub mod lists;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{NewWorkspace, Workspace};
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

/// What a code host said, as it is kept: JSON text, and when it was said.
pub struct StoredFact {
    pub key: String,
    pub value: String,
    pub fetched_at: OffsetDateTime,
}

pub async fn code_host_facts(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<StoredFact>> {
    Ok(sqlx::query_as!(
        StoredFact,
        r#"SELECT key, value::text AS "value!", fetched_at FROM code_host_fact WHERE key = ANY($1)"#,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps what the code host has just said. Keys are in order, so that two pages that store the same
/// facts do not wait for each other in a circle.
pub async fn store_code_host_facts(conn: &mut PgConnection, keys: &[String], values: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO code_host_fact (key, value, fetched_at)
         SELECT f.key, f.value::json, now() FROM unnest($1::text[], $2::text[]) AS f (key, value) ORDER BY f.key
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, fetched_at = excluded.fetched_at",
        keys,
        values,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The repository's row, made when there is none.
pub async fn repo_by_url_or_new(conn: &mut PgConnection, url: &str) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO repo (url) VALUES ($1) ON CONFLICT (url) DO UPDATE SET url = excluded.url RETURNING id",
        url
    )
    .fetch_one(conn)
    .await?)
}

/// Which projects have workspaces on a repository.
pub struct UseOfRepo {
    pub by_this_project: bool,
    pub by_others: bool,
}

pub async fn use_of_repo(conn: &mut PgConnection, repo_id: i32, project_id: i32) -> Result<UseOfRepo> {
    Ok(sqlx::query_as!(
        UseOfRepo,
        r#"SELECT coalesce(bool_or(project_id = $2), false) AS "by_this_project!",
                  coalesce(bool_or(project_id <> $2), false) AS "by_others!"
             FROM workspace WHERE repo_id = $1"#,
        repo_id,
        project_id
    )
    .fetch_one(conn)
    .await?)
}

/// Which of these repositories other projects use and this one does not.
pub async fn repos_of_other_projects(conn: &mut PgConnection, urls: &[String], project_id: i32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT r.url FROM repo r JOIN workspace w ON w.repo_id = r.id WHERE r.url = ANY($1)
          GROUP BY r.url HAVING NOT bool_or(w.project_id = $2)",
        urls,
        project_id
    )
    .fetch_all(conn)
    .await?)
}

/// The organisations of the code host that the organisations of a user work in, each once, and
/// whether the user has an organisation at all.
pub async fn github_orgs_of_user(conn: &mut PgConnection, user_id: i32) -> Result<(bool, Vec<String>)> {
    let row = sqlx::query!(
        r#"SELECT count(*) > 0 AS "has_org!",
                  (SELECT coalesce(array_agg(DISTINCT g), '{}') FROM org_membership n
                     JOIN org p ON p.id = n.org_id, unnest(p.github_orgs) AS g
                    WHERE n.user_id = $1 AND g <> '') AS "github_orgs!"
             FROM org_membership m WHERE m.user_id = $1"#,
        user_id
    )
    .fetch_one(conn)
    .await?;
    Ok((row.has_org, row.github_orgs))
}

/// Inserts a workspace; `None` when its name is taken.
pub async fn insert_workspace(
    conn: &mut PgConnection,
    new: &NewWorkspace,
    project_id: i32,
    repo_id: i32,
    user_id: i32,
) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO workspace (name, project_id, repo_id, branch, purpose, created_by_id, updated_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT ON CONSTRAINT workspace_name_unique DO NOTHING RETURNING id",
        new.name,
        project_id,
        repo_id,
        new.branch,
        new.purpose,
        user_id,
    )
    .fetch_optional(conn)
    .await?)
}

/// A workspace whose row is locked.
pub struct LockedWorkspace {
    pub project_id: i32,
    pub purpose: String,
    pub is_archived: bool,
    pub should_notify: bool,
}

pub async fn lock_workspace(conn: &mut PgConnection, id: i32) -> Result<Option<LockedWorkspace>> {
    Ok(sqlx::query_as!(
        LockedWorkspace,
        "SELECT project_id, purpose, is_archived, should_notify FROM workspace WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn update_purpose(conn: &mut PgConnection, id: i32, purpose: &str, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET purpose = $2, updated_at = now(), updated_by_id = $3 WHERE id = $1",
        id,
        purpose,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn update_is_archived(conn: &mut PgConnection, id: i32, is_archived: bool, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET is_archived = $2, updated_at = now(), updated_by_id = $3 WHERE id = $1",
        id,
        is_archived,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn update_should_notify(conn: &mut PgConnection, id: i32, should_notify: bool, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET should_notify = $2, updated_at = now(), updated_by_id = $3 WHERE id = $1",
        id,
        should_notify,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
