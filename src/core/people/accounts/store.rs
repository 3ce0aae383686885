//! The SQL of making users, their global roles and their invitations.

use sqlx::PgConnection;

use crate::core::audit::By;
use crate::core::error::Result;

/// A user whose row is locked.
pub(super) struct LockedUser {
    pub id: i32,
}

pub(super) async fn lock_user(conn: &mut PgConnection, username: &str) -> Result<Option<LockedUser>> {
    Ok(sqlx::query_as!(
        LockedUser,
        r#"SELECT id FROM "user" WHERE username = $1 FOR UPDATE"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert_user(
    conn: &mut PgConnection,
    username: &str,
    email: &str,
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

/// Changes what is given; tells whether anything changed.
pub(super) async fn update_user(
    conn: &mut PgConnection,
    id: i32,
    email: Option<&str>,
    fullname: Option<&str>,
) -> sqlx::Result<bool> {
    let updated = sqlx::query!(
        r#"UPDATE "user" SET email = coalesce($2, email), fullname = coalesce($3, fullname)
            WHERE id = $1 AND (email IS DISTINCT FROM coalesce($2, email)
                            OR fullname IS DISTINCT FROM coalesce($3, fullname))"#,
        id,
        email,
        fullname
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() > 0)
}

pub(super) async fn roles(conn: &mut PgConnection, id: i32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT roles FROM "user" WHERE id = $1"#, id)
        .fetch_one(conn)
        .await?)
}

pub(super) async fn set_roles(conn: &mut PgConnection, id: i32, roles: &[String]) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET roles = $2 WHERE id = $1"#, id, roles)
        .execute(conn)
        .await?;
    Ok(())
}

/// Opens an invitation for a login name, unless the user has signed in with GitHub before or one is
/// open; tells whether it did.
pub(super) async fn invite(conn: &mut PgConnection, login: &str, user_id: i32, by: &By) -> Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO user_invitation (login, user_id, created_by, created_by_id)
         SELECT $1, $2, $3, $4
          WHERE NOT EXISTS (SELECT 1 FROM social_account WHERE user_id = $2 AND provider = 'github')
         ON CONFLICT (lower(login)) WHERE used_at IS NULL AND revoked_at IS NULL DO NOTHING",
        login,
        user_id,
        by.name,
        by.user_id
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() > 0)
}
