//! The SQL of job request lists: one statement a list, whatever its length.
//!
//! A page's request ids are found first, by an index alone; only those are joined and their jobs
//! counted.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;
use crate::core::jobs::JobRequestStatus;
use crate::core::paging::{Listed, PageAsked, containing};

/// A job request as lists show one.
#[derive(Debug)]
pub struct ListedRequest {
    pub id: i32,
    pub status: String,
    pub workspace: String,
    pub project_slug: String,
    pub project_name: String,
    /// The organisation that leads the project, else the first that takes part.
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub backend_slug: String,
    pub username: Option<String>,
    pub fullname: Option<String>,
    pub jobs: i64,
    pub jobs_succeeded: i64,
    /// When the first of its jobs started.
    pub started_at: Option<OffsetDateTime>,
    /// The jobs' actions, in the order of the jobs; empty where a list does not show them.
    pub actions: Vec<String>,
    pub(super) total: i64,
}

impl ListedRequest {
    pub fn status(&self) -> JobRequestStatus {
        self.status.parse().unwrap_or(JobRequestStatus::Unknown)
    }

    /// Of the whole list.
    pub(super) fn total(&self) -> i64 {
        self.total
    }
}

/// How many job requests a page of a log has.
pub const REQUESTS_PER_PAGE: i64 = 25;

/// A page of job requests, newest first. `$1` is the page, null for the last; `total` counts the
/// list, `which` chooses from `job_request r`. The offset stands in a subquery so that one plan
/// serves every page and is made once. Where `page` is given in their place, it makes the page's ids and the `total`.
macro_rules! requests {
    ($conn:expr, $page:expr, total: $total:literal, which: $which:literal, size: $size:literal, actions: $actions:literal $(, $arg:expr)*) => {
        requests!(
            $conn,
            $page,
            page: ["SELECT q.id, t.total FROM ("
                + $total
                + r#") t
                       CROSS JOIN LATERAL (
                           SELECT r.id FROM job_request r WHERE "#
                + $which
                + " ORDER BY r.id DESC LIMIT "
                + $size
                + " OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / "
                + $size
                + ") * "
                + $size
                + ")) q"],
            actions: $actions
            $(, $arg)*
        )
    };
    ($conn:expr, $page:expr, page: [$($ids:tt)+], actions: $actions:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            ListedRequest,
            r#"SELECT r.id, r.status, w.name AS workspace, p.slug AS project_slug, p.name AS project_name,
                      o.name AS "org_name?", o.slug AS "org_slug?", b.slug AS backend_slug,
                      u.username AS "username?", u.fullname AS "fullname?", j.jobs AS "jobs!",
                      j.jobs_succeeded AS "jobs_succeeded!", j.started_at, j.actions AS "actions!", page.total AS "total!"
                 FROM ("#
                + $($ids)+
                + r#") page
                 JOIN job_request r ON r.id = page.id
                 JOIN workspace w ON w.id = r.workspace_id
                 JOIN project p ON p.id = w.project_id
                 JOIN backend b ON b.id = r.backend_id
                 LEFT JOIN LATERAL (SELECT c.org_id FROM project_collaboration c WHERE c.project_id = p.id
                                     ORDER BY c.is_lead DESC, c.id LIMIT 1) c ON true
                 LEFT JOIN org o ON o.id = c.org_id
                 LEFT JOIN "user" u ON u.id = r.created_by_id
                 LEFT JOIN LATERAL (
                     SELECT count(*) AS jobs, count(*) FILTER (WHERE lower(status) = 'succeeded') AS jobs_succeeded,
                            min(started_at) AS started_at, "#
                + $actions
                + r#" AS actions
                       FROM job WHERE job_request_id = r.id) j ON true
                ORDER BY r.id DESC"#,
            $page $(, $arg)*
        )
        .fetch_all($conn)
        .await?
    };
}

pub(super) use requests;

/// Every job request. A page is found by what the blocks of ids hold, so that the last costs what the first does:
/// its first row is in the block before which no more rows are newer than are stepped over.
pub async fn all_requests(conn: &mut PgConnection, page: PageAsked) -> Result<Listed<ListedRequest>> {
    let rows = requests!(
        conn,
        page.number(),
        page: ["SELECT q.id, t.total
                  FROM (SELECT coalesce(sum(total), 0)::bigint AS total FROM job_request_block) t
                 CROSS JOIN LATERAL (
                     SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / 25) * 25 AS skipped) s
                 CROSS JOIN LATERAL (
                     SELECT block, newer
                       FROM (SELECT block, total, sum(total) OVER (ORDER BY block DESC) - total AS newer
                               FROM job_request_block) b
                      WHERE newer <= s.skipped AND s.skipped < newer + total) b
                 CROSS JOIN LATERAL (
                     SELECT id FROM job_request WHERE id <= (b.block << 10 | 1023)
                      ORDER BY id DESC LIMIT 25 OFFSET s.skipped - b.newer) q"],
        actions: "'{}'::text[]"
    );
    Ok(Listed::new(rows, |row| row.total))
}

/// The newest ten of the active backends.
pub async fn latest_requests(conn: &mut PgConnection) -> Result<Vec<ListedRequest>> {
    Ok(requests!(
        conn,
        Some(1_i64),
        total: "SELECT 0::bigint AS total",
        which: "r.backend_id = ANY (ARRAY(SELECT id FROM backend WHERE is_active))",
        size: "10",
        actions: "'{}'::text[]"
    ))
}

pub async fn requests_of_project(
    conn: &mut PgConnection,
    project_id: i32,
    page: PageAsked,
) -> Result<Listed<ListedRequest>> {
    let rows = requests!(
        conn,
        page.number(),
        total: "SELECT count(*) AS total FROM job_request
                 WHERE workspace_id = ANY (ARRAY(SELECT id FROM workspace WHERE project_id = $2))",
        which: "r.workspace_id = ANY (ARRAY(SELECT id FROM workspace WHERE project_id = $2))",
        size: "25",
        actions: "'{}'::text[]",
        project_id
    );
    Ok(Listed::new(rows, |row| row.total))
}

/// Of the projects in which an organisation takes part, leading or not.
pub async fn requests_of_org(conn: &mut PgConnection, org_id: i32, page: PageAsked) -> Result<Listed<ListedRequest>> {
    let rows = requests!(
        conn,
        page.number(),
        total: "SELECT count(*) AS total FROM job_request
                 WHERE workspace_id = ANY (ARRAY(SELECT w.id FROM workspace w
                                                   JOIN project_collaboration c ON c.project_id = w.project_id
                                                  WHERE c.org_id = $2))",
        which: "r.workspace_id = ANY (ARRAY(SELECT w.id FROM workspace w
                                              JOIN project_collaboration c ON c.project_id = w.project_id
                                             WHERE c.org_id = $2))",
        size: "25",
        actions: "'{}'::text[]",
        org_id
    );
    Ok(Listed::new(rows, |row| row.total))
}

/// Those that somebody made.
pub async fn requests_of_user(conn: &mut PgConnection, user_id: i32, page: PageAsked) -> Result<Listed<ListedRequest>> {
    let rows = requests!(
        conn,
        page.number(),
        total: "SELECT count(*) AS total FROM job_request WHERE created_by_id = $2",
        which: "r.created_by_id = $2",
        size: "25",
        actions: "'{}'::text[]",
        user_id
    );
    Ok(Listed::new(rows, |row| row.total))
}

/// What to look for among a workspace's job requests.
#[derive(Debug, Default, Clone)]
pub struct RequestFilter {
    /// Part of an action's name or of a job's identifier, whatever the case; a whole number also
    /// means a job's or a job request's. Empty: everything.
    pub text: String,
    /// Slugs of backends; empty: all.
    pub backends: Vec<String>,
}

impl RequestFilter {
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.backends.is_empty()
    }
}

/// Those of a workspace that fit, with their jobs' actions.
pub async fn requests_of_workspace(
    conn: &mut PgConnection,
    workspace_id: i32,
    filter: &RequestFilter,
    page: PageAsked,
) -> Result<Listed<ListedRequest>> {
    let rows = if filter.is_empty() {
        requests!(
            conn,
            page.number(),
            total: "SELECT count(*) AS total FROM job_request WHERE workspace_id = $2",
            which: "r.workspace_id = $2",
            size: "25",
            actions: "coalesce(array_agg(action ORDER BY id), '{}')",
            workspace_id
        )
    } else {
        let pattern = (!filter.text.is_empty()).then(|| containing(&filter.text));
        let number: Option<i32> = filter.text.parse().ok();
        let backends = (!filter.backends.is_empty()).then_some(filter.backends.as_slice());
        requests!(
            conn,
            page.number(),
            total: "SELECT count(*) AS total FROM job_request r
                     WHERE r.workspace_id = $2
                       AND ($3::text[] IS NULL OR r.backend_id = ANY (ARRAY(SELECT id FROM backend WHERE slug = ANY ($3))))
                       AND ($4::text IS NULL OR r.id = $5
                            OR EXISTS (SELECT FROM job j WHERE j.job_request_id = r.id
                                          AND (j.action ILIKE $4 OR j.identifier ILIKE $4 OR j.id = $5)))",
            which: "r.workspace_id = $2
                       AND ($3::text[] IS NULL OR r.backend_id = ANY (ARRAY(SELECT id FROM backend WHERE slug = ANY ($3))))
                       AND ($4::text IS NULL OR r.id = $5
                            OR EXISTS (SELECT FROM job j WHERE j.job_request_id = r.id
                                          AND (j.action ILIKE $4 OR j.identifier ILIKE $4 OR j.id = $5)))",
            size: "25",
            actions: "coalesce(array_agg(action ORDER BY id), '{}')",
            workspace_id,
            backends,
            pattern,
            number
        )
    };
    Ok(Listed::new(rows, |row| row.total))
}

/// A backend to choose.
#[derive(Debug)]
pub struct UsedBackend {
    pub slug: String,
    pub name: String,
}

/// Every backend, for choosing among them.
pub async fn all_backends(conn: &mut PgConnection) -> Result<Vec<UsedBackend>> {
    Ok(
        sqlx::query_as!(UsedBackend, "SELECT slug, name FROM backend ORDER BY lower(name), slug")
            .fetch_all(conn)
            .await?,
    )
}

pub async fn backends_of_workspace(conn: &mut PgConnection, workspace_id: i32) -> Result<Vec<UsedBackend>> {
    Ok(sqlx::query_as!(
        UsedBackend,
        "SELECT slug, name FROM backend b
          WHERE EXISTS (SELECT FROM job_request WHERE workspace_id = $1 AND backend_id = b.id)
          ORDER BY lower(name), slug",
        workspace_id
    )
    .fetch_all(conn)
    .await?)
}

/// A job request as its maker's home page shows it.
#[derive(Debug)]
pub struct OwnRequest {
    pub id: i32,
    pub status: String,
    pub created_at: OffsetDateTime,
    pub workspace: String,
    pub project_slug: String,
}

impl OwnRequest {
    pub fn status(&self) -> JobRequestStatus {
        self.status.parse().unwrap_or(JobRequestStatus::Unknown)
    }
}

/// The newest five that somebody made on the active backends.
pub async fn own_requests(conn: &mut PgConnection, user_id: i32) -> Result<Vec<OwnRequest>> {
    Ok(sqlx::query_as!(
        OwnRequest,
        r#"SELECT r.id, r.status, r.created_at AS "created_at!", w.name AS workspace, p.slug AS project_slug
             FROM (SELECT id, status, created_at, workspace_id FROM job_request
                    WHERE created_by_id = $1 AND backend_id = ANY (ARRAY(SELECT id FROM backend WHERE is_active))
                    ORDER BY id DESC LIMIT 5) r
             JOIN workspace w ON w.id = r.workspace_id
             JOIN project p ON p.id = w.project_id
            ORDER BY r.id DESC"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// A job request that is news to who made it.
#[derive(Debug)]
pub struct NewsOfRequest {
    pub id: i32,
    pub status: String,
    pub is_active: bool,
    pub workspace: String,
    pub project_slug: String,
    /// When it was made; for one that failed, when the last of its jobs ended.
    pub at: OffsetDateTime,
}

impl NewsOfRequest {
    pub fn status(&self) -> JobRequestStatus {
        self.status.parse().unwrap_or(JobRequestStatus::Unknown)
    }
}

/// Of the newest 200 that somebody made on the active backends: those that go on, and those that failed after
/// `since`; newest first, at most twenty.
pub async fn news_of_requests(
    conn: &mut PgConnection,
    user_id: i32,
    since: OffsetDateTime,
) -> Result<Vec<NewsOfRequest>> {
    Ok(sqlx::query_as!(
        NewsOfRequest,
        r#"SELECT r.id, r.status, r.is_active AS "is_active!", w.name AS workspace, p.slug AS project_slug, j.at AS "at!"
             FROM (SELECT id, status, is_active, created_at, workspace_id, backend_id FROM job_request
                    WHERE created_by_id = $1 ORDER BY id DESC LIMIT 200) r
             JOIN backend b ON b.id = r.backend_id AND b.is_active
             JOIN workspace w ON w.id = r.workspace_id
             JOIN project p ON p.id = w.project_id
            CROSS JOIN LATERAL (
                SELECT CASE WHEN r.is_active THEN r.created_at
                            ELSE coalesce((SELECT max(coalesce(completed_at, updated_at)) FROM job
                                            WHERE job_request_id = r.id), r.created_at) END AS at) j
            WHERE r.is_active OR (r.status = 'failed' AND j.at > $2)
            ORDER BY r.id DESC LIMIT 20"#,
        user_id,
        since
    )
    .fetch_all(conn)
    .await?)
}

/// How much somebody has: job requests made, workspaces in use of their projects.
#[derive(Debug)]
pub struct OwnCounts {
    pub requests: i64,
    pub workspaces: i64,
}

pub async fn own_counts(conn: &mut PgConnection, user_id: i32) -> Result<OwnCounts> {
    Ok(sqlx::query_as!(
        OwnCounts,
        r#"SELECT (SELECT count(*) FROM job_request WHERE created_by_id = $1) AS "requests!",
                  (SELECT count(*) FROM workspace w JOIN project_membership m ON m.project_id = w.project_id
                    WHERE m.user_id = $1 AND NOT w.is_archived) AS "workspaces!""#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}
