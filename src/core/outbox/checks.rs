//! What is told about outputs that are checked and released.

use serde::{Deserialize, Serialize};

/// A release request whose outputs are checked: what its issue says, and what is needed to open it at
/// any time, should it be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputCheck {
    /// Airlock's id of the release request.
    pub request: String,
    pub workspace: String,
    /// The project's slug.
    pub project: String,
    /// The address of the code's repository.
    pub repo_url: String,
    /// Username of whoever asked for the release.
    pub author: String,
    pub author_name: String,
    /// Whether the author belongs to an organisation of our own.
    pub internal: bool,
}

impl OutputCheck {
    /// By what its issue is remembered, and the thread that keeps its messages in order.
    pub fn subject(&self) -> String {
        Self::subject_of(&self.request)
    }

    /// The same of a release request with this id.
    pub fn subject_of(request: &str) -> String {
        format!("airlock:{request}")
    }

    /// The title of its issue.
    pub fn title(&self) -> String {
        let title = format!("{} {}", self.workspace, self.request);
        title.split(char::is_control).collect::<Vec<_>>().join(" ")
    }

    /// The label that tells whose outputs these are.
    pub fn origin_label(&self) -> &'static str {
        if self.internal { "internal" } else { "external" }
    }
}

/// Where a request is between its author and the reviewers, as a label tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    PendingReview,
    UnderReview,
    WithRequester,
}

impl Status {
    pub const ALL: [Self; 3] = [Self::PendingReview, Self::UnderReview, Self::WithRequester];

    pub fn label(self) -> &'static str {
        match self {
            Self::PendingReview => "Pending review",
            Self::UnderReview => "Under review",
            Self::WithRequester => "With requester",
        }
    }
}

/// One line of what changed in a request, in Airlock's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub update: String,
    /// The group of files that it is about.
    pub group: Option<String>,
    /// Username of whoever did it.
    pub user: Option<String>,
}

/// What happened to a release request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckEvent {
    /// `request returned`, say.
    pub verb: String,
    /// Username of whoever did it.
    pub user: String,
    pub updates: Vec<Update>,
    /// How many updates there were beside these.
    pub more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOpened {
    pub check: OutputCheck,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCommented {
    pub check: OutputCheck,
    pub event: CheckEvent,
    /// The status label that replaces the present one.
    pub status: Option<Status>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckClosed {
    pub check: OutputCheck,
    /// `request released`, say.
    pub verb: String,
    /// Username of whoever did it.
    pub user: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckUpdated {
    pub title: String,
    pub event: CheckEvent,
}

/// For the mail to a request's author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDecided {
    pub request: String,
    pub workspace: String,
    /// What to look at: a path of the site.
    pub path: String,
    pub updates: Vec<Update>,
    /// How many updates there were beside these.
    pub more: usize,
}

/// For the channel about releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseNotified {
    /// Who released, as they are called there.
    pub created_by: String,
    pub path: String,
    /// The backend's name.
    pub backend: String,
    pub files: Option<ReleasedFiles>,
}

/// For the channel about releases: a backend announced files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCreated {
    pub release: String,
    /// Its slug.
    pub project: String,
    pub workspace: String,
    /// Username of whoever released.
    pub user: String,
    pub files: usize,
    /// The backend's name.
    pub backend: String,
}

/// For the channel about releases: a file arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUploaded {
    pub file: String,
    pub name: String,
    /// In bytes.
    pub size: u64,
    pub release: String,
    /// Its slug.
    pub project: String,
    pub workspace: String,
    /// Username of whoever released.
    pub user: String,
    /// The backend's name.
    pub backend: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedFiles {
    pub count: usize,
    /// The first of them, by name.
    pub names: Vec<String>,
}
