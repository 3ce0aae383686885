//! The SQL of single-use tokens.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Candidate, MOST_FAILURES};
use crate::core::error::Result;

/// Somebody with the token that is set for them, if one is.
pub(super) struct Found {
    pub user: Candidate,
    pub hash: Option<String>,
    pub is_expired: bool,
}

/// Those who have this username or address, two at most; `lenient` takes the address in any letter case. With `backend`,
/// only that one counts of those that they may use.
pub(super) async fn find(
    conn: &mut PgConnection,
    account: &str,
    lenient: bool,
    backend: Option<i32>,
) -> Result<Vec<Found>> {
    let rows = sqlx::query!(
        r#"SELECT u.id, u.username, u.email, u.is_active, u.login_token,
                  coalesce(u.login_token_expires_at < now(), false) AS "is_expired!",
                  EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
                      AS "has_github!",
                  EXISTS (SELECT FROM backend_membership m
                           WHERE m.user_id = u.id AND ($3::int IS NULL OR m.backend_id = $3)) AS "has_backend!"
             FROM "user" u
            WHERE u.username = $1 OR (lower(u.email) = lower($1) AND ($2 OR u.email = $1))
            LIMIT 2"#,
        account,
        lenient,
        backend
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().map(|row| Found {
        user: Candidate {
            id: row.id,
            username: row.username,
            email: row.email,
            is_active: row.is_active,
            has_github: row.has_github,
            has_backend: row.has_backend,
        },
        hash: row.login_token,
        is_expired: row.is_expired,
    });
    Ok(found.collect())
}

/// Counts a try at a token before it is looked at, so that no two tries are the same one. Tells whether
/// there was one left; with nobody to try at, none is.
pub(super) async fn take_try(conn: &mut PgConnection, target: Option<(i32, &str)>) -> Result<bool> {
    let (id, hash) = target.unzip();
    let taken = sqlx::query!(
        r#"UPDATE "user" SET login_token_failures = login_token_failures + 1
            WHERE id = $1 AND login_token = $2 AND login_token_failures < $3"#,
        id,
        hash,
        MOST_FAILURES
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Clears a token that was tried too often; tells whether it did.
pub(super) async fn burn(conn: &mut PgConnection, target: Option<(i32, &str)>) -> Result<bool> {
    let (id, hash) = target.unzip();
    let burnt = sqlx::query!(
        r#"UPDATE "user" SET login_token = NULL, login_token_expires_at = NULL
            WHERE id = $1 AND login_token = $2 AND login_token_failures >= $3"#,
        id,
        hash,
        MOST_FAILURES
    )
    .execute(conn)
    .await?;
    Ok(burnt.rows_affected() > 0)
}

/// Clears the token that was shown, if it is still the one, still works, and is of somebody who may still
/// use one. Of two at once, one does.
pub(super) async fn consume(conn: &mut PgConnection, id: i32, hash: &str, backend: Option<i32>) -> Result<bool> {
    let consumed = sqlx::query!(
        r#"UPDATE "user" u SET login_token = NULL, login_token_expires_at = NULL, login_token_failures = 0
            WHERE u.id = $1 AND u.login_token = $2 AND u.login_token_expires_at >= now() AND u.is_active
              AND EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
              AND EXISTS (SELECT FROM backend_membership m
                           WHERE m.user_id = u.id AND ($3::int IS NULL OR m.backend_id = $3))"#,
        id,
        hash,
        backend
    )
    .execute(conn)
    .await?;
    Ok(consumed.rows_affected() > 0)
}

/// Where the mail about a token goes.
pub(super) struct Owner {
    pub email: Option<String>,
}

/// Puts a new token in the place of whatever there was; `None` for somebody who may not have one.
pub(super) async fn set(
    conn: &mut PgConnection,
    id: i32,
    hash: &str,
    expires_at: OffsetDateTime,
) -> Result<Option<Owner>> {
    Ok(sqlx::query_as!(
        Owner,
        r#"UPDATE "user" u SET login_token = $2, login_token_expires_at = $3, login_token_failures = 0
            WHERE u.id = $1 AND u.is_active
              AND EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
              AND EXISTS (SELECT FROM backend_membership m WHERE m.user_id = u.id)
        RETURNING u.email"#,
        id,
        hash,
        expires_at
    )
    .fetch_optional(conn)
    .await?)
}

/// What somebody is to know of their token before they make one.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub has_github: bool,
    pub has_backend: bool,
    /// Until when the one that they have works.
    pub outstanding_until: Option<OffsetDateTime>,
}

impl Standing {
    /// Whether they may make one.
    pub const fn may_make(self) -> bool {
        self.has_github && self.has_backend
    }
}

pub async fn standing(conn: &mut PgConnection, user_id: i32) -> Result<Standing> {
    Ok(sqlx::query_as!(
        Standing,
        r#"SELECT EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
                      AS "has_github!",
                  EXISTS (SELECT FROM backend_membership m WHERE m.user_id = u.id) AS "has_backend!",
                  CASE WHEN u.login_token_expires_at >= now() THEN u.login_token_expires_at END AS outstanding_until
             FROM "user" u WHERE u.id = $1"#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}
