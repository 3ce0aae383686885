//! The SQL of sign-in links by mail.

use sqlx::PgConnection;
use std::time::Duration;

use crate::core::error::Result;

pub(super) async fn insert(
    conn: &mut PgConnection,
    email: &str,
    browser_hash: &[u8],
    next: &str,
    lifetime: Duration,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO email_login (email, browser_hash, next, expires_at)
         VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING id",
        email,
        browser_hash,
        next,
        lifetime.as_secs_f64()
    )
    .fetch_one(conn)
    .await?)
}

/// To whom the mail about a request goes. The address is always the one that we know, never the one that
/// was typed: that may differ in ways that mail servers tell apart and we do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// They sign in by mail; the link works for so many minutes, counted from the request.
    Link { email: String, minutes: i64 },
    /// They have a GitHub identity, and sign in with that.
    Github { email: String },
    /// Nobody who could sign in, or nobody at all; or it is too late.
    Nobody,
}

pub async fn addressee(conn: &mut PgConnection, id: i64) -> Result<Addressee> {
    let row = sqlx::query!(
        r#"SELECT u.email AS "email!",
                  extract(epoch FROM l.expires_at - l.created_at)::float8 AS "seconds!",
                  EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
                      AS "has_github!",
                  ('InteractiveReporter' = ANY (u.roles)
                   OR EXISTS (SELECT FROM project_membership m
                               WHERE m.user_id = u.id AND 'InteractiveReporter' = ANY (m.roles))) AS "is_reporter!"
             FROM email_login l JOIN "user" u ON lower(u.email) = lower(l.email)
            WHERE l.id = $1 AND l.used_at IS NULL AND l.expires_at > now() AND u.is_active"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        Some(row) if row.has_github => Addressee::Github { email: row.email },
        Some(row) if row.is_reporter => Addressee::Link {
            email: row.email,
            minutes: (row.seconds / 60.0).round() as i64,
        },
        _ => Addressee::Nobody,
    })
}

/// A request whose link was used.
pub(super) struct Consumed {
    pub user_id: i32,
    pub next: String,
}

/// Marks the browser's newest request as used, in one statement, so that of two who try at once one is let
/// in; whether its address may still sign in by mail is looked at in the same breath.
pub(super) async fn consume(conn: &mut PgConnection, id: i64, browser_hash: &[u8]) -> Result<Option<Consumed>> {
    Ok(sqlx::query_as!(
        Consumed,
        r#"UPDATE email_login l SET used_at = now() FROM "user" u
            WHERE l.id = $1 AND l.browser_hash = $2 AND l.used_at IS NULL AND l.expires_at > now()
              AND NOT EXISTS (SELECT FROM email_login newer
                               WHERE newer.browser_hash = l.browser_hash AND newer.id > l.id)
              AND lower(u.email) = lower(l.email) AND u.is_active
              AND NOT EXISTS (SELECT FROM social_account s WHERE s.user_id = u.id AND s.provider = 'github')
              AND ('InteractiveReporter' = ANY (u.roles)
                   OR EXISTS (SELECT FROM project_membership m
                               WHERE m.user_id = u.id AND 'InteractiveReporter' = ANY (m.roles)))
        RETURNING u.id AS user_id, l.next"#,
        id,
        browser_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// What is the matter with a request of this browser.
pub(super) struct State {
    pub is_used: bool,
    pub is_expired: bool,
    pub is_older: bool,
    /// Where to go afterwards.
    pub next: String,
    pub user_id: Option<i32>,
    pub username: Option<String>,
}

impl State {
    /// Whose address it is, if it is anybody's.
    pub fn account(&self) -> Option<(i32, &str)> {
        self.user_id.zip(self.username.as_deref())
    }
}

pub(super) async fn state(conn: &mut PgConnection, id: i64, browser_hash: &[u8]) -> Result<Option<State>> {
    Ok(sqlx::query_as!(
        State,
        r#"SELECT l.used_at IS NOT NULL AS "is_used!", l.expires_at <= now() AS "is_expired!", l.next,
                  u.id AS "user_id?", u.username AS "username?",
                  EXISTS (SELECT FROM email_login newer
                           WHERE newer.browser_hash = l.browser_hash AND newer.id > l.id) AS "is_older!"
             FROM email_login l LEFT JOIN "user" u ON lower(u.email) = lower(l.email)
            WHERE l.id = $1 AND l.browser_hash = $2"#,
        id,
        browser_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// The slugs of somebody's projects, two at most.
pub(super) async fn two_projects(conn: &mut PgConnection, user_id: i32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT p.slug FROM project_membership m JOIN project p ON p.id = m.project_id
          WHERE m.user_id = $1 ORDER BY p.id LIMIT 2",
        user_id
    )
    .fetch_all(conn)
    .await?)
}
