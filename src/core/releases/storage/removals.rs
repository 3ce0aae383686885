//! What operators take away from the storage is on record. It is written before anything goes: what was taken away cannot
//! be taken back with a transaction.

use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;

/// Contents that belong to no released file are about to be taken away.
pub async fn orphans_removed(db: &Db, by: &By) -> Result<()> {
    let event = Event::new("released_orphans_removed", by, Subject::storage());
    audit::record(&mut *db.read().await?, &event).await
}

/// The folder, or the bucket, is about to be emptied of what is whole in the other.
pub async fn source_removed(db: &Db, to_folder: bool, by: &By) -> Result<()> {
    let (source, target) = match to_folder {
        true => ("the bucket", "the folder"),
        false => ("the folder", "the bucket"),
    };
    let event = Event::new("released_files_removed", by, Subject::storage()).change("storage", source, target);
    audit::record(&mut *db.read().await?, &event).await
}
