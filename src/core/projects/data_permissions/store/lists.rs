//! The SQL of who may use what.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};

/// A permission of a project, present or past.
#[derive(Debug)]
pub struct Permission {
    pub id: i32,
    pub kind: String,
    pub reason: String,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub ended_at: Option<OffsetDateTime>,
    pub ended_by: Option<String>,
    pub ended_reason: String,
}

/// Those that hold first, by kind; then those that ended, the last to end first: 500 at most.
pub async fn of_project(conn: &mut PgConnection, project_id: i32) -> Result<Vec<Permission>> {
    Ok(sqlx::query_as!(
        Permission,
        r#"SELECT d.id, d.kind, d.reason, d.created_at, c.username AS created_by, d.ended_at, e.username AS "ended_by?",
                  d.ended_reason
             FROM data_permission d
             JOIN "user" c ON c.id = d.created_by_id
             LEFT JOIN "user" e ON e.id = d.ended_by_id
            WHERE d.project_id = $1
            ORDER BY d.ended_at IS NOT NULL, CASE WHEN d.ended_at IS NULL THEN d.kind END, d.ended_at DESC, d.id DESC
            LIMIT 500"#,
        project_id
    )
    .fetch_all(conn)
    .await?)
}

/// A project with what it may use.
#[derive(Debug)]
pub struct Allowed {
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
    /// By name.
    pub kinds: Vec<String>,
    /// When the last of them was granted.
    pub since: Option<OffsetDateTime>,
    total: i64,
}

/// What somebody looks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Part of a project's name or number.
    pub q: Option<&'a str>,
    /// Only projects with this permission.
    pub kind: Option<&'a str>,
}

/// The projects that may use something, by identifier.
pub async fn allowed(
    conn: &mut PgConnection,
    wanted: Wanted<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<Allowed>> {
    let pattern = wanted.q.map(containing);
    let rows = sqlx::query_as!(
        Allowed,
        r#"WITH held AS (SELECT project_id, array_agg(kind::text ORDER BY kind) AS kinds, max(created_at) AS since
                           FROM data_permission WHERE ended_at IS NULL GROUP BY project_id),
                found AS (SELECT p.id, p.name, p.slug, p.number, h.kinds, h.since
                            FROM held h JOIN project p ON p.id = h.project_id
                           WHERE ($3::text IS NULL OR p.name ILIKE $3 OR p.number ILIKE $3)
                             AND ($4::text IS NULL OR $4 = ANY (h.kinds)))
           SELECT name AS "name!", slug AS "slug!", number, kinds AS "kinds!", since, count AS "total!"
             FROM (SELECT count(*) AS count FROM found) t
            CROSS JOIN LATERAL (
                SELECT * FROM found
                 ORDER BY (number LIKE 'POS-%') DESC NULLS LAST,
                          CASE WHEN number LIKE 'POS-%' THEN number COLLATE "C" END DESC,
                          CASE WHEN number ~ '^[0-9]+$' THEN number::numeric END DESC NULLS LAST, lower(name), id
                 LIMIT $2 OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.count - 1, 0) / $2) * $2)) f"#,
        page.number(),
        per_page,
        pattern,
        wanted.kind
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// The kinds that any project has or had, by name: 500 at most.
pub async fn kinds(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar!("SELECT DISTINCT kind FROM data_permission ORDER BY kind LIMIT 500")
            .fetch_all(conn)
            .await?,
    )
}
