//! The SQL of making users, their global roles and their invitations.

use sqlx::PgConnection;

use crate::core::audit::By;
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

/// Opens an invitation for a login name, unless the user has signed in with GitHub before, is a bot, or
/// one is open for that login; tells whether it did.
pub(super) async fn invite(conn: &mut PgConnection, login: &str, user_id: i32, by: &By) -> Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO user_invitation (login, user_id, created_by, created_by_id)
         SELECT $1, $2, $3, $4
          WHERE NOT EXISTS (SELECT 1 FROM social_account WHERE user_id = $2 AND provider = 'github')
            AND NOT EXISTS (SELECT 1 FROM personal_token WHERE user_id = $2)
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

/// Why a login name was not kept for a user.
pub(super) enum NotInvited {
    HasIdentity,
    IsBot,
    /// For whom it is kept.
    LoginIsTaken(String),
}

/// `None` when the login is kept for this very user already.
pub(super) async fn why_not_invited(conn: &mut PgConnection, login: &str, user_id: i32) -> Result<Option<NotInvited>> {
    let found = sqlx::query!(
        r#"SELECT EXISTS (SELECT 1 FROM social_account WHERE user_id = $2 AND provider = 'github') AS "has_identity!",
                  EXISTS (SELECT 1 FROM personal_token WHERE user_id = $2) AS "is_bot!",
                  (SELECT u.username FROM user_invitation i JOIN "user" u ON u.id = i.user_id
                    WHERE lower(i.login) = lower($1) AND i.used_at IS NULL AND i.revoked_at IS NULL
                      AND i.user_id <> $2) AS kept_for"#,
        login,
        user_id
    )
    .fetch_one(conn)
    .await?;
    Ok(match found.kept_for {
        _ if found.has_identity => Some(NotInvited::HasIdentity),
        _ if found.is_bot => Some(NotInvited::IsBot),
        other => other.map(NotInvited::LoginIsTaken),
    })
}

/// Revokes a user's open invitations; returns the logins they were for.
pub(super) async fn revoke_invitations(conn: &mut PgConnection, user_id: i32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "UPDATE user_invitation SET revoked_at = now()
          WHERE user_id = $1 AND used_at IS NULL AND revoked_at IS NULL RETURNING login",
        user_id
    )
    .fetch_all(conn)
    .await?)
}
