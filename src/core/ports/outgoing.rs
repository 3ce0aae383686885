//! What carries messages out of the house: mail, chat, and a tracker of issues. Used by the worker only,
//! never in a request.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::core::ids::RepoUrl;

/// What carries messages out, each by its own way.
#[derive(Debug, Clone)]
pub struct Couriers {
    pub mail: Arc<dyn Mailer>,
    pub chat: Arc<dyn Chat>,
    pub issues: Arc<dyn IssueTracker>,
    pub repos: Arc<dyn RepoMaker>,
}

/// Sends e-mail.
#[async_trait]
pub trait Mailer: Send + Sync + Debug {
    /// Hands one mail to the next carrier. Sent twice, it has the same `Message-ID` twice, by which a
    /// receiver can tell.
    ///
    /// # Errors
    /// [`Undelivered`].
    async fn send(&self, mail: &Mail) -> Result<Receipt, Undelivered>;
}

/// One mail, with its text in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The `Message-ID` without angle brackets; the same for every attempt at one message.
    pub message_id: String,
    /// A bare address.
    pub from: String,
    /// Bare addresses, one at least.
    pub to: Vec<String>,
    /// Bare addresses that the others do not see.
    pub bcc: Vec<String>,
    /// As in a header: `Name <address>`, or a bare address.
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Posts into the channels of a chat: Slack.
#[async_trait]
pub trait Chat: Send + Sync + Debug {
    /// Posts once for each `key`, as far as the chat itself can tell.
    ///
    /// # Errors
    /// [`Undelivered`].
    async fn post(&self, post: &ChatPost) -> Result<Receipt, Undelivered>;
}

/// One post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatPost {
    /// A UUID; the same for every attempt at one message (`client_msg_id`).
    pub key: String,
    /// A channel's name without `#`, or its id.
    pub channel: String,
    /// In Slack's mrkdwn, already escaped.
    pub text: String,
}

/// Keeps issues: GitHub. A repository is named `owner/name`.
#[async_trait]
pub trait IssueTracker: Send + Sync + Debug {
    /// Whether its issues are somewhere. The numbers of those that are not are never remembered: they would
    /// name somebody else's issues at the real one.
    fn is_real(&self) -> bool {
        true
    }

    /// Opens an issue. Not safe to repeat: look with [`IssueTracker::opened_since`] first.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such repository.
    async fn open(&self, repo: &str, issue: &NewIssue) -> Result<Issue, Undelivered>;

    /// The issue, open or closed, that was opened since then and has `mark` in its body.
    ///
    /// # Errors
    /// [`Undelivered`].
    async fn opened_since(&self, repo: &str, mark: &str, since: OffsetDateTime) -> Result<Option<Issue>, Undelivered>;

    /// The newest issue, open or closed, with exactly this title, but for spaces around it: for issues that
    /// are older than what Job Server remembers. The tracker's search lags behind and is rationed.
    ///
    /// # Errors
    /// [`Undelivered`].
    async fn titled(&self, repo: &str, title: &str) -> Result<Option<Issue>, Undelivered>;

    /// Comments on an issue. Not safe to repeat: look with [`IssueTracker::commented_since`] first.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such issue.
    async fn comment(&self, repo: &str, number: i64, body: &str) -> Result<Receipt, Undelivered>;

    /// The comment made since then that has `mark` in its body.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such issue.
    async fn commented_since(
        &self,
        repo: &str,
        number: i64,
        mark: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Receipt>, Undelivered>;

    /// Closes an issue, replaces all of its labels, or both. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such issue.
    async fn change(&self, repo: &str, number: i64, change: &IssueChange) -> Result<Receipt, Undelivered>;

    /// The names of the labels that a repository has.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such repository.
    async fn labels(&self, repo: &str) -> Result<Vec<String>, Undelivered>;

    /// The names of the labels that an issue has.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such issue.
    async fn labels_of(&self, repo: &str, number: i64) -> Result<Vec<String>, Undelivered>;
}

/// Makes repositories where the code is: at GitHub, or in a folder. Repeating any of it changes nothing.
#[async_trait]
pub trait RepoMaker: Send + Sync + Debug {
    /// Makes a repository unless it is there; returns its topics.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such account, or it cannot be seen.
    async fn make(&self, repo: &RepoUrl) -> Result<Vec<String>, Undelivered>;

    /// Gives a repository these topics and no others.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such repository.
    async fn set_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), Undelivered>;

    /// Lets a team of the repository's account look after it, and no more: not delete it, nor say who else may.
    ///
    /// # Errors
    /// [`Undelivered`]; `Missing` when there is no such team or repository.
    async fn let_maintain(&self, repo: &RepoUrl, team: &str) -> Result<(), Undelivered>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    pub title: String,
    /// Markdown, already escaped.
    pub body: String,
    pub labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub number: i64,
    /// Its page.
    pub url: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueChange {
    pub close: bool,
    /// `Some` replaces all labels; an empty list clears them.
    pub labels: Option<Vec<String>>,
}

/// That a message was taken over, and what its new keeper calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Slack's timestamp, Mailgun's id, GitHub's number.
    pub id: Option<String>,
    /// Where it can be seen.
    pub url: Option<String>,
}

/// Why a message was not taken over. The texts name the service and never a secret; operators read
/// them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Trying again may help: no connection, no answer in time, a server error, too many calls. `after`
    /// is how long the service wants to be left alone, when it says so.
    #[error("{why}")]
    Later { why: String, after: Option<Duration> },
    /// What it should be done to is not there.
    #[error("{why}")]
    Missing { why: String },
    /// Trying again cannot help: the service understood and will not.
    #[error("{why}")]
    Refused { why: String },
}

impl Undelivered {
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later {
            why: why.into(),
            after: None,
        }
    }

    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    pub fn missing(why: impl Into<String>) -> Self {
        Self::Missing { why: why.into() }
    }
}
