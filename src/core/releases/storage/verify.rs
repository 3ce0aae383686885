//! Comparing rows and contents, both ways.

use std::collections::HashMap;

use futures::StreamExt as _;
use time::{Duration, OffsetDateTime};

use super::{Found, examine, told};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::ports::{FileStore, FileStoreError, Kept};
use crate::core::releases::actions::unavailable;
use crate::core::releases::names;
use crate::core::releases::store::stored::{BATCH, StoredFile, awaited, known_keys, stored_files};

/// What is younger belongs to an upload that may still be running.
pub const YOUNG: Duration = Duration::hours(1);

/// What was found, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files that are as they were uploaded.
    pub whole: u64,
    pub missing: u64,
    /// Altered, of another size, or not to be read.
    pub damaged: u64,
    /// Contents of deleted files.
    pub left_over: u64,
    /// Contents that no row names, under keys that we make.
    pub orphans: u64,
    /// What lies there under other names, and that no row names: never taken away.
    pub foreign: u64,
    /// Contents of uploads that were cut off before their row was written; the next try replaces them.
    pub awaited: u64,
    /// Contents too young to be judged.
    pub young: u64,
    /// Of the left over and the orphans, those taken away.
    pub removed: u64,
}

impl Verified {
    /// What is wrong now.
    pub const fn faults(&self) -> u64 {
        self.missing + self.damaged + self.left_over + self.orphans - self.removed
    }
}

/// Reads every row and every content and says of each that is not as it should be. With `remove`, contents that
/// nothing needs are taken away: only what lies under a key of ours.
///
/// # Errors
/// `Unavailable` when the database or the storage does not answer; `Conflict` in a sentence, with `remove`, when this
/// seems to be the storage of another database.
pub async fn verify(db: &Db, store: &dyn FileStore, remove: bool, say: &mut impl FnMut(&str)) -> Result<Verified> {
    let mut sum = Verified::default();
    let mut after = String::new();
    let (mut rows, mut of_deleted) = (0, 0);
    loop {
        let files = stored_files(&mut *db.read().await?, &after).await?;
        let Some(last) = files.last() else { break };
        after.clone_from(&last.id);
        for file in &files {
            rows += 1;
            match file.is_deleted {
                true => of_deleted += 1,
                false => check_file(db, store, file, &mut sum, say).await?,
            }
        }
    }
    if remove {
        is_its_own(rows, of_deleted, &sum)?;
    }
    let before = OffsetDateTime::now_utc() - YOUNG;
    let mut kept = store.list().chunks(BATCH);
    while let Some(batch) = kept.next().await {
        let batch = batch
            .into_iter()
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(unavailable)?;
        let unneeded = check_contents(db, batch, before, &mut sum, say).await?;
        for key in unneeded.into_iter().filter(|_| remove) {
            store.remove(&key).await.map_err(unavailable)?;
            sum.removed += 1;
            say(&format!("removed     {}", key.escape_debug()));
        }
    }
    Ok(sum)
}

/// Whether a storage may be the one of these rows: in another one's everything would be an orphan.
fn is_its_own(rows: u64, of_deleted: u64, sum: &Verified) -> Result<()> {
    let why = match (rows, rows - of_deleted) {
        (0, _) => "The database knows of no released file, so that everything here would be an orphan",
        (_, 1..) if sum.whole == 0 => "No released file is here as it was uploaded",
        _ => return Ok(()),
    };
    Err(Error::Conflict(format!(
        "{why}: this may be the storage of another database. Nothing was taken away. Check RELEASE_STORAGE, \
         RELEASE_S3_… and DATABASE_URL."
    )))
}

async fn check_file(
    db: &Db,
    store: &dyn FileStore,
    file: &StoredFile,
    sum: &mut Verified,
    say: &mut impl FnMut(&str),
) -> Result<()> {
    match examine(store, file).await {
        Ok(Found::AsUploaded) => sum.whole += 1,
        Ok(Found::Missing) => {
            // It may have been deleted since its row was read.
            let now = known_keys(&mut *db.read().await?, std::slice::from_ref(&file.path)).await?;
            if now.iter().any(|(_, is_deleted)| !is_deleted) {
                sum.missing += 1;
                say(&format!("missing     {}", told(file)));
            }
        }
        Ok(Found::Other(how)) => {
            sum.damaged += 1;
            say(&format!("damaged     {}: {how}", told(file)));
        }
        // One that cannot be read says nothing about the others, unless nothing answers at all.
        Err(FileStoreError::Unavailable(why)) => {
            let mut list = store.list();
            if let Some(Err(error)) = list.next().await {
                return Err(unavailable(error));
            }
            sum.damaged += 1;
            say(&format!("damaged     {}: cannot be read: {why}", told(file)));
        }
        Err(error) => return Err(unavailable(error)),
    }
    Ok(())
}

/// Says what of these contents nothing needs, and returns the keys.
async fn check_contents(
    db: &Db,
    batch: Vec<Kept>,
    before: OffsetDateTime,
    sum: &mut Verified,
    say: &mut impl FnMut(&str),
) -> Result<Vec<String>> {
    let keys: Vec<String> = batch.iter().map(|kept| kept.key.clone()).collect();
    let ids: Vec<String> = keys
        .iter()
        .filter_map(|key| names::id_in_key(key))
        .map(str::to_owned)
        .collect();
    let mut conn = db.read().await?;
    let known: HashMap<String, bool> = known_keys(&mut conn, &keys).await?.into_iter().collect();
    let expected = awaited(&mut conn, &ids).await?;
    drop(conn);
    let mut unneeded = Vec::new();
    for kept in batch {
        match known.get(&kept.key) {
            Some(false) => {}
            Some(true) => {
                sum.left_over += 1;
                say(&format!("left over   {}: its file is deleted", kept.key.escape_debug()));
                unneeded.push(kept.key);
            }
            None => match names::id_in_key(&kept.key) {
                None => {
                    sum.foreign += 1;
                    say(&format!("not ours    {}: left alone", kept.key.escape_debug()));
                }
                Some(_) if kept.modified_at > before => sum.young += 1,
                Some(id) if expected.iter().any(|known| known == id) => sum.awaited += 1,
                Some(_) => {
                    sum.orphans += 1;
                    say(&format!("orphan      {}: no file has it", kept.key));
                    unneeded.push(kept.key);
                }
            },
        }
    }
    Ok(unneeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_without_a_whole_file_of_ours_may_be_another_ones() {
        let found = |whole| Verified {
            whole,
            ..Verified::default()
        };
        for (rows, of_deleted, whole, may_be) in [
            (0, 0, 0, false),
            (3, 0, 0, false),
            (3, 2, 0, false),
            (3, 3, 0, true),
            (3, 0, 1, true),
            (3, 2, 1, true),
        ] {
            assert_eq!(
                is_its_own(rows, of_deleted, &found(whole)).is_ok(),
                may_be,
                "{rows} {whole}"
            );
        }
    }

    #[test]
    fn what_was_taken_away_is_no_fault_any_more() {
        let sum = Verified {
            missing: 1,
            orphans: 2,
            left_over: 1,
            removed: 3,
            young: 5,
            foreign: 7,
            ..Verified::default()
        };
        assert_eq!(sum.faults(), 1);
    }
}
