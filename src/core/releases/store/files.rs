//! Released files, one by one and in the lists that the API and the viewer show.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

use super::super::{ReleaseFile, Tally, names};
use super::shown;
use crate::core::error::{Error, Result};

struct Row {
    id: String,
    release_id: String,
    name: String,
    path: String,
    filehash: String,
    size: i64,
    mtime: OffsetDateTime,
    metadata: Option<Json<Box<RawValue>>>,
    created_at: OffsetDateTime,
    created_by: String,
    backend_slug: String,
    backend_name: String,
    uploaded_at: Option<OffsetDateTime>,
    deleted_at: Option<OffsetDateTime>,
    deleted_by: Option<String>,
    deleted_by_fullname: Option<String>,
}

/// A file of a row that has its columns, whichever statement the row is of, with what the statement says otherwise.
macro_rules! file_of {
    ($row:ident, $created_by:expr, $backend_slug:expr, $backend_name:expr, $deleted_by:expr) => {
        ReleaseFile {
            id: $row.id,
            release_id: $row.release_id,
            name: $row.name,
            path: $row.path,
            filehash: $row.filehash,
            size: $row.size,
            mtime: $row.mtime,
            metadata: $row.metadata.map(|Json(metadata)| metadata),
            created_at: $row.created_at,
            created_by: $created_by,
            backend_slug: $backend_slug,
            backend_name: $backend_name,
            uploaded_at: $row.uploaded_at,
            deleted_at: $row.deleted_at,
            deleted_by: $deleted_by,
        }
    };
}

/// Who deleted a file, when somebody did.
fn deleted_by(username: Option<String>, fullname: Option<String>) -> Option<String> {
    username.map(|username| shown(&username, fullname.unwrap_or_default()))
}

impl From<Row> for ReleaseFile {
    fn from(row: Row) -> Self {
        let deleted_by = deleted_by(row.deleted_by, row.deleted_by_fullname);
        file_of!(row, row.created_by, row.backend_slug, row.backend_name, deleted_by)
    }
}

/// The newest file of each backend and name in a workspace, by name, those of newer releases first. Also those that
/// were deleted or never arrived.
///
/// Two statements, put together here: for ten thousand files of a few releases, joining and sorting costs the database
/// more than reading them.
pub async fn latest_files(conn: &mut PgConnection, workspace_id: i32) -> Result<Vec<ReleaseFile>> {
    let rows = sqlx::query!(
        r#"SELECT f.id, f.release_id, f.name, f.path, f.filehash, f.size, f.mtime,
                  f.metadata AS "metadata: Json<Box<RawValue>>", f.created_at, f.uploaded_at, f.deleted_at,
                  CASE WHEN f.deleted_by_id IS NOT NULL
                       THEN (SELECT ARRAY[d.username, d.fullname] FROM "user" d WHERE d.id = f.deleted_by_id) END AS deleted_by
           FROM release_file AS f
           WHERE f.workspace_id = $1 AND f.is_latest"#,
        workspace_id
    )
    .fetch_all(&mut *conn)
    .await?;
    // Read later, so none of those files is missing here.
    let releases = sqlx::query!(
        r#"SELECT r.id, r.created_at, u.username AS created_by, b.slug AS backend_slug, b.name AS backend_name
           FROM release AS r
           JOIN backend AS b ON b.id = r.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           WHERE r.workspace_id = $1"#,
        workspace_id
    )
    .fetch_all(conn)
    .await?;
    let releases: HashMap<&str, _> = releases.iter().map(|release| (release.id.as_str(), release)).collect();
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(release) = releases.get(row.release_id.as_str()) else {
            return Err(Error::Internal(format!("file {} has no release", row.id)));
        };
        let names = row.deleted_by.and_then(|names| <[String; 2]>::try_from(names).ok());
        let deleted_by = names.map(|[username, fullname]| shown(&username, fullname));
        let file = file_of!(
            row,
            release.created_by.clone(),
            release.backend_slug.clone(),
            release.backend_name.clone(),
            deleted_by
        );
        files.push((release.created_at, file));
    }
    files.sort_unstable_by(|(at, file), (other_at, other)| {
        let by_name = file.name.cmp(&other.name).then(other_at.cmp(at));
        by_name
            .then_with(|| other.release_id.cmp(&file.release_id))
            .then_with(|| file.id.cmp(&other.id))
    });
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// The files of a release, by name.
pub async fn files_of_release(conn: &mut PgConnection, release_id: &str) -> Result<Vec<ReleaseFile>> {
    files_of_releases(conn, &[release_id.to_owned()]).await
}

/// The files of several releases, by release and name.
pub async fn files_of_releases(conn: &mut PgConnection, release_ids: &[String]) -> Result<Vec<ReleaseFile>> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT f.id, f.release_id, f.name, f.path, f.filehash, f.size, f.mtime,
                  f.metadata AS "metadata: Json<Box<RawValue>>", f.created_at, u.username AS created_by,
                  b.slug AS backend_slug, b.name AS backend_name, f.uploaded_at, f.deleted_at,
                  d.username AS "deleted_by?", d.fullname AS "deleted_by_fullname?"
           FROM release_file AS f
           JOIN release AS r ON r.id = f.release_id
           JOIN backend AS b ON b.id = f.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           LEFT JOIN "user" AS d ON d.id = f.deleted_by_id
           WHERE f.release_id = ANY ($1)
           ORDER BY f.release_id, f.name"#,
        release_ids
    )
    .fetch(conn)
    .map_ok(ReleaseFile::from)
    .try_collect()
    .await?)
}

/// The first files of each of several releases by name, no more than `most` of any.
pub async fn first_files_of_releases(
    conn: &mut PgConnection,
    release_ids: &[String],
    most: i64,
) -> Result<Vec<ReleaseFile>> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT f.id AS "id!", f.release_id AS "release_id!", f.name AS "name!", f.path AS "path!",
                  f.filehash AS "filehash!", f.size AS "size!", f.mtime AS "mtime!",
                  f.metadata AS "metadata: Json<Box<RawValue>>", f.created_at AS "created_at!",
                  u.username AS created_by, b.slug AS backend_slug, b.name AS backend_name, f.uploaded_at, f.deleted_at,
                  d.username AS "deleted_by?", d.fullname AS "deleted_by_fullname?"
           FROM release AS r
           CROSS JOIN LATERAL (SELECT * FROM release_file WHERE release_file.release_id = r.id
                               ORDER BY name LIMIT $2) AS f
           JOIN backend AS b ON b.id = r.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           LEFT JOIN "user" AS d ON d.id = f.deleted_by_id
           WHERE r.id = ANY ($1)
           ORDER BY f.release_id, f.name"#,
        release_ids,
        most
    )
    .fetch(conn)
    .map_ok(ReleaseFile::from)
    .try_collect()
    .await?)
}

/// How many files a workspace's latest outputs are, and what became of them.
pub async fn latest_tally(conn: &mut PgConnection, workspace_id: i32) -> Result<Tally> {
    Ok(sqlx::query_as!(
        Tally,
        r#"SELECT count(*) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL) AS "there!",
                  coalesce(sum(f.size) FILTER (WHERE f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL), 0)::bigint
                      AS "size!",
                  count(*) FILTER (WHERE f.deleted_at IS NOT NULL) AS "withdrawn!",
                  count(*) FILTER (WHERE f.uploaded_at IS NULL AND f.deleted_at IS NULL) AS "awaited!"
           FROM release_file AS f
           WHERE f.workspace_id = $1 AND f.is_latest"#,
        workspace_id
    )
    .fetch_one(conn)
    .await?)
}

/// The files of a snapshot, by name.
pub async fn files_of_snapshot(conn: &mut PgConnection, snapshot_id: i32) -> Result<Vec<ReleaseFile>> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT f.id, f.release_id, f.name, f.path, f.filehash, f.size, f.mtime,
                  f.metadata AS "metadata: Json<Box<RawValue>>", f.created_at, u.username AS created_by,
                  b.slug AS backend_slug, b.name AS backend_name, f.uploaded_at, f.deleted_at,
                  d.username AS "deleted_by?", d.fullname AS "deleted_by_fullname?"
           FROM snapshot_file AS s
           JOIN release_file AS f ON f.id = s.release_file_id
           JOIN release AS r ON r.id = f.release_id
           JOIN backend AS b ON b.id = f.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           LEFT JOIN "user" AS d ON d.id = f.deleted_by_id
           WHERE s.snapshot_id = $1
           ORDER BY f.name, r.created_at DESC, r.id DESC, f.id"#,
        snapshot_id
    )
    .fetch(conn)
    .map_ok(ReleaseFile::from)
    .try_collect()
    .await?)
}

/// A file, and where it belongs.
#[derive(Debug, Clone)]
pub struct FileOfRelease {
    pub file: ReleaseFile,
    pub workspace_id: i32,
    pub workspace: String,
    pub project_id: i32,
    pub project_slug: String,
    /// Whether it is public: in a published snapshot, there, and not deleted.
    pub is_public: bool,
}

/// The file of this id.
pub async fn file(conn: &mut PgConnection, id: &str) -> Result<Option<FileOfRelease>> {
    if !names::is_id(id) {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"SELECT f.id, f.release_id, f.name, f.path, f.filehash, f.size, f.mtime,
                  f.metadata AS "metadata: Json<Box<RawValue>>", f.created_at, u.username AS created_by,
                  b.slug AS backend_slug, b.name AS backend_name, f.uploaded_at, f.deleted_at,
                  d.username AS "deleted_by?", d.fullname AS "deleted_by_fullname?",
                  f.workspace_id, w.name AS workspace, w.project_id, p.slug AS project_slug,
                  (f.uploaded_at IS NOT NULL AND f.deleted_at IS NULL AND EXISTS (
                      SELECT FROM snapshot_file AS s JOIN snapshot ON snapshot.id = s.snapshot_id
                      WHERE s.release_file_id = f.id AND snapshot.published_at IS NOT NULL)) AS "is_public!"
           FROM release_file AS f
           JOIN release AS r ON r.id = f.release_id
           JOIN workspace AS w ON w.id = f.workspace_id
           JOIN project AS p ON p.id = w.project_id
           JOIN backend AS b ON b.id = f.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           LEFT JOIN "user" AS d ON d.id = f.deleted_by_id
           WHERE f.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| {
        let deleted_by = deleted_by(row.deleted_by, row.deleted_by_fullname);
        FileOfRelease {
            workspace_id: row.workspace_id,
            workspace: row.workspace,
            project_id: row.project_id,
            project_slug: row.project_slug,
            is_public: row.is_public,
            file: file_of!(row, row.created_by, row.backend_slug, row.backend_name, deleted_by),
        }
    }))
}
