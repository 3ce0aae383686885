//! The SQL of organisations as staff see them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{FIRST_SHOWN, First, Listed, PageAsked, containing};
use crate::core::projects::orgs::{Stored, store};

/// An organisation in the list.
#[derive(Debug)]
pub struct ListedOrg {
    pub name: String,
    pub slug: String,
    pub github_orgs: Vec<String>,
    pub members: i64,
    pub projects: i64,
    pub is_internal: bool,
    pub is_not_copiloted: bool,
    pub created_at: OffsetDateTime,
    total: i64,
}

/// Organisations by name.
pub async fn orgs(
    conn: &mut PgConnection,
    q: Option<&str>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedOrg>> {
    let pattern = q.map(containing);
    let rows = sqlx::query_as!(
        ListedOrg,
        r#"SELECT o.name, o.slug, o.github_orgs, o.is_internal, o.is_not_copiloted, o.created_at,
                  (SELECT count(*) FROM org_membership WHERE org_id = o.id) AS "members!",
                  (SELECT count(*) FROM project_collaboration WHERE org_id = o.id) AS "projects!", t.total AS "total!"
             FROM (SELECT count(*) AS total FROM org WHERE $3::text IS NULL OR name ILIKE $3) t
            CROSS JOIN LATERAL (
                SELECT * FROM org WHERE $3::text IS NULL OR name ILIKE $3 ORDER BY lower(name), id LIMIT $2
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) o
            ORDER BY lower(o.name), o.id"#,
        page.number(),
        per_page,
        pattern
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// An organisation as it stands, for its page and its form.
pub async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    store::stored(conn, id).await
}

/// Somebody who belongs to an organisation.
#[derive(Debug)]
pub struct Member {
    pub username: String,
    pub fullname: String,
    pub is_active: bool,
    pub joined_at: OffsetDateTime,
}

/// The first members by name, of those in whose name or username `q` is. Two statements.
pub async fn members(conn: &mut PgConnection, org_id: i32, q: Option<&str>) -> Result<First<Member>> {
    let pattern = q.map(containing);
    let counted = sqlx::query!(
        r#"SELECT count(*) AS "total!",
                  count(*) FILTER (WHERE $2::text IS NULL OR u.username ILIKE $2 OR u.fullname ILIKE $2) AS "fitting!"
             FROM org_membership m JOIN "user" u ON u.id = m.user_id WHERE m.org_id = $1"#,
        org_id,
        pattern
    )
    .fetch_one(&mut *conn)
    .await?;
    let rows = sqlx::query_as!(
        Member,
        r#"SELECT u.username, u.fullname, u.is_active, m.created_at AS joined_at
             FROM org_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.org_id = $1 AND ($2::text IS NULL OR u.username ILIKE $2 OR u.fullname ILIKE $2)
            ORDER BY lower(u.fullname), lower(u.username) LIMIT $3"#,
        org_id,
        pattern,
        FIRST_SHOWN
    )
    .fetch_all(conn)
    .await?;
    Ok(First {
        rows,
        fitting: counted.fitting,
        total: counted.total,
    })
}

/// A project in which an organisation takes part.
#[derive(Debug)]
pub struct OrgProject {
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
    pub status: String,
    pub is_lead: bool,
    total: i64,
}

/// The first projects by name.
pub async fn projects(conn: &mut PgConnection, org_id: i32) -> Result<First<OrgProject>> {
    let rows = sqlx::query_as!(
        OrgProject,
        r#"SELECT p.name, p.slug, p.number, p.status, c.is_lead, count(*) OVER () AS "total!"
             FROM project_collaboration c JOIN project p ON p.id = c.project_id
            WHERE c.org_id = $1 ORDER BY lower(p.name), p.id LIMIT $2"#,
        org_id,
        FIRST_SHOWN
    )
    .fetch_all(conn)
    .await?;
    Ok(First::new(rows, |row| row.total))
}
