//! The SQL of making and changing workspaces.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::workspaces::NewWorkspace;

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

/// The address of a workspace's page.
pub async fn address(conn: &mut PgConnection, id: i32) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"SELECT '/' || p.slug || '/' || w.name || '/' AS "address!"
             FROM workspace w JOIN project p ON p.id = w.project_id WHERE w.id = $1"#,
        id
    )
    .fetch_one(conn)
    .await?)
}
