//! The SQL of sessions.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;

/// A session to be stored.
pub(super) struct Session<'a> {
    pub token_hash: &'a [u8],
    pub user_id: i32,
    pub expires_at: OffsetDateTime,
    pub method: &'static str,
    pub user_agent: &'a str,
    /// An IP address as text.
    pub address: Option<String>,
}

pub(super) async fn insert(conn: &mut PgConnection, session: &Session<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO session (token_hash, user_id, expires_at, method, user_agent, address)
         VALUES ($1, $2, $3, $4, $5, $6::text::inet)",
        session.token_hash,
        session.user_id,
        session.expires_at,
        session.method,
        session.user_agent,
        session.address
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes the time of a sign-in and returns the user's name.
pub(super) async fn touch_last_login(conn: &mut PgConnection, user_id: i32) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE "user" SET last_login = now() WHERE id = $1 RETURNING username"#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn mark_for_rotation(conn: &mut PgConnection, user_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE session SET must_rotate = true WHERE user_id = $1 AND NOT must_rotate",
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
