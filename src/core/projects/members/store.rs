//! The SQL of memberships of projects.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A membership whose row is locked.
pub(super) struct Locked {
    pub id: i32,
    pub roles: Vec<String>,
}

pub(super) async fn lock(conn: &mut PgConnection, project_id: i32, user_id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        "SELECT id, roles FROM project_membership WHERE project_id = $1 AND user_id = $2 FOR UPDATE",
        project_id,
        user_id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    project_id: i32,
    user_id: i32,
    roles: &[String],
    created_by_id: Option<i32>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO project_membership (project_id, user_id, roles, created_by_id) VALUES ($1, $2, $3, $4)
         RETURNING id",
        project_id,
        user_id,
        roles,
        created_by_id
    )
    .fetch_one(conn)
    .await
}

pub(super) async fn set_roles(conn: &mut PgConnection, id: i32, roles: &[String]) -> Result<()> {
    sqlx::query!("UPDATE project_membership SET roles = $2 WHERE id = $1", id, roles)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn delete(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!("DELETE FROM project_membership WHERE id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}
