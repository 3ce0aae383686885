//! The SQL of what staff see of backends, and change.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked, containing};

/// Which backends a list has; `None` is all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Part of the name or slug.
    pub q: Option<&'a str>,
    pub is_active: Option<bool>,
    pub transport: Option<&'a str>,
}

/// A backend as a list shows it.
#[derive(Debug)]
pub struct ListedBackend {
    pub id: i32,
    pub slug: String,
    pub name: String,
    pub is_active: bool,
    pub is_test: bool,
    pub transport: String,
    pub last_seen: Option<OffsetDateTime>,
    /// Whether that is longer ago than its alert timeout.
    pub is_late: bool,
    pub members: i64,
    total: i64,
}

/// Backends by name.
pub async fn list(
    conn: &mut PgConnection,
    filter: Filter<'_>,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<ListedBackend>> {
    let rows = sqlx::query_as!(
        ListedBackend,
        r#"WITH found AS (
               SELECT id FROM backend
                WHERE ($1::text IS NULL OR name ILIKE $1 OR slug ILIKE $1)
                  AND ($2::boolean IS NULL OR is_active = $2) AND ($3::text IS NULL OR transport = $3)),
             counted AS (SELECT count(*) AS total FROM found)
           SELECT b.id AS "id!", b.slug AS "slug!", b.name AS "name!", b.is_active AS "is_active!",
                  b.is_test AS "is_test!", b.transport AS "transport!", seen.at AS "last_seen?",
                  coalesce(seen.at < now() - b.alert_timeout, false) AS "is_late!",
                  (SELECT count(*) FROM backend_membership m WHERE m.backend_id = b.id) AS "members!",
                  t.total AS "total!"
             FROM counted t
            CROSS JOIN LATERAL (SELECT b.* FROM backend b JOIN found USING (id) ORDER BY lower(b.name), b.id LIMIT $5
                                OFFSET (SELECT coalesce($4::bigint - 1, greatest(t.total - 1, 0) / $5) * $5)) b
            CROSS JOIN LATERAL (SELECT greatest(max(s.api_last_seen), b.last_seen_at) AS at
                                  FROM stats s WHERE s.backend_id = b.id) seen
            ORDER BY lower(b.name), b.id"#,
        filter.q.map(containing),
        filter.is_active,
        filter.transport,
        page.number(),
        per_page
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// Everything that staff see of a backend, but its tokens.
#[derive(Debug)]
pub struct BackendDetail {
    pub id: i32,
    pub slug: String,
    pub name: String,
    pub created_at: OffsetDateTime,
    pub properties: Properties,
    pub token_created_at: OffsetDateTime,
    pub token_last_used_at: Option<OffsetDateTime>,
    /// Until when the token from before works beside the present one, if it does.
    pub old_token_until: Option<OffsetDateTime>,
    pub old_token_last_used_at: Option<OffsetDateTime>,
    /// The newest word of it, whichever way.
    pub last_seen: Option<OffsetDateTime>,
    pub is_late: bool,
    pub is_in_maintenance_mode: bool,
    /// Its flags as JSON, as its runner sent them.
    pub jobrunner_state: Option<String>,
    /// What the RAP controller last said of it, as JSON.
    pub rap_api_state: Option<String>,
    pub members: i64,
}

/// What can be changed of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    pub is_active: bool,
    pub transport: String,
    pub level_4_url: String,
    /// In CIDR notation.
    pub addresses: Vec<String>,
    /// After so many seconds of silence it counts as late.
    pub alert_after: i64,
    pub parent_directory: String,
    pub obeys_disable_creating_jobs: bool,
    pub is_test: bool,
}

pub async fn detail(conn: &mut PgConnection, id: i32) -> Result<Option<BackendDetail>> {
    let row = sqlx::query!(
        r#"SELECT b.id, b.slug, b.name, b.created_at, b.is_active, b.transport, b.level_4_url,
                  b.level_4_addresses::text[] AS "addresses!", extract(epoch FROM b.alert_timeout)::bigint AS "alert_after!",
                  b.parent_directory, b.obeys_disable_creating_jobs, b.is_test, b.token_created_at, b.token_last_used_at,
                  CASE WHEN b.old_token_expires_at > now() THEN b.old_token_expires_at END AS old_token_until,
                  b.old_token_last_used_at, seen.at AS "last_seen?",
                  coalesce(seen.at < now() - b.alert_timeout, false) AS "is_late!", b.is_in_maintenance_mode,
                  b.jobrunner_state::text AS jobrunner_state, b.rap_api_state::text AS rap_api_state,
                  (SELECT count(*) FROM backend_membership m WHERE m.backend_id = b.id) AS "members!"
             FROM backend b
            CROSS JOIN LATERAL (SELECT greatest(max(s.api_last_seen), b.last_seen_at) AS at
                                  FROM stats s WHERE s.backend_id = b.id) seen
            WHERE b.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| BackendDetail {
        id: row.id,
        slug: row.slug,
        name: row.name,
        created_at: row.created_at,
        properties: Properties {
            is_active: row.is_active,
            transport: row.transport,
            level_4_url: row.level_4_url,
            addresses: row.addresses,
            alert_after: row.alert_after,
            parent_directory: row.parent_directory,
            obeys_disable_creating_jobs: row.obeys_disable_creating_jobs,
            is_test: row.is_test,
        },
        token_created_at: row.token_created_at,
        token_last_used_at: row.token_last_used_at,
        old_token_until: row.old_token_until,
        old_token_last_used_at: row.old_token_last_used_at,
        last_seen: row.last_seen,
        is_late: row.is_late,
        is_in_maintenance_mode: row.is_in_maintenance_mode,
        jobrunner_state: row.jobrunner_state,
        rap_api_state: row.rap_api_state,
        members: row.members,
    }))
}

/// A path of the API, and when it was last called.
#[derive(Debug)]
pub struct Call {
    pub path: String,
    pub at: Option<OffsetDateTime>,
}

/// What a backend calls, the last first.
pub async fn calls(conn: &mut PgConnection, id: i32) -> Result<Vec<Call>> {
    Ok(sqlx::query_as!(
        Call,
        "SELECT url AS path, api_last_seen AS at FROM stats WHERE backend_id = $1
          ORDER BY api_last_seen DESC NULLS LAST, url LIMIT 100",
        id
    )
    .fetch_all(conn)
    .await?)
}

/// The most members that a backend's page lists.
pub const MOST_MEMBERS: i64 = 50;

/// Somebody who may use a backend.
#[derive(Debug)]
pub struct BackendMember {
    pub username: String,
    pub fullname: String,
    pub is_active: bool,
    pub since: OffsetDateTime,
    /// Who let them, if that is known.
    pub by: Option<String>,
}

/// Those who may use a backend, by name; [`MOST_MEMBERS`] of them.
pub async fn members(conn: &mut PgConnection, id: i32) -> Result<Vec<BackendMember>> {
    Ok(sqlx::query_as!(
        BackendMember,
        r#"SELECT u.username AS "username!", u.fullname AS "fullname!", u.is_active AS "is_active!",
                  m.created_at AS "since!", by.username AS "by?"
             FROM backend_membership m JOIN "user" u ON u.id = m.user_id LEFT JOIN "user" by ON by.id = m.created_by_id
            WHERE m.backend_id = $1 ORDER BY lower(u.fullname), lower(u.username) LIMIT $2"#,
        id,
        MOST_MEMBERS
    )
    .fetch_all(conn)
    .await?)
}

/// A backend to choose: its id and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendChoice {
    pub id: i32,
    pub slug: String,
    pub name: String,
}

/// All of them, by name.
pub async fn choices(conn: &mut PgConnection) -> Result<Vec<BackendChoice>> {
    Ok(sqlx::query_as!(
        BackendChoice,
        "SELECT id, slug, name FROM backend ORDER BY lower(name), id LIMIT 500"
    )
    .fetch_all(conn)
    .await?)
}

/// Who last changed what can be edited of a backend, and when.
pub async fn last_change(conn: &mut PgConnection, id: i32) -> Result<Option<(String, OffsetDateTime)>> {
    let row = sqlx::query!(
        "SELECT created_by, created_at FROM auditable_event
          WHERE target_model = 'jobserver.Backend' AND target_id = $1
            AND type IN ('backend_updated', 'backend_addresses_changed') ORDER BY id DESC LIMIT 1",
        id.to_string()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.created_by, row.created_at)))
}

/// The names of other backends that have one of its networks, too.
pub async fn sharing_networks(conn: &mut PgConnection, id: i32) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT o.name FROM backend b JOIN backend o ON o.id <> b.id AND o.level_4_addresses && b.level_4_addresses
          WHERE b.id = $1 ORDER BY lower(o.name), o.id LIMIT 10",
        id
    )
    .fetch_all(conn)
    .await?)
}

/// Locks a backend, and tells since when it has its token; `None` when there is none.
pub async fn lock_token(conn: &mut PgConnection, id: i32) -> Result<Option<OffsetDateTime>> {
    Ok(
        sqlx::query_scalar!("SELECT token_created_at FROM backend WHERE id = $1 FOR UPDATE", id)
            .fetch_optional(conn)
            .await?,
    )
}

/// Who issued the token that a backend has.
pub async fn token_issuer(conn: &mut PgConnection, id: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT created_by FROM auditable_event
          WHERE target_model = 'jobserver.Backend' AND target_id = $1
            AND type IN ('backend_token_rotated', 'backend_created') ORDER BY id DESC LIMIT 1",
        id.to_string()
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn lock(conn: &mut PgConnection, id: i32) -> Result<bool> {
    let found = sqlx::query_scalar!("SELECT id FROM backend WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// A backend to be stored.
#[derive(Debug)]
pub struct NewBackend<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub token_hash: &'a [u8],
    pub token_sealed: &'a [u8],
    pub properties: &'a Properties,
}

/// # Errors
/// What the database says, by the constraint: a slug that is taken.
pub async fn insert(conn: &mut PgConnection, new: &NewBackend<'_>) -> sqlx::Result<i32> {
    let properties = new.properties;
    sqlx::query_scalar!(
        "INSERT INTO backend (slug, name, token_hash, token_sealed, is_active, transport, level_4_url, level_4_addresses,
                              alert_timeout, parent_directory, obeys_disable_creating_jobs, is_test)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[]::cidr[], make_interval(secs => $9::bigint::double precision),
                 $10, $11, $12)
         RETURNING id",
        new.slug,
        new.name,
        new.token_hash,
        new.token_sealed,
        properties.is_active,
        properties.transport,
        properties.level_4_url,
        &properties.addresses,
        properties.alert_after,
        properties.parent_directory,
        properties.obeys_disable_creating_jobs,
        properties.is_test
    )
    .fetch_one(conn)
    .await
}

pub async fn update(conn: &mut PgConnection, id: i32, properties: &Properties) -> Result<()> {
    sqlx::query!(
        "UPDATE backend SET is_active = $2, transport = $3, level_4_url = $4, level_4_addresses = $5::text[]::cidr[],
                alert_timeout = make_interval(secs => $6::bigint::double precision), parent_directory = $7,
                obeys_disable_creating_jobs = $8, is_test = $9, updated_at = now()
          WHERE id = $1",
        id,
        properties.is_active,
        properties.transport,
        properties.level_4_url,
        &properties.addresses,
        properties.alert_after,
        properties.parent_directory,
        properties.obeys_disable_creating_jobs,
        properties.is_test
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says whether a backend is being maintained, since now; tells whether that is new.
pub async fn set_maintenance(conn: &mut PgConnection, id: i32, is_on: bool) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE backend SET is_in_maintenance_mode = $2, updated_at = now(),
                last_seen_maintenance_mode = CASE WHEN $2 THEN now() END
          WHERE id = $1 AND is_in_maintenance_mode <> $2",
        id,
        is_on
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Puts an end to the token from before; tells whether there was one that worked.
pub async fn end_old_token(conn: &mut PgConnection, id: i32) -> Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"WITH before AS (SELECT old_token_expires_at > now() AS worked FROM backend WHERE id = $1)
           UPDATE backend b SET old_token_hash = NULL, old_token_sealed = NULL, old_token_expires_at = NULL,
                  old_token_last_used_at = NULL, updated_at = now()
             FROM before
            WHERE b.id = $1 AND b.old_token_hash IS NOT NULL RETURNING before.worked AS "worked!""#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended.unwrap_or(false))
}

/// A user who is let use a backend, or no longer.
#[derive(Debug)]
pub struct ChangedMember {
    pub id: i32,
    pub username: String,
}

/// Those who were none yet.
pub async fn add_members(
    conn: &mut PgConnection,
    backend_id: i32,
    user_ids: &[i32],
    by_id: i32,
) -> Result<Vec<ChangedMember>> {
    Ok(sqlx::query_as!(
        ChangedMember,
        r#"WITH added AS (
               INSERT INTO backend_membership (backend_id, user_id, created_by_id)
               SELECT $1, u.id, $3 FROM "user" u WHERE u.id = ANY ($2) ORDER BY u.id
               ON CONFLICT DO NOTHING RETURNING user_id)
           SELECT u.id, u.username FROM added JOIN "user" u ON u.id = added.user_id ORDER BY u.username"#,
        backend_id,
        user_ids,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

/// `None` for somebody who was no member.
pub async fn remove_member(conn: &mut PgConnection, backend_id: i32, username: &str) -> Result<Option<ChangedMember>> {
    Ok(sqlx::query_as!(
        ChangedMember,
        r#"DELETE FROM backend_membership m USING "user" u
            WHERE u.id = m.user_id AND m.backend_id = $1 AND u.username = $2 RETURNING u.id, u.username"#,
        backend_id,
        username
    )
    .fetch_optional(conn)
    .await?)
}
