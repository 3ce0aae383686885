//! The SQL of shutting accounts.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct LockedUser {
    pub id: i32,
    pub is_active: bool,
}

/// Whoever starts a session of this user meanwhile waits for the end of this transaction.
pub(super) async fn lock(conn: &mut PgConnection, username: &str) -> Result<Option<LockedUser>> {
    // No stored name holds NUL, which PostgreSQL refuses to look for.
    if username.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        LockedUser,
        r#"SELECT id, is_active FROM "user" WHERE username = $1 FOR NO KEY UPDATE"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

/// Also forgets the single-use token, links that were asked for by mail, and the address that was to be confirmed.
pub(super) async fn deactivate(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!(
        r#"WITH asked AS (DELETE FROM email_change WHERE user_id = $1 AND used_at IS NULL),
                links AS (DELETE FROM email_login l USING "user" u WHERE u.id = $1 AND lower(l.email) = lower(u.email))
           UPDATE "user" SET is_active = false, login_token = NULL, login_token_expires_at = NULL WHERE id = $1"#,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn activate(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET is_active = true WHERE id = $1"#, id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Of those there are.
pub(super) async fn usernames(conn: &mut PgConnection, ids: &[i32]) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar!(r#"SELECT username FROM "user" WHERE id = ANY ($1) ORDER BY id"#, ids)
            .fetch_all(conn)
            .await?,
    )
}
