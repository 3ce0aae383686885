//! The SQL of sessions.

use sqlx::PgConnection;
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};

use super::{Found, Method, OwnSession};
use crate::core::access::{Membership, Role, SignedIn};
use crate::core::error::{Error, Result};

/// A session to be stored.
pub(super) struct Session<'a> {
    pub token_hash: &'a [u8],
    pub user_id: i32,
    pub expires_at: OffsetDateTime,
    pub method: &'static str,
    pub user_agent: &'a str,
    /// An IP address as text.
    pub address: Option<String>,
}

pub(super) async fn insert(conn: &mut PgConnection, session: &Session<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO session (token_hash, user_id, expires_at, method, user_agent, address)
         VALUES ($1, $2, $3, $4, $5, $6::text::inet)",
        session.token_hash,
        session.user_id,
        session.expires_at,
        session.method,
        session.user_agent,
        session.address
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes the time of a sign-in and returns the user's name; `None` when they were deactivated. Waits for
/// somebody who is deactivating them at this moment.
pub(super) async fn touch_last_login(conn: &mut PgConnection, user_id: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE "user" SET last_login = now() WHERE id = $1 AND is_active RETURNING username"#,
        user_id
    )
    .fetch_optional(conn)
    .await?)
}

#[derive(Debug, serde::Deserialize)]
struct MembershipRow {
    project_id: i32,
    roles: Vec<String>,
}

pub(super) async fn find(
    conn: &mut PgConnection,
    token_hash: &[u8],
    idle: Duration,
    noted_every: Duration,
) -> Result<Option<Found>> {
    let row = sqlx::query!(
        r#"SELECT s.id AS session_id, s.must_rotate AND s.token_hash = $1 AS "must_rotate!",
                  s.last_seen_at < now() - make_interval(secs => $3) AS "is_stale!",
                  u.id, u.username, u.fullname, u.roles,
                  EXISTS (SELECT FROM social_account a WHERE a.user_id = u.id) AS "has_social_account!",
                  (SELECT coalesce(json_agg(json_build_object('project_id', m.project_id, 'roles', m.roles)), '[]')
                     FROM project_membership m WHERE m.user_id = u.id) AS "memberships!: Json<Vec<MembershipRow>>"
             FROM session s JOIN "user" u ON u.id = s.user_id
            WHERE (s.token_hash = $1 OR (s.previous_token_hash = $1 AND s.previous_token_until > now()))
              AND s.expires_at > now() AND s.last_seen_at > now() - make_interval(secs => $2) AND u.is_active"#,
        token_hash,
        idle.as_seconds_f64(),
        noted_every.as_seconds_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Found {
        id: row.session_id,
        must_rotate: row.must_rotate,
        is_stale: row.is_stale,
        has_social_account: row.has_social_account,
        user: SignedIn {
            id: row.id,
            username: row.username,
            fullname: row.fullname,
            roles: Role::parse_all(&row.roles),
            memberships: row
                .memberships
                .0
                .into_iter()
                .map(|m| Membership {
                    project_id: m.project_id,
                    roles: Role::parse_all(&m.roles),
                })
                .collect(),
        },
    }))
}

pub(super) async fn note_use(conn: &mut PgConnection, id: i64, noted_every: Duration) -> Result<()> {
    sqlx::query!(
        "UPDATE session SET last_seen_at = now()
          WHERE id = $1 AND last_seen_at < now() - make_interval(secs => $2)",
        id,
        noted_every.as_seconds_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces a token that is to be replaced; tells whether it did.
pub(super) async fn replace_token(
    conn: &mut PgConnection,
    id: i64,
    old: &[u8],
    new: &[u8],
    overlap: Duration,
) -> Result<bool> {
    let replaced = sqlx::query!(
        "UPDATE session
            SET token_hash = $3, previous_token_hash = $2, must_rotate = false,
                previous_token_until = now() + make_interval(secs => $4)
          WHERE id = $1 AND token_hash = $2 AND must_rotate",
        id,
        old,
        new,
        overlap.as_seconds_f64()
    )
    .execute(conn)
    .await?;
    Ok(replaced.rows_affected() > 0)
}

pub(super) async fn list(conn: &mut PgConnection, user_id: i32, idle: Duration) -> Result<Vec<OwnSession>> {
    let rows = sqlx::query!(
        r#"SELECT id, method, user_agent, host(address) AS address, created_at, last_seen_at, expires_at
             FROM session
            WHERE user_id = $1 AND expires_at > now() AND last_seen_at > now() - make_interval(secs => $2)
            ORDER BY last_seen_at DESC, id DESC"#,
        user_id,
        idle.as_seconds_f64()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let method = Method::named(&row.method);
            Ok(OwnSession {
                id: row.id,
                method: method.ok_or_else(|| Error::Internal(format!("stored method {}", row.method)))?,
                user_agent: row.user_agent,
                address: row.address,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                expires_at: row.expires_at,
            })
        })
        .collect()
}

/// Whose session it was.
pub(super) struct Owner {
    pub id: i32,
    pub username: String,
}

pub(super) async fn delete_by_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Owner>> {
    Ok(sqlx::query_as!(
        Owner,
        r#"DELETE FROM session s USING "user" u
            WHERE u.id = s.user_id
              AND (s.token_hash = $1 OR (s.previous_token_hash = $1 AND s.previous_token_until > now()))
        RETURNING u.id, u.username"#,
        token_hash
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn delete_own(conn: &mut PgConnection, user_id: i32, id: i64) -> Result<bool> {
    let deleted = sqlx::query!("DELETE FROM session WHERE id = $1 AND user_id = $2", id, user_id)
        .execute(conn)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Deletes somebody's sessions, but for one.
pub(super) async fn delete_of(conn: &mut PgConnection, user_id: i32, but: Option<i64>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM session WHERE user_id = $1 AND id IS DISTINCT FROM $2",
        user_id,
        but
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}

/// Takes back what would let somebody in who has it: links, the single-use token, a change of address.
pub(super) async fn take_back(conn: &mut PgConnection, user_id: i32) -> Result<()> {
    sqlx::query!("DELETE FROM login_link WHERE user_id = $1 AND used_at IS NULL", user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        r#"DELETE FROM email_login l USING "user" u
            WHERE u.id = $1 AND lower(l.email) = lower(u.email) AND l.used_at IS NULL"#,
        user_id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM email_change WHERE user_id = $1", user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        r#"UPDATE "user" SET login_token = NULL, login_token_expires_at = NULL, login_token_failures = 0
            WHERE id = $1 AND login_token IS NOT NULL"#,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes every session, and of everybody what [`take_back`] does; returns how many sessions.
pub(super) async fn delete_all(conn: &mut PgConnection) -> Result<u64> {
    sqlx::query!("DELETE FROM login_link WHERE used_at IS NULL")
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM email_login WHERE used_at IS NULL")
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM email_change").execute(&mut *conn).await?;
    sqlx::query!(
        r#"UPDATE "user" SET login_token = NULL, login_token_expires_at = NULL, login_token_failures = 0
            WHERE login_token IS NOT NULL"#
    )
    .execute(&mut *conn)
    .await?;
    Ok(sqlx::query!("DELETE FROM session").execute(conn).await?.rows_affected())
}

pub(super) async fn mark_for_rotation(conn: &mut PgConnection, user_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE session SET must_rotate = true WHERE user_id = $1 AND NOT must_rotate",
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
