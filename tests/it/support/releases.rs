//! Released files for tests: rows and contents as an upload leaves them.

use bytes::Bytes;
use jobserver::core::releases::names;
use sha2::{Digest as _, Sha256};

use super::Site;

/// A release that was made, and the ids of its files in the order given.
#[derive(Debug, Clone)]
pub struct Released {
    pub id: String,
    pub files: Vec<String>,
}

pub fn sha256(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// By what the program finds a set of files again.
fn fileset(files: &[String]) -> String {
    let mut files = files.to_vec();
    files.sort_unstable();
    files.iter().map(|id| format!("{id}\n")).collect()
}

impl Site {
    /// A release of `workspace` from `backend` by `username`, each of its files uploaded. All three must exist.
    pub async fn release(&self, workspace: &str, backend: &str, username: &str, files: &[(&str, &[u8])]) -> Released {
        let id = names::new_id();
        self.release_called(&id, names::new_id, workspace, backend, username, files)
            .await
    }

    /// A release with an id, and ids for its files, that a test knows beforehand.
    pub async fn release_called(
        &self,
        id: &str,
        mut new_id: impl FnMut() -> String,
        workspace: &str,
        backend: &str,
        username: &str,
        files: &[(&str, &[u8])],
    ) -> Released {
        let workspace_id: i32 = self.one("SELECT id FROM workspace WHERE name = $1", workspace).await;
        let backend_id: i32 = self.one("SELECT id FROM backend WHERE slug = $1", backend).await;
        let user_id: i32 = self.one(r#"SELECT id FROM "user" WHERE username = $1"#, username).await;
        sqlx::query(
            "INSERT INTO release (id, workspace_id, backend_id, requested_files, metadata, created_by_id)
             VALUES ($1, $2, $3, '[]', '{\"tool\":\"airlock\"}', $4)",
        )
        .bind(id)
        .bind(workspace_id)
        .bind(backend_id)
        .bind(user_id)
        .execute(self.db.pool())
        .await
        .unwrap();
        let mut ids = Vec::new();
        for (name, content) in files {
            let file_id = new_id();
            let hash = sha256(content);
            let path = names::key(&file_id, &hash, name);
            let mut incoming = self.files.begin(&path).await.unwrap();
            incoming.write(Bytes::copy_from_slice(content)).await.unwrap();
            incoming.finish().await.unwrap();
            sqlx::query(
                "UPDATE release_file SET is_latest = false WHERE workspace_id = $1 AND backend_id = $2 AND name = $3",
            )
            .bind(workspace_id)
            .bind(backend_id)
            .bind(name)
            .execute(self.db.pool())
            .await
            .unwrap();
            sqlx::query(
                "INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime,
                                           metadata, created_by_id, uploaded_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), '{\"tool\":\"airlock\"}', $9, now())",
            )
            .bind(&file_id)
            .bind(id)
            .bind(workspace_id)
            .bind(backend_id)
            .bind(name)
            .bind(&path)
            .bind(&hash)
            .bind(i64::try_from(content.len()).unwrap())
            .bind(user_id)
            .execute(self.db.pool())
            .await
            .unwrap();
            ids.push(file_id);
        }
        Released {
            id: id.to_owned(),
            files: ids,
        }
    }

    /// A snapshot of these files by `username`, published when `published`, else waiting for a decision.
    pub async fn snapshot(&self, workspace: &str, username: &str, files: &[String], published: bool) -> i32 {
        let workspace_id: i32 = self.one("SELECT id FROM workspace WHERE name = $1", workspace).await;
        let user_id: i32 = self.one(r#"SELECT id FROM "user" WHERE username = $1"#, username).await;
        let id: i32 = sqlx::query_scalar(
            "INSERT INTO snapshot (workspace_id, fileset_hash, created_by_id) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(workspace_id)
        .bind(Sha256::digest(fileset(files)).to_vec())
        .bind(user_id)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO snapshot_file (snapshot_id, release_file_id, workspace_id) SELECT $1, unnest($2::text[]), $3",
        )
        .bind(id)
        .bind(files)
        .bind(workspace_id)
        .execute(self.db.pool())
        .await
        .unwrap();
        let decision = if published { Some("approved") } else { None };
        sqlx::query(
            "INSERT INTO publish_request (snapshot_id, workspace_id, created_by_id, updated_by_id, decision, decision_at,
                                          decision_by_id)
             VALUES ($1, $2, $3, $3, $4, CASE WHEN $4 IS NOT NULL THEN now() END,
                     CASE WHEN $4 IS NOT NULL THEN $3 END)",
        )
        .bind(id)
        .bind(workspace_id)
        .bind(user_id)
        .bind(decision)
        .execute(self.db.pool())
        .await
        .unwrap();
        id
    }

    /// Whether anything lies in the storage's folder, also what no list shows.
    pub fn storage_has_files(&self) -> bool {
        let mut folders = vec![self.storage.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_dir() {
                    return true;
                }
                folders.push(path);
            }
        }
        false
    }

    async fn one(&self, sql: &'static str, name: &str) -> i32 {
        sqlx::query_scalar(sql)
            .bind(name)
            .fetch_one(self.db.pool())
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
