//! The SQL of project lists.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{First, Listed, PageAsked};

/// A project's name and address.
#[derive(Debug)]
pub struct ProjectName {
    pub name: String,
    pub slug: String,
}

/// The five projects that somebody joined last, the newest membership first.
pub async fn newest_projects(conn: &mut PgConnection, user_id: i32) -> Result<Vec<ProjectName>> {
    Ok(sqlx::query_as!(
        ProjectName,
        "SELECT p.name, p.slug FROM project_membership m JOIN project p ON p.id = m.project_id
          WHERE m.user_id = $1 ORDER BY m.created_at DESC, m.id DESC LIMIT 5",
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// A project as its members' list shows it.
#[derive(Debug)]
pub struct OwnProject {
    pub name: String,
    pub slug: String,
    pub number: Option<String>,
    pub status: String,
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    total: i64,
}

impl OwnProject {
    pub fn title(&self) -> String {
        crate::core::projects::title(self.number.as_deref(), &self.name)
    }
}

/// The projects that somebody is a member of, by name, 20 a page.
pub async fn own_projects(conn: &mut PgConnection, user_id: i32, page: PageAsked) -> Result<Listed<OwnProject>> {
    let rows = sqlx::query_as!(
        OwnProject,
        r#"SELECT p.name, p.slug, p.number, p.status, o.name AS "org_name?", o.slug AS "org_slug?", t.total AS "total!"
             FROM (SELECT count(*) AS total FROM project_membership WHERE user_id = $2) t
            CROSS JOIN LATERAL (
                SELECT p.* FROM project_membership m JOIN project p ON p.id = m.project_id WHERE m.user_id = $2
                 ORDER BY lower(p.name), p.id LIMIT 20
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / 20) * 20)) p
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
            ORDER BY lower(p.name), p.id"#,
        page.number(),
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// A project as a person's page shows it.
#[derive(Debug)]
pub struct ProjectOfUser {
    pub name: String,
    pub slug: String,
    pub org_name: Option<String>,
}

/// The projects that somebody is a member of, by name.
pub async fn projects_of_user(conn: &mut PgConnection, user_id: i32) -> Result<Vec<ProjectOfUser>> {
    Ok(sqlx::query_as!(
        ProjectOfUser,
        r#"SELECT p.name, p.slug, o.name AS "org_name?"
             FROM project_membership m
             JOIN project p ON p.id = m.project_id
             LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                 ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
             LEFT JOIN org o ON o.id = c.org_id
            WHERE m.user_id = $1 ORDER BY lower(p.name), p.id"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// A project as its organisation's page shows it.
#[derive(Debug)]
pub struct ProjectOfOrg {
    pub name: String,
    pub slug: String,
    pub members: i64,
    pub workspaces: i64,
    pub created_at: OffsetDateTime,
    total: i64,
}

/// The first `most` projects in which an organisation takes part, by name.
pub async fn projects_of_org(conn: &mut PgConnection, org_id: i32, most: i64) -> Result<First<ProjectOfOrg>> {
    let rows = sqlx::query_as!(
        ProjectOfOrg,
        r#"SELECT p.name AS "name!", p.slug AS "slug!", p.created_at AS "created_at!", p.total AS "total!",
                  (SELECT count(*) FROM project_membership WHERE project_id = p.id) AS "members!",
                  (SELECT count(*) FROM workspace WHERE project_id = p.id) AS "workspaces!"
             FROM (SELECT p.id, p.name, p.slug, p.created_at, count(*) OVER () AS total
                     FROM project_collaboration c JOIN project p ON p.id = c.project_id
                    WHERE c.org_id = $1 ORDER BY lower(p.name), p.id LIMIT $2) p
            ORDER BY lower(p.name), p.id"#,
        org_id,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(First::new(rows, |row| row.total))
}
