//! The outbox: everything that must leave the house. A message is a row, written in the transaction of
//! its cause; the worker sends it afterwards, as often as it takes. Nothing here talks to a service: the
//! worker brings a [`Courier`].
//!
//! Delivery is *at least once*. A worker that dies between a service's yes and our record of it sends
//! again, under the same [`Letter::key`], by which the receiver, or a look before the repeat, can tell.

mod actions;
mod attempt;
mod checks;
mod content;
mod entry;
pub mod fault;
mod profile;
mod repos;
mod retry;
mod store;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

pub(in crate::core) use actions::about as about_message;
pub use actions::{
    Decided, Dropped, drop_message, drop_messages, forget_old, retry_dead, retry_message, retry_messages, retry_within,
    send, send_all,
};
pub use attempt::{Attempted, attempt, deliver_due};
pub use checks::{
    CheckClosed, CheckCommented, CheckEvent, CheckOpened, CheckUpdated, FileUploaded, OutputCheck, ReleaseCreated,
    ReleaseNotified, ReleasedFiles, RequestDecided, Status, Update,
};
pub use content::{
    Content, CopilotWindow, CopilotWindows, FinishedJob, JobsFinished, OtherJobs, ProjectCreated, TestMail,
    UserRegistered,
};
pub use entry::{LoginLink, LoginTokenMade, LoginTokenUsed};
pub use profile::{EmailChanged, EmailConfirm, Welcome};
pub use repos::{InteractiveRepo, RepoOpeningAsked, RepoSignedOff, RepoToPublish, RepoWithOutputs};
pub use retry::{LONGEST_PAUSE, RetryPolicy};
pub use store::issues::{TrackedIssue, remember_issue, tracked_issue};
pub use store::staff::{ListedMessage, MOST_MATCHES, NamedMessage, StaffFilter, kinds, messages, named};
pub use store::strays::{clear_queue, wake_stray};
pub use store::{Deliveries, Figures, Filter, Message, deliveries_of_the_last_day, figures, list, message};

use super::ports::{Receipt, Undelivered};

/// How long one attempt may take; the worker gives up on it then.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(60);
/// How long a message belongs to the worker that claimed it. Longer than an attempt, with time to record
/// how it went.
pub const LEASE: Duration = Duration::from_secs(120);

/// What carries a message. Each has a queue of its own: one that hangs delays no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Mail,
    Slack,
    Github,
}

impl Service {
    pub const ALL: [Self; 3] = [Self::Mail, Self::Slack, Self::Github];

    /// As stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Slack => "slack",
            Self::Github => "github",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be sent, or to be sent again.
    Waiting,
    Delivered,
    /// Out of attempts, or refused for good. An operator retries or drops it.
    Dead,
    /// An operator decided against it.
    Dropped,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Dead, Self::Dropped];

    /// As stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A message before it is stored.
#[derive(Debug, Clone)]
pub struct Draft {
    pub content: Content,
    /// An address, a channel without `#`, or `owner/name` of a repository.
    pub recipient: String,
    /// What it is about: `job_request:12`.
    pub cause: String,
    /// With one, a message is stored once, however often its cause repeats.
    pub dedupe_key: Option<String>,
    /// Messages of one thread leave one after the other, in the order they were written.
    pub thread: Option<String>,
    /// Leaves after that message, or when that has failed so many times.
    pub after: Option<(i64, i32)>,
}

impl Draft {
    pub fn new(content: Content, recipient: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            content,
            recipient: recipient.into(),
            cause: cause.into(),
            dedupe_key: None,
            thread: None,
            after: None,
        }
    }

    pub fn once(mut self, dedupe_key: impl Into<String>) -> Self {
        self.dedupe_key = Some(dedupe_key.into());
        self
    }

    pub fn in_thread(mut self, thread: impl Into<String>) -> Self {
        self.thread = Some(thread.into());
        self
    }

    /// Leaves after `message` has left, been given up, or failed `patience` times; 0 waits however often.
    pub fn after(mut self, message: i64, patience: i32) -> Self {
        self.after = Some((message, patience));
        self
    }
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    pub id: i64,
    /// A UUID, the same at every attempt.
    pub key: String,
    pub recipient: String,
    pub content: Content,
    /// 1 at the first.
    pub attempt: i32,
    /// Nothing that a service has from before can be this message.
    pub first_attempt_at: OffsetDateTime,
    /// What became of the message that this one waited for.
    pub awaited: Option<Awaited>,
}

impl Letter {
    /// The same letter, to somebody else.
    pub fn to(&self, recipient: String) -> Self {
        Self {
            recipient,
            ..self.clone()
        }
    }

    /// Whether an earlier attempt may have been taken over without our knowing.
    pub fn may_be_a_repeat(&self) -> bool {
        self.attempt > 1
    }
}

/// What became of the message that another waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    pub delivered: bool,
    /// Where it can be seen.
    pub url: Option<String>,
    pub last_error: Option<String>,
}

/// Takes letters to where they go.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Delivers one letter. Called without a transaction, and cancelled after [`ATTEMPT_LIMIT`].
    ///
    /// # Errors
    /// [`Undelivered`]: only `Later` is tried again.
    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered>;
}
