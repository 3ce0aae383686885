//! The SQL of making users, their global roles and their invitations.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct LockedUser {
    pub id: i32,
    pub is_active: bool,
    pub email: Option<String>,
    pub fullname: String,
}

pub(super) async fn lock_user(conn: &mut PgConnection, username: &str) -> Result<Option<LockedUser>> {
    Ok(sqlx::query_as!(
        LockedUser,
        r#"SELECT id, is_active, email, fullname FROM "user" WHERE username = $1 FOR UPDATE"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert_user(
    conn: &mut PgConnection,
    username: &str,
    email: Option<&str>,
    fullname: &str,
    created_by_id: Option<i32>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"INSERT INTO "user" (username, email, fullname, created_by_id) VALUES ($1, $2, $3, $4) RETURNING id"#,
        username,
        email,
        fullname,
        created_by_id
    )
    .fetch_one(conn)
    .await
}

/// Changes what is given.
pub(super) async fn update_user(
    conn: &mut PgConnection,
    id: i32,
    email: Option<&str>,
    fullname: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"UPDATE "user" SET email = coalesce($2, email), fullname = coalesce($3, fullname) WHERE id = $1"#,
        id,
        email,
        fullname
    )
    .execute(conn)
    .await?;
    Ok(())
}
