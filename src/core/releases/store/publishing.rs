//! Snapshots and the requests to publish them.

use sqlx::PgConnection;

use super::super::{Decision, PublishRequest, Snapshot, Tally};
use super::{shown, snapshot_of};
use crate::core::error::Result;

/// The snapshot of this id, when it is one of this workspace.
pub async fn snapshot(conn: &mut PgConnection, workspace_id: i32, id: i32) -> Result<Option<Snapshot>> {
    Ok(snapshot_of_id(conn, id)
        .await?
        .filter(|snapshot| snapshot.workspace_id == workspace_id))
}

/// The snapshot of this id.
pub async fn snapshot_of_id(conn: &mut PgConnection, id: i32) -> Result<Option<Snapshot>> {
    let found = sqlx::query!(
        r#"SELECT s.id, s.workspace_id, w.name AS workspace, w.project_id, p.slug AS project_slug, s.created_at,
                  u.username AS created_by, u.fullname AS created_by_fullname, s.published_at,
                  pending.id AS "pending_request?", pending.created_at AS "asked_at?",
                  a.username AS "asked_by?", a.fullname AS "asked_by_fullname?",
                  newest.decision_at AS "decided_at?", newest.was_public AS "was_public?",
                  d.username AS "decided_by?", d.fullname AS "decided_by_fullname?"
           FROM snapshot AS s
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
           WHERE s.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| snapshot_of!(row)))
}

/// How many files a snapshot has, and what became of them.
pub async fn tally(conn: &mut PgConnection, snapshot_id: i32) -> Result<Tally> {
    Ok(sqlx::query_as!(
        Tally,
        r#"SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS "there!",
                  coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                      AS "size!",
                  count(*) FILTER (WHERE f.deleted_at IS NOT NULL) AS "withdrawn!",
                  count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS "awaited!"
           FROM snapshot_file AS s JOIN release_file AS f ON f.id = s.release_file_id
           WHERE s.snapshot_id = $1"#,
        snapshot_id
    )
    .fetch_one(conn)
    .await?)
}

/// The most requests that a snapshot's page shows.
pub const REQUESTS_SHOWN: i64 = 100;

/// What was asked and decided of a snapshot, newest first. A rejection after an approval is a withdrawal.
pub async fn requests(conn: &mut PgConnection, snapshot_id: i32) -> Result<Vec<PublishRequest>> {
    Ok(sqlx::query!(
        r#"SELECT r.id, r.created_at, u.username AS created_by, u.fullname AS created_by_fullname, r.decision,
                  r.decision_at, d.username AS "decision_by?", d.fullname AS "decision_by_fullname?"
           FROM publish_request AS r
           JOIN "user" AS u ON u.id = r.created_by_id
           LEFT JOIN "user" AS d ON d.id = r.decision_by_id
           WHERE r.snapshot_id = $1
           ORDER BY r.created_at DESC, r.id DESC
           LIMIT $2"#,
        snapshot_id,
        REQUESTS_SHOWN
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| PublishRequest {
        id: row.id,
        created_at: row.created_at,
        created_by_name: shown(&row.created_by, row.created_by_fullname),
        created_by: row.created_by,
        decision: row.decision.as_deref().and_then(Decision::of),
        decision_at: row.decision_at,
        decision_by_name: row
            .decision_by
            .as_deref()
            .map(|username| shown(username, row.decision_by_fullname.unwrap_or_default())),
        decision_by: row.decision_by,
    })
    .collect())
}

/// In how many published snapshots a file is, and in how many that wait for a decision.
pub async fn snapshots_of_file(conn: &mut PgConnection, file_id: &str) -> Result<(i64, i64)> {
    let found = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE s.published_at IS NOT NULL) AS "published!",
                  count(*) FILTER (WHERE s.published_at IS NULL AND EXISTS (
                      SELECT FROM publish_request AS q WHERE q.snapshot_id = s.id AND q.decision IS NULL)) AS "waiting!"
           FROM snapshot_file AS f JOIN snapshot AS s ON s.id = f.snapshot_id
           WHERE f.release_file_id = $1"#,
        file_id
    )
    .fetch_one(conn)
    .await?;
    Ok((found.published, found.waiting))
}

/// A file that a snapshot is asked for.
pub struct Asked {
    pub id: String,
    pub workspace_id: i32,
    pub is_deleted: bool,
    pub is_uploaded: bool,
}

/// What is known of files that a snapshot is asked for, locked against deletion.
pub async fn asked_files(conn: &mut PgConnection, ids: &[String]) -> Result<Vec<Asked>> {
    Ok(sqlx::query_as!(
        Asked,
        r#"SELECT id, workspace_id, (deleted_at IS NOT NULL) AS "is_deleted!",
                  (uploaded_at IS NOT NULL) AS "is_uploaded!"
           FROM release_file WHERE id = ANY ($1) ORDER BY id FOR SHARE"#,
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Lets those who make or decide snapshots of a workspace take turns.
pub async fn lock_workspace(conn: &mut PgConnection, workspace_id: i32) -> Result<()> {
    sqlx::query!("SELECT id FROM workspace WHERE id = $1 FOR NO KEY UPDATE", workspace_id)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// A snapshot with exactly these files, and whether it is public.
pub async fn same_snapshot(conn: &mut PgConnection, workspace_id: i32, hash: &[u8]) -> Result<Option<(i32, bool)>> {
    Ok(sqlx::query!(
        r#"SELECT id, (published_at IS NOT NULL) AS "is_published!"
           FROM snapshot WHERE workspace_id = $1 AND fileset_hash = $2"#,
        workspace_id,
        hash
    )
    .fetch_optional(conn)
    .await?
    .map(|row| (row.id, row.is_published)))
}

pub async fn insert_snapshot(
    conn: &mut PgConnection,
    workspace_id: i32,
    hash: &[u8],
    files: &[String],
    user_id: i32,
) -> Result<i32> {
    let id = sqlx::query_scalar!(
        "INSERT INTO snapshot (workspace_id, fileset_hash, created_by_id) VALUES ($1, $2, $3) RETURNING id",
        workspace_id,
        hash,
        user_id
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO snapshot_file (snapshot_id, release_file_id, workspace_id) SELECT $1, unnest($2::text[]), $3",
        id,
        files,
        workspace_id
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Takes files out of a snapshot, whose set becomes another.
pub async fn remove_files(conn: &mut PgConnection, snapshot_id: i32, files: &[String], hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM snapshot_file WHERE snapshot_id = $1 AND release_file_id = ANY ($2)",
        snapshot_id,
        files
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE snapshot SET fileset_hash = $2 WHERE id = $1", snapshot_id, hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// The request of a snapshot that is not decided, if there is one.
pub async fn pending_request(conn: &mut PgConnection, snapshot_id: i32) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM publish_request WHERE snapshot_id = $1 AND decision IS NULL FOR UPDATE",
        snapshot_id
    )
    .fetch_optional(conn)
    .await?)
}

/// Adds a request, decided at once when a decision is given.
pub async fn insert_request(
    conn: &mut PgConnection,
    snapshot_id: i32,
    workspace_id: i32,
    user_id: i32,
    decision: Option<Decision>,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO publish_request
               (snapshot_id, workspace_id, created_by_id, updated_by_id, decision, decision_at, decision_by_id)
           VALUES ($1, $2, $3::int, $3::int, $4,
                   CASE WHEN $4::text IS NOT NULL THEN clock_timestamp() END,
                   CASE WHEN $4::text IS NOT NULL THEN $3::int END)
           RETURNING id"#,
        snapshot_id,
        workspace_id,
        user_id,
        decision.map(Decision::name)
    )
    .fetch_one(conn)
    .await?)
}

/// Decides a request that nobody decided yet. Whether it did.
pub async fn decide(conn: &mut PgConnection, request_id: i32, decision: Decision, user_id: i32) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE publish_request
         SET decision = $2, decision_at = clock_timestamp(), decision_by_id = $3,
             updated_at = clock_timestamp(), updated_by_id = $3
         WHERE id = $1 AND decision IS NULL",
        request_id,
        decision.name(),
        user_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a snapshot was ever asked to be published.
pub async fn was_asked(conn: &mut PgConnection, snapshot_id: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM publish_request WHERE snapshot_id = $1) AS "exists!""#,
        snapshot_id
    )
    .fetch_one(conn)
    .await?)
}
