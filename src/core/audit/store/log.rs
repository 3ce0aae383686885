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
    /// Those about one thing, and about what belongs to it: its model and id. A project's tell what happened to the
    /// requests and releases of its workspaces, too.
    Thing(String, String),
    /// Those that somebody did, those done to them, and the creation of the projects they belong to. By id; by the name
    /// alone only where that is all there is ([`EventRow::is_imported`]).
    User {
        id: i32,
        username: String,
    },
}

impl Scope {
    pub fn thing(model: &str, id: i32) -> Self {
        Self::Thing(model.to_owned(), id.to_string())
    }
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
    pub target_user_id: Option<i32>,
    pub parent_model: String,
    pub parent_id: String,
    pub parent_label: String,
    pub created_by: String,
    pub created_by_id: Option<i32>,
    pub created_at: OffsetDateTime,
}

impl EventRow {
    /// Whether it was written by another program, which kept names of users and no ids. Ours keeps the id of whom it
    /// happened to beside the name.
    pub fn is_imported(&self) -> bool {
        self.created_by_id.is_none() && self.target_user_id.is_none() && !self.target_user.is_empty()
    }
}

/// How many events are counted and can be paged through; whoever gets more is better served by a narrower filter.
pub const MOST_EVENTS: i64 = 10_000;

/// A place in the log: when an event was written, and its id.
pub type Place = (OffsetDateTime, i32);

/// A statement about the events of a scope that a filter lets through. A macro, as a statement that is checked at compile
/// time is one literal.
macro_rules! of_events {
    ($query:ident!([$($row:ident)?] $before:tt, $after:tt, $asked:ident $(, $more:expr)*)) => {
        sqlx::$query!(
            $($row,)?
            $before
            + "  FROM auditable_event e
                WHERE ($1::text IS NULL OR e.created_by = $1)
                  AND (cardinality($2::text[]) = 0 OR e.type = ANY ($2))
                  AND ($3::text IS NULL OR e.target_model = $3)
                  AND ($4::timestamptz IS NULL OR e.created_at >= $4)
                  AND ($5::timestamptz IS NULL OR e.created_at < $5)
                  AND ($6::text IS NULL OR (e.target_model = $6 AND e.target_id = $7)
                       OR (e.parent_model = $6 AND e.parent_id = $7)
                       OR ($6 = 'jobserver.Project' AND e.parent_model = 'jobserver.Workspace'
                           AND e.parent_id = ANY (ARRAY(SELECT w.id::text FROM workspace w WHERE w.project_id = $8)))
                       OR ($6 = 'jobserver.Project' AND e.parent_model = 'jobserver.Release'
                           AND e.parent_id = ANY (ARRAY(SELECT r.id COLLATE \"default\" FROM release r
                                                          JOIN workspace w ON w.id = r.workspace_id WHERE w.project_id = $8)))
                       OR ($6 = 'jobserver.Workspace' AND e.parent_model = 'jobserver.Release'
                           AND e.parent_id = ANY (ARRAY(SELECT r.id COLLATE \"default\" FROM release r
                                                         WHERE r.workspace_id = $8))))
                  AND ($6 IS DISTINCT FROM 'jobserver.Workspace' OR e.type <> 'workspace_left')
                  AND ($9::int IS NULL OR e.created_by_id = $9 OR e.target_user_id = $9
                       OR (e.created_by = $10 AND e.created_by_id IS NULL AND e.target_user_id IS NULL AND e.target_user <> '')
                       OR (e.target_user = $10 AND e.created_by_id IS NULL AND e.target_user_id IS NULL AND e.target_user <> '')
                       OR (e.target_model = 'jobserver.Project' AND e.type = 'project_created' AND e.target_id = ANY (ARRAY(
                             SELECT m.project_id::text FROM project_membership m WHERE m.user_id = $9))))"
            + $after,
            $asked.filter.actor,
            &$asked.filter.kinds,
            $asked.filter.model,
            $asked.from,
            $asked.before,
            $asked.thing,
            $asked.thing_id,
            $asked.thing_number,
            $asked.user_id,
            $asked.username
            $(, $more)*
        )
    };
}

/// A scope and a filter as a statement takes them.
struct Asked<'a> {
    filter: &'a EventFilter,
    from: Option<OffsetDateTime>,
    before: Option<OffsetDateTime>,
    thing: Option<&'a str>,
    thing_id: &'a str,
    thing_number: Option<i32>,
    user_id: Option<i32>,
    username: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn new(scope: &'a Scope, filter: &'a EventFilter) -> Self {
        let midnight = |day: Date| day.with_time(Time::MIDNIGHT).assume_utc();
        let mut asked = Self {
            filter,
            from: filter.from.map(midnight),
            before: filter.to.and_then(Date::next_day).map(midnight),
            thing: None,
            thing_id: "",
            thing_number: None,
            user_id: None,
            username: None,
        };
        match scope {
            Scope::Everything => {}
            Scope::Thing(model, id) => {
                asked.thing = Some(model);
                asked.thing_id = id;
                asked.thing_number = id.parse().ok();
            }
            Scope::User { id, username } => {
                asked.user_id = Some(*id);
                asked.username = Some(username.as_str()).filter(|name| !name.is_empty());
            }
        }
        asked
    }
}

/// Which index serves best depends on what is asked for, so this is planned each time.
async fn plan_each_time(reading: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        .fetch_one(reading)
        .await?;
    Ok(())
}

/// Those that fit, newest first. `total` is one more than [`MOST_EVENTS`] when there are more than those.
pub async fn events(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &EventFilter,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<EventRow>> {
    let asked = Asked::new(scope, filter);
    let mut reading = conn.begin().await?;
    plan_each_time(&mut reading).await?;
    let total = of_events!(query_scalar!(
        [] r#"SELECT count(*) AS "total!" FROM (SELECT "#,
        " LIMIT 10001) counted",
        asked
    ));
    let total = total.fetch_one(&mut *reading).await?;
    let last = (total.clamp(1, MOST_EVENTS) + per_page - 1) / per_page;
    let offset = (page.number().unwrap_or(last) - 1) * per_page;
    let rows = rows(&mut reading, &asked, None, per_page, offset).await?;
    reading.commit().await?;
    Ok(Listed { rows, total })
}

/// Those that fit and come after a place, newest first, at most so many. Without a place, from the newest.
pub async fn events_after(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &EventFilter,
    place: Option<Place>,
    most: i64,
) -> Result<Vec<EventRow>> {
    let mut reading = conn.begin().await?;
    plan_each_time(&mut reading).await?;
    let rows = rows(&mut reading, &Asked::new(scope, filter), place, most, 0).await?;
    reading.commit().await?;
    Ok(rows)
}

/// A date that no program can read is shown as the nearest that one can.
async fn rows(
    reading: &mut PgConnection,
    asked: &Asked<'_>,
    place: Option<Place>,
    most: i64,
    offset: i64,
) -> Result<Vec<EventRow>> {
    let (at, id) = place.unzip();
    let rows = of_events!(query_as!(
        [EventRow] r#"SELECT e.id, e.type AS kind, e.old, e.new, e.target_model, e.target_field, e.target_id, e.target_label,
                  e.target_user, e.target_user_id, e.parent_model, e.parent_id, e.parent_label, e.created_by,
                  e.created_by_id,
                  least(greatest(e.created_at, '0001-01-01 00:00:00Z'), '9999-12-31 00:00:00Z') AS "created_at!" "#,
        " AND ($11::timestamptz IS NULL OR (e.created_at, e.id) < ($11, $12::int))
          ORDER BY e.created_at DESC, e.id DESC LIMIT $13 OFFSET $14",
        asked,
        at,
        id,
        most,
        offset
    ));
    Ok(rows.fetch_all(reading).await?)
}

/// What somebody is called, by their id.
pub async fn username(conn: &mut PgConnection, id: i32) -> Result<Option<String>> {
    let username = sqlx::query_scalar!(r#"SELECT username FROM "user" WHERE id = $1"#, id);
    Ok(username.fetch_optional(conn).await?)
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

/// What of these is still there. People are looked up by their ids, and by their usernames where an event has no more. One
/// statement.
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
           UNION ALL SELECT 'jobserver.User', id::text, username, fullname || ' (' || username || ')'
               FROM "user" WHERE id = ANY ($9) OR username = ANY ($10)) things"#,
        &wanted.projects,
        &wanted.orgs,
        &wanted.workspaces,
        &wanted.backends,
        &wanted.repos,
        &wanted.job_requests,
        &wanted.site_alerts,
        &wanted.redirects,
        &wanted.users,
        &wanted.usernames
    )
    .fetch_all(conn)
    .await?)
}
