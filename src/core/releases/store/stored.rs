//! What rows say of contents, for those who look after the storage. Read in batches: there may be millions.

use sqlx::PgConnection;

use crate::core::error::Result;

/// Rows, or keys, that are looked at together.
pub const BATCH: usize = 500;

/// A file whose content should be in the storage, or should not be any more.
#[derive(Debug, Clone)]
pub struct StoredFile {
    pub id: String,
    pub release_id: String,
    pub workspace: String,
    pub name: String,
    /// The key of its content.
    pub path: String,
    pub filehash: String,
    pub size: i64,
    pub is_deleted: bool,
}

/// The next files that were uploaded, deleted ones too, by id; those after `after`.
pub async fn stored_files(conn: &mut PgConnection, after: &str) -> Result<Vec<StoredFile>> {
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    Ok(sqlx::query_as!(
        StoredFile,
        r#"SELECT f.id, f.release_id, w.name AS workspace, f.name, f.path, f.filehash, f.size,
                  (f.deleted_at IS NOT NULL) AS "is_deleted!"
           FROM release_file AS f JOIN workspace AS w ON w.id = f.workspace_id
           WHERE f.path <> '' AND f.id > $1
           ORDER BY f.id
           LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Which of these keys a row names, and whether its file is deleted.
pub async fn known_keys(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<(String, bool)>> {
    Ok(sqlx::query!(
        r#"SELECT path, bool_and(deleted_at IS NOT NULL) AS "is_deleted!"
           FROM release_file WHERE path <> '' AND path = ANY ($1) GROUP BY path"#,
        keys
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.path, row.is_deleted))
    .collect())
}

/// Which of these files have not arrived and still may.
pub async fn awaited(conn: &mut PgConnection, ids: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM release_file WHERE id = ANY ($1) AND uploaded_at IS NULL AND deleted_at IS NULL",
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Records that a file has another content now. Whether it was there to have one.
pub async fn replace_content(conn: &mut PgConnection, id: &str, filehash: &str, size: i64) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE release_file SET filehash = $2, size = $3
         WHERE id = $1 AND uploaded_at IS NOT NULL AND deleted_at IS NULL",
        id,
        filehash,
        size
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The backend of this slug: its id and its name.
pub async fn backend(conn: &mut PgConnection, slug: &str) -> Result<Option<(i32, String)>> {
    if slug.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query!("SELECT id, name FROM backend WHERE slug = $1", slug)
        .fetch_optional(conn)
        .await?
        .map(|row| (row.id, row.name)))
}
