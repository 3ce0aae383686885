//! The SQL of the list of people for staff.

pub mod detail;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Missing, missing};
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};

/// Which people a list has; `None` is all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Part of the name, the username or the address.
    pub q: Option<&'a str>,
    /// By id: who may use it.
    pub backend: Option<i32>,
    /// Whether they have any role, anywhere.
    pub has_roles: Option<bool>,
    /// Held everywhere, by its name.
    pub role: Option<&'a str>,
    /// Who signs in with GitHub, or is invited to, and has none of these.
    pub missing: Option<Missing>,
    /// By slug: who belongs to it.
    pub org: Option<&'a str>,
    pub is_active: Option<bool>,
}

/// Somebody as the staff's list shows them.
#[derive(Debug)]
pub struct ListedPerson {
    pub id: i32,
    pub username: String,
    pub fullname: String,
    pub email: Option<String>,
    pub is_active: bool,
    pub last_login: Option<OffsetDateTime>,
    /// They sign in with GitHub, or will: an invitation waits for them.
    pub is_github: bool,
    has_backend: bool,
    has_org: bool,
    has_project: bool,
    pub has_roles: bool,
    total: i64,
}

impl ListedPerson {
    /// What somebody who signs in with GitHub would need; nothing for others.
    pub fn missing(&self) -> Vec<Missing> {
        if self.is_github {
            missing(self.has_backend, self.has_org, self.has_project)
        } else {
            Vec::new()
        }
    }
}

/// People by name, then by username. One statement. What narrows the list is a set of ids that is looked up once:
/// asked for one person at a time, it would cost a hundred times as much.
pub async fn list(
    conn: &mut PgConnection,
    filter: Filter<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedPerson>> {
    let rows = sqlx::query_as!(
        ListedPerson,
        r#"WITH found AS MATERIALIZED (
               SELECT u.id, lower(u.fullname) AS by_name, lower(u.username) AS by_username FROM "user" u
                WHERE ($1::text IS NULL OR u.fullname ILIKE $1 OR u.username ILIKE $1 OR u.email ILIKE $1)
                  AND ($2::int IS NULL OR u.id IN (SELECT user_id FROM backend_membership WHERE backend_id = $2))
                  AND ($3::boolean IS NULL OR $3 = (
                          u.roles <> '{}'
                          OR u.id IN (SELECT user_id FROM project_membership WHERE roles <> '{}')
                          OR u.id IN (SELECT user_id FROM org_membership WHERE roles <> '{}')))
                  AND ($4::text IS NULL OR u.roles @> ARRAY[$4])
                  AND ($5::text IS NULL OR (
                          (u.id IN (SELECT user_id FROM social_account)
                           OR u.id IN (SELECT user_id FROM user_invitation WHERE used_at IS NULL AND revoked_at IS NULL))
                          AND NOT CASE $5
                              WHEN 'backend' THEN u.id IN (SELECT user_id FROM backend_membership)
                              WHEN 'org' THEN u.id IN (SELECT user_id FROM org_membership)
                              ELSE u.id IN (SELECT user_id FROM project_membership) END))
                  AND ($6::text IS NULL OR u.id IN (SELECT m.user_id FROM org_membership m JOIN org o ON o.id = m.org_id
                                                     WHERE o.slug = $6))
                  AND ($7::boolean IS NULL OR u.is_active = $7)),
             counted AS (SELECT count(*) AS total FROM found),
             shown AS (SELECT f.*, t.total FROM counted t
                        CROSS JOIN LATERAL (SELECT * FROM found ORDER BY by_name, by_username LIMIT $9
                                  OFFSET (SELECT coalesce($8::bigint - 1, greatest(t.total - 1, 0) / $9) * $9)) f)
           SELECT u.id, u.username, u.fullname, u.email, u.is_active, u.last_login,
                  EXISTS (SELECT FROM social_account a WHERE a.user_id = u.id)
                      OR EXISTS (SELECT FROM user_invitation i
                                  WHERE i.user_id = u.id AND i.used_at IS NULL AND i.revoked_at IS NULL) AS "is_github!",
                  EXISTS (SELECT FROM backend_membership m WHERE m.user_id = u.id) AS "has_backend!",
                  EXISTS (SELECT FROM org_membership m WHERE m.user_id = u.id) AS "has_org!",
                  EXISTS (SELECT FROM project_membership m WHERE m.user_id = u.id) AS "has_project!",
                  u.roles <> '{}'
                      OR EXISTS (SELECT FROM project_membership m WHERE m.user_id = u.id AND m.roles <> '{}')
                      OR EXISTS (SELECT FROM org_membership m WHERE m.user_id = u.id AND m.roles <> '{}')
                      AS "has_roles!",
                  s.total AS "total!"
             FROM shown s JOIN "user" u ON u.id = s.id ORDER BY s.by_name, s.by_username"#,
        filter.q.map(containing),
        filter.backend,
        filter.has_roles,
        filter.role,
        filter.missing.map(Missing::name),
        filter.org,
        filter.is_active,
        page.number(),
        per_page
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}
