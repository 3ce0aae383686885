//! Where released files are kept: a folder, or a bucket of an S3-compatible service. Both through object_store, which
//! lets a content appear under its key only when all of it is there.

mod listing;
mod part;
mod s3;
mod staging;

use std::fmt;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::StreamReader;

use crate::core::ports::{Content, FileStore, FileStoreError, Incoming, Kept};

use part::Part;
pub use s3::{S3Settings, bucket};
pub use staging::{key_of, staged};

/// What is held in memory of a content that is being written. S3 takes no smaller parts than 5 MiB, but the last.
const PART: usize = 5 * 1024 * 1024;

/// A storage behind object_store.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    /// How much is gathered before it is handed on.
    part: usize,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("store", &self.store.to_string()).finish()
    }
}

impl Files {
    /// A folder, which is made when it is not there. What was written is on the disk when an upload is answered.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn folder(path: &Path) -> Result<Self, FileStoreError> {
        let failed = |error: &dyn fmt::Display| {
            FileStoreError::Unavailable(format!("the folder {} cannot be used: {error}", path.display()))
        };
        std::fs::create_dir_all(path).map_err(|error| failed(&error))?;
        let path = path.canonicalize().map_err(|error| failed(&error))?;
        let store = LocalFileSystem::new_with_prefix(&path)
            .map_err(|error| failed(&error))?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            folder: Some(path),
            part: 1024 * 1024,
        })
    }

    /// Anything that object_store knows.
    pub(in crate::adapters) fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            folder: None,
            part: PART,
        }
    }
}

fn key(text: &str) -> Result<Key, FileStoreError> {
    Key::parse(text).map_err(|error| FileStoreError::Unavailable(format!("no key: {error}")))
}

fn failed(error: Error) -> FileStoreError {
    match error {
        // Without its bucket nothing is there, and nothing is lost.
        Error::NotFound { source, .. } if source.to_string().contains("NoSuchBucket") => no_bucket(),
        Error::NotFound { .. } => FileStoreError::Missing,
        error if is_full(&error) => FileStoreError::Full(error.to_string()),
        error => FileStoreError::Unavailable(error.to_string()),
    }
}

/// As [`failed`], of what needs nothing to be there but the bucket.
fn not_written(error: Error) -> FileStoreError {
    match failed(error) {
        FileStoreError::Missing => no_bucket(),
        error => error,
    }
}

fn no_bucket() -> FileStoreError {
    FileStoreError::Unavailable("no such bucket".to_owned())
}

fn is_full(error: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            );
        }
        cause = error.source();
    }
    false
}

/// What was found, or the part of it that was asked for.
async fn body_of(found: GetResult) -> Result<Content, FileStoreError> {
    let (range, whole) = (found.range, found.meta.size);
    let size = range.end.saturating_sub(range.start);
    let body: Pin<Box<dyn AsyncRead + Send>> = match found.payload {
        // object_store would read it in pieces of 8 KB, each in a thread that is asked for it.
        GetResultPayload::File(file, _) => {
            let mut file = tokio::fs::File::from_std(file);
            if range.start > 0 {
                let sought = file.seek(SeekFrom::Start(range.start)).await;
                sought.map_err(|error| FileStoreError::Unavailable(error.to_string()))?;
            }
            Box::pin(file.take(size))
        }
        GetResultPayload::Stream(stream) => Box::pin(StreamReader::new(
            stream.map(|part| part.map_err(std::io::Error::other)),
        )),
    };
    Ok(Content { size, whole, body })
}

#[async_trait]
impl FileStore for Files {
    async fn begin(&self, name: &str) -> Result<Box<dyn Incoming>, FileStoreError> {
        let key = key(name)?;
        let place = self.folder.as_ref().map(|folder| folder.join(key.as_ref()));
        Ok(Box::new(Part::new(self.store.clone(), key, self.part, place)))
    }

    async fn open(&self, name: &str) -> Result<Content, FileStoreError> {
        let found = self.store.get(&key(name)?).await.map_err(failed)?;
        body_of(found).await
    }

    async fn open_part(&self, name: &str, range: Range<u64>) -> Result<Content, FileStoreError> {
        let key = key(name)?;
        if !range.is_empty() {
            let options = GetOptions {
                range: Some(GetRange::Bounded(range.clone())),
                ..GetOptions::default()
            };
            match self.store.get_opts(&key, options).await {
                Ok(found) => return body_of(found).await,
                Err(error @ Error::NotFound { .. }) => return Err(failed(error)),
                // Each service has an error of its own for a part that begins beyond the end.
                Err(error) => {
                    let whole = self.store.head(&key).await.map_err(failed)?.size;
                    if whole > range.start {
                        return Err(failed(error));
                    }
                }
            }
        }
        Ok(Content {
            size: 0,
            whole: self.store.head(&key).await.map_err(failed)?.size,
            body: Box::pin(tokio::io::empty()),
        })
    }

    async fn remove(&self, name: &str) -> Result<(), FileStoreError> {
        match self.store.delete(&key(name)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn list(&self) -> BoxStream<'_, Result<Kept, FileStoreError>> {
        if let Some(folder) = &self.folder {
            return listing::of_folder(folder).boxed();
        }
        self.store
            .list(None)
            .map(|found| {
                let found = found.map_err(not_written)?;
                Ok(Kept {
                    key: found.location.to_string(),
                    size: found.size,
                    modified_at: OffsetDateTime::from_unix_timestamp(found.last_modified.timestamp())
                        .unwrap_or(OffsetDateTime::UNIX_EPOCH),
                })
            })
            .boxed()
    }

    async fn probe(&self) -> Result<(), FileStoreError> {
        // A folder that is gone would have no content either, so it is asked for itself.
        if let Some(folder) = &self.folder {
            let opened = tokio::fs::read_dir(folder).await;
            return opened
                .map(drop)
                .map_err(|error| FileStoreError::Unavailable(error.to_string()));
        }
        // Asked for a single name, a service says the same of a bucket that is not there as of one that lacks it.
        match self.list().next().await {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error),
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}
