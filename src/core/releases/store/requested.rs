//! Files of releases from before rows were made with the release: announced in `requested_files`, with no row of their
//! own until they are uploaded.

use sqlx::PgConnection;

use super::super::names;
use super::uploads::Expected;
use crate::core::error::Result;

/// The files that a release announced and has no row of: those of these `named`, or all. Every release announces hashes;
/// a file without one could be anything.
pub async fn without_rows(
    conn: &mut PgConnection,
    release_id: &str,
    named: Option<&[String]>,
) -> Result<Vec<Expected>> {
    let found = sqlx::query!(
        r#"SELECT a.file ->> 'name' AS "name!", a.file ->> 'sha256' AS "filehash!",
                  CASE WHEN a.file ->> 'size' ~ '^[0-9]{1,15}$' THEN (a.file ->> 'size')::bigint ELSE 0 END AS "size!"
           FROM release AS r
           CROSS JOIN json_array_elements(
               CASE json_typeof(r.requested_files) WHEN 'array' THEN r.requested_files ELSE '[]' END
           ) WITH ORDINALITY AS a (file, place)
           WHERE r.id = $1 AND a.file ->> 'sha256' IS NOT NULL
             AND CASE WHEN $2::text[] IS NULL THEN a.file ->> 'name' <> '' ELSE a.file ->> 'name' = ANY ($2) END
             AND NOT EXISTS (SELECT FROM release_file AS f WHERE f.release_id = r.id AND f.name = a.file ->> 'name')
           ORDER BY a.place"#,
        release_id,
        named as Option<&[String]>,
    )
    .fetch_all(conn)
    .await?;
    let files = found.into_iter().map(|row| Expected {
        id: names::new_id(),
        name: row.name,
        filehash: row.filehash,
        size: row.size,
        is_uploaded: false,
        has_row: false,
    });
    // Nobody looked at these names when they were announced.
    Ok(files.filter(|file| names::name_fault(&file.name).is_none()).collect())
}

/// What the row of a file that arrived is made of.
pub struct Arrived<'a> {
    pub release_id: &'a str,
    pub file: &'a Expected,
    pub path: &'a str,
    /// In bytes.
    pub size: i64,
    pub uploaded_by_id: i32,
}

/// Makes the row of a file that arrived and had none, as the newest of its name unless a later release has one. The
/// workspace is locked. Whether there was still no row.
pub async fn insert_arrived(conn: &mut PgConnection, new: &Arrived<'_>) -> Result<bool> {
    let later = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM release AS own
               JOIN release AS r ON r.workspace_id = own.workspace_id AND r.backend_id = own.backend_id
               JOIN release_file AS f ON f.release_id = r.id AND f.name = $2
               WHERE own.id = $1 AND (r.created_at, r.id) > (own.created_at, own.id)
           ) AS "later!""#,
        new.release_id,
        new.file.name
    )
    .fetch_one(&mut *conn)
    .await?;
    if !later {
        sqlx::query!(
            "UPDATE release_file AS f SET is_latest = false FROM release AS own
             WHERE own.id = $1 AND f.workspace_id = own.workspace_id AND f.backend_id = own.backend_id
               AND f.name = $2 AND f.is_latest AND f.release_id <> own.id",
            new.release_id,
            new.file.name
        )
        .execute(&mut *conn)
        .await?;
    }
    // What was announced of it is kept, as far as it says something.
    let done = sqlx::query!(
        r#"INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime, metadata,
                                     created_by_id, uploaded_at, is_latest)
           SELECT $2, own.id, own.workspace_id, own.backend_id, $3, $4, $5, $6, now(),
                  (SELECT a.file -> 'metadata'
                     FROM json_array_elements(
                         CASE json_typeof(own.requested_files) WHEN 'array' THEN own.requested_files ELSE '[]' END
                     ) AS a (file)
                    WHERE a.file ->> 'name' = $3 AND json_typeof(a.file -> 'metadata') = 'object' LIMIT 1),
                  $7, now(), $8
           FROM release AS own WHERE own.id = $1
           ON CONFLICT ON CONSTRAINT release_file_name_unique DO NOTHING"#,
        new.release_id,
        new.file.id,
        new.file.name,
        new.path,
        new.file.filehash,
        new.size,
        new.uploaded_by_id,
        !later
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
