//! The SQL of what people are trusted with everywhere.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::core::access::{Membership, Role, SignedIn};
use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct Locked {
    pub id: i32,
    pub username: String,
    /// As stored.
    pub roles: Vec<String>,
}

pub(super) async fn lock_by_name(conn: &mut PgConnection, username: &str) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT id, username, roles FROM "user" WHERE username = $1 FOR UPDATE"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn lock_by_id(conn: &mut PgConnection, id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT id, username, roles FROM "user" WHERE id = $1 FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn set_roles(conn: &mut PgConnection, id: i32, roles: &[String]) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET roles = $2 WHERE id = $1"#, id, roles)
        .execute(conn)
        .await?;
    Ok(())
}

/// An organisation and the roles that somebody held in it.
pub(super) struct OrgRoles {
    pub id: i32,
    pub roles: Vec<String>,
}

/// Takes somebody's roles in organisations away; returns those there were.
pub(super) async fn clear_org_roles(conn: &mut PgConnection, user_id: i32) -> Result<Vec<OrgRoles>> {
    Ok(sqlx::query_as!(
        OrgRoles,
        "UPDATE org_membership m SET roles = '{}'
           FROM (SELECT id, roles FROM org_membership WHERE user_id = $1 AND roles <> '{}' FOR UPDATE) before
          WHERE m.id = before.id
      RETURNING m.org_id AS id, before.roles",
        user_id
    )
    .fetch_all(conn)
    .await?)
}

#[derive(Debug, serde::Deserialize)]
struct MembershipRow {
    project_id: i32,
    roles: Vec<String>,
}

/// Somebody who does something, as they are now: nobody takes a global role from them or deactivates them
/// before this transaction is over. `None` when they are not active.
pub(in crate::core) async fn lock_signed_in(conn: &mut PgConnection, user_id: i32) -> Result<Option<SignedIn>> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.username, u.fullname, u.roles,
                  (SELECT coalesce(json_agg(json_build_object('project_id', m.project_id, 'roles', m.roles)), '[]')
                     FROM project_membership m WHERE m.user_id = u.id) AS "memberships!: Json<Vec<MembershipRow>>"
             FROM "user" u WHERE u.id = $1 AND u.is_active FOR SHARE OF u"#,
        user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| SignedIn {
        id: row.id,
        username: row.username,
        fullname: row.fullname,
        roles: Role::parse_all(&row.roles),
        memberships: row
            .memberships
            .0
            .into_iter()
            .map(|membership| Membership {
                project_id: membership.project_id,
                roles: Role::parse_all(&membership.roles),
            })
            .collect(),
    }))
}
