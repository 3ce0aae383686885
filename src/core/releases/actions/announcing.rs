//! Telling of releases.

use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::jobs::backends::KnownBackend;
use crate::core::outbox::{Content, Draft, ReleaseNotified, ReleasedFiles, send};

/// A release made the old way, by a commit to the study's repository, of which its program tells us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseNotice {
    /// Who released, as they are called in the backend.
    pub created_by: String,
    pub path: String,
    /// Names of the files, when they are told.
    pub files: Option<Vec<String>>,
}

/// The most files that the message names.
pub const NAMED: usize = 50;

/// Lets a channel know of a release.
///
/// # Errors
/// When the database does not answer.
pub async fn announce_release(db: &Db, backend: &KnownBackend, notice: &ReleaseNotice, channel: &str) -> Result<()> {
    let files = notice.files.as_ref().map(|files| ReleasedFiles {
        count: files.len(),
        names: files.iter().take(NAMED).map(|name| short(name)).collect(),
    });
    let content = Content::ReleaseNotified(ReleaseNotified {
        created_by: short(&notice.created_by),
        path: short(&notice.path),
        backend: backend.name.clone(),
        files,
    });
    let mut tx = db.begin().await?;
    send(&mut tx, Draft::new(content, channel, format!("backend:{}", backend.id))).await?;
    Ok(tx.commit().await?)
}

/// The most characters of a name or a path that the message shows.
const LONGEST: usize = 500;

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(short(&"é".repeat(LONGEST + 1)), "é".repeat(LONGEST) + "…");
    }
}
