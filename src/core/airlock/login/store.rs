//! The SQL of signing in to Airlock.

use sqlx::PgConnection;

use super::AirlockWorkspace;
use crate::core::access::{Membership, Role};
use crate::core::error::Result;
use crate::core::people::login_token::Candidate;

/// The user of this name, in its letter case, as the backend that asks sees them.
pub(super) async fn candidate(conn: &mut PgConnection, username: &str, backend: i32) -> Result<Option<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"SELECT u.id, u.username, u.email, u.is_active,
                  EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
                      AS "has_github!",
                  EXISTS (SELECT FROM backend_membership m WHERE m.user_id = u.id AND m.backend_id = $2)
                      AS "has_backend!"
             FROM "user" u WHERE u.username = $1"#,
        username,
        backend
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) struct UserRow {
    pub username: String,
    pub fullname: String,
    pub roles: Vec<String>,
    pub is_staff: bool,
}

pub(super) async fn user(conn: &mut PgConnection, id: i32) -> Result<UserRow> {
    Ok(sqlx::query_as!(
        UserRow,
        r#"SELECT username, fullname, roles, is_staff FROM "user" WHERE id = $1"#,
        id
    )
    .fetch_one(conn)
    .await?)
}

/// A workspace of a project that somebody is a member or the co-pilot of.
pub(super) struct WorkspaceRow {
    pub project_id: i32,
    name: String,
    project: String,
    is_ongoing: bool,
    is_archived: bool,
    orgs: Vec<String>,
    /// `None` for somebody who is no member.
    pub member_roles: Option<Vec<String>>,
    pub is_copilot: bool,
}

impl WorkspaceRow {
    pub fn membership(&self) -> Option<Membership> {
        let roles = self.member_roles.as_ref()?;
        Some(Membership {
            project_id: self.project_id,
            roles: Role::parse_all(roles),
        })
    }

    pub fn into_workspace(self) -> AirlockWorkspace {
        AirlockWorkspace {
            name: self.name,
            project: self.project,
            is_ongoing: self.is_ongoing,
            orgs: self.orgs,
            is_archived: self.is_archived,
        }
    }
}

pub(super) async fn workspaces(conn: &mut PgConnection, user_id: i32) -> Result<Vec<WorkspaceRow>> {
    Ok(sqlx::query_as!(
        WorkspaceRow,
        r#"SELECT p.id AS project_id, w.name, p.name AS project,
                  p.status IN ('ongoing', 'ongoing-and-linked') AS "is_ongoing!", w.is_archived,
                  ARRAY(SELECT o.name FROM project_collaboration c JOIN org o ON o.id = c.org_id
                         WHERE c.project_id = p.id ORDER BY c.is_lead DESC, o.name) AS "orgs!",
                  m.roles AS "member_roles?", coalesce(p.copilot_id = $1, false) AS "is_copilot!"
             FROM project p
             JOIN workspace w ON w.project_id = p.id
             LEFT JOIN project_membership m ON m.project_id = p.id AND m.user_id = $1
            WHERE m.id IS NOT NULL OR p.copilot_id = $1
            ORDER BY w.name"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}
