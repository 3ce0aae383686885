//! The SQL of repositories' own pages and of their sign-off.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::projects::title;
use crate::core::workspaces::sign_off::{Repo, RepoWorkspace, Signature};

/// Who and when, when both are there.
pub(super) fn signature(
    at: Option<OffsetDateTime>,
    username: Option<String>,
    fullname: Option<String>,
) -> Option<Signature> {
    Some(Signature {
        at: at?,
        username: username?,
        fullname: fullname?,
    })
}

/// The repository at this address, to the letter.
pub async fn repo_by_url(conn: &mut PgConnection, url: &str) -> Result<Option<Repo>> {
    let row = sqlx::query!(
        r#"SELECT r.id, r.url, r.has_github_outputs, r.researcher_signed_off_at, u.username AS "username?",
                  u.fullname AS "fullname?"
             FROM repo r LEFT JOIN "user" u ON u.id = r.researcher_signed_off_by_id WHERE r.url = $1"#,
        url
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Repo {
        id: row.id,
        url: row.url,
        has_github_outputs: row.has_github_outputs,
        signed_off: signature(row.researcher_signed_off_at, row.username, row.fullname),
    }))
}

/// Every workspace on a repository, whatever its project, by name.
pub async fn workspaces_of_repo(conn: &mut PgConnection, repo_id: i32) -> Result<Vec<RepoWorkspace>> {
    let rows = sqlx::query!(
        r#"SELECT w.name, w.branch, w.purpose, w.is_archived, w.signed_off_at, u.username AS "username?",
                  u.fullname AS "fullname?", w.project_id, p.slug, p.name AS project_name, p.number, p.status
             FROM workspace w
             JOIN project p ON p.id = w.project_id
             LEFT JOIN "user" u ON u.id = w.signed_off_by_id
            WHERE w.repo_id = $1 ORDER BY lower(w.name), w.id"#,
        repo_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RepoWorkspace {
            name: row.name,
            branch: row.branch,
            purpose: row.purpose,
            is_archived: row.is_archived,
            signed_off: signature(row.signed_off_at, row.username, row.fullname),
            project_id: row.project_id,
            project_slug: row.slug,
            project_name: row.project_name,
            project_number: row.number,
            project_status: row.status,
        })
        .collect())
}

/// Whether any organisation works in this account of the code host, which tells no letter's case apart.
pub async fn is_known_owner(conn: &mut PgConnection, owner: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM org, unnest(github_orgs) AS g WHERE lower(g) = lower($1)) AS "known!""#,
        owner
    )
    .fetch_one(conn)
    .await?)
}

/// A workspace whose row is locked.
pub struct LockedWorkspace {
    pub id: i32,
    pub project_id: i32,
    pub is_signed_off: bool,
}

pub async fn lock_workspace(conn: &mut PgConnection, repo_id: i32, name: &str) -> Result<Option<LockedWorkspace>> {
    Ok(sqlx::query_as!(
        LockedWorkspace,
        r#"SELECT id, project_id, signed_off_at IS NOT NULL AS "is_signed_off!"
             FROM workspace WHERE repo_id = $1 AND name = $2 FOR UPDATE"#,
        repo_id,
        name
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn sign_workspace(conn: &mut PgConnection, id: i32, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET signed_off_at = now(), signed_off_by_id = $2, updated_at = now(), updated_by_id = $2
          WHERE id = $1",
        id,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A repository whose row is locked, which a new workspace on it locks too.
pub struct LockedRepo {
    pub url: String,
    pub has_github_outputs: bool,
    pub is_signed_off: bool,
}

pub async fn lock_repo(conn: &mut PgConnection, id: i32) -> Result<Option<LockedRepo>> {
    Ok(sqlx::query_as!(
        LockedRepo,
        r#"SELECT url, has_github_outputs, researcher_signed_off_at IS NOT NULL AS "is_signed_off!"
             FROM repo WHERE id = $1 FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn unsigned_workspaces(conn: &mut PgConnection, repo_id: i32) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM workspace WHERE repo_id = $1 AND signed_off_at IS NULL"#,
        repo_id
    )
    .fetch_one(conn)
    .await?)
}

pub async fn sign_repo(conn: &mut PgConnection, id: i32, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE repo SET researcher_signed_off_at = now(), researcher_signed_off_by_id = $2 WHERE id = $1",
        id,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who and what a repository's sign-off is about.
pub struct Concerned {
    /// Of those who made its workspaces and can still sign in, each once, in order.
    pub emails: Vec<String>,
    /// Of its projects, each once, in order; without those that have none.
    pub numbers: Vec<String>,
    /// Of the first workspace by name.
    pub project_slug: String,
    pub project_title: String,
    /// Who helps that project, when somebody does.
    pub copilot: Option<String>,
}

/// The repository must have a workspace.
pub async fn concerned(conn: &mut PgConnection, repo_id: i32) -> Result<Concerned> {
    let row = sqlx::query!(
        r#"SELECT (SELECT coalesce(array_agg(DISTINCT u.email), '{}') FROM workspace w
                     JOIN "user" u ON u.id = w.created_by_id
                    WHERE w.repo_id = $1 AND u.is_active AND u.email IS NOT NULL) AS "emails!",
                  (SELECT coalesce(array_agg(DISTINCT p.number), '{}') FROM workspace w
                     JOIN project p ON p.id = w.project_id
                    WHERE w.repo_id = $1 AND p.number IS NOT NULL) AS "numbers!",
                  p.slug, p.name, p.number, c.fullname AS "copilot?"
             FROM workspace w
             JOIN project p ON p.id = w.project_id
             LEFT JOIN "user" c ON c.id = p.copilot_id
            WHERE w.repo_id = $1 ORDER BY lower(w.name), w.id LIMIT 1"#,
        repo_id
    )
    .fetch_one(conn)
    .await?;
    Ok(Concerned {
        emails: row.emails,
        numbers: row.numbers,
        project_slug: row.slug,
        project_title: title(row.number.as_deref(), &row.name),
        copilot: row.copilot,
    })
}
