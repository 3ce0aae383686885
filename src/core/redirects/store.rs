//! The SQL of old addresses.

use sqlx::PgConnection;

use super::Moved;
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
