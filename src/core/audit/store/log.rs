//! Reading the record.

use sqlx::{Connection, PgConnection};
use time::{Date, OffsetDateTime, Time};

use crate::core::audit::Wanted;
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked};

/// Which events are asked for. What is absent or empty narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// The name of whoever did it.
    pub actor: Option<String>,
    pub kinds: Vec<String>,
    /// The kind of thing it was done to, as in `jobserver.Project`.
    pub model: Option<String>,
    /// The days between which it was done, both included.
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// Whose events.
#[derive(Debug, Clone)]
pub enum Scope {
    Everything,
    /// Those about one thing, and about what belongs to it: its model and id.
    Thing(&'static str, i32),
    /// Those that somebody did, those done to them, and the creation of the projects they belong to.
    User {
        id: i32,
        username: String,
    },
}

/// An event as it is stored.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub id: i32,
    pub kind: String,
    pub old: String,
    pub new: String,
    pub target_model: String,
    pub target_field: String,
    pub target_id: String,
    pub target_label: String,
    pub target_user: String,
    pub parent_model: String,
    pub parent_id: String,
    pub parent_label: String,
    pub created_by: String,
    pub created_at: OffsetDateTime,
}

/// How many events are counted and can be paged through; whoever gets more is better served by a narrower filter.
pub const MOST_EVENTS: i64 = 10_000;

/// Those that fit, newest first. `total` is one more than [`MOST_EVENTS`] when there are more than those.
///
/// Which index serves best depends on what is asked for, so this is planned each time.
pub async fn events(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &EventFilter,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<EventRow>> {
    let (model, id, user_id, username) = match scope {
        Scope::Everything => (None, String::new(), None, None),
        Scope::Thing(model, id) => (Some(*model), id.to_string(), None, None),
        Scope::User { id, username } => (None, String::new(), Some(*id), Some(username.as_str())),
    };
    let from = filter.from.map(|day| day.with_time(Time::MIDNIGHT).assume_utc());
    let before = filter
        .to
        .and_then(Date::next_day)
        .map(|day| day.with_time(Time::MIDNIGHT).assume_utc());
    let mut reading = conn.begin().await?;
    sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        .fetch_one(&mut *reading)
        .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "total!" FROM (
               SELECT FROM auditable_event e
                WHERE ($1::text IS NULL OR e.created_by = $1)
                  AND (cardinality($2::text[]) = 0 OR e.type = ANY ($2))
                  AND ($3::text IS NULL OR e.target_model = $3)
                  AND ($4::timestamptz IS NULL OR e.created_at >= $4)
                  AND ($5::timestamptz IS NULL OR e.created_at < $5)
                  AND ($6::text IS NULL OR (e.target_model = $6 AND e.target_id = $7)
                                        OR (e.parent_model = $6 AND e.parent_id = $7))
                  AND ($8::text IS NULL OR e.created_by = $8 OR e.target_user = $8
                       OR (e.target_model = 'jobserver.Project' AND e.type = 'project_created' AND e.target_id = ANY (ARRAY(
                             SELECT m.project_id::text FROM project_membership m WHERE m.user_id = $9))))
                LIMIT 10001) counted"#,
        filter.actor,
        &filter.kinds,
        filter.model,
        from,
        before,
        model,
        id,
        username,
        user_id
    )
    .fetch_one(&mut *reading)
    .await?;
    let last = (total.clamp(1, MOST_EVENTS) + per_page - 1) / per_page;
    let offset = (page.number().unwrap_or(last) - 1) * per_page;
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT e.id, e.type AS kind, e.old, e.new, e.target_model, e.target_field, e.target_id, e.target_label,
                  e.target_user, e.parent_model, e.parent_id, e.parent_label, e.created_by, e.created_at
             FROM auditable_event e
            WHERE ($1::text IS NULL OR e.created_by = $1)
              AND (cardinality($2::text[]) = 0 OR e.type = ANY ($2))
              AND ($3::text IS NULL OR e.target_model = $3)
              AND ($4::timestamptz IS NULL OR e.created_at >= $4)
              AND ($5::timestamptz IS NULL OR e.created_at < $5)
              AND ($6::text IS NULL OR (e.target_model = $6 AND e.target_id = $7)
                                    OR (e.parent_model = $6 AND e.parent_id = $7))
              AND ($8::text IS NULL OR e.created_by = $8 OR e.target_user = $8
                   OR (e.target_model = 'jobserver.Project' AND e.type = 'project_created' AND e.target_id = ANY (ARRAY(
                         SELECT m.project_id::text FROM project_membership m WHERE m.user_id = $9))))
            ORDER BY e.created_at DESC, e.id DESC LIMIT $10 OFFSET $11"#,
        filter.actor,
        &filter.kinds,
        filter.model,
        from,
        before,
        model,
        id,
        username,
        user_id,
        per_page,
        offset
    )
    .fetch_all(&mut *reading)
    .await?;
    reading.commit().await?;
    Ok(Listed { rows, total })
}

/// Something that an event tells of and that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    pub model: String,
    pub id: String,
    /// What stands for it in its address.
    pub key: String,
    pub label: String,
}

/// What of these is still there. Ids are numbers, but people are looked up by their usernames. One statement.
pub async fn living(conn: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Living>> {
    Ok(sqlx::query_as!(
        Living,
        r#"SELECT model AS "model!", id AS "id!", key AS "key!", label AS "label!" FROM (
             SELECT 'jobserver.Project' AS model, id::text AS id, slug AS key, coalesce(number || ' - ', '') || name AS label
               FROM project WHERE id = ANY ($1)
           UNION ALL SELECT 'jobserver.Org', id::text, slug, name FROM org WHERE id = ANY ($2)
           UNION ALL SELECT 'jobserver.Workspace', id::text, name, name FROM workspace WHERE id = ANY ($3)
           UNION ALL SELECT 'jobserver.Backend', id::text, id::text, name FROM backend WHERE id = ANY ($4)
           UNION ALL SELECT 'jobserver.Repo', id::text, url, url FROM repo WHERE id = ANY ($5)
           UNION ALL SELECT 'jobserver.JobRequest', id::text, id::text, id::text FROM job_request WHERE id = ANY ($6)
           UNION ALL SELECT 'jobserver.SiteAlert', id::text, id::text, coalesce(nullif(title, ''), left(message, 80))
               FROM site_alert WHERE id = ANY ($7)
           UNION ALL SELECT 'jobserver.Redirect', id::text, id::text, old_url FROM redirect
                      WHERE id = ANY ($8) AND deleted_at IS NULL
           UNION ALL SELECT 'jobserver.User', username, username, fullname || ' (' || username || ')'
               FROM "user" WHERE username = ANY ($9)) things"#,
        &wanted.projects,
        &wanted.orgs,
        &wanted.workspaces,
        &wanted.backends,
        &wanted.repos,
        &wanted.job_requests,
        &wanted.site_alerts,
        &wanted.redirects,
        &wanted.usernames
    )
    .fetch_all(conn)
    .await?)
}
