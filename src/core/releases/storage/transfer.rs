//! Moving contents to another storage. What is there already and whole is left alone, so that it can be broken off
//! at any moment and continued, and done twice does nothing.

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::{CHUNK, Found, broken, examine, judge, told};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::ports::{FileStore, FileStoreError};
use crate::core::releases::actions::unavailable;
use crate::core::releases::store::stored::{StoredFile, known_keys, stored_files};

/// What became of the contents, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub copied: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whole at the target already.
    pub there: u64,
    /// Missing or damaged at the source, and not at the target.
    pub faults: u64,
}

/// Copies every content that the target lacks and compares the hashes of all. Nothing is taken away.
///
/// # Errors
/// `Unavailable` when the database or a storage does not answer; what was copied stays.
pub async fn transfer(
    db: &Db,
    source: &dyn FileStore,
    target: &dyn FileStore,
    say: &mut impl FnMut(&str),
) -> Result<Moved> {
    let mut sum = Moved::default();
    let mut after = String::new();
    loop {
        let files = stored_files(&mut *db.read().await?, &after).await?;
        let Some(last) = files.last() else { return Ok(sum) };
        after.clone_from(&last.id);
        for file in files.iter().filter(|file| !file.is_deleted) {
            one(db, source, target, file, &mut sum, say).await?;
        }
    }
}

async fn one(
    db: &Db,
    source: &dyn FileStore,
    target: &dyn FileStore,
    file: &StoredFile,
    sum: &mut Moved,
    say: &mut impl FnMut(&str),
) -> Result<()> {
    if examine(target, file).await.map_err(unavailable)? == Found::AsUploaded {
        sum.there += 1;
        return Ok(());
    }
    let copied = copy(source, target, file).await.map_err(unavailable)?;
    // It may have been deleted while it was copied: then it must not come back.
    let now = known_keys(&mut *db.read().await?, std::slice::from_ref(&file.path)).await?;
    if !now.iter().any(|(_, is_deleted)| !is_deleted) {
        return target.remove(&file.path).await.map_err(unavailable);
    }
    match copied {
        Found::AsUploaded => {
            sum.copied += 1;
            sum.bytes += u64::try_from(file.size).unwrap_or_default();
            say(&format!("copied   {}", told(file)));
        }
        Found::Missing => {
            sum.faults += 1;
            say(&format!("missing  {}", told(file)));
        }
        Found::Other(how) => {
            sum.faults += 1;
            say(&format!("damaged  {}: {how}", told(file)));
        }
    }
    Ok(())
}

/// Copies a content, if it is what was uploaded.
async fn copy(
    source: &dyn FileStore,
    target: &dyn FileStore,
    file: &StoredFile,
) -> std::result::Result<Found, FileStoreError> {
    let mut content = match source.open(&file.path).await {
        Ok(content) => content,
        Err(FileStoreError::Missing) => return Ok(Found::Missing),
        Err(error) => return Err(error),
    };
    let mut incoming = target.begin(&file.path).await?;
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = content.body.read(&mut chunk).await.map_err(|error| broken(&error))?;
        if read == 0 {
            break;
        }
        hasher.update(&chunk[..read]);
        size += read as u64;
        incoming.write(bytes::Bytes::copy_from_slice(&chunk[..read])).await?;
    }
    let found = judge(file, &data_encoding::HEXLOWER.encode(&hasher.finalize()), size);
    match found {
        Found::AsUploaded => incoming.finish().await?,
        _ => incoming.discard().await,
    }
    Ok(found)
}

/// What became of the contents at the source, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Whole at the target, and taken away from the source; of deleted files, too.
    pub removed: u64,
    /// Of files that are not whole at the target: those that arrived at the source meanwhile are among them.
    pub left: u64,
}

/// Takes away from the source what the target has: each content is read whole at the target just before. What is
/// uploaded to the source while this runs stays there, as nothing has copied it.
///
/// # Errors
/// `Unavailable` as above; what was taken away by then is whole at the target.
pub async fn remove_source(
    db: &Db,
    source: &dyn FileStore,
    target: &dyn FileStore,
    say: &mut impl FnMut(&str),
) -> Result<Removed> {
    let mut sum = Removed::default();
    let mut after = String::new();
    loop {
        let files = stored_files(&mut *db.read().await?, &after).await?;
        let Some(last) = files.last() else { return Ok(sum) };
        after.clone_from(&last.id);
        for file in &files {
            if file.is_deleted || examine(target, file).await.map_err(unavailable)? == Found::AsUploaded {
                source.remove(&file.path).await.map_err(unavailable)?;
                sum.removed += 1;
            } else {
                sum.left += 1;
                say(&format!("left     {}: not whole at the target", told(file)));
            }
        }
    }
}
