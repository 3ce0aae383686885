//! The SQL of changing a project.

use sqlx::PgConnection;

use crate::core::error::Result;

/// How a project stands; its row is locked.
pub struct LockedStatus {
    pub status: String,
    pub status_description: String,
}

pub async fn lock_status(conn: &mut PgConnection, id: i32) -> Result<Option<LockedStatus>> {
    Ok(sqlx::query_as!(
        LockedStatus,
        "SELECT status, status_description FROM project WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn update_status(
    conn: &mut PgConnection,
    id: i32,
    status: &str,
    description: &str,
    by_id: i32,
) -> Result<()> {
    sqlx::query!(
        "UPDATE project SET status = $2, status_description = $3, updated_at = now(), updated_by_id = $4 WHERE id = $1",
        id,
        status,
        description,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
