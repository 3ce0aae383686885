//! The SQL of addresses that are to be confirmed.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;

pub(super) async fn insert(
    conn: &mut PgConnection,
    user_id: i32,
    email: &str,
    expires_at: OffsetDateTime,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO email_change (user_id, email, expires_at) VALUES ($1, $2, $3) RETURNING id",
        user_id,
        email,
        expires_at
    )
    .fetch_one(conn)
    .await?)
}

/// Deletes what was asked and not confirmed; returns the address, when it could still have been.
pub(super) async fn forget(conn: &mut PgConnection, user_id: i32) -> Result<Option<String>> {
    let deleted = sqlx::query!(
        r#"DELETE FROM email_change WHERE user_id = $1 AND used_at IS NULL
        RETURNING email, expires_at > now() AS "is_open!""#,
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(deleted.into_iter().find(|row| row.is_open).map(|row| row.email))
}

/// A user's address, whose row is locked.
pub(super) async fn lock_email(conn: &mut PgConnection, user_id: i32) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar!(r#"SELECT email FROM "user" WHERE id = $1 FOR NO KEY UPDATE"#, user_id)
            .fetch_one(conn)
            .await?,
    )
}

/// Uses a change up, in one statement, so that of two at once one succeeds; returns the address.
pub(super) async fn consume(conn: &mut PgConnection, user_id: i32, id: i64) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "UPDATE email_change SET used_at = now()
          WHERE id = $2 AND user_id = $1 AND used_at IS NULL AND expires_at > now()
            AND id = (SELECT max(id) FROM email_change WHERE user_id = $1)
        RETURNING email",
        user_id,
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn set_email(conn: &mut PgConnection, user_id: i32, email: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!(r#"UPDATE "user" SET email = $2 WHERE id = $1"#, user_id, email)
        .execute(conn)
        .await?;
    Ok(())
}
