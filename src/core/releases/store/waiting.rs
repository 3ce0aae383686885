//! Requests to publish that nobody has decided, for those who may.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::super::Tally;
use super::shown;
use crate::core::access::{Permission, Reach, SignedIn};
use crate::core::error::Result;

/// The most that are shown at once.
pub const WAITING_SHOWN: i64 = 10;

/// A request that waits.
#[derive(Debug, Clone)]
pub struct WaitingRequest {
    pub snapshot_id: i32,
    pub workspace: String,
    pub project: String,
    pub project_slug: String,
    pub asked_by: String,
    pub asked_by_name: String,
    pub asked_at: OffsetDateTime,
    pub files: Tally,
}

/// Those that waited longest, and how many there are.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    pub requests: Vec<WaitingRequest>,
    pub total: i64,
}

/// What waits for somebody's decision, in all projects where they may look at drafts and decide about them. One
/// statement; none for people who may do so nowhere.
pub async fn waiting_for(conn: &mut PgConnection, user: &SignedIn) -> Result<Waiting> {
    // What one may not look at one cannot decide either.
    let (everywhere, projects) = match user.reach(&[Permission::SnapshotPublish, Permission::ReleaseFileView]) {
        Reach::Everywhere => (true, Vec::new()),
        Reach::In(projects) if projects.is_empty() => return Ok(Waiting::default()),
        Reach::In(projects) => (false, projects),
    };
    let rows = sqlx::query!(
        r#"WITH waiting AS (
               SELECT q.id, q.snapshot_id, q.created_at, q.created_by_id, w.name AS workspace, w.project_id
               FROM publish_request AS q
               JOIN snapshot AS s ON s.id = q.snapshot_id
               JOIN workspace AS w ON w.id = q.workspace_id
               WHERE q.decision IS NULL AND s.published_at IS NULL AND ($1 OR w.project_id = ANY ($2)))
           SELECT q.snapshot_id, q.workspace, p.name AS project, p.slug AS project_slug, q.created_at,
                  u.username, u.fullname, (SELECT count(*) FROM waiting) AS "total!",
                  files.there AS "there!", files.size AS "size!", files.withdrawn AS "withdrawn!",
                  files.awaited AS "awaited!"
           FROM (SELECT * FROM waiting ORDER BY created_at, id LIMIT $3) AS q
           JOIN project AS p ON p.id = q.project_id
           JOIN "user" AS u ON u.id = q.created_by_id
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS there,
                      coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                          AS size,
                      count(*) FILTER (WHERE f.deleted_at IS NOT NULL) AS withdrawn,
                      count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS awaited
               FROM snapshot_file AS sf JOIN release_file AS f ON f.id = sf.release_file_id
               WHERE sf.snapshot_id = q.snapshot_id) AS files
           ORDER BY q.created_at, q.id"#,
        everywhere,
        &projects,
        WAITING_SHOWN
    )
    .fetch_all(conn)
    .await?;
    Ok(Waiting {
        total: rows.first().map_or(0, |row| row.total),
        requests: rows
            .into_iter()
            .map(|row| WaitingRequest {
                snapshot_id: row.snapshot_id,
                workspace: row.workspace,
                project: row.project,
                project_slug: row.project_slug,
                asked_by_name: shown(&row.username, row.fullname),
                asked_by: row.username,
                asked_at: row.created_at,
                files: Tally {
                    there: row.there,
                    size: row.size,
                    withdrawn: row.withdrawn,
                    awaited: row.awaited,
                },
            })
            .collect(),
    })
}
