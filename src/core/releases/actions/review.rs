//! What was decided of a release and its files.

use serde_json::Value;

use crate::core::access::{Can, UploadReleases};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::releases::store::files::files_of_release;
use crate::core::releases::store::uploads::{ReviewRow, record_review};
use crate::core::releases::{Decision, Release};

/// What was decided of one file.
#[derive(Debug, Clone)]
pub struct FileReview {
    pub name: String,
    pub sha256: String,
    /// `None` when the client left it out, which is a fault.
    pub decision: Option<(Decision, Value)>,
}

/// Keeps what was decided, all of it or nothing. Audited.
///
/// # Errors
/// `Conflict` naming every file that the release has not, that has another content, or of which nothing is said.
pub async fn review_release(
    db: &Db,
    can: &Can<UploadReleases>,
    release: &Release,
    review: Option<&Value>,
    files: &[FileReview],
) -> Result<()> {
    can.covers(release.project_id)?;
    let mut tx = db.begin().await?;
    let known = files_of_release(&mut tx, &release.id).await?;
    let mut faults = Vec::new();
    let mut rows = Vec::with_capacity(files.len());
    for file in files {
        let Some(stored) = known.iter().find(|known| known.name == file.name) else {
            faults.push(format!("Unknown file {}", file.name));
            continue;
        };
        if !stored.filehash.eq_ignore_ascii_case(&file.sha256) {
            faults.push(format!("Expected sha {} for file {}", stored.filehash, file.name));
            continue;
        }
        match &file.decision {
            None => faults.push(format!("No review of file {}", file.name)),
            Some((decision, comments)) => rows.push(ReviewRow {
                file_id: stored.id.clone(),
                decision: *decision,
                comments: comments.clone(),
            }),
        }
    }
    if !faults.is_empty() {
        return Err(Error::Conflict(faults.join("; ")));
    }
    record_review(&mut tx, &release.id, review, &rows, can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("release_reviewed", &by, Subject::release(&release.id))
        .change("", "", format!("{} files", rows.len()))
        .within(Subject::workspace(release.workspace_id));
    audit::record(&mut tx, &event).await?;
    Ok(tx.commit().await?)
}
