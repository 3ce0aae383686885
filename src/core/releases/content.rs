//! Reading what was uploaded, and noticing when it is not what it was.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use super::ReleaseFile;
use super::actions::unavailable;
use crate::core::error::{Error, Result};
use crate::core::ports::{Content, FileStore, FileStoreError};

/// What is wrong with a content: it is not there, or its hash is another.
const MISSING: &str = "The content of this file is missing from the storage.";
const ALTERED: &str = "The content of this file is not what was uploaded.";

/// Up to so many bytes, a content is looked at before the first of them is handed out.
const LOOKED_AT_FIRST: u64 = 1024 * 1024;

/// The content of a file that is readable. Of a small one its hash was compared; a larger one that is not what was
/// uploaded ends in an error before its last bytes, so that nobody takes it for whole.
///
/// # Errors
/// `Damaged` when the content is missing or altered, which is logged as an incident; `Unavailable` when the storage
/// does not answer; `NotFound` when the file is not readable.
pub async fn open(store: &dyn FileStore, file: &ReleaseFile) -> Result<Content> {
    if !file.is_readable() {
        return Err(Error::NotFound("ReleaseFile"));
    }
    let content = match store.open(&file.path).await {
        Ok(content) => content,
        Err(FileStoreError::Missing) => return Err(damaged(file, MISSING)),
        Err(error) => return Err(unavailable(error)),
    };
    let mut guarded = Guarded {
        inner: content.body,
        left: content.size,
        hasher: Sha256::new(),
        expected: file.filehash.to_ascii_lowercase(),
        file: file.id.clone(),
    };
    if content.size > LOOKED_AT_FIRST {
        return Ok(Content {
            size: content.size,
            whole: content.whole,
            body: Box::pin(guarded),
        });
    }
    let mut bytes = Vec::new();
    match guarded.read_to_end(&mut bytes).await {
        Ok(_) => Ok(Content {
            size: content.size,
            whole: content.whole,
            body: Box::pin(std::io::Cursor::new(bytes)),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(damaged(file, ALTERED)),
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}

/// The bytes `range` of the content of a file that is readable; `range` lies within its size. All of it is read and its
/// hash compared first: a client that puts a file together from parts finds out in no other way. `None` when the content
/// is what was uploaded and its size is another than was said of it, so that `range` may not be the one that was meant.
///
/// # Errors
/// As [`open`].
pub async fn open_part(store: &dyn FileStore, file: &ReleaseFile, range: Range<u64>) -> Result<Option<Content>> {
    check(store, file).await?;
    let whole = u64::try_from(file.size).unwrap_or(0);
    let content = part(store, file, range.clone()).await?;
    let is_it = content.whole == whole && content.size == range.end.saturating_sub(range.start);
    Ok(is_it.then_some(content))
}

/// Whether the content of a file is there and as long as it should be; it is not read.
///
/// # Errors
/// As [`open`].
pub async fn check_size(store: &dyn FileStore, file: &ReleaseFile) -> Result<()> {
    let whole = u64::try_from(file.size).unwrap_or(0);
    match part(store, file, 0..1).await?.whole == whole {
        true => Ok(()),
        false => Err(damaged(file, ALTERED)),
    }
}

/// Whether there is a content at all.
///
/// # Errors
/// `Unavailable` when the storage does not answer.
pub async fn is_there(store: &dyn FileStore, file: &ReleaseFile) -> Result<bool> {
    match store.open_part(&file.path, 0..0).await {
        Ok(_) => Ok(true),
        Err(FileStoreError::Missing) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}

async fn part(store: &dyn FileStore, file: &ReleaseFile, range: Range<u64>) -> Result<Content> {
    match store.open_part(&file.path, range).await {
        Ok(content) => Ok(content),
        Err(FileStoreError::Missing) => Err(damaged(file, MISSING)),
        Err(error) => Err(unavailable(error)),
    }
}

/// Whether the content of a file is what was uploaded; all of it is read.
///
/// # Errors
/// As [`open`].
pub async fn check(store: &dyn FileStore, file: &ReleaseFile) -> Result<()> {
    let mut content = open(store, file).await?;
    match tokio::io::copy(&mut content.body, &mut tokio::io::sink()).await {
        Ok(_) => Ok(()),
        // It was logged where it was found out.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(Error::Damaged(ALTERED)),
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}

fn damaged(file: &ReleaseFile, how: &'static str) -> Error {
    tracing::error!(file = file.id, key = file.path, how, "a released file is damaged");
    Error::Damaged(how)
}

/// Hands out what it reads, but the end only when the whole had the expected hash.
struct Guarded {
    inner: Pin<Box<dyn AsyncRead + Send>>,
    left: u64,
    hasher: Sha256,
    expected: String,
    file: String,
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.inner.as_mut().poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        self.hasher.update(&buf.filled()[before..]);
        self.left = self.left.saturating_sub(read as u64);
        let has_ended = self.left == 0 || read == 0;
        if has_ended && !self.expected.is_empty() {
            let found = data_encoding::HEXLOWER.encode(&self.hasher.clone().finalize());
            if found != self.expected {
                // Not even these bytes: who counts must see that some are missing.
                buf.set_filled(before);
                tracing::error!(
                    file = self.file,
                    "the content of a released file is not what was uploaded"
                );
                return Poll::Ready(Err(std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "the content is not what was uploaded",
                )));
            }
            self.expected.clear();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(content: &'static [u8], expected: &[u8]) -> Guarded {
        Guarded {
            inner: Box::pin(std::io::Cursor::new(content)),
            left: content.len() as u64,
            hasher: Sha256::new(),
            expected: data_encoding::HEXLOWER.encode(&Sha256::digest(expected)),
            file: "01A".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_was_uploaded_is_read_to_its_end() {
        for content in [&b""[..], b"a", b"some content"] {
            let mut read = Vec::new();
            guarded(content, content).read_to_end(&mut read).await.unwrap();
            assert_eq!(read, content);
        }
    }

    #[tokio::test]
    async fn altered_content_has_no_end() {
        for (content, expected) in [(&b"other"[..], &b"this"[..]), (b"", b"this"), (b"thi", b"this")] {
            let mut read = Vec::new();
            let error = guarded(content, expected).read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            assert!(read.len() < content.len().max(1));
        }
    }
}
