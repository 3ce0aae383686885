//! The SQL of the event log's filters.

use sqlx::{Connection, PgConnection};
use time::{Date, Time};

use super::lists::{ListedRequest, requests};
use crate::core::error::Result;
use crate::core::jobs::JobRequestStatus;
use crate::core::paging::{Listed, PageAsked};

/// What chooses from every job request. What is not known matches nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// A backend's slug.
    pub backend: Option<String>,
    pub status: Option<JobRequestStatus>,
    /// A project's slug or number.
    pub project: Option<String>,
    /// The username of who made it.
    pub user: Option<String>,
    /// Made on this day (UTC) or later.
    pub from: Option<Date>,
    /// Made on this day (UTC) or before.
    pub to: Option<Date>,
}

impl LogFilter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How many matches are counted and can be paged through: whoever gets more is better served by a narrower filter.
pub const MOST_MATCHES: i64 = 10_000;

/// Those that fit, newest first. `total` is one more than [`MOST_MATCHES`] when there are more than those.
///
/// A finished status is looked for by its outcome, which has an index; others are few, and active. Which index serves
/// best depends on what is asked for, so this is planned each time: the plan that would be kept for all of them reads
/// every job request.
pub async fn requests_matching(
    conn: &mut PgConnection,
    filter: &LogFilter,
    page: PageAsked,
) -> Result<Listed<ListedRequest>> {
    let (outcome, active) = match filter.status {
        Some(status) if status.is_active() => (None, Some(status.name())),
        status => (status.map(JobRequestStatus::name), None),
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
    let rows = requests!(
        &mut *reading,
        page.number(),
        total: "SELECT count(*) AS total FROM (
                    SELECT FROM job_request r
                     WHERE ($2::text IS NULL OR r.backend_id = (SELECT id FROM backend WHERE slug = $2))
                       AND ($3::text IS NULL OR r.outcome = $3)
                       AND ($4::text IS NULL OR (r.is_active AND r.status = $4))
                       AND ($5::text IS NULL OR r.workspace_id = ANY (ARRAY(
                               SELECT w.id FROM workspace w JOIN project p ON p.id = w.project_id WHERE p.slug = $5 OR p.number = $5)))
                       AND ($6::text IS NULL OR r.created_by_id = (SELECT id FROM \"user\" WHERE username = $6))
                       AND ($7::timestamptz IS NULL OR r.created_at >= $7)
                       AND ($8::timestamptz IS NULL OR r.created_at < $8)
                     LIMIT 10001) counted",
        which: "($2::text IS NULL OR r.backend_id = (SELECT id FROM backend WHERE slug = $2))
                       AND ($3::text IS NULL OR r.outcome = $3)
                       AND ($4::text IS NULL OR (r.is_active AND r.status = $4))
                       AND ($5::text IS NULL OR r.workspace_id = ANY (ARRAY(
                               SELECT w.id FROM workspace w JOIN project p ON p.id = w.project_id WHERE p.slug = $5 OR p.number = $5)))
                       AND ($6::text IS NULL OR r.created_by_id = (SELECT id FROM \"user\" WHERE username = $6))
                       AND ($7::timestamptz IS NULL OR r.created_at >= $7)
                       AND ($8::timestamptz IS NULL OR r.created_at < $8)",
        size: "25",
        actions: "'{}'::text[]",
        filter.backend,
        outcome,
        active,
        filter.project,
        filter.user,
        from,
        before
    );
    reading.commit().await?;
    Ok(Listed::new(rows, ListedRequest::total))
}
