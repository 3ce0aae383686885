//! How many files something has, and what became of them.

use super::ReleaseFile;

/// The files of a release, of a snapshot or of the latest outputs, counted. Each is in one of the three numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// There to be read.
    pub there: i64,
    /// Bytes of those.
    pub size: i64,
    pub withdrawn: i64,
    /// Announced, and not uploaded yet.
    pub awaited: i64,
}

impl Tally {
    pub fn of<'a>(files: impl IntoIterator<Item = &'a ReleaseFile>) -> Self {
        files.into_iter().fold(Self::default(), |mut tally, file| {
            match (file.is_deleted(), file.is_readable()) {
                (true, _) => tally.withdrawn += 1,
                (false, false) => tally.awaited += 1,
                (false, true) => {
                    tally.there += 1;
                    tally.size = tally.size.saturating_add(file.size);
                }
            }
            tally
        })
    }

    /// All of them, whatever became of them.
    pub fn total(&self) -> i64 {
        self.there + self.withdrawn + self.awaited
    }
}
