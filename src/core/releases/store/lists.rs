//! Lists of releases and snapshots, for pages.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::super::{Snapshot, Tally};
use super::{shown, snapshot_of};
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked};

/// Releases of one page of a list.
pub const PAGE: i64 = 25;

/// A release in a list. Nothing of it tells what it holds: counts and names are for those who may see its files.
#[derive(Debug, Clone)]
pub struct ListedRelease {
    pub id: String,
    pub workspace: String,
    pub project_id: i32,
    pub project_slug: String,
    pub backend_name: String,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub created_by_name: String,
    /// For those who may see files.
    pub files: Tally,
    total: i64,
}

/// The releases of a project's workspaces, or of one workspace of it, newest first.
pub async fn releases(
    conn: &mut PgConnection,
    project_id: i32,
    workspace_id: Option<i32>,
    page: PageAsked,
) -> Result<Listed<ListedRelease>> {
    let rows = sqlx::query!(
        r#"WITH all_of_them AS (
               SELECT r.id, r.created_at, r.workspace_id, r.backend_id, r.created_by_id
               FROM release AS r JOIN workspace AS w ON w.id = r.workspace_id
               WHERE w.project_id = $1 AND ($2::int IS NULL OR w.id = $2)),
           size AS (SELECT count(*) AS total FROM all_of_them)
           SELECT r.id, w.name AS workspace, w.project_id, p.slug AS project_slug, b.name AS backend_name, r.created_at,
                  u.username AS created_by, u.fullname AS created_by_fullname, size.total AS "total!",
                  files.there AS "there!", files.size AS "size!", files.withdrawn AS "withdrawn!",
                  files.awaited AS "awaited!"
           FROM size,
                LATERAL (SELECT * FROM all_of_them ORDER BY created_at DESC, id DESC
                         LIMIT $4 OFFSET (coalesce($3, greatest((size.total + $4 - 1) / $4, 1)) - 1) * $4) AS r
           JOIN workspace AS w ON w.id = r.workspace_id
           JOIN project AS p ON p.id = w.project_id
           JOIN backend AS b ON b.id = r.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS there,
                      coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                          AS size,
                      count(*) FILTER (WHERE f.deleted_at IS NOT NULL) AS withdrawn,
                      count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS awaited
               FROM release_file AS f WHERE f.release_id = r.id) AS files
           ORDER BY r.created_at DESC, r.id DESC"#,
        project_id,
        workspace_id,
        page.number(),
        PAGE
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| ListedRelease {
        id: row.id,
        workspace: row.workspace,
        project_id: row.project_id,
        project_slug: row.project_slug,
        backend_name: row.backend_name,
        created_at: row.created_at,
        created_by_name: shown(&row.created_by, row.created_by_fullname),
        created_by: row.created_by,
        files: Tally {
            there: row.there,
            size: row.size,
            withdrawn: row.withdrawn,
            awaited: row.awaited,
        },
        total: row.total,
    })
    .collect();
    Ok(Listed::new(rows, |row: &ListedRelease| row.total))
}

/// Whether a workspace has any release.
pub async fn has_releases(conn: &mut PgConnection, workspace_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM release WHERE workspace_id = $1) AS "exists!""#,
        workspace_id
    )
    .fetch_one(conn)
    .await?)
}

/// Whether any workspace of a project has a release.
pub async fn project_has_releases(conn: &mut PgConnection, project_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM release AS r JOIN workspace AS w ON w.id = r.workspace_id
                          WHERE w.project_id = $1) AS "exists!""#,
        project_id
    )
    .fetch_one(conn)
    .await?)
}

/// A snapshot in a list.
#[derive(Debug, Clone)]
pub struct ListedSnapshot {
    pub snapshot: Snapshot,
    pub files: Tally,
    total: i64,
}

/// The snapshots of a workspace, newest first; with `drafts`, also those that are not public.
pub async fn snapshots(
    conn: &mut PgConnection,
    workspace_id: i32,
    drafts: bool,
    page: PageAsked,
) -> Result<Listed<ListedSnapshot>> {
    let rows = sqlx::query!(
        r#"WITH size AS (
               SELECT count(*) AS total FROM snapshot WHERE workspace_id = $1 AND ($2 OR published_at IS NOT NULL))
           SELECT s.id, s.workspace_id, w.name AS workspace, w.project_id, p.slug AS project_slug, s.created_at,
                  u.username AS created_by, u.fullname AS created_by_fullname, s.published_at,
                  pending.id AS "pending_request?", pending.created_at AS "asked_at?",
                  a.username AS "asked_by?", a.fullname AS "asked_by_fullname?",
                  newest.decision_at AS "decided_at?", newest.was_public AS "was_public?",
                  d.username AS "decided_by?", d.fullname AS "decided_by_fullname?",
                  files.there AS "there!", files.size AS "size!", files.withdrawn AS "withdrawn!",
                  files.awaited AS "awaited!", size.total AS "total!"
           FROM size,
                LATERAL (SELECT * FROM snapshot WHERE workspace_id = $1 AND ($2 OR published_at IS NOT NULL)
                         ORDER BY id DESC
                         LIMIT $4 OFFSET (coalesce($3, greatest((size.total + $4 - 1) / $4, 1)) - 1) * $4) AS s
           JOIN workspace AS w ON w.id = s.workspace_id
           JOIN project AS p ON p.id = w.project_id
           JOIN "user" AS u ON u.id = s.created_by_id
           LEFT JOIN publish_request AS pending ON pending.snapshot_id = s.id AND pending.decision IS NULL
           LEFT JOIN "user" AS a ON a.id = pending.created_by_id
           LEFT JOIN LATERAL (
               SELECT q.decision_at, q.decision_by_id,
                      lead(q.decision) OVER (ORDER BY q.created_at DESC, q.id DESC) = 'approved' AS was_public
               FROM publish_request AS q
               WHERE q.snapshot_id = s.id AND q.decision IS NOT NULL
               ORDER BY q.created_at DESC, q.id DESC
               LIMIT 1) AS newest ON true
           LEFT JOIN "user" AS d ON d.id = newest.decision_by_id
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS there,
                      coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                          AS size,
                      -- Of what was withdrawn before it was public, the public knows nothing.
                      count(*) FILTER (WHERE f.deleted_at IS NOT NULL AND ($2 OR f.deleted_at >= s.published_at))
                          AS withdrawn,
                      count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS awaited
               FROM snapshot_file AS sf JOIN release_file AS f ON f.id = sf.release_file_id
               WHERE sf.snapshot_id = s.id) AS files
           ORDER BY s.id DESC"#,
        workspace_id,
        drafts,
        page.number(),
        PAGE
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| ListedSnapshot {
        files: Tally {
            there: row.there,
            size: row.size,
            withdrawn: row.withdrawn,
            awaited: row.awaited,
        },
        total: row.total,
        snapshot: snapshot_of!(row),
    })
    .collect();
    Ok(Listed::new(rows, |row: &ListedSnapshot| row.total))
}

/// What a project made public: of each workspace the snapshot that was published last.
#[derive(Debug, Clone)]
pub struct PublishedOutput {
    pub snapshot_id: i32,
    pub workspace: String,
    pub created_at: OffsetDateTime,
    pub published_at: OffsetDateTime,
    pub files: Tally,
}

/// The most that a project's page shows.
pub const PUBLISHED_SHOWN: i64 = 100;

/// What a project made public, newest first.
pub async fn published_outputs(conn: &mut PgConnection, project_id: i32) -> Result<Vec<PublishedOutput>> {
    Ok(sqlx::query!(
        r#"SELECT s.id AS snapshot_id, w.name AS workspace, s.created_at, s.published_at AS "published_at!",
                  files.there AS "there!", files.size AS "size!", files.withdrawn AS "withdrawn!",
                  files.awaited AS "awaited!"
           FROM workspace AS w
           CROSS JOIN LATERAL (SELECT * FROM snapshot
                               WHERE snapshot.workspace_id = w.id AND snapshot.published_at IS NOT NULL
                               ORDER BY published_at DESC, id DESC LIMIT 1) AS s
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS there,
                      coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                          AS size,
                      count(*) FILTER (WHERE f.deleted_at >= s.published_at) AS withdrawn,
                      count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS awaited
               FROM snapshot_file AS sf JOIN release_file AS f ON f.id = sf.release_file_id
               WHERE sf.snapshot_id = s.id) AS files
           WHERE w.project_id = $1
           ORDER BY s.published_at DESC, s.id DESC
           LIMIT $2"#,
        project_id,
        PUBLISHED_SHOWN
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| PublishedOutput {
        snapshot_id: row.snapshot_id,
        workspace: row.workspace,
        created_at: row.created_at,
        published_at: row.published_at,
        files: Tally {
            there: row.there,
            size: row.size,
            withdrawn: row.withdrawn,
            awaited: row.awaited,
        },
    })
    .collect())
}

/// What a workspace's page says of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputsOfWorkspace {
    pub has_releases: bool,
    /// Public snapshots.
    pub published: i64,
    /// Snapshots that wait for a decision; for those who may see drafts.
    pub waiting: i64,
    /// Whether the user belongs to a backend whose files can be looked at before any release.
    pub has_level_4: bool,
}

/// What is there of a workspace for this user, or for nobody in particular.
pub async fn outputs_of_workspace(
    conn: &mut PgConnection,
    workspace_id: i32,
    user_id: Option<i32>,
) -> Result<OutputsOfWorkspace> {
    Ok(sqlx::query_as!(
        OutputsOfWorkspace,
        r#"SELECT EXISTS (SELECT FROM release WHERE workspace_id = $1) AS "has_releases!",
                  (SELECT count(*) FROM snapshot
                   WHERE workspace_id = $1 AND published_at IS NOT NULL) AS "published!",
                  (SELECT count(*) FROM publish_request AS q JOIN snapshot AS s ON s.id = q.snapshot_id
                   WHERE q.workspace_id = $1 AND q.decision IS NULL AND s.published_at IS NULL) AS "waiting!",
                  EXISTS (SELECT FROM backend_membership AS m JOIN backend AS b ON b.id = m.backend_id
                          WHERE m.user_id = $2 AND b.level_4_url <> '') AS "has_level_4!""#,
        workspace_id,
        user_id
    )
    .fetch_one(conn)
    .await?)
}
