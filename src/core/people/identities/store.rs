//! The SQL of identities and of logins on their way.

use sqlx::PgConnection;

use super::LOGIN_LIFETIME;
use crate::core::access::Role;
use crate::core::error::Result;
use crate::core::ports::Identity;

/// A login to be stored.
pub(super) struct NewLogin<'a> {
    pub state_hash: &'a [u8],
    pub browser_hash: &'a [u8],
    pub verifier_sealed: &'a [u8],
    pub next: &'a str,
}

pub(super) async fn insert_login(conn: &mut PgConnection, login: &NewLogin<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO github_login (state_hash, browser_hash, verifier_sealed, next, expires_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))",
        login.state_hash,
        login.browser_hash,
        login.verifier_sealed,
        login.next,
        LOGIN_LIFETIME.as_seconds_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct TakenLogin {
    pub verifier_sealed: Vec<u8>,
    pub next: String,
    pub is_late: bool,
}

/// Takes a login out, in one statement: of two who try at once, one has it.
pub(super) async fn consume_login(
    conn: &mut PgConnection,
    state_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<TakenLogin>> {
    Ok(sqlx::query_as!(
        TakenLogin,
        r#"DELETE FROM github_login WHERE state_hash = $1 AND browser_hash = $2
           RETURNING verifier_sealed, next, expires_at <= now() AS "is_late!""#,
        state_hash,
        browser_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Holds up everybody else with this identity until the transaction ends.
pub(super) async fn lock_identity(conn: &mut PgConnection, provider: &str, uid: &str) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('identity ' || $1 || ' ' || $2, 0))",
        provider,
        uid
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// An identity that was here before, and its user.
pub(super) struct Found {
    pub id: i32,
    /// What the account was called at the last login.
    pub login: Option<String>,
    pub user_id: i32,
    pub username: String,
    pub is_active: bool,
}

pub(super) async fn find(conn: &mut PgConnection, provider: &str, uid: &str) -> Result<Option<Found>> {
    Ok(sqlx::query_as!(
        Found,
        r#"SELECT s.id, s.extra_data->>'login' AS login, u.id AS user_id, u.username, u.is_active
             FROM social_account s JOIN "user" u ON u.id = s.user_id
            WHERE s.provider = $1 AND s.uid = $2"#,
        provider,
        uid
    )
    .fetch_optional(conn)
    .await?)
}

/// Notes a login of an identity: when it was, and what the account was called.
pub(super) async fn touch_identity(conn: &mut PgConnection, id: i32, login: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE social_account SET modified = now(),
                extra_data = (extra_data::jsonb
                    || jsonb_build_object('login', $2::text, 'auth_time', extract(epoch FROM now())::bigint))::json
          WHERE id = $1",
        id,
        login
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A user whom an identity becomes.
pub(super) struct Linked {
    pub user_id: i32,
    pub username: String,
}

/// Uses up the open invitation for a login, in one statement, and says whom it is for. Letter case makes no
/// difference in a login. Invitations for who was deactivated, has an identity, or has or had a personal
/// token, are not used.
pub(super) async fn consume_invitation(
    conn: &mut PgConnection,
    provider: &str,
    login: &str,
    uid: &str,
) -> Result<Option<Linked>> {
    Ok(sqlx::query_as!(
        Linked,
        r#"UPDATE user_invitation i SET used_at = now(), used_by_uid = $3
             FROM "user" u
            WHERE u.id = i.user_id AND lower(i.login) = lower($2) AND i.used_at IS NULL AND i.revoked_at IS NULL
              AND u.is_active
              AND NOT EXISTS (SELECT 1 FROM social_account s WHERE s.user_id = u.id AND s.provider = $1)
              AND NOT EXISTS (SELECT 1 FROM personal_token t WHERE t.user_id = u.id)
        RETURNING u.id AS user_id, u.username"#,
        provider,
        login,
        uid
    )
    .fetch_optional(conn)
    .await?)
}

/// A user of this name, whatever its letters' case: two names that differ in nothing else are one to people.
pub(super) async fn user_named(conn: &mut PgConnection, username: &str) -> Result<Option<Linked>> {
    Ok(sqlx::query_as!(
        Linked,
        r#"SELECT id AS user_id, username FROM "user" WHERE lower(username) = lower($1) LIMIT 1"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

/// `None` when the username or the address is somebody's.
pub(super) async fn insert_user(
    conn: &mut PgConnection,
    username: &str,
    fullname: &str,
    email: Option<&str>,
) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO "user" (username, fullname, email) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id"#,
        username,
        fullname,
        email
    )
    .fetch_optional(conn)
    .await?)
}

/// Stores an identity of a user; returns its id.
pub(super) async fn insert_identity(
    conn: &mut PgConnection,
    provider: &str,
    identity: &Identity,
    user_id: i32,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO social_account (user_id, provider, uid, extra_data)
         VALUES ($1, $2, $3::text, json_build_object('id', $3::text::bigint, 'login', $4::text,
                                               'auth_time', extract(epoch FROM now())::bigint))
         RETURNING id",
        user_id,
        provider,
        identity.uid,
        identity.login
    )
    .fetch_one(conn)
    .await?)
}

/// A login that waits for a name, to be stored.
pub(super) struct NewUnfinished<'a> {
    pub token_hash: &'a [u8],
    pub browser_hash: &'a [u8],
    pub identity: &'a Identity,
    pub next: &'a str,
    pub seconds: f64,
}

pub(super) async fn insert_unfinished(conn: &mut PgConnection, waiting: &NewUnfinished<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO unfinished_login (token_hash, browser_hash, uid, login, email, next, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))",
        waiting.token_hash,
        waiting.browser_hash,
        waiting.identity.uid,
        waiting.identity.login,
        waiting.identity.email,
        waiting.next,
        waiting.seconds
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A login that waits for a name.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Without a name.
    pub identity: Identity,
    pub next: String,
}

struct UnfinishedRow {
    uid: String,
    login: String,
    email: Option<String>,
    next: String,
}

impl From<UnfinishedRow> for Unfinished {
    fn from(row: UnfinishedRow) -> Self {
        Self {
            identity: Identity {
                uid: row.uid,
                login: row.login,
                name: None,
                email: row.email,
            },
            next: row.next,
        }
    }
}

pub(super) async fn unfinished(
    conn: &mut PgConnection,
    token_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Unfinished>> {
    let row = sqlx::query_as!(
        UnfinishedRow,
        "SELECT uid, login, email, next FROM unfinished_login
          WHERE token_hash = $1 AND browser_hash = $2 AND expires_at > now()",
        token_hash,
        browser_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Unfinished::from))
}

/// Takes out a login that waits for a name, in one statement.
pub(super) async fn consume_unfinished(
    conn: &mut PgConnection,
    token_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Unfinished>> {
    let row = sqlx::query_as!(
        UnfinishedRow,
        "DELETE FROM unfinished_login WHERE token_hash = $1 AND browser_hash = $2 AND expires_at > now()
         RETURNING uid, login, email, next",
        token_hash,
        browser_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Unfinished::from))
}

/// Somebody with an identity, and what they are trusted with.
#[derive(Debug)]
pub struct KnownLogin {
    pub identity: Identity,
    /// What they are everywhere.
    pub roles: Vec<Role>,
    /// Of how many projects they are a member.
    pub projects: i64,
}

/// The identities that are known, by name: for a development copy, where one may be anybody.
pub async fn known_logins(conn: &mut PgConnection, provider: &str, limit: i64) -> Result<Vec<KnownLogin>> {
    let rows = sqlx::query!(
        r#"SELECT s.uid, coalesce(s.extra_data->>'login', u.username) AS "login!", u.fullname, u.email, u.roles,
                  (SELECT count(*) FROM project_membership m WHERE m.user_id = u.id) AS "projects!"
             FROM social_account s JOIN "user" u ON u.id = s.user_id
            WHERE s.provider = $1 AND u.is_active
            ORDER BY lower(u.fullname), lower(u.username) LIMIT $2"#,
        provider,
        limit
    )
    .fetch_all(conn)
    .await?;
    let known = rows.into_iter().map(|row| KnownLogin {
        identity: Identity {
            uid: row.uid,
            login: row.login,
            name: Some(row.fullname),
            email: row.email,
        },
        roles: Role::parse_all(&row.roles),
        projects: row.projects,
    });
    Ok(known.collect())
}
