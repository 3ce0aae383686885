//! Released files: what left a backend after its check, what was said of it, and what of it is public.

pub mod actions;
pub mod content;
pub mod level_4;
pub mod names;
mod standing;
pub mod storage;
pub mod store;
mod tally;

pub use standing::{Decided, Deed, Standing};
pub use tally::Tally;
use time::OffsetDateTime;

/// A release: files that left one backend together.
#[derive(Debug, Clone)]
pub struct Release {
    /// A ULID of ours, or the id that Airlock gave the release request.
    pub id: String,
    pub workspace_id: i32,
    pub workspace: String,
    pub project_id: i32,
    pub project_slug: String,
    pub backend_id: i32,
    pub backend_slug: String,
    pub backend_name: String,
    /// What the backend said of the whole, as JSON.
    pub metadata: Option<serde_json::Value>,
    /// What was decided of the whole, as JSON.
    pub review: Option<serde_json::Value>,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub created_by_name: String,
}

impl Release {
    /// The address of its page.
    pub fn href(&self) -> String {
        format!("/{}/{}/releases/{}/", self.project_slug, self.workspace, self.id)
    }
}

/// A released file, with the names that lists show.
#[derive(Debug, Clone)]
pub struct ReleaseFile {
    pub id: String,
    pub release_id: String,
    /// Its path as researchers know it, with forward slashes.
    pub name: String,
    /// The key of its content; empty until it was uploaded.
    pub path: String,
    /// SHA-256 in hexadecimal, as the backend announced it.
    pub filehash: String,
    /// In bytes.
    pub size: i64,
    /// When it was written, inside the backend.
    pub mtime: OffsetDateTime,
    /// As JSON.
    pub metadata: Option<Box<serde_json::value::RawValue>>,
    pub created_at: OffsetDateTime,
    /// Username of whoever made the release.
    pub created_by: String,
    pub backend_slug: String,
    pub backend_name: String,
    pub uploaded_at: Option<OffsetDateTime>,
    pub deleted_at: Option<OffsetDateTime>,
    /// Display name of whoever deleted it.
    pub deleted_by: Option<String>,
}

impl ReleaseFile {
    /// Whether there is a content to look at.
    pub fn is_readable(&self) -> bool {
        self.uploaded_at.is_some() && self.deleted_at.is_none()
    }

    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether it was deleted before `published_at`, so that it never was public with what was published then.
    pub fn was_gone_before(&self, published_at: Option<OffsetDateTime>) -> bool {
        self.deleted_at
            .zip(published_at)
            .is_some_and(|(gone, public)| gone < public)
    }
}

/// A set of a workspace's released files, to be published as it was then.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub id: i32,
    pub workspace_id: i32,
    pub workspace: String,
    pub project_id: i32,
    pub project_slug: String,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub created_by_name: String,
    /// Set when it is public: of its publish requests that are decided, the newest is approved.
    pub published_at: Option<OffsetDateTime>,
    /// The request that nobody has decided yet.
    pub pending_request: Option<i32>,
    /// Who made that request, and when.
    pub asked: Option<Deed>,
    /// What was decided last, by whom and when.
    pub decided: Option<Decided>,
}

impl Snapshot {
    /// The address of its page.
    pub fn href(&self) -> String {
        format!("/{}/{}/outputs/{}/", self.project_slug, self.workspace, self.id)
    }

    pub fn is_published(&self) -> bool {
        self.published_at.is_some()
    }
}

/// One request to publish a snapshot, and what became of it.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    pub id: i32,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub created_by_name: String,
    pub decision: Option<Decision>,
    pub decision_at: Option<OffsetDateTime>,
    pub decision_by: Option<String>,
    pub decision_by_name: Option<String>,
}

/// What was decided of a publish request, or of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approved,
    Rejected,
}

impl Decision {
    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        match name {
            "approved" | "APPROVED" => Some(Self::Approved),
            "rejected" | "REJECTED" => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// A size as people read it, in units of 1,024.
pub fn size_in_words(bytes: i64) -> String {
    // Sizes beyond 2^53 have no file.
    #[allow(clippy::cast_precision_loss)]
    let size = bytes as f64;
    match bytes {
        1 => "1 byte".to_owned(),
        ..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KB", size / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MB", size / 1_048_576.0),
        _ => format!("{:.1} GB", size / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_people_know() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1536, "1.5 KB"),
            (16_777_216, "16.0 MB"),
            (1_610_612_736, "1.5 GB"),
        ] {
            assert_eq!(size_in_words(bytes), words);
        }
    }
}
