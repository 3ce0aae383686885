//! The SQL of the staff area's job requests.
//!
//! A list has two statements. The first finds what the filters and the search mean: a few people, workspaces, backends,
//! and requests that a job's identifier names. The second chooses by these numbers, and is planned each time: only with
//! them in sight does the planner know whether an index finds what is asked for, or the newest requests will do. Parts
//! of requests' own identifiers and numbers are looked for by reading through them, 25,000 of which take some
//! milliseconds; of jobs there are many times as many, so that theirs are looked up by how they begin.

use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::jobs::JobRequestStatus;
use crate::core::jobs::detail::Place;
use crate::core::paging::{Listed, PageAsked, containing};

/// What chooses from every job request. What is not known matches nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct StaffFilter {
    /// Part of a person's, workspace's, project's or organisation's name, of a request's number or identifier; or the
    /// beginning of the identifier of one of its jobs. `#` before a number is that number alone.
    pub q: Option<String>,
    /// Slugs of backends; none: all.
    pub backends: Vec<String>,
    /// Slugs of organisations that take part in the project; none: all.
    pub orgs: Vec<String>,
    /// A project's slug or number.
    pub project: Option<String>,
    /// The username of who made it.
    pub user: Option<String>,
    /// A workspace's name.
    pub workspace: Option<String>,
}

/// How many matches of a filter are counted and can be paged through.
pub const MOST_MATCHES: i64 = 10_000;
/// Identifiers that begin alike and are looked at.
const MOST_IDENTIFIED: i64 = 200;
/// The fewest characters of a job's identifier that choose.
const SHORTEST_IDENTIFIER: usize = 4;

/// A job request as the staff's list shows one.
#[derive(Debug)]
pub struct StaffListed {
    pub id: i32,
    pub identifier: String,
    pub status: String,
    pub created_at: Option<OffsetDateTime>,
    pub username: Option<String>,
    pub fullname: Option<String>,
    pub workspace: String,
    pub project_slug: String,
    pub project_name: String,
    pub project_number: Option<String>,
    pub backend: String,
    total: i64,
}

/// What a filter means: `None` is whatever.
#[derive(Debug, Default)]
struct Scope {
    backends: Option<Vec<i32>>,
    workspaces: Option<Vec<i32>>,
    users: Option<Vec<i32>>,
    found_requests: Option<Vec<i32>>,
    found_users: Option<Vec<i32>>,
    found_workspaces: Option<Vec<i32>>,
    /// Patterns of what is looked for in identifiers and in numbers of requests.
    in_identifier: Option<String>,
    in_number: Option<String>,
}

/// Those that fit, newest first. Filtered, `total` is one more than [`MOST_MATCHES`] when there are more than those.
pub async fn requests_for_staff(
    conn: &mut PgConnection,
    filter: &StaffFilter,
    page: PageAsked,
    per_page: i64,
) -> Result<Listed<StaffListed>> {
    let mut reading = conn.begin().await?;
    sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        .fetch_one(&mut *reading)
        .await?;
    let scope = scope(&mut reading, filter).await?;
    let is_everything = *filter == StaffFilter::default();
    let rows = sqlx::query_as!(
        StaffListed,
        r#"WITH found AS MATERIALIZED (
               SELECT r.id FROM job_request r
                WHERE NOT $2
                  AND ($3::int[] IS NULL OR r.backend_id = ANY ($3))
                  AND ($4::int[] IS NULL OR r.workspace_id = ANY ($4))
                  AND ($5::int[] IS NULL OR r.created_by_id = ANY ($5))
                  AND ($6::int[] IS NULL OR r.id = ANY ($6) OR r.created_by_id = ANY ($7) OR r.workspace_id = ANY ($8)
                       OR r.identifier LIKE $11 OR r.id::text LIKE $12)
                ORDER BY r.id DESC LIMIT greatest($9::bigint, $10::bigint + 1)),
                counted AS MATERIALIZED (
               SELECT CASE WHEN $2 THEN (SELECT coalesce(sum(total), 0)::bigint FROM job_request_block)
                           ELSE (SELECT count(*) FROM found) END AS total),
                page AS (
               SELECT q.id, t.total FROM counted t
                CROSS JOIN LATERAL (
                    (SELECT id FROM job_request WHERE $2 ORDER BY id DESC LIMIT $9
                     OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $9) * $9))
                    UNION ALL
                    (SELECT id FROM found WHERE NOT $2 ORDER BY id DESC LIMIT $9
                     OFFSET (SELECT coalesce($1::bigint - 1, greatest(least(t.total, $10) - 1, 0) / $9) * $9))) q)
           SELECT r.id, r.identifier, r.status, r.created_at, u.username AS "username?", u.fullname AS "fullname?",
                  w.name AS workspace, p.slug AS project_slug, p.name AS project_name, p.number AS project_number,
                  b.name AS backend, page.total AS "total!"
             FROM page
             JOIN job_request r ON r.id = page.id
             JOIN workspace w ON w.id = r.workspace_id
             JOIN project p ON p.id = w.project_id
             JOIN backend b ON b.id = r.backend_id
             LEFT JOIN "user" u ON u.id = r.created_by_id
            ORDER BY r.id DESC"#,
        page.number(),
        is_everything,
        scope.backends as Option<Vec<i32>>,
        scope.workspaces as Option<Vec<i32>>,
        scope.users as Option<Vec<i32>>,
        scope.found_requests as Option<Vec<i32>>,
        scope.found_users as Option<Vec<i32>>,
        scope.found_workspaces as Option<Vec<i32>>,
        per_page,
        MOST_MATCHES,
        scope.in_identifier,
        scope.in_number,
    )
    .fetch_all(&mut *reading)
    .await?;
    reading.commit().await?;
    Ok(Listed::new(rows, |row| row.total))
}

/// Numbers instead of names. Names, of which there are thousands, are read through; identifiers of jobs are looked up
/// by range, so that their index serves.
async fn scope(conn: &mut PgConnection, filter: &StaffFilter) -> Result<Scope> {
    if *filter == StaffFilter::default() {
        return Ok(Scope::default());
    }
    let q = filter.q.as_deref();
    let anywhere = q.map(containing);
    let identifier = q.filter(|q| q.len() >= SHORTEST_IDENTIFIER && q.bytes().all(|byte| byte.is_ascii_graphic()));
    let number: Option<i32> = q.and_then(|q| q.strip_prefix('#')?.parse().ok());
    let in_identifier = q.filter(|q| q.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let in_number = q.filter(|q| q.bytes().all(|byte| byte.is_ascii_digit()));
    let in_places = filter.workspace.is_some() || filter.project.is_some() || !filter.orgs.is_empty();
    let row = sqlx::query!(
        r#"SELECT ARRAY(SELECT id FROM backend WHERE slug = ANY ($1)) AS "backends!",
                  ARRAY(SELECT w.id FROM workspace w JOIN project p ON p.id = w.project_id
                         WHERE $10 AND ($2::text IS NULL OR w.name = $2)
                           AND ($3::text IS NULL OR p.slug = $3 OR p.number = $3)
                           AND (cardinality($4::text[]) = 0 OR EXISTS (
                                SELECT FROM project_collaboration c JOIN org o ON o.id = c.org_id
                                 WHERE c.project_id = p.id AND o.slug = ANY ($4)))) AS "workspaces!",
                  ARRAY(SELECT id FROM "user" WHERE username = $5) AS "users!",
                  ARRAY(SELECT id FROM job_request WHERE id = $6
                        UNION
                        (SELECT job_request_id FROM job
                          WHERE identifier >= lower($7) AND identifier < lower($7) || chr(1114111)
                          ORDER BY identifier LIMIT $9)) AS "found_requests!",
                  ARRAY(SELECT id FROM "user" WHERE username ILIKE $8 OR fullname ILIKE $8) AS "found_users!",
                  ARRAY(SELECT w.id FROM workspace w
                         WHERE w.name ILIKE $8 OR w.project_id = ANY (ARRAY(
                               SELECT p.id FROM project p WHERE p.name ILIKE $8
                               UNION
                               SELECT c.project_id FROM project_collaboration c JOIN org o ON o.id = c.org_id
                                WHERE o.name ILIKE $8))) AS "found_workspaces!""#,
        &filter.backends,
        filter.workspace,
        filter.project,
        &filter.orgs,
        filter.user,
        number,
        identifier,
        anywhere,
        MOST_IDENTIFIED,
        in_places,
    )
    .fetch_one(conn)
    .await?;
    let given = |is_given: bool, ids: Vec<i32>| is_given.then_some(ids);
    Ok(Scope {
        backends: given(!filter.backends.is_empty(), row.backends),
        workspaces: given(in_places, row.workspaces),
        users: given(filter.user.is_some(), row.users),
        found_requests: given(q.is_some(), row.found_requests),
        found_users: given(q.is_some(), row.found_users),
        found_workspaces: given(q.is_some(), row.found_workspaces),
        in_identifier: in_identifier.map(|part| containing(&part.to_ascii_lowercase())),
        in_number: in_number.map(containing),
    })
}

/// A job request as its page in the staff area shows it.
#[derive(Debug)]
pub struct StaffRequest {
    pub id: i32,
    pub identifier: String,
    pub created_at: Option<OffsetDateTime>,
    pub requested_actions: Vec<String>,
    pub cancelled_actions: Vec<String>,
    pub force_run_dependencies: bool,
    pub status: JobRequestStatus,
    pub status_message: Option<String>,
    pub transport: String,
    pub backend_id: i32,
    pub place: Place,
}

/// The request with this id, wherever it is.
pub async fn request_for_staff(conn: &mut PgConnection, id: i32) -> Result<Option<StaffRequest>> {
    let place = sqlx::query!(
        "SELECT p.slug, w.name, r.transport, r.backend_id FROM job_request r
           JOIN workspace w ON w.id = r.workspace_id JOIN project p ON p.id = w.project_id WHERE r.id = $1",
        id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(place) = place else { return Ok(None) };
    let Some(found) = super::detail::request_detail(conn, &place.slug, &place.name, id).await? else {
        return Ok(None);
    };
    Ok(Some(StaffRequest {
        id: found.id,
        identifier: found.identifier,
        created_at: found.created_at,
        requested_actions: found.requested_actions,
        cancelled_actions: found.cancelled_actions,
        force_run_dependencies: found.force_run_dependencies,
        status: found.status,
        status_message: found.status_message,
        transport: place.transport,
        backend_id: place.backend_id,
        place: found.place,
    }))
}

/// Every backend's and every organisation's slug and name, for filters, by name.
pub async fn choices(conn: &mut PgConnection) -> Result<(Vec<(String, String)>, Vec<(String, String)>)> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", slug AS "slug!", name AS "name!" FROM (
             SELECT 0 AS kind, slug::text, name FROM backend
             UNION ALL SELECT 1, slug::text, name FROM org) choices ORDER BY lower(name), slug"#
    )
    .fetch_all(conn)
    .await?;
    let of = |kind: i32| {
        let of_kind = rows.iter().filter(|row| row.kind == kind);
        of_kind.map(|row| (row.slug.clone(), row.name.clone())).collect()
    };
    Ok((of(0), of(1)))
}

/// What a job request is called where only that is told of it.
#[derive(Debug)]
pub struct NamedRequest {
    pub id: i32,
    pub workspace: String,
    pub username: Option<String>,
}

/// The job requests with these ids, the newest first.
pub async fn named_requests(conn: &mut PgConnection, ids: &[i32]) -> Result<Vec<NamedRequest>> {
    Ok(sqlx::query_as!(
        NamedRequest,
        r#"SELECT r.id, w.name AS workspace, u.username AS "username?"
             FROM job_request r JOIN workspace w ON w.id = r.workspace_id LEFT JOIN "user" u ON u.id = r.created_by_id
            WHERE r.id = ANY ($1) ORDER BY r.id DESC"#,
        ids
    )
    .fetch_all(conn)
    .await?)
}
