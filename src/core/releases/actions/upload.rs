//! Keeping an uploaded file: its content goes to the storage while it arrives, and its row says so only when all of
//! it is there and is what was announced.

use std::sync::Arc;

use bytes::Bytes;

use super::create::already_uploaded;
use super::digest::Digest;
use crate::core::access::{Can, UploadReleases};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::KnownBackend;
use crate::core::outbox::{Content, Draft, FileUploaded, send};
use crate::core::ports::{FileStore, FileStoreError, Incoming};
use crate::core::releases::store::publishing::lock_workspace;
use crate::core::releases::store::requested::{self, Arrived};
use crate::core::releases::store::uploads::{self, Expected, Recorded};
use crate::core::releases::{Release, names};

/// Why an upload is refused: a sentence for the client, some of which clients look for.
#[derive(Debug)]
pub enum Refused {
    TooLarge {
        limit: u64,
    },
    NoName,
    NoData,
    NotRequested {
        name: String,
        release: String,
    },
    OtherBackend {
        release: String,
        token: String,
    },
    Before {
        name: String,
        backend: String,
    },
    /// One of these, whichever it is.
    AllBefore {
        names: Vec<String>,
        backend: String,
    },
    Mismatch,
    /// What was announced is no hash, so nothing can fit it.
    NoHash,
}

/// In the words that clients know.
const MISMATCH: &str = "Contents of uploaded file does not match the file which a review was requested for";

impl Refused {
    /// A backend's token is for releases of that backend alone.
    pub fn of_backend(backend: &KnownBackend, release: &Release) -> Option<Self> {
        (release.backend_id != backend.id).then(|| Self::OtherBackend {
            release: release.backend_slug.clone(),
            token: backend.slug.clone(),
        })
    }

    pub fn sentence(&self) -> String {
        match self {
            Self::TooLarge { limit } => format!("File is too large, it must be below {}", in_megabytes(*limit)),
            Self::NoName => "Missing filename. Request should include a Content-Disposition header with a filename \
                             parameter."
                .to_owned(),
            Self::NoData => "No data uploaded".to_owned(),
            Self::NotRequested { name, release } => format!("File {name} not requested in release {release}"),
            Self::OtherBackend { release, token } => format!("Release is from backend {release} not {token}"),
            Self::Before { name, backend } => already_uploaded(name, backend),
            Self::AllBefore { names, backend } => {
                let each: Vec<String> = names.iter().map(|name| already_uploaded(name, backend)).collect();
                each.join("; ")
            }
            Self::Mismatch => MISMATCH.to_owned(),
            Self::NoHash => {
                format!("{MISMATCH}: the sha256 that was announced of it is none, it needs 64 hexadecimal digits")
            }
        }
    }
}

/// `16.0Mb`, as the clients' authors know it.
#[allow(clippy::cast_precision_loss)]
pub fn in_megabytes(bytes: u64) -> String {
    let hundredths = (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0;
    match hundredths.fract() == 0.0 {
        true => format!("{hundredths:.1}Mb"),
        false => format!("{hundredths}Mb"),
    }
}

/// What came of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    pub file_id: String,
}

/// An upload whose file is known and whose content is arriving.
pub struct Upload {
    file: Expected,
    digest: Digest,
    size: u64,
    limit: u64,
    incoming: Box<dyn Incoming>,
    path: String,
    store: Arc<dyn FileStore>,
}

/// Finds the file that an upload is of, and begins to keep its content. `readings` are how its name can be read, the
/// likeliest first.
///
/// # Errors
/// `Unavailable` when the database or the storage does not answer.
pub async fn begin_upload(
    db: &Db,
    store: Arc<dyn FileStore>,
    backend: &KnownBackend,
    release: &Release,
    readings: &[String],
    limit: u64,
) -> Result<std::result::Result<Upload, Refused>> {
    let found = expected(db, release, readings).await?;
    let file = readings
        .iter()
        .find_map(|name| found.iter().find(|file| file.name == *name));
    let Some(file) = file else {
        return Ok(Err(Refused::NotRequested {
            name: readings.first().cloned().unwrap_or_default(),
            release: release.id.clone(),
        }));
    };
    if let Some(refused) = refused(backend, release, file) {
        return Ok(Err(refused));
    }
    Upload::begin(store, file.clone(), limit).await.map(Ok)
}

/// The files of a release that bear one of these names.
async fn expected(db: &Db, release: &Release, names: &[String]) -> Result<Vec<Expected>> {
    // No file is called so, and the database takes no such text.
    let names: Vec<String> = names.iter().filter(|name| !name.contains('\0')).cloned().collect();
    let names = names.as_slice();
    let mut conn = db.read().await?;
    let found = uploads::expected(&mut conn, &release.id, names).await?;
    match found.is_empty() {
        true => requested::without_rows(&mut conn, &release.id, Some(names)).await,
        false => Ok(found),
    }
}

/// Whether a file of one of these names was announced as empty.
pub async fn is_announced_empty(db: &Db, release: &Release, names: &[String]) -> Result<bool> {
    Ok(expected(db, release, names).await?.iter().any(|file| file.size == 0))
}

/// The files of a release whose names no header of ours can carry, those first that have not arrived.
pub async fn files_without_header(db: &Db, release: &Release) -> Result<Vec<Expected>> {
    let mut conn = db.read().await?;
    let mut files = requested::without_rows(&mut conn, &release.id, None).await?;
    files.retain(|file| !file.name.is_ascii());
    files.extend(uploads::unnameable(&mut conn, &release.id).await?);
    Ok(files)
}

/// Which of the files with this content an upload is of that does not say so. Of several that have not arrived, any: what
/// they hold is the same.
///
/// # Errors
/// `Before` when all have arrived, in the words about each: the client looks for the name that it sent. `NoName` when there
/// is no such file.
pub fn name_of_content(
    files: &[Expected],
    sha256: &str,
    backend: &KnownBackend,
    release: &Release,
) -> std::result::Result<String, Refused> {
    let fitting: Vec<&Expected> = files
        .iter()
        .filter(|file| file.filehash.eq_ignore_ascii_case(sha256))
        .collect();
    match fitting.iter().find(|file| !file.is_uploaded) {
        Some(file) => Ok(file.name.clone()),
        None if fitting.is_empty() => Err(Refused::NoName),
        None => Err(
            Refused::of_backend(backend, release).unwrap_or_else(|| Refused::AllBefore {
                names: fitting.iter().map(|file| file.name.clone()).collect(),
                backend: backend.slug.clone(),
            }),
        ),
    }
}

fn refused(backend: &KnownBackend, release: &Release, file: &Expected) -> Option<Refused> {
    Refused::of_backend(backend, release).or_else(|| {
        file.is_uploaded.then(|| Refused::Before {
            name: file.name.clone(),
            backend: backend.slug.clone(),
        })
    })
}

impl Upload {
    async fn begin(store: Arc<dyn FileStore>, file: Expected, limit: u64) -> Result<Self> {
        // The hash is known before the content, so the key is too: two uploads of one file that both come to their
        // end have written the same under the same key.
        let path = names::key(&file.id, &key_hash(&file.filehash), &file.name);
        let incoming = store.begin(&path).await.map_err(unavailable)?;
        Ok(Self {
            file,
            digest: Digest::default(),
            size: 0,
            limit,
            incoming,
            path,
            store,
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `Unavailable` when the storage does not take them.
    pub async fn write(&mut self, bytes: Bytes) -> Result<std::result::Result<(), Refused>> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Ok(Err(Refused::TooLarge { limit: self.limit }));
        }
        self.digest.update(bytes.clone()).await?;
        self.incoming.write(bytes).await.map_err(unavailable)?;
        Ok(Ok(()))
    }

    /// Throws away what came so far.
    pub async fn discard(self) {
        self.incoming.discard().await;
    }

    /// Keeps the file if it is what was announced, and tells `channel`.
    ///
    /// # Errors
    /// `Unavailable` when the database or the storage does not answer; then nothing is kept.
    pub async fn finish(
        self,
        db: &Db,
        can: &Can<UploadReleases>,
        release: &Release,
        channel: &str,
    ) -> Result<std::result::Result<Uploaded, Refused>> {
        can.covers(release.project_id)?;
        let sha256 = match self.digest.finish().await {
            Ok(sha256) => sha256,
            Err(error) => {
                self.incoming.discard().await;
                return Err(error);
            }
        };
        // Of a release of before the size may be unknown. A program that takes another size than it announces is as
        // wrong as one that sends another content.
        let fits = !self.file.has_row || i64::try_from(self.size) == Ok(self.file.size);
        if !fits || !sha256.eq_ignore_ascii_case(&self.file.filehash) {
            self.incoming.discard().await;
            return Ok(Err(match names::is_sha256(&self.file.filehash) {
                true => Refused::Mismatch,
                false => Refused::NoHash,
            }));
        }
        self.incoming.finish().await.map_err(unavailable)?;
        // From here on a crash leaves a content without a row: it is nobody's, a repeated upload replaces it, and
        // `jobserver files verify` finds it.
        let mut tx = db.begin().await?;
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        let recorded = match self.file.has_row {
            true => uploads::record_upload(&mut tx, &self.file.id, &self.path, size).await?,
            false => {
                lock_workspace(&mut tx, release.workspace_id).await?;
                let arrived = Arrived {
                    release_id: &release.id,
                    file: &self.file,
                    path: &self.path,
                    size,
                    uploaded_by_id: can.user_id(),
                };
                match requested::insert_arrived(&mut tx, &arrived).await? {
                    true => Recorded::New,
                    // Under another id, so what lies under this one is nobody's.
                    false => Recorded::DeletedSince,
                }
            }
        };
        if recorded == Recorded::New {
            let content = Content::FileUploaded(FileUploaded {
                file: self.file.id.clone(),
                name: self.file.name.clone(),
                size: self.size,
                release: release.id.clone(),
                project: release.project_slug.clone(),
                workspace: release.workspace.clone(),
                user: release.created_by.clone(),
                backend: release.backend_name.clone(),
            });
            send(&mut tx, Draft::new(content, channel, format!("release:{}", release.id))).await?;
            tx.commit().await?;
            return Ok(Ok(Uploaded { file_id: self.file.id }));
        }
        if recorded == Recorded::DeletedSince {
            self.store.remove(&self.path).await.map_err(unavailable)?;
        }
        Ok(Err(Refused::Before {
            name: self.file.name,
            backend: release.backend_slug.clone(),
        }))
    }
}

/// A hash that is none matches nothing, but must not get into a key.
fn key_hash(filehash: &str) -> String {
    match names::is_sha256(filehash) {
        true => filehash.to_ascii_lowercase(),
        false => "0".repeat(64),
    }
}

/// What the storage says is for the logs.
pub(in crate::core::releases) fn unavailable(error: FileStoreError) -> Error {
    match error {
        FileStoreError::Full(why) => Error::Full(why),
        error => Error::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_the_clients_own_words() {
        assert_eq!(in_megabytes(16_777_216), "16.0Mb");
        assert_eq!(in_megabytes(1_600_000), "1.53Mb");
        assert_eq!(in_megabytes(104_858), "0.1Mb");
    }

    #[test]
    fn what_is_no_hash_gets_into_no_key() {
        assert_eq!(key_hash("../../x"), "0".repeat(64));
        assert_eq!(key_hash(&"AB".repeat(32)), "ab".repeat(32));
    }
}
