//! The SQL of invitations.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::State;
use crate::core::audit::By;
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};

/// A user whose row is locked, by name.
pub(super) async fn lock_user(conn: &mut PgConnection, username: &str) -> Result<Option<i32>> {
    Ok(
        sqlx::query_scalar!(r#"SELECT id FROM "user" WHERE username = $1 FOR UPDATE"#, username)
            .fetch_optional(conn)
            .await?,
    )
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

/// An invitation whose row is locked.
pub(super) struct Locked {
    pub login: String,
    pub user_id: i32,
    pub username: String,
    pub is_used: bool,
    pub is_revoked: bool,
}

pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT i.login, i.user_id, u.username, i.used_at IS NOT NULL AS "is_used!",
                  i.revoked_at IS NOT NULL AS "is_revoked!"
             FROM user_invitation i JOIN "user" u ON u.id = i.user_id WHERE i.id = $1 FOR UPDATE OF i"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn revoke(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!("UPDATE user_invitation SET revoked_at = now() WHERE id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}

/// An invitation as lists show it.
#[derive(Debug)]
pub struct Invitation {
    pub id: i32,
    pub login: String,
    /// Whom its first login becomes.
    pub username: String,
    pub fullname: String,
    /// By the name they had then.
    pub created_by: String,
    pub created_at: OffsetDateTime,
    pub used_at: Option<OffsetDateTime>,
    /// The number at GitHub of the account that used it.
    pub used_by_uid: Option<String>,
    pub revoked_at: Option<OffsetDateTime>,
    total: i64,
}

impl Invitation {
    pub fn state(&self) -> State {
        match (self.used_at, self.revoked_at) {
            (Some(_), _) => State::Used,
            (None, Some(_)) => State::Revoked,
            (None, None) => State::Open,
        }
    }
}

/// Invitations, the newest first: with `q` in the login, the username or the name, and in that state.
/// The invitation of this id, with the id of the user whom it is for.
pub async fn of_id(conn: &mut PgConnection, id: i32) -> Result<Option<(Invitation, i32)>> {
    let found = sqlx::query!(
        r#"SELECT i.id, i.login, u.username, u.fullname, i.created_by, i.created_at, i.used_at, i.used_by_uid,
                  i.revoked_at, u.id AS user_id
             FROM user_invitation i JOIN "user" u ON u.id = i.user_id WHERE i.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| {
        let invitation = Invitation {
            id: row.id,
            login: row.login,
            username: row.username,
            fullname: row.fullname,
            created_by: row.created_by,
            created_at: row.created_at,
            used_at: row.used_at,
            used_by_uid: row.used_by_uid,
            revoked_at: row.revoked_at,
            total: 1,
        };
        (invitation, row.user_id)
    }))
}

pub async fn list(
    conn: &mut PgConnection,
    q: Option<&str>,
    state: Option<&str>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<Invitation>> {
    let rows = sqlx::query_as!(
        Invitation,
        r#"WITH found AS (
               SELECT i.id FROM user_invitation i JOIN "user" u ON u.id = i.user_id
                WHERE ($1::text IS NULL OR i.login ILIKE $1 OR u.username ILIKE $1 OR u.fullname ILIKE $1)
                  AND ($2::text IS NULL OR $2 = CASE WHEN i.used_at IS NOT NULL THEN 'used'
                                                     WHEN i.revoked_at IS NOT NULL THEN 'revoked' ELSE 'open' END)),
             counted AS (SELECT count(*) AS total FROM found),
             shown AS (SELECT f.id, t.total FROM counted t
                        CROSS JOIN LATERAL (SELECT id FROM found ORDER BY id DESC LIMIT $4
                                  OFFSET (SELECT coalesce($3::bigint - 1, greatest(t.total - 1, 0) / $4) * $4)) f)
           SELECT i.id, i.login, u.username, u.fullname, i.created_by, i.created_at, i.used_at, i.used_by_uid,
                  i.revoked_at, s.total AS "total!"
             FROM shown s JOIN user_invitation i ON i.id = s.id JOIN "user" u ON u.id = i.user_id ORDER BY i.id DESC"#,
        q.map(containing),
        state,
        page.number(),
        per_page
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// Those of one user, the newest first; some.
pub async fn of_user(conn: &mut PgConnection, user_id: i32) -> Result<Vec<Invitation>> {
    Ok(sqlx::query_as!(
        Invitation,
        r#"SELECT i.id, i.login, u.username, u.fullname, i.created_by, i.created_at, i.used_at, i.used_by_uid,
                  i.revoked_at, 0::bigint AS "total!"
             FROM user_invitation i JOIN "user" u ON u.id = i.user_id WHERE i.user_id = $1 ORDER BY i.id DESC LIMIT 20"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}
