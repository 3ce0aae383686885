//! The SQL of changing a project.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::projects::actions::Standing;

/// How a project stands; its row is locked.
pub async fn lock_status(conn: &mut PgConnection, id: i32) -> Result<Option<Standing>> {
    Ok(sqlx::query_as!(
        Standing,
        r#"SELECT p.status, p.status_description, u.fullname AS by, p.updated_at AS "at!"
             FROM project p JOIN "user" u ON u.id = p.updated_by_id WHERE p.id = $1 FOR UPDATE OF p"#,
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
