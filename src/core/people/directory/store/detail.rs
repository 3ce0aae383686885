//! The SQL of one person as staff see them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::jobs::JobRequestStatus;
use crate::core::people::directory::{Missing, missing};

/// The most of one kind that a person's page lists.
pub const MOST_SHOWN: i64 = 100;

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i32,
    pub username: String,
    pub fullname: String,
    pub email: Option<String>,
    pub is_active: bool,
    pub date_joined: OffsetDateTime,
    pub last_login: Option<OffsetDateTime>,
    /// Who made them a user, when it was somebody else.
    pub created_by: Option<String>,
    /// Held everywhere, as stored.
    pub roles: Vec<String>,
    /// What their accounts at GitHub were called at their last login.
    pub logins: Vec<String>,
    pub has_github: bool,
    pub is_invited: bool,
    pub orgs: i64,
    pub projects: i64,
    pub backends: i64,
}

impl Person {
    /// Whether they sign in with GitHub, or will; others do by a link that is sent to them.
    pub fn is_github(&self) -> bool {
        self.has_github || self.is_invited
    }

    /// What somebody who signs in with GitHub would need.
    pub fn missing(&self) -> Vec<Missing> {
        missing(self.backends > 0, self.orgs > 0, self.projects > 0)
    }
}

/// `None` for a username that is nobody's.
pub async fn person(conn: &mut PgConnection, username: &str) -> Result<Option<Person>> {
    // No stored name holds NUL, which PostgreSQL refuses to look for.
    if username.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        Person,
        r#"SELECT u.id AS "id!", u.username AS "username!", u.fullname AS "fullname!", u.email,
                  u.is_active AS "is_active!", u.date_joined AS "date_joined!", u.last_login,
                  by.username AS "created_by?", u.roles AS "roles!",
                  ARRAY(SELECT coalesce(a.extra_data->>'login', a.uid) FROM social_account a WHERE a.user_id = u.id
                         ORDER BY a.id LIMIT 10) AS "logins!",
                  EXISTS (SELECT FROM social_account a WHERE a.user_id = u.id) AS "has_github!",
                  EXISTS (SELECT FROM user_invitation i
                           WHERE i.user_id = u.id AND i.used_at IS NULL AND i.revoked_at IS NULL) AS "is_invited!",
                  (SELECT count(*) FROM org_membership m WHERE m.user_id = u.id) AS "orgs!",
                  (SELECT count(*) FROM project_membership m WHERE m.user_id = u.id) AS "projects!",
                  (SELECT count(*) FROM backend_membership m WHERE m.user_id = u.id) AS "backends!"
             FROM "user" u LEFT JOIN "user" by ON by.id = u.created_by_id
            WHERE u.username = $1"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

/// An organisation that somebody belongs to.
#[derive(Debug)]
pub struct InOrg {
    pub slug: String,
    pub name: String,
    pub since: OffsetDateTime,
}

pub(in crate::core::people::directory) async fn orgs(conn: &mut PgConnection, user_id: i32) -> Result<Vec<InOrg>> {
    Ok(sqlx::query_as!(
        InOrg,
        "SELECT o.slug, o.name, m.created_at AS since FROM org_membership m JOIN org o ON o.id = m.org_id
          WHERE m.user_id = $1 ORDER BY lower(o.name) LIMIT $2",
        user_id,
        MOST_SHOWN
    )
    .fetch_all(conn)
    .await?)
}

/// A project that somebody is a member of.
#[derive(Debug)]
pub struct InProject {
    pub membership_id: i32,
    pub slug: String,
    pub name: String,
    pub number: Option<String>,
    /// As stored.
    pub roles: Vec<String>,
    pub since: OffsetDateTime,
}

pub(in crate::core::people::directory) async fn projects(
    conn: &mut PgConnection,
    user_id: i32,
) -> Result<Vec<InProject>> {
    Ok(sqlx::query_as!(
        InProject,
        "SELECT m.id AS membership_id, p.slug, p.name, p.number, m.roles, m.created_at AS since
           FROM project_membership m JOIN project p ON p.id = m.project_id
          WHERE m.user_id = $1 ORDER BY m.roles = '{}', lower(p.name) LIMIT $2",
        user_id,
        MOST_SHOWN
    )
    .fetch_all(conn)
    .await?)
}

/// A backend, and whether somebody may use it.
#[derive(Debug, Clone)]
pub struct BackendTick {
    pub id: i32,
    pub slug: String,
    pub name: String,
    pub is_member: bool,
}

pub(in crate::core::people::directory) async fn backends(
    conn: &mut PgConnection,
    user_id: i32,
) -> Result<Vec<BackendTick>> {
    Ok(sqlx::query_as!(
        BackendTick,
        r#"SELECT b.id, b.slug, b.name,
                  EXISTS (SELECT FROM backend_membership m WHERE m.backend_id = b.id AND m.user_id = $1) AS "is_member!"
             FROM backend b ORDER BY lower(b.name), b.id"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// An organisation, and whether somebody belongs to it.
#[derive(Debug, Clone)]
pub struct OrgTick {
    pub id: i32,
    pub name: String,
    pub is_member: bool,
}

/// Every organisation there is, by name: slugs and names.
pub async fn org_choices(conn: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("SELECT slug, name FROM org ORDER BY lower(name), id LIMIT 1000")
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.name)).collect())
}

/// All there are, by name.
pub async fn org_ticks(conn: &mut PgConnection, user_id: i32) -> Result<Vec<OrgTick>> {
    Ok(sqlx::query_as!(
        OrgTick,
        r#"SELECT o.id, o.name,
                  EXISTS (SELECT FROM org_membership m WHERE m.org_id = o.id AND m.user_id = $1) AS "is_member!"
             FROM org o ORDER BY lower(o.name), o.id"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// A project that somebody is the co-pilot of.
#[derive(Debug)]
pub struct CopilotOf {
    pub slug: String,
    pub name: String,
    pub number: Option<String>,
}

pub(in crate::core::people::directory) async fn copilot_of(
    conn: &mut PgConnection,
    user_id: i32,
) -> Result<Vec<CopilotOf>> {
    Ok(sqlx::query_as!(
        CopilotOf,
        "SELECT slug, name, number FROM project WHERE copilot_id = $1 ORDER BY lower(name) LIMIT $2",
        user_id,
        MOST_SHOWN
    )
    .fetch_all(conn)
    .await?)
}

/// A job request.
#[derive(Debug)]
pub struct RecentRequest {
    pub id: i32,
    pub workspace: String,
    pub backend: String,
    pub created_at: Option<OffsetDateTime>,
    status: String,
}

impl RecentRequest {
    pub fn status(&self) -> JobRequestStatus {
        self.status.parse().unwrap_or(JobRequestStatus::Unknown)
    }
}

/// The last ten that somebody asked for, the newest first.
pub(in crate::core::people::directory) async fn requests(
    conn: &mut PgConnection,
    user_id: i32,
) -> Result<Vec<RecentRequest>> {
    Ok(sqlx::query_as!(
        RecentRequest,
        "SELECT r.id, w.name AS workspace, b.name AS backend, r.created_at, r.status
           FROM (SELECT id, workspace_id, backend_id, created_at, status FROM job_request
                  WHERE created_by_id = $1 ORDER BY id DESC LIMIT 10) r
           JOIN workspace w ON w.id = r.workspace_id JOIN backend b ON b.id = r.backend_id ORDER BY r.id DESC",
        user_id
    )
    .fetch_all(conn)
    .await?)
}
