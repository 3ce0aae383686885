//! Looking after the storage of released files: is everything there and as it was uploaded, and moving it.

pub mod removals;
mod transfer;
mod verify;

pub use transfer::{Moved, Removed, remove_source, transfer};
pub use verify::{Verified, verify};

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::store::stored::StoredFile;
use crate::core::ports::{Content, FileStore, FileStoreError};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// What a content turned out to be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    AsUploaded,
    Missing,
    /// In a few words.
    Other(String),
}

/// Reads the whole content of a file.
async fn examine(store: &dyn FileStore, file: &StoredFile) -> Result<Found, FileStoreError> {
    let content = match store.open(&file.path).await {
        Ok(content) => content,
        Err(FileStoreError::Missing) => return Ok(Found::Missing),
        Err(error) => return Err(error),
    };
    let (sha256, size) = digest(content).await?;
    Ok(judge(file, &sha256, size))
}

fn judge(file: &StoredFile, sha256: &str, size: u64) -> Found {
    if i64::try_from(size) != Ok(file.size) {
        return Found::Other(format!("wrong size: {size} bytes, not {}", file.size));
    }
    match sha256.eq_ignore_ascii_case(&file.filehash) {
        true => Found::AsUploaded,
        false => Found::Other("altered: its hash is not the one of the upload".to_owned()),
    }
}

async fn digest(mut content: Content) -> Result<(String, u64), FileStoreError> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = content.body.read(&mut chunk).await.map_err(|error| broken(&error))?;
        if read == 0 {
            return Ok((data_encoding::HEXLOWER.encode(&hasher.finalize()), size));
        }
        hasher.update(&chunk[..read]);
        size += read as u64;
    }
}

fn broken(error: &std::io::Error) -> FileStoreError {
    FileStoreError::Unavailable(error.to_string())
}

/// How a file is named to an operator. Names come from outside: nothing of them steers a terminal.
fn told(file: &StoredFile) -> String {
    format!(
        "{} ({} of release {} in {})",
        file.path,
        file.name.escape_debug(),
        file.release_id,
        file.workspace
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_judged_by_its_size_and_its_hash() {
        let file = StoredFile {
            id: "01A".into(),
            release_id: "01R".into(),
            workspace: "ws".into(),
            name: "a\u{1b}[2J".into(),
            path: "ab/01A-ab".into(),
            filehash: "AB".into(),
            size: 3,
            is_deleted: false,
        };
        assert_eq!(judge(&file, "ab", 3), Found::AsUploaded);
        assert!(matches!(judge(&file, "ab", 4), Found::Other(why) if why.contains("4 bytes, not 3")));
        assert!(matches!(judge(&file, "cd", 3), Found::Other(why) if why.starts_with("altered")));
        assert!(!told(&file).contains('\u{1b}'));
    }
}
