//! What the core needs from the outside, as traits. The adapters implement them.

mod files;
mod identity;
mod outgoing;

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::core::ids::{CommitSha, RepoUrl};

pub use files::{Content, FileStore, FileStoreError, Incoming, Kept};
pub use identity::{Departure, Identity, IdentityError, IdentityProvider};
pub use outgoing::{
    Chat, ChatPost, Couriers, Issue, IssueChange, IssueTracker, Mail, Mailer, NewIssue, Receipt, RepoMaker, Undelivered,
};

/// The most repositories [`CodeHost::repositories`] gives for one organisation.
pub const MAX_REPOSITORIES: usize = 1000;
/// The most repositories that [`CodeHost::topics`] reads.
pub const MAX_LISTED: usize = 10_000;
/// The most branches given for one repository.
pub const MAX_BRANCHES: usize = 1000;
/// The most names [`CodeHost::listing`] gives for one folder, which is GitHub's own limit.
pub const MAX_ENTRIES: usize = 1000;
/// Repositories with this topic publish their outputs at the host.
pub const OUTPUTS_TOPIC: &str = "github-releases";
/// Repositories with this topic hold no study and are not offered for a workspace.
pub const NON_RESEARCH_TOPIC: &str = "non-research";

/// Where the researchers' code lives: GitHub, or a folder of git repositories.
///
/// Only reading. Every verb ends within the time its adapter was given, holds a bounded amount of
/// memory whatever the other side answers, and never waits for a rate limit.
#[async_trait]
pub trait CodeHost: Send + Sync + Debug {
    /// The repositories of an organisation that a workspace may use: those with the topic
    /// [`NON_RESEARCH_TOPIC`] are left out, at most [`MAX_REPOSITORIES`] are given, by lower-cased
    /// name. This may take many calls to the host; a page shows a stored copy instead.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::OrgNotFound`], and those any verb may give.
    async fn repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError>;

    /// All repositories of an organisation with their topics, also those that
    /// [`CodeHost::repositories`] leaves out, in no order. All or nothing: whoever concludes from a
    /// repository's absence must be able to.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::OrgNotFound`], [`CodeHostError::Unavailable`] when there are more than
    /// [`MAX_LISTED`], and those any verb may give.
    async fn topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError>;

    /// What the host knows about one repository.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::RepoNotFound`], and those any verb may give.
    async fn facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError>;

    /// The names of a repository's branches, at most [`MAX_BRANCHES`], sorted. Empty for a
    /// repository without commits.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::RepoNotFound`], and those any verb may give.
    async fn branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError>;

    /// The commit that `reference` stands for now. `reference` is a branch (also one with
    /// slashes), a tag, or a commit's name of 4 to 40 digits; a branch wins over a tag of the same
    /// name, and both over an abbreviated commit.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::RepoNotFound`], [`CodeHostError::RefNotFound`] (also for text that can be
    /// no reference), and those any verb may give.
    async fn resolve(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError>;

    /// The bytes of the file at `path` (from the repository's root, with `/`) in a commit. A link
    /// is followed as long as it stays within the repository.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::RepoNotFound`], [`CodeHostError::RefNotFound`] when there is no such
    /// commit, [`CodeHostError::FileNotFound`] when there is no such path or it is no file,
    /// [`CodeHostError::TooLarge`] when the file has more than `max_bytes`, and those any verb may
    /// give.
    async fn file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError>;

    /// The names of what is in a folder of a commit, sorted, at most [`MAX_ENTRIES`]. An empty
    /// `folder` is the repository's root.
    ///
    /// # Errors
    ///
    /// [`CodeHostError::RepoNotFound`], [`CodeHostError::RefNotFound`] when there is no such
    /// commit, [`CodeHostError::FileNotFound`] when there is no such folder, and those any verb
    /// may give.
    async fn listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError>;
}

/// One repository of an organisation, as the form for a new workspace needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The name within the organisation.
    pub name: String,
    /// The address.
    pub url: RepoUrl,
    /// Whether only some people can see it.
    pub private: bool,
    /// Its topics, as the host orders them.
    pub topics: Vec<String>,
    /// When it was created, if the host knows.
    pub created_at: Option<OffsetDateTime>,
    /// The names of its branches, sorted, at most [`MAX_BRANCHES`].
    pub branches: Vec<String>,
}

/// A repository's topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoTopics {
    /// The address.
    pub url: RepoUrl,
    /// Its topics, as the host orders them.
    pub topics: Vec<String>,
}

/// What the host knows about one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoFacts {
    /// Whether only some people can see it.
    pub private: bool,
    /// Its topics, as the host orders them.
    pub topics: Vec<String>,
    /// The branch people land on; absent where none is checked out.
    pub default_branch: Option<String>,
    /// When it was created, if the host knows.
    pub created_at: Option<OffsetDateTime>,
}

/// What went wrong inside an adapter. For the logs; never shown.
pub type Detail = Box<dyn Error + Send + Sync>;

/// Why the code host gave no answer. The texts may be shown; the source is for the logs.
#[derive(Debug, thiserror::Error)]
pub enum CodeHostError {
    /// No such organisation, or one Job Server may not see.
    #[error("There is no organisation called {org}, or Job Server cannot see it")]
    OrgNotFound {
        /// The name asked for.
        org: String,
    },
    /// No such repository, or one Job Server may not see: hosts do not tell the two apart.
    #[error("The repository does not exist, or Job Server cannot see it")]
    RepoNotFound,
    /// No such branch, tag or commit.
    #[error("The repository has no branch, tag or commit {reference}")]
    RefNotFound {
        /// The text asked for.
        reference: String,
    },
    /// No such file or folder in the commit.
    #[error("There is no {path} in the repository at that commit")]
    FileNotFound {
        /// The path asked for.
        path: String,
    },
    /// The file is larger than the caller accepts.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// The path asked for.
        path: String,
        /// The most the caller accepts, in bytes.
        limit: usize,
    },
    /// No answer in the time given.
    #[error("The code host took too long to answer")]
    TimedOut,
    /// The host wants fewer calls.
    #[error("The code host accepts no more calls from Job Server for now")]
    RateLimited {
        /// When calls are accepted again, if the host said so.
        reset: Option<OffsetDateTime>,
    },
    /// The host does not accept Job Server's token, or the token may not do this.
    #[error("The code host does not let Job Server read this")]
    Unauthorised,
    /// The host cannot be reached, fails, or answers with nonsense.
    #[error("The code host cannot be reached at the moment")]
    Unavailable(#[source] Detail),
}

impl CodeHostError {
    /// The host cannot be used, for a reason that goes to the logs alone.
    pub fn unavailable(detail: impl Into<Detail>) -> Self {
        Self::Unavailable(detail.into())
    }
}

/// Whether a study's codelists are those that OpenCodelists has now.
#[async_trait]
pub trait CodelistChecker: Send + Sync + Debug {
    /// Compares the texts of `codelists/codelists.txt` and `codelists/codelists.json` of one commit.
    ///
    /// # Errors
    ///
    /// [`CodelistCheckError`] when there is no answer.
    async fn check(&self, list: &str, manifest: &str) -> Result<Codelists, CodelistCheckError>;
}

/// What a check of codelists found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codelists {
    UpToDate,
    OutOfDate,
}

/// OpenCodelists gave no answer that can be used. The source is for the logs.
#[derive(Debug, thiserror::Error)]
#[error("OpenCodelists cannot be reached at the moment")]
pub struct CodelistCheckError(#[source] pub Detail);

/// Asks nobody and takes every study's codelists as they are: a runner checks them again before it
/// reads the database.
#[derive(Debug, Clone, Copy)]
pub struct CodelistsTakenAsTheyAre;

#[async_trait]
impl CodelistChecker for CodelistsTakenAsTheyAre {
    async fn check(&self, _: &str, _: &str) -> Result<Codelists, CodelistCheckError> {
        Ok(Codelists::UpToDate)
    }
}
