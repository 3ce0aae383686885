//! Where the contents of released files are kept: a folder, or a bucket of an S3-compatible service.

use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use time::OffsetDateTime;
use tokio::io::AsyncRead;

/// Keeps contents by keys of ours, which are relative paths of harmless characters and never what a client
/// called a file. Whatever is under a key is whole: a content appears when it is finished, and not before.
#[async_trait]
pub trait FileStore: Send + Sync + Debug {
    /// Begins to keep a content under `key`. It replaces what is there when it is finished.
    ///
    /// # Errors
    /// [`FileStoreError::Unavailable`], [`FileStoreError::Full`].
    async fn begin(&self, key: &str) -> Result<Box<dyn Incoming>, FileStoreError>;

    /// Opens what is under `key`.
    ///
    /// # Errors
    /// [`FileStoreError::Missing`], [`FileStoreError::Unavailable`].
    async fn open(&self, key: &str) -> Result<Content, FileStoreError>;

    /// Opens the bytes `range` of what is under `key`, without reading others: fewer when it ends before, none when it
    /// ends before the first of them.
    ///
    /// # Errors
    /// [`FileStoreError::Missing`], [`FileStoreError::Unavailable`].
    async fn open_part(&self, key: &str, range: Range<u64>) -> Result<Content, FileStoreError>;

    /// Takes away what is under `key`; it is no error when nothing is.
    ///
    /// # Errors
    /// [`FileStoreError::Unavailable`].
    async fn remove(&self, key: &str) -> Result<(), FileStoreError>;

    /// Everything that is kept, in no order, one page after another.
    fn list(&self) -> BoxStream<'_, Result<Kept, FileStoreError>>;

    /// Whether contents could be read now; reads none.
    ///
    /// # Errors
    /// [`FileStoreError::Unavailable`].
    async fn probe(&self) -> Result<(), FileStoreError>;

    /// The folder, when it is one: what stands in front of us may serve from it.
    fn folder(&self) -> Option<&Path>;
}

/// A content that is being written. Dropped without [`Incoming::finish`], nothing is kept of it.
#[async_trait]
pub trait Incoming: Send {
    /// Takes the next bytes; holds a bounded amount of them in memory.
    ///
    /// # Errors
    /// [`FileStoreError::Unavailable`], [`FileStoreError::Full`].
    async fn write(&mut self, bytes: Bytes) -> Result<(), FileStoreError>;

    /// Lets the whole appear under its key, so that a crash of the machine does not lose it.
    ///
    /// # Errors
    /// [`FileStoreError::Unavailable`], [`FileStoreError::Full`]; nothing is kept then.
    async fn finish(self: Box<Self>) -> Result<(), FileStoreError>;

    /// Throws away what was written.
    async fn discard(self: Box<Self>);
}

/// A content that is there.
pub struct Content {
    /// Of the body, in bytes.
    pub size: u64,
    /// Of everything under the key, of which the body may be a part.
    pub whole: u64,
    pub body: Pin<Box<dyn AsyncRead + Send>>,
}

impl Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// One content of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub key: String,
    /// In bytes.
    pub size: u64,
    pub modified_at: OffsetDateTime,
}

/// Why a storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum FileStoreError {
    /// There is nothing under the key.
    #[error("there is nothing under this key")]
    Missing,
    /// There is no room left.
    #[error("the storage is full: {0}")]
    Full(String),
    /// It cannot be reached, or did something it should not do. The text is for logs.
    #[error("the storage failed: {0}")]
    Unavailable(String),
}
