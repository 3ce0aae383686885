//! The SQL of changing somebody.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct Locked {
    pub username: String,
    pub fullname: String,
    pub email: Option<String>,
    /// By id, in order.
    pub backends: Vec<i32>,
}

pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT u.username, u.fullname, u.email,
                  ARRAY(SELECT m.backend_id FROM backend_membership m WHERE m.user_id = u.id ORDER BY m.backend_id)
                      AS "backends!"
             FROM "user" u WHERE u.id = $1 FOR NO KEY UPDATE OF u"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn set_fullname(conn: &mut PgConnection, id: i32, fullname: &str) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET fullname = $2 WHERE id = $1"#, id, fullname)
        .execute(conn)
        .await?;
    Ok(())
}

/// # Errors
/// What the database says, by the constraint: an address that somebody else has.
pub(super) async fn set_email(conn: &mut PgConnection, id: i32, email: &str) -> sqlx::Result<()> {
    sqlx::query!(r#"UPDATE "user" SET email = $2 WHERE id = $1"#, id, email)
        .execute(conn)
        .await?;
    Ok(())
}

/// Who last changed somebody, and when.
pub(super) async fn last_change(conn: &mut PgConnection, id: i32) -> Result<Option<(String, OffsetDateTime)>> {
    let row = sqlx::query!(
        "SELECT created_by, created_at FROM auditable_event
          WHERE target_user_id = $1 AND type IN ('user_updated', 'backend_member_added', 'backend_member_removed')
          ORDER BY created_at DESC, id DESC LIMIT 1",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.created_by, row.created_at)))
}
