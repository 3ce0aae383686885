//! Making releases, and keeping what is uploaded.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::super::Decision;
use crate::core::access::{Membership, Role, SignedIn};
use crate::core::error::{Error, Result, violated_constraint};

/// Where a release is made.
#[derive(Debug, Clone)]
pub struct Place {
    pub workspace_id: i32,
    pub workspace: String,
    pub project_id: i32,
    pub project_slug: String,
}

/// The workspace of this name.
pub async fn place(conn: &mut PgConnection, workspace: &str) -> Result<Option<Place>> {
    if workspace.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        Place,
        r#"SELECT w.id AS workspace_id, w.name AS workspace, w.project_id, p.slug AS project_slug
           FROM workspace AS w JOIN project AS p ON p.id = w.project_id
           WHERE w.name = $1"#,
        workspace
    )
    .fetch_optional(conn)
    .await?)
}

/// Somebody whom a backend names as releasing: with what decides whether they may, in this project. `None` when
/// nobody active has that username, or they do not belong to that backend.
pub async fn uploader(
    conn: &mut PgConnection,
    backend_id: i32,
    username: &str,
    project_id: i32,
) -> Result<Option<SignedIn>> {
    if username.contains('\0') {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"SELECT u.id, u.username, u.fullname, u.roles, m.roles AS "project_roles?"
           FROM "user" AS u
           JOIN backend_membership AS b ON b.user_id = u.id AND b.backend_id = $1
           LEFT JOIN project_membership AS m ON m.user_id = u.id AND m.project_id = $3
           WHERE u.username = $2 AND u.is_active"#,
        backend_id,
        username,
        project_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| SignedIn {
        id: row.id,
        username: row.username,
        fullname: row.fullname,
        roles: Role::parse_all(&row.roles),
        memberships: row
            .project_roles
            .map(|roles| Membership {
                project_id,
                roles: Role::parse_all(&roles),
            })
            .into_iter()
            .collect(),
    }))
}

/// Lets the releases of a backend that must not repeat each other take turns, in whatever workspaces they are.
pub async fn lock_releases_of(conn: &mut PgConnection, backend_id: i32) -> Result<()> {
    sqlx::query!(
        "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(hashtext('releases of backend'), $1)) AS locked",
        backend_id
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What is there under an id that a client chose.
pub struct Earlier {
    pub workspace_id: i32,
    pub backend_id: i32,
    /// Name and hash of each file that was announced; of a release that does not say, of each that it has.
    pub files: Vec<(String, String)>,
}

pub async fn earlier(conn: &mut PgConnection, id: &str) -> Result<Option<Earlier>> {
    let rows = sqlx::query!(
        r#"SELECT r.workspace_id, r.backend_id, f.name AS "name?", f.filehash AS "filehash?"
           FROM release AS r
           CROSS JOIN LATERAL (
               SELECT CASE json_typeof(r.requested_files) WHEN 'array' THEN r.requested_files ELSE '[]' END AS list
           ) AS asked
           LEFT JOIN LATERAL (
               SELECT a.file ->> 'name' AS name, a.file ->> 'sha256' AS filehash
                 FROM json_array_elements(asked.list) AS a (file)
               UNION ALL
               SELECT f.name, f.filehash FROM release_file AS f
                WHERE f.release_id = r.id AND json_array_length(asked.list) = 0
           ) AS f ON true
           WHERE r.id = $1"#,
        id
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Earlier {
        workspace_id: first.workspace_id,
        backend_id: first.backend_id,
        files: rows
            .iter()
            .filter_map(|row| Some((row.name.clone()?, row.filehash.clone()?)))
            .collect(),
    }))
}

/// The first of these names and hashes that the backend released before, whatever the workspace.
pub async fn released_before(
    conn: &mut PgConnection,
    backend_id: i32,
    names: &[String],
    hashes: &[String],
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT f.name
           FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS asked (name, hash, place)
           JOIN release_file AS f ON f.backend_id = $1 AND f.name = asked.name COLLATE "C" AND f.filehash = asked.hash
           ORDER BY asked.place
           LIMIT 1"#,
        backend_id,
        names,
        hashes
    )
    .fetch_optional(conn)
    .await?)
}

/// A release as it is stored.
pub struct NewRow<'a> {
    pub id: &'a str,
    pub workspace_id: i32,
    pub backend_id: i32,
    pub requested_files: &'a serde_json::Value,
    pub metadata: &'a serde_json::Value,
    pub created_by_id: i32,
}

/// # Errors
/// `Conflict` when the id is used.
pub async fn insert_release(conn: &mut PgConnection, new: &NewRow<'_>) -> Result<OffsetDateTime> {
    sqlx::query_scalar!(
        "INSERT INTO release (id, workspace_id, backend_id, requested_files, metadata, created_by_id)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING created_at",
        new.id,
        new.workspace_id,
        new.backend_id,
        new.requested_files,
        new.metadata,
        new.created_by_id
    )
    .fetch_one(conn)
    .await
    .map_err(|error| match violated_constraint(&error) {
        Some("release_pk") => Error::Conflict("release_pk".to_owned()),
        _ => error.into(),
    })
}

/// The columns of the files of a release, side by side.
#[derive(Default)]
pub struct NewFiles {
    pub ids: Vec<String>,
    pub names: Vec<String>,
    pub hashes: Vec<String>,
    pub sizes: Vec<i64>,
    pub mtimes: Vec<OffsetDateTime>,
    /// JSON as it is to be stored: `jsonb`, as an array of JSON would be sent, keeps neither spaces nor numbers as they are.
    pub metadata: Vec<String>,
}

/// Adds the files of a release, which from now on are the newest of their names.
pub async fn insert_files(conn: &mut PgConnection, new: &NewRow<'_>, files: &NewFiles) -> Result<()> {
    sqlx::query!(
        "UPDATE release_file SET is_latest = false
         WHERE workspace_id = $1 AND backend_id = $2 AND is_latest AND name = ANY ($3)",
        new.workspace_id,
        new.backend_id,
        &files.names
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO release_file
             (id, release_id, workspace_id, backend_id, name, filehash, size, mtime, metadata, created_by_id)
         SELECT f.id, $1, $2, $3, f.name, f.hash, f.size, f.mtime, f.metadata::json, $4
         FROM unnest($5::text[], $6::text[], $7::text[], $8::bigint[], $9::timestamptz[], $10::text[])
              AS f (id, name, hash, size, mtime, metadata)",
        new.id,
        new.workspace_id,
        new.backend_id,
        new.created_by_id,
        &files.ids,
        &files.names,
        &files.hashes,
        &files.sizes,
        &files.mtimes,
        &files.metadata
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A file of a release as an upload finds it.
#[derive(Debug, Clone)]
pub struct Expected {
    pub id: String,
    pub name: String,
    pub filehash: String,
    pub size: i64,
    pub is_uploaded: bool,
    /// Not in releases of before, whose rows came with the uploads; the id is a new one then.
    pub has_row: bool,
}

/// The files of a release that bear one of these names.
pub async fn expected(conn: &mut PgConnection, release_id: &str, names: &[String]) -> Result<Vec<Expected>> {
    Ok(sqlx::query_as!(
        Expected,
        r#"SELECT id, name, filehash, size, (uploaded_at IS NOT NULL) AS "is_uploaded!", true AS "has_row!"
           FROM release_file WHERE release_id = $1 AND name = ANY ($2)"#,
        release_id,
        names
    )
    .fetch_all(conn)
    .await?)
}

/// The files of a release whose name has a character beyond ASCII, those first that have not arrived: what a header
/// that no server reads may have named.
pub async fn unnameable(conn: &mut PgConnection, release_id: &str) -> Result<Vec<Expected>> {
    Ok(sqlx::query_as!(
        Expected,
        r#"SELECT id, name, filehash, size, (uploaded_at IS NOT NULL) AS "is_uploaded!", true AS "has_row!"
           FROM release_file
           WHERE release_id = $1 AND octet_length(name) > char_length(name)
           ORDER BY uploaded_at IS NOT NULL, name"#,
        release_id
    )
    .fetch_all(conn)
    .await?)
}

/// What became of recording an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    New,
    /// Somebody else was faster, with the same content.
    Before,
    /// As before, and it was deleted since.
    DeletedSince,
}

/// Records that a file's content is kept under `path`, and how large it is, whatever was announced.
pub async fn record_upload(conn: &mut PgConnection, file_id: &str, path: &str, size: i64) -> Result<Recorded> {
    let done = sqlx::query!(
        "UPDATE release_file SET path = $2, uploaded_at = now(), size = $3
         WHERE id = $1 AND uploaded_at IS NULL AND deleted_at IS NULL",
        file_id,
        path,
        size
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Recorded::New);
    }
    let is_deleted = sqlx::query_scalar!(
        r#"SELECT (deleted_at IS NOT NULL) AS "is_deleted!" FROM release_file WHERE id = $1"#,
        file_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(match is_deleted {
        Some(false) => Recorded::Before,
        _ => Recorded::DeletedSince,
    })
}

/// Records that a file is deleted. Whether it was there to be.
pub async fn record_deletion(conn: &mut PgConnection, file_id: &str, user_id: i32) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE release_file SET deleted_at = now(), deleted_by_id = $2
         WHERE id = $1 AND uploaded_at IS NOT NULL AND deleted_at IS NULL",
        file_id,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was decided of one file.
pub struct ReviewRow {
    pub file_id: String,
    pub decision: Decision,
    pub comments: serde_json::Value,
}

/// Sets what was decided of a release, and adds what was decided of its files, all at one moment.
pub async fn record_review(
    conn: &mut PgConnection,
    release_id: &str,
    review: Option<&serde_json::Value>,
    files: &[ReviewRow],
    user_id: i32,
) -> Result<()> {
    sqlx::query!("UPDATE release SET review = $2 WHERE id = $1", release_id, review)
        .execute(&mut *conn)
        .await?;
    let ids: Vec<String> = files.iter().map(|file| file.file_id.clone()).collect();
    let statuses: Vec<String> = files
        .iter()
        .map(|file| file.decision.name().to_ascii_uppercase())
        .collect();
    let comments: Vec<serde_json::Value> = files.iter().map(|file| file.comments.clone()).collect();
    sqlx::query!(
        "INSERT INTO release_file_review (release_file_id, status, comments, created_at, created_by_id)
         SELECT r.file_id, r.status, r.comments, now(), $1
         FROM unnest($2::text[], $3::text[], $4::json[]) AS r (file_id, status, comments)",
        user_id,
        &ids,
        &statuses,
        &comments
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One review of a file, newest first in a list.
#[derive(Debug, Clone)]
pub struct ReviewOfFile {
    pub file_id: String,
    pub decision: Option<Decision>,
    pub comments: serde_json::Value,
    pub created_at: OffsetDateTime,
    /// Display name.
    pub by: String,
}

/// The newest review of each file of a release.
pub async fn newest_reviews(conn: &mut PgConnection, release_id: &str) -> Result<Vec<ReviewOfFile>> {
    Ok(sqlx::query!(
        r#"SELECT DISTINCT ON (v.release_file_id) v.release_file_id, v.status,
                  v.comments AS "comments: serde_json::Value", v.created_at, u.username, u.fullname
           FROM release_file AS f
           JOIN release_file_review AS v ON v.release_file_id = f.id
           JOIN "user" AS u ON u.id = v.created_by_id
           WHERE f.release_id = $1
           ORDER BY v.release_file_id, v.created_at DESC, v.id DESC"#,
        release_id
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| ReviewOfFile {
        file_id: row.release_file_id,
        decision: Decision::of(&row.status),
        comments: row.comments,
        created_at: row.created_at,
        by: super::shown(&row.username, row.fullname),
    })
    .collect())
}
