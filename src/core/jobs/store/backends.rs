//! The SQL of backends and their tokens.

pub mod managing;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::jobs::backends::{BackendThere, KnownBackend};

/// The backend with this token, current or in its overlap. That the token was used is noted, to the minute, and at
/// once when the other one was used last: with which of the two we sign goes by it.
pub async fn backend_by_token_hash(conn: &mut PgConnection, hash: &[u8]) -> Result<Option<KnownBackend>> {
    Ok(sqlx::query_as!(
        KnownBackend,
        r#"WITH known AS (
               SELECT id, slug, name, false AS used_old, token_last_used_at AS used_at, old_token_last_used_at AS other_at
                 FROM backend WHERE token_hash = $1
               UNION ALL
               SELECT id, slug, name, true, old_token_last_used_at, token_last_used_at
                 FROM backend WHERE old_token_hash = $1 AND old_token_expires_at > now()
               LIMIT 1
           ), noted AS (
               UPDATE backend AS b SET
                   token_last_used_at = CASE WHEN known.used_old THEN b.token_last_used_at ELSE now() END,
                   old_token_last_used_at = CASE WHEN known.used_old THEN now() ELSE b.old_token_last_used_at END
                 FROM known
                WHERE b.id = known.id
                  AND (known.used_at IS NULL OR known.used_at < now() - interval '1 minute'
                       OR known.used_at <= known.other_at)
           )
           SELECT id AS "id!", slug AS "slug!", name AS "name!", used_old AS "used_old_token!" FROM known"#,
        hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Marks the backend as heard of at `path`, and stores `flags` when they changed. One statement, and one that need
/// not reach the disk before the answer.
pub async fn record_contact(
    conn: &mut PgConnection,
    backend: &KnownBackend,
    path: &str,
    flags: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "WITH seen AS (
             INSERT INTO stats (backend_id, url, api_last_seen) VALUES ($1, $2, now())
             ON CONFLICT (backend_id, url) DO UPDATE SET api_last_seen = excluded.api_last_seen
         ), said AS (
             UPDATE backend SET jobrunner_state = coalesce($3::json, jobrunner_state)
              WHERE id = $1 AND jobrunner_state::text IS DISTINCT FROM coalesce($3, jobrunner_state::text)
         )
         SELECT set_config('synchronous_commit', 'off', true)",
        backend.id,
        path,
        flags as Option<&str>,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// A backend whose row is locked.
pub struct LockedBackend {
    pub id: i32,
    pub name: String,
    pub level_4_url: String,
    pub token_sealed: Vec<u8>,
}

pub async fn lock_backend_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<LockedBackend>> {
    Ok(sqlx::query_as!(
        LockedBackend,
        "SELECT id, name, level_4_url, token_sealed FROM backend WHERE slug = $1 FOR UPDATE",
        slug
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn insert_backend(
    conn: &mut PgConnection,
    slug: &str,
    name: &str,
    level_4_url: &str,
    token_hash: &[u8],
    token_sealed: &[u8],
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO backend (slug, name, level_4_url, token_hash, token_sealed, is_active)
         VALUES ($1, $2, $3, $4, $5, true) RETURNING id",
        slug,
        name,
        level_4_url,
        token_hash,
        token_sealed,
    )
    .fetch_one(conn)
    .await?)
}

/// Changes what is given.
pub async fn update_backend(conn: &mut PgConnection, id: i32, name: Option<&str>, url: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE backend SET name = coalesce($2, name), level_4_url = coalesce($3, level_4_url), updated_at = now()
          WHERE id = $1 AND (name IS DISTINCT FROM coalesce($2, name)
                          OR level_4_url IS DISTINCT FROM coalesce($3, level_4_url))",
        id,
        name as Option<&str>,
        url as Option<&str>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces the networks of a backend; returns those that it had when they were others.
pub async fn replace_addresses(conn: &mut PgConnection, id: i32, addresses: &[String]) -> Result<Option<Vec<String>>> {
    Ok(sqlx::query_scalar!(
        r#"WITH before AS (SELECT level_4_addresses FROM backend WHERE id = $1)
           UPDATE backend b SET level_4_addresses = $2::text[]::cidr[], updated_at = now()
             FROM before
            WHERE b.id = $1 AND b.level_4_addresses IS DISTINCT FROM $2::text[]::cidr[]
        RETURNING before.level_4_addresses::text[] AS "before!""#,
        id,
        addresses
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn backend_at(conn: &mut PgConnection, address: Option<&str>) -> Result<Option<BackendThere>> {
    Ok(sqlx::query_as!(
        BackendThere,
        "SELECT b.slug, b.name FROM backend b CROSS JOIN unnest(b.level_4_addresses) AS a (network)
          WHERE $1::text::inet <<= a.network ORDER BY masklen(a.network) DESC, b.id LIMIT 1",
        address
    )
    .fetch_optional(conn)
    .await?)
}

/// Puts a new token in place; with `old_until` the present one goes on working until then. One that was never used
/// is nobody's yet: in its place the older one goes on, which still works and is in use.
pub async fn replace_token(
    conn: &mut PgConnection,
    id: i32,
    hash: &[u8],
    sealed: &[u8],
    old_until: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE backend b SET
             old_token_hash = CASE WHEN $4::timestamptz IS NULL THEN NULL WHEN unused.is_so THEN old_token_hash
                                   ELSE token_hash END,
             old_token_sealed = CASE WHEN $4::timestamptz IS NULL THEN NULL WHEN unused.is_so THEN old_token_sealed
                                     ELSE token_sealed END,
             old_token_expires_at = $4,
             old_token_last_used_at = CASE WHEN $4::timestamptz IS NULL THEN NULL
                                           WHEN unused.is_so THEN old_token_last_used_at ELSE token_last_used_at END,
             token_hash = $2, token_sealed = $3, token_created_at = clock_timestamp(), token_last_used_at = NULL,
             updated_at = now()
            FROM (SELECT token_last_used_at IS NULL AND coalesce(old_token_expires_at > now(), false) AS is_so
                    FROM backend WHERE id = $1) unused
          WHERE b.id = $1",
        id,
        hash,
        sealed,
        old_until,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A user who may now use a backend.
pub struct Member {
    pub id: i32,
    pub is_new: bool,
}

/// Lets a user use a backend; `None` when there is no such user.
pub async fn add_member(
    conn: &mut PgConnection,
    backend_id: i32,
    username: &str,
    by_id: Option<i32>,
) -> Result<Option<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"WITH member AS (SELECT id FROM "user" WHERE username = $2),
                added AS (
                    INSERT INTO backend_membership (backend_id, user_id, created_by_id)
                    SELECT $1, member.id, $3 FROM member
                    ON CONFLICT DO NOTHING RETURNING user_id)
           SELECT member.id, EXISTS (SELECT 1 FROM added) AS "is_new!" FROM member"#,
        backend_id,
        username,
        by_id,
    )
    .fetch_optional(conn)
    .await?)
}

/// When a backend was last heard of, and what it said of its database.
#[derive(Debug)]
pub struct Contact {
    pub slug: String,
    pub name: String,
    /// The newest call of its programs, or its controller's word; `None` when there was none ever.
    pub last_seen: Option<OffsetDateTime>,
    /// Whether that is longer ago than its alert timeout.
    pub is_late: bool,
    /// Its flags as JSON, as its runner sent them.
    pub jobrunner_state: Option<String>,
    pub transport: String,
    pub is_in_maintenance_mode: bool,
    pub last_seen_maintenance_mode: Option<OffsetDateTime>,
}

pub async fn contact_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<Contact>> {
    Ok(sqlx::query_as!(
        Contact,
        r#"SELECT b.slug, b.name, seen.at AS "last_seen?",
                  coalesce(seen.at < now() - b.alert_timeout, false) AS "is_late!",
                  b.jobrunner_state::text AS jobrunner_state, b.transport, b.is_in_maintenance_mode,
                  b.last_seen_maintenance_mode
             FROM backend b
             CROSS JOIN LATERAL (SELECT greatest(max(s.api_last_seen), b.last_seen_at) AS at
                                   FROM stats s WHERE s.backend_id = b.id) AS seen
            WHERE b.slug = $1"#,
        slug
    )
    .fetch_optional(conn)
    .await?)
}

/// What a backend is called; `None` when there is none of this number.
pub async fn name_of(conn: &mut PgConnection, id: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM backend WHERE id = $1", id)
        .fetch_optional(conn)
        .await?)
}
