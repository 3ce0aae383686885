//! Making a release of files that lie in a folder, for an operator who tries things out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt as _;
use unicode_normalization::UnicodeNormalization as _;

use super::create::{already_uploaded, in_milliseconds};
use super::missing::{Missing, make_missing};
use super::{in_megabytes, unavailable};
use crate::core::access::Operator;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::people::store::{User, user_by_username};
use crate::core::ports::FileStore;
use crate::core::releases::names;
use crate::core::releases::store::publishing::lock_workspace;
use crate::core::releases::store::stored::backend;
use crate::core::releases::store::uploads::{self, NewFiles, NewRow, Place};

/// A file of the folder.
#[derive(Debug, Clone)]
pub struct LocalFile {
    /// With its sub-folders, forward slashes between.
    pub name: String,
    path: PathBuf,
    sha256: String,
    size: i64,
    modified_at: OffsetDateTime,
}

/// Where a release of a folder belongs, by names.
#[derive(Debug, Clone)]
pub struct Belonging {
    pub workspace: String,
    pub backend: String,
    pub username: String,
}

/// A release that was made of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub project_slug: String,
    pub files: usize,
    /// What was made because it was missing, in a few words each.
    pub made: Vec<String>,
}

/// Reads all files below a folder. `limit` is the most bytes of each.
///
/// # Errors
/// `Conflict` in a sentence: it cannot be read, has no files, or has one that cannot be released.
pub async fn files_below(folder: &Path, limit: u64) -> Result<Vec<LocalFile>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let mut entries = tokio::fs::read_dir(&next).await.map_err(|e| unreadable(&next, &e))?;
        while let Some(entry) = entries.next_entry().await.map_err(|e| unreadable(&next, &e))? {
            let path = entry.path();
            let kind = entry.file_type().await.map_err(|e| unreadable(&path, &e))?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(local_file(folder, path, limit).await?);
            } else {
                return Err(Error::Conflict(format!(
                    "{} is neither a file nor a folder. Put the file itself there.",
                    path.display()
                )));
            }
        }
    }
    if files.is_empty() {
        return Err(Error::Conflict(format!("There are no files in {}.", folder.display())));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    // Names that look the same are the same to whoever unpacks them.
    let mut seen = HashSet::new();
    match files
        .iter()
        .find(|file| !seen.insert(file.name.nfc().collect::<String>()))
    {
        Some(twice) => Err(Error::Conflict(format!("Two files have the name '{}'.", twice.name))),
        None => Ok(files),
    }
}

async fn local_file(folder: &Path, path: PathBuf, limit: u64) -> Result<LocalFile> {
    let parts: Option<Vec<&str>> = path
        .strip_prefix(folder)
        .unwrap_or(&path)
        .components()
        .map(|part| part.as_os_str().to_str())
        .collect();
    let Some(parts) = parts else {
        return Err(Error::Conflict(format!("The name of {} is no UTF-8.", path.display())));
    };
    let name = parts.join("/");
    if let Some(fault) = names::name_fault(&name) {
        return Err(Error::Conflict(format!("'{}': {fault}", name.escape_debug())));
    }
    let metadata = tokio::fs::metadata(&path).await.map_err(|e| unreadable(&path, &e))?;
    if metadata.len() > limit {
        return Err(Error::Conflict(format!(
            "'{name}' is too large: it is {}, and RELEASE_FILE_SIZE_LIMIT is {}.",
            in_megabytes(metadata.len()),
            in_megabytes(limit)
        )));
    }
    let modified_at = metadata
        .modified()
        .map_or_else(|_| OffsetDateTime::now_utc(), Into::into);
    let (sha256, size) = read(&path, None).await?;
    Ok(LocalFile {
        name,
        path,
        sha256,
        size,
        modified_at,
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Conflict(format!("{} cannot be read: {error}.", path.display()))
}

/// Reads a file through, into `incoming` if there is one, and says its hash and its size.
async fn read(path: &Path, mut incoming: Option<&mut dyn crate::core::ports::Incoming>) -> Result<(String, i64)> {
    let mut file = tokio::fs::File::open(path).await.map_err(|e| unreadable(path, &e))?;
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut chunk).await.map_err(|e| unreadable(path, &e))?;
        if read == 0 {
            return Ok((data_encoding::HEXLOWER.encode(&hasher.finalize()), size));
        }
        hasher.update(&chunk[..read]);
        size += i64::try_from(read).unwrap_or_default();
        if let Some(incoming) = &mut incoming {
            let bytes = Bytes::copy_from_slice(&chunk[..read]);
            incoming.write(bytes).await.map_err(unavailable)?;
        }
    }
}

/// Contents of a folder that lie in the storage and are not of a release yet.
pub struct Staged {
    files: NewFiles,
    paths: Vec<String>,
}

/// Keeps the contents of these files, all of them or none.
///
/// # Errors
/// `Unavailable` when the storage does not take them; `Conflict` when a file changed meanwhile.
pub async fn stage(store: &dyn FileStore, files: &[LocalFile]) -> Result<Staged> {
    let mut staged = Staged {
        files: NewFiles::default(),
        paths: Vec::new(),
    };
    for file in files {
        if let Err(error) = staged.keep(store, file).await {
            staged.discard(store).await;
            return Err(error);
        }
    }
    Ok(staged)
}

impl Staged {
    async fn keep(&mut self, store: &dyn FileStore, file: &LocalFile) -> Result<()> {
        let id = names::new_id();
        let path = names::key(&id, &file.sha256, &file.name);
        let mut incoming = store.begin(&path).await.map_err(unavailable)?;
        let sha256 = match read(&file.path, Some(&mut *incoming)).await {
            Ok((sha256, _)) if sha256 == file.sha256 => sha256,
            Ok(_) => {
                incoming.discard().await;
                return Err(Error::Conflict(format!("'{}' changed while it was read.", file.name)));
            }
            Err(error) => {
                incoming.discard().await;
                return Err(error);
            }
        };
        // Counted first: what fails may still be there.
        self.paths.push(path);
        incoming.finish().await.map_err(unavailable)?;
        self.files.ids.push(id);
        self.files.names.push(file.name.clone());
        self.files.hashes.push(sha256);
        self.files.sizes.push(file.size);
        self.files.mtimes.push(file.modified_at);
        self.files.metadata.push("{}".to_owned());
        Ok(())
    }

    /// Takes the contents away again.
    pub async fn discard(self, store: &dyn FileStore) {
        for key in self.paths {
            if let Err(error) = store.remove(&key).await {
                tracing::warn!(key, %error, "a content without a row could not be removed");
            }
        }
    }
}

/// Where and by whom a release is made.
struct Found {
    place: Place,
    backend_id: i32,
    user: User,
}

async fn find(conn: &mut PgConnection, belonging: &Belonging) -> Result<Found> {
    let place = uploads::place(conn, &belonging.workspace).await?;
    let place = place.ok_or(Error::NotFound("Workspace"))?;
    let found = backend(conn, &belonging.backend).await?;
    let (backend_id, _) = found.ok_or(Error::NotFound("Backend"))?;
    let user = user_by_username(conn, &belonging.username).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    Ok(Found {
        place,
        backend_id,
        user,
    })
}

async fn refuse_repeated(
    conn: &mut PgConnection,
    backend_id: i32,
    slug: &str,
    names: &[String],
    hashes: &[String],
) -> Result<()> {
    match uploads::released_before(conn, backend_id, names, hashes).await? {
        Some(name) => Err(Error::Conflict(already_uploaded(&name, slug))),
        None => Ok(()),
    }
}

/// Whether these files can be released there; nothing is done yet. What may be made is made and undone, so that
/// whatever is wrong with it is found before any content is kept.
///
/// # Errors
/// `NotFound` for a user, workspace or backend, or `Invalid` when it may be made and cannot be called so; `Conflict`
/// when a file was released before.
pub async fn can_be_released(
    db: &Db,
    operator: &Operator,
    belonging: &Belonging,
    missing: Option<Missing<'_>>,
    files: &[LocalFile],
) -> Result<()> {
    let mut tx = db.begin().await?;
    let (found, _) = find_or_make(&mut tx, operator, belonging, missing).await?;
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let hashes: Vec<String> = files.iter().map(|file| file.sha256.clone()).collect();
    refuse_repeated(&mut tx, found.backend_id, &belonging.backend, &names, &hashes).await?;
    Ok(tx.rollback().await?)
}

async fn find_or_make(
    tx: &mut PgConnection,
    operator: &Operator,
    belonging: &Belonging,
    missing: Option<Missing<'_>>,
) -> Result<(Found, Vec<String>)> {
    match missing {
        Some(missing) => {
            let (belonging, made) = make_missing(tx, operator, belonging, missing).await?;
            Ok((find(tx, &belonging).await?, made))
        }
        None => Ok((find(tx, belonging).await?, Vec::new())),
    }
}

/// Makes a release of files whose contents are kept, and what is missing for it if that may be made: either everything
/// is there then or nothing, their contents neither. Nobody is told. Audited.
///
/// # Errors
/// As [`can_be_released`].
pub async fn release_as_operator(
    db: &Db,
    store: &dyn FileStore,
    operator: &Operator,
    belonging: &Belonging,
    missing: Option<Missing<'_>>,
    staged: Staged,
) -> Result<Made> {
    let made = make(db, operator, belonging, missing, &staged).await;
    if made.is_err() {
        staged.discard(store).await;
    }
    made
}

async fn make(
    db: &Db,
    operator: &Operator,
    belonging: &Belonging,
    missing: Option<Missing<'_>>,
    staged: &Staged,
) -> Result<Made> {
    let files = &staged.files;
    let mut tx = db.begin().await?;
    let (found, made) = find_or_make(&mut tx, operator, belonging, missing).await?;
    lock_workspace(&mut tx, found.place.workspace_id).await?;
    uploads::lock_releases_of(&mut tx, found.backend_id).await?;
    refuse_repeated(
        &mut tx,
        found.backend_id,
        &belonging.backend,
        &files.names,
        &files.hashes,
    )
    .await?;
    let id = names::new_id();
    let requested: serde_json::Value = (0..files.ids.len())
        .map(|n| {
            json!({
                "name": files.names[n], "url": files.names[n], "size": files.sizes[n], "sha256": files.hashes[n],
                "date": in_milliseconds(files.mtimes[n]), "metadata": {}, "review": null
            })
        })
        .collect();
    let row = NewRow {
        id: &id,
        workspace_id: found.place.workspace_id,
        backend_id: found.backend_id,
        requested_files: &requested,
        metadata: &json!({"tool": "jobserver release"}),
        created_by_id: found.user.id,
    };
    uploads::insert_release(&mut tx, &row).await?;
    uploads::insert_files(&mut tx, &row, files).await?;
    for ((file_id, path), size) in files.ids.iter().zip(&staged.paths).zip(&files.sizes) {
        uploads::record_upload(&mut tx, file_id, path, *size).await?;
    }
    let by = By::from(operator);
    let event = Event::new("release_created", &by, Subject::release(&id))
        .change("", "", format!("{} files from {}", files.ids.len(), belonging.backend))
        .of_user(found.user.id, &found.user.username)
        .within(Subject::workspace(found.place.workspace_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Made {
        id,
        project_slug: found.place.project_slug,
        files: files.ids.len(),
        made,
    })
}
