//! The SQL of old addresses as staff see them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};
use crate::core::redirects::Target;

/// An old address, what it leads to, and how often it did.
#[derive(Debug)]
pub struct ListedRedirect {
    pub id: i32,
    pub old_url: String,
    /// Where its thing is now.
    pub new_url: String,
    org_id: Option<i32>,
    project_id: Option<i32>,
    workspace_id: Option<i32>,
    /// What its thing is called.
    pub target_name: String,
    /// The last part of its thing's address in the staff area.
    pub target_slug: String,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub expires_at: OffsetDateTime,
    pub is_expired: bool,
    pub deleted_at: Option<OffsetDateTime>,
    pub deleted_by: Option<String>,
    pub hits: i64,
    pub last_hit_at: Option<OffsetDateTime>,
    total: i64,
}

impl ListedRedirect {
    pub fn target(&self) -> Option<Target> {
        let org = self.org_id.map(Target::Org);
        let project = self.project_id.map(Target::Project);
        org.or(project).or(self.workspace_id.map(Target::Workspace))
    }
}

/// What somebody looks for among old addresses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub q: Option<&'a str>,
    /// `org`, `project` or `workspace`.
    pub kind: Option<&'a str>,
    /// `used` (leads on), `expired`, `deleted` or `all`; else those that are not deleted.
    pub state: Option<&'a str>,
    pub org_id: Option<i32>,
    pub project_id: Option<i32>,
    pub workspace_id: Option<i32>,
    pub id: Option<i32>,
}

/// Old addresses, the last by the alphabet first.
pub async fn redirects(
    conn: &mut PgConnection,
    wanted: Wanted<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedRedirect>> {
    let pattern = wanted.q.map(containing);
    let rows = sqlx::query_as!(
        ListedRedirect,
        r#"WITH found AS (
               SELECT r.id, r.old_url, r.org_id, r.project_id, r.workspace_id, r.created_at, r.expires_at, r.deleted_at,
                      r.hits, r.last_hit_at, r.deleted_by_id, r.expires_at <= now() AS is_expired,
                      coalesce(o.name, p.name, w.name) AS target_name, coalesce(o.slug, p.slug, w.name) AS target_slug,
                      coalesce('/orgs/' || o.slug || '/', '/' || p.slug || '/', '/' || wp.slug || '/' || w.name || '/')
                          AS new_url,
                      u.fullname || ' (' || u.username || ')' AS created_by
                 FROM redirect r
                 JOIN "user" u ON u.id = r.created_by_id
                 LEFT JOIN org o ON o.id = r.org_id
                 LEFT JOIN project p ON p.id = r.project_id
                 LEFT JOIN workspace w ON w.id = r.workspace_id
                 LEFT JOIN project wp ON wp.id = w.project_id
                WHERE ($3::text IS NULL OR r.old_url ILIKE $3 OR o.name ILIKE $3 OR p.name ILIKE $3 OR w.name ILIKE $3
                       OR u.fullname ILIKE $3 OR u.username ILIKE $3)
                  AND ($4::text IS NULL OR ($4 = 'org' AND r.org_id IS NOT NULL)
                       OR ($4 = 'project' AND r.project_id IS NOT NULL)
                       OR ($4 = 'workspace' AND r.workspace_id IS NOT NULL))
                  AND CASE $5::text WHEN 'deleted' THEN r.deleted_at IS NOT NULL
                                    WHEN 'expired' THEN r.deleted_at IS NULL AND r.expires_at <= now()
                                    WHEN 'all' THEN true
                                    WHEN 'used' THEN r.deleted_at IS NULL AND r.expires_at > now()
                                    ELSE r.deleted_at IS NULL OR r.id = $6 END
                  AND ($6::int IS NULL OR r.id = $6) AND ($7::int IS NULL OR r.org_id = $7)
                  AND ($8::int IS NULL OR r.project_id = $8) AND ($9::int IS NULL OR r.workspace_id = $9)),
                counted AS (SELECT count(*) AS total FROM found)
           SELECT f.id AS "id!", f.old_url AS "old_url!", f.new_url AS "new_url!", f.org_id, f.project_id, f.workspace_id,
                  f.target_name AS "target_name!", f.target_slug AS "target_slug!", f.created_at AS "created_at!",
                  f.created_by AS "created_by!", f.expires_at AS "expires_at!", f.is_expired AS "is_expired!",
                  f.deleted_at, d.username AS "deleted_by?", f.hits AS "hits!", f.last_hit_at, t.total AS "total!"
             FROM counted t
            CROSS JOIN LATERAL (SELECT * FROM found ORDER BY old_url DESC, id DESC LIMIT $2
                                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) f
             LEFT JOIN "user" d ON d.id = f.deleted_by_id
            ORDER BY f.old_url DESC, f.id DESC"#,
        page.number(),
        per_page,
        pattern,
        wanted.kind,
        wanted.state,
        wanted.id,
        wanted.org_id,
        wanted.project_id,
        wanted.workspace_id
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// One old address, also one that ended.
pub async fn redirect(conn: &mut PgConnection, id: i32) -> Result<Option<ListedRedirect>> {
    let wanted = Wanted {
        id: Some(id),
        ..Wanted::default()
    };
    Ok(redirects(conn, wanted, PageAsked::Number(1), 1).await?.rows.pop())
}
