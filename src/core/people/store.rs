//! The SQL of users and login links.

pub mod lists;
pub mod pick;

use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::core::access::Role;
use crate::core::error::Result;
use crate::core::people::rights::Rights;

/// A user as lists and pages show one.
#[derive(Debug, Clone)]
pub struct User {
    pub id: i32,
    pub username: String,
    pub fullname: String,
    pub is_active: bool,
}

pub async fn user_by_username(conn: &mut PgConnection, username: &str) -> Result<Option<User>> {
    // No stored name holds NUL, which PostgreSQL refuses to look for.
    if username.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        User,
        r#"SELECT id, username, fullname, is_active FROM "user" WHERE username = $1"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn insert_login_link(
    conn: &mut PgConnection,
    token_hash: &[u8],
    user_id: i32,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO login_link (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        user_id,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A login link that still works, and whom it signs in.
pub struct LoginLink {
    pub username: String,
    pub fullname: String,
    pub expires_at: OffsetDateTime,
}

pub async fn login_link(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<LoginLink>> {
    Ok(sqlx::query_as!(
        LoginLink,
        r#"SELECT u.username, u.fullname, l.expires_at
             FROM login_link l JOIN "user" u ON u.id = l.user_id
            WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > now() AND u.is_active"#,
        token_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Marks a link as used, in one statement, so that of two who try at once one is let in.
pub async fn consume_login_link(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE login_link l SET used_at = now() FROM "user" u
            WHERE u.id = l.user_id AND u.is_active
              AND l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > now()
        RETURNING l.user_id"#,
        token_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Who a login link was made for, whether it still works or not.
pub async fn login_link_owner(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<(i32, String)>> {
    let owner = sqlx::query!(
        r#"SELECT u.id, u.username FROM login_link l JOIN "user" u ON u.id = l.user_id WHERE l.token_hash = $1"#,
        token_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(owner.map(|owner| (owner.id, owner.username)))
}

#[derive(Debug, serde::Deserialize)]
struct RolesRow {
    slug: String,
    roles: Vec<String>,
}

/// Everything that somebody is trusted with, in one statement; `None` for an unknown username. Belonging to
/// an organisation gives nothing, whatever roles came with a membership from elsewhere.
pub async fn user_rights(conn: &mut PgConnection, username: &str) -> Result<Option<Rights>> {
    let row = sqlx::query!(
        r#"SELECT u.roles,
                  (SELECT coalesce(json_agg(json_build_object('slug', o.slug, 'roles', '[]'::json) ORDER BY o.slug), '[]')
                     FROM org_membership m JOIN org o ON o.id = m.org_id
                    WHERE m.user_id = u.id) AS "orgs!: Json<Vec<RolesRow>>",
                  (SELECT coalesce(json_agg(json_build_object('slug', p.slug, 'roles', m.roles) ORDER BY p.slug), '[]')
                     FROM project_membership m JOIN project p ON p.id = m.project_id
                    WHERE m.user_id = u.id) AS "projects!: Json<Vec<RolesRow>>"
             FROM "user" u WHERE u.username = $1"#,
        username
    )
    .fetch_optional(conn)
    .await?;
    let by_slug = |rows: Json<Vec<RolesRow>>| {
        let rows = rows.0.into_iter();
        rows.map(|row| (row.slug, Role::parse_all(&row.roles))).collect()
    };
    Ok(row.map(|row| Rights {
        global: Role::parse_all(&row.roles),
        orgs: by_slug(row.orgs),
        projects: by_slug(row.projects),
    }))
}
