//! What lies in a folder. object_store would stop at the first name that is not UTF-8.

use std::io;
use std::path::{Path, PathBuf};

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use time::OffsetDateTime;

use super::staging::is_staged;
use crate::core::ports::{FileStoreError, Kept};

/// Every file below a folder that is finished, one sub-folder after another; links to folders are not followed. A name
/// that is not UTF-8 comes with another character in the place of what cannot be read: it is no key of ours.
pub(super) fn of_folder(folder: &Path) -> impl Stream<Item = Result<Kept, FileStoreError>> + Send + use<> {
    let root = folder.to_owned();
    let folders = vec![root.clone()];
    futures::stream::try_unfold((root, folders), |(root, mut folders)| async move {
        let Some(next) = folders.pop() else { return Ok(None) };
        let base = root.clone();
        let read = tokio::task::spawn_blocking(move || one(&base, &next)).await;
        let (kept, below) = read
            .map_err(|error| FileStoreError::Unavailable(error.to_string()))?
            .map_err(|error| FileStoreError::Unavailable(error.to_string()))?;
        folders.extend(below);
        Ok(Some((futures::stream::iter(kept).map(Ok), (root, folders))))
    })
    .try_flatten()
}

/// The files of one folder, and its sub-folders.
fn one(root: &Path, folder: &Path) -> io::Result<(Vec<Kept>, Vec<PathBuf>)> {
    let (mut kept, mut below) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // It was there a moment ago.
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder != root => return Ok((kept, below)),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            below.push(path);
            continue;
        }
        if entry.file_name().to_str().is_some_and(is_staged) {
            continue;
        }
        // Of a link, what it leads to.
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let parts = path.strip_prefix(root).unwrap_or(&path).components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        kept.push(Kept {
            key: parts.join("/"),
            size: metadata.len(),
            modified_at: metadata.modified().map_or(OffsetDateTime::UNIX_EPOCH, Into::into),
        });
    }
    Ok((kept, below))
}
