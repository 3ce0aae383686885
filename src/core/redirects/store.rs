//! The SQL of old addresses.

pub mod lists;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Moved, Target};
use crate::core::error::Result;

/// The longest of these old addresses that is in use and no live thing's, and counts that it was asked for.
pub async fn follow(conn: &mut PgConnection, candidates: &[String]) -> Result<Option<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"WITH found AS (
               SELECT r.id, r.old_url,
                      coalesce('/orgs/' || o.slug || '/', '/' || p.slug || '/', '/' || wp.slug || '/' || w.name || '/')
                          AS new_url
                 FROM redirect r
                 LEFT JOIN org o ON o.id = r.org_id
                 LEFT JOIN project p ON p.id = r.project_id
                 LEFT JOIN workspace w ON w.id = r.workspace_id
                 LEFT JOIN project wp ON wp.id = w.project_id
                WHERE r.old_url = ANY ($1) AND r.deleted_at IS NULL AND r.expires_at > now()
                  AND NOT EXISTS (SELECT FROM project WHERE slug = btrim(r.old_url, '/'))
                  AND NOT EXISTS (SELECT FROM org WHERE r.old_url = '/orgs/' || slug || '/')
                  AND NOT EXISTS (SELECT FROM workspace live JOIN project lp ON lp.id = live.project_id
                                   WHERE live.name = split_part(r.old_url, '/', 3)
                                     AND r.old_url = '/' || lp.slug || '/' || live.name || '/')
                ORDER BY length(r.old_url) DESC LIMIT 1),
           hit AS (UPDATE redirect SET hits = hits + 1, last_hit_at = now() FROM found WHERE redirect.id = found.id)
           SELECT id, old_url, new_url AS "new_url!" FROM found"#,
        candidates
    )
    .fetch_optional(conn)
    .await?)
}

/// The old addresses that are in use; `None` when there are more than `most`.
pub async fn in_use(conn: &mut PgConnection, most: i64) -> Result<Option<Vec<String>>> {
    let urls = sqlx::query_scalar!(
        "SELECT old_url FROM redirect WHERE deleted_at IS NULL AND expires_at > now() LIMIT $1",
        most + 1
    )
    .fetch_all(conn)
    .await?;
    Ok((urls.len() as i64 <= most).then_some(urls))
}

/// An old address that was just ended.
pub(super) struct Ended {
    pub id: i32,
    pub old_url: String,
    pub org_id: Option<i32>,
    pub project_id: Option<i32>,
    pub workspace_id: Option<i32>,
}

impl Ended {
    pub fn target(&self) -> Option<Target> {
        let org = self.org_id.map(Target::Org);
        let project = self.project_id.map(Target::Project);
        org.or(project).or(self.workspace_id.map(Target::Workspace))
    }
}

pub(super) async fn insert(conn: &mut PgConnection, old_url: &str, target: Target, by_id: i32) -> Result<i32> {
    let (org_id, project_id, workspace_id) = target.ids();
    Ok(sqlx::query_scalar!(
        "INSERT INTO redirect (old_url, org_id, project_id, workspace_id, created_by_id)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        old_url,
        org_id,
        project_id,
        workspace_id,
        by_id
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn end(conn: &mut PgConnection, id: i32, by_id: i32) -> Result<Option<Ended>> {
    Ok(sqlx::query_as!(
        Ended,
        "UPDATE redirect SET deleted_at = now(), deleted_by_id = $2, updated_at = now()
          WHERE id = $1 AND deleted_at IS NULL RETURNING id, old_url, org_id, project_id, workspace_id",
        id,
        by_id
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends what leads on from exactly this address.
pub(super) async fn end_at(conn: &mut PgConnection, old_url: &str, by_id: i32) -> Result<Vec<Ended>> {
    Ok(sqlx::query_as!(
        Ended,
        "UPDATE redirect SET deleted_at = now(), deleted_by_id = $2, updated_at = now()
          WHERE old_url = $1 AND deleted_at IS NULL RETURNING id, old_url, org_id, project_id, workspace_id",
        old_url,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

/// Ends what leads on from this address or from below it and has a live thing there.
pub(super) async fn end_live_again(conn: &mut PgConnection, url: &str, by_id: i32) -> Result<Vec<Ended>> {
    Ok(sqlx::query_as!(
        Ended,
        "UPDATE redirect r SET deleted_at = now(), deleted_by_id = $2, updated_at = now()
          WHERE starts_with(r.old_url, $1) AND r.deleted_at IS NULL
            AND (EXISTS (SELECT FROM project WHERE slug = btrim(r.old_url, '/'))
                 OR EXISTS (SELECT FROM org WHERE r.old_url = '/orgs/' || slug || '/')
                 OR EXISTS (SELECT FROM workspace live JOIN project lp ON lp.id = live.project_id
                             WHERE live.name = split_part(r.old_url, '/', 3)
                               AND r.old_url = '/' || lp.slug || '/' || live.name || '/'))
      RETURNING r.id, r.old_url, r.org_id, r.project_id, r.workspace_id",
        url,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

/// Until when an old address leads on, and to what; its row is locked. `None` when it ended.
pub(super) async fn lock_expiry(conn: &mut PgConnection, id: i32) -> Result<Option<(OffsetDateTime, Option<Target>)>> {
    let row = sqlx::query!(
        "SELECT expires_at, org_id, project_id, workspace_id FROM redirect
          WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let target = row.org_id.map(Target::Org).or(row.project_id.map(Target::Project));
        (row.expires_at, target.or(row.workspace_id.map(Target::Workspace)))
    }))
}

pub(super) async fn update_expiry(conn: &mut PgConnection, id: i32, expires_at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "UPDATE redirect SET expires_at = $2, updated_at = now() WHERE id = $1",
        id,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}
