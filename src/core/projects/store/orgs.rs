//! The SQL of organisations.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::names::is_slug;
use crate::core::paging::{Listed, PageAsked};

/// An organisation as its page shows it.
#[derive(Debug)]
pub struct Org {
    pub id: i32,
    pub name: String,
    pub slug: String,
    pub description: String,
    /// An address, or empty.
    pub logo: String,
    /// The path of an uploaded picture below `/uploads/`, which goes before `logo`.
    pub logo_file: Option<String>,
}

pub async fn org_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<Org>> {
    if !is_slug(slug) || slug.len() > 255 {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        Org,
        "SELECT id, name, slug, description, logo, logo_file FROM org WHERE slug = $1",
        slug
    )
    .fetch_optional(conn)
    .await?)
}

/// Whether a picture of this path was uploaded as some organisation's logo.
pub async fn is_logo_file(conn: &mut PgConnection, path: &str) -> Result<bool> {
    Ok(
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM org WHERE logo_file = $1) AS "is!""#, path)
            .fetch_one(conn)
            .await?,
    )
}

/// An organisation as lists show it.
#[derive(Debug)]
pub struct ListedOrg {
    pub name: String,
    pub slug: String,
    pub logo: String,
    pub logo_file: Option<String>,
    /// How many projects it takes part in.
    pub projects: i64,
    total: i64,
}

/// Every organisation, by name.
pub async fn all_orgs(conn: &mut PgConnection) -> Result<Vec<ListedOrg>> {
    Ok(sqlx::query_as!(
        ListedOrg,
        r#"SELECT o.name, o.slug, o.logo, o.logo_file, 0::bigint AS "total!",
                  (SELECT count(*) FROM project_collaboration WHERE org_id = o.id) AS "projects!"
             FROM org o ORDER BY lower(o.name), o.id"#
    )
    .fetch_all(conn)
    .await?)
}

/// How much there is here altogether.
#[derive(Debug)]
pub struct Totals {
    pub orgs: i64,
    pub projects: i64,
    pub job_requests: i64,
}

pub async fn totals(conn: &mut PgConnection) -> Result<Totals> {
    Ok(sqlx::query_as!(
        Totals,
        r#"SELECT (SELECT count(*) FROM org) AS "orgs!", (SELECT count(*) FROM project) AS "projects!",
                  (SELECT coalesce(sum(total), 0) FROM job_request_block) AS "job_requests!""#
    )
    .fetch_one(conn)
    .await?)
}

/// The twelve organisations that take part in the most projects.
pub async fn busiest_orgs(conn: &mut PgConnection) -> Result<Vec<ListedOrg>> {
    Ok(sqlx::query_as!(
        ListedOrg,
        r#"SELECT o.name, o.slug, o.logo, o.logo_file, 0::bigint AS "total!", c.projects AS "projects!"
             FROM (SELECT org_id, count(*) AS projects FROM project_collaboration GROUP BY org_id
                    ORDER BY count(*) DESC, org_id LIMIT 12) c
             JOIN org o ON o.id = c.org_id ORDER BY c.projects DESC, lower(o.name), o.id"#
    )
    .fetch_all(conn)
    .await?)
}

/// The organisations that somebody belongs to, by name, 20 a page.
pub async fn own_orgs(conn: &mut PgConnection, user_id: i32, page: PageAsked) -> Result<Listed<ListedOrg>> {
    let rows = sqlx::query_as!(
        ListedOrg,
        r#"SELECT o.name, o.slug, o.logo, o.logo_file, t.total AS "total!",
                  (SELECT count(*) FROM project_collaboration WHERE org_id = o.id) AS "projects!"
             FROM (SELECT count(*) AS total FROM org_membership WHERE user_id = $2) t
            CROSS JOIN LATERAL (
                SELECT o.* FROM org_membership m JOIN org o ON o.id = m.org_id WHERE m.user_id = $2
                 ORDER BY lower(o.name), o.id LIMIT 20
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / 20) * 20)) o
            ORDER BY lower(o.name), o.id"#,
        page.number(),
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// An organisation's name and address.
#[derive(Debug)]
pub struct OrgName {
    pub name: String,
    pub slug: String,
}

/// The organisations that somebody belongs to, by name.
pub async fn orgs_of_user(conn: &mut PgConnection, user_id: i32) -> Result<Vec<OrgName>> {
    Ok(sqlx::query_as!(
        OrgName,
        "SELECT o.name, o.slug FROM org_membership m JOIN org o ON o.id = m.org_id
          WHERE m.user_id = $1 ORDER BY lower(o.name), o.id",
        user_id
    )
    .fetch_all(conn)
    .await?)
}
