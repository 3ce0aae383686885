//! What messages about repositories say. `repo` is a repository's address, as stored.

use serde::{Deserialize, Serialize};

/// To those who made a repository's workspaces: it is signed off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoSignedOff {
    pub repo: String,
    /// The name of who signed it off.
    pub by: String,
    /// Outputs are published there too, which have a check of their own before them.
    pub has_outputs: bool,
    /// Where to write to about it.
    pub contact: String,
    /// Addresses that get a copy without seeing each other: [`RepoSignedOff::MOST_COPIES`] at most.
    pub bcc: Vec<String>,
}

impl RepoSignedOff {
    /// The most readers of one mail.
    pub const MOST_COPIES: usize = 100;
}

/// To the co-pilots: a repository without outputs can be made public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoToPublish {
    pub repo: String,
    /// The name of who signed it off.
    pub by: String,
    /// The slug of the project that its first workspace belongs to.
    pub project: String,
    /// Number and name of that project.
    pub project_title: String,
    /// The name of who helps that project.
    pub copilot: Option<String>,
}

/// To those who publish outputs: a repository that holds some waits for their sign-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoWithOutputs {
    pub repo: String,
    /// The name of who signed it off.
    pub by: String,
    /// The numbers of its projects: [`RepoWithOutputs::MOST_NUMBERS`] at most.
    pub numbers: Vec<String>,
}

impl RepoWithOutputs {
    /// The most projects that a message names.
    pub const MOST_NUMBERS: usize = 20;
}

/// An issue for those who look after the code host: a repository is signed off, and is to be made public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoOpeningAsked {
    pub repo_id: i32,
    pub repo: String,
    /// The name of who signed it off for the staff, and their username.
    pub by: String,
    pub username: String,
}

impl RepoOpeningAsked {
    /// What the issue is remembered by.
    pub fn subject(&self) -> String {
        Self::subject_of(self.repo_id)
    }

    /// What the issue about the repository of this number is remembered by.
    pub fn subject_of(repo_id: i32) -> String {
        format!("repo_opening:{repo_id}")
    }

    pub fn title(&self) -> String {
        let name = self.repo.strip_prefix("https://github.com/").unwrap_or(&self.repo);
        format!("Make {name} public")
    }
}

/// To the code host: a repository for the analyses that a project's people ask for on the site, made when there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractiveRepo {
    /// The workspace that uses it.
    pub workspace_id: i32,
    pub repo: String,
}

impl InteractiveRepo {
    /// Repositories of this kind have it.
    pub const TOPIC: &str = "interactive";
    /// Who runs the analyses, and may therefore write to it.
    pub const TEAM: &str = "interactive";

    /// What a message's dedupe key begins with; the workspace's id follows.
    pub const KEY: &str = "interactive_repo:";

    /// There is one message for each workspace.
    pub fn key_of(workspace_id: i32) -> String {
        format!("{}{workspace_id}", Self::KEY)
    }
}
