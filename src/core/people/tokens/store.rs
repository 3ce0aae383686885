//! The SQL of personal tokens.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::core::audit::By;
use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct LockedUser {
    pub id: i32,
    pub is_active: bool,
}

pub(super) async fn lock_user(conn: &mut PgConnection, username: &str) -> Result<Option<LockedUser>> {
    Ok(sqlx::query_as!(
        LockedUser,
        r#"SELECT id, is_active FROM "user" WHERE username = $1 FOR UPDATE"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    user_id: i32,
    hash: &str,
    by: &By,
    expires_on: Date,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO personal_token (user_id, hash, created_by, created_by_id, expires_on) VALUES ($1, $2, $3, $4, $5)
         RETURNING id",
        user_id,
        hash,
        by.name,
        by.user_id,
        expires_on
    )
    .fetch_one(conn)
    .await?)
}

/// A token that was not revoked, as far as it is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub id: i32,
    pub hash: String,
    pub expires_on: Date,
    pub last_used_at: Option<OffsetDateTime>,
}

/// A user and what is kept of their tokens.
pub(super) struct User {
    pub id: i32,
    pub username: String,
    pub is_active: bool,
    pub tokens: Vec<Kept>,
}

/// In one statement, whether or not there is such a user.
pub(super) async fn tokens_of(conn: &mut PgConnection, username: &str) -> Result<Option<User>> {
    // No stored name holds NUL, which PostgreSQL refuses to look for.
    if username.contains('\0') {
        return Ok(None);
    }
    let rows = sqlx::query!(
        r#"SELECT u.id AS user_id, u.username, u.is_active, t.id AS "id?", t.hash AS "hash?",
                  t.expires_on AS "expires_on?", t.last_used_at
             FROM "user" u LEFT JOIN personal_token t ON t.user_id = u.id AND t.revoked_at IS NULL
            WHERE u.username = $1 ORDER BY t.id"#,
        username
    )
    .fetch_all(conn)
    .await?;
    let mut user = None;
    for row in rows {
        let user = user.get_or_insert(User {
            id: row.user_id,
            username: row.username,
            is_active: row.is_active,
            tokens: Vec::new(),
        });
        if let (Some(id), Some(hash), Some(expires_on)) = (row.id, row.hash, row.expires_on) {
            user.tokens.push(Kept {
                id,
                hash,
                expires_on,
                last_used_at: row.last_used_at,
            });
        }
    }
    Ok(user)
}

/// Notes that a token was used, and keeps this hash of it. That need not reach the disk before the answer.
pub(super) async fn note_use(conn: &mut PgConnection, id: i32, hash: &str) -> Result<()> {
    sqlx::query!(
        "WITH used AS (UPDATE personal_token SET last_used_at = now(), hash = $2 WHERE id = $1)
         SELECT set_config('synchronous_commit', 'off', true)",
        id,
        hash
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// A token whose row is locked.
pub(super) struct Locked {
    pub user_id: i32,
    pub username: String,
    pub is_revoked: bool,
}

/// With an owner, only one of theirs.
pub(super) async fn lock(conn: &mut PgConnection, id: i32, owner: Option<i32>) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT t.user_id, u.username, t.revoked_at IS NOT NULL AS "is_revoked!"
             FROM personal_token t JOIN "user" u ON u.id = t.user_id
            WHERE t.id = $1 AND ($2::int IS NULL OR t.user_id = $2) FOR UPDATE OF t"#,
        id,
        owner
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn revoke(conn: &mut PgConnection, id: i32, by: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE personal_token SET revoked_at = now(), revoked_by = $2 WHERE id = $1",
        id,
        by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A token as lists show it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: i32,
    pub username: String,
    pub created_at: OffsetDateTime,
    /// Who made it, by the name they had then.
    pub created_by: String,
    /// The last day on which it works, in UTC.
    pub expires_on: Date,
    /// To the minute.
    pub last_used_at: Option<OffsetDateTime>,
    pub revoked_at: Option<OffsetDateTime>,
    pub revoked_by: Option<String>,
}

/// A user's tokens, the newest first.
pub async fn list(conn: &mut PgConnection, user_id: i32) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"SELECT t.id, u.username, t.created_at, t.created_by, t.expires_on, t.last_used_at, t.revoked_at, t.revoked_by
             FROM personal_token t JOIN "user" u ON u.id = t.user_id
            WHERE t.user_id = $1 ORDER BY t.id DESC"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// Everybody's tokens, by name, the newest first.
pub async fn list_all(conn: &mut PgConnection) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"SELECT t.id, u.username, t.created_at, t.created_by, t.expires_on, t.last_used_at, t.revoked_at, t.revoked_by
             FROM personal_token t JOIN "user" u ON u.id = t.user_id ORDER BY u.username, t.id DESC"#
    )
    .fetch_all(conn)
    .await?)
}
