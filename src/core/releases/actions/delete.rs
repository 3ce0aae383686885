//! Deleting a released file for good.

use crate::core::access::{Can, DeleteReleaseFiles};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::ports::FileStore;
use crate::core::releases::store::files::FileOfRelease;
use crate::core::releases::store::uploads::record_deletion;

/// Deletes a file's content and keeps its row, which says who deleted it and when. It is gone from every page and
/// archive, published or not, with the commit; the content follows. Audited.
///
/// # Errors
/// `NotFound` when it was deleted before or never arrived.
pub async fn delete_file(
    db: &Db,
    store: &dyn FileStore,
    can: &Can<DeleteReleaseFiles>,
    found: &FileOfRelease,
) -> Result<()> {
    can.covers(found.project_id)?;
    let mut tx = db.begin().await?;
    if !record_deletion(&mut tx, &found.file.id, can.user_id()).await? {
        return Err(Error::NotFound("ReleaseFile"));
    }
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("release_file_deleted", &by, Subject::release_file(&found.file.id))
        .change("", found.file.name.clone(), "")
        .within(Subject::release(&found.file.release_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    if let Err(error) = store.remove(&found.file.path).await {
        // Nobody can reach it any more; `jobserver files verify` removes what was left.
        tracing::error!(file = found.file.id, %error, "the content of a deleted file could not be removed");
    }
    Ok(())
}
