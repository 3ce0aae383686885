//! Airlock, the program inside a backend in which outputs are checked before they are released, tells
//! what happens to its release requests. Each event is kept, and told on: as an issue for the output
//! checkers, in their Slack channel, and by mail to whoever asked for the release.

pub mod actions;
pub mod login;
mod store;

pub use store::{Told, told_of};

use serde::Serialize;

use super::ids::RepoUrl;
use super::outbox::{CheckEvent, Status};

pub use super::outbox::Update;

/// What happened to a release request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    Submitted,
    Withdrawn,
    Approved,
    Released,
    Rejected,
    Returned,
    Resubmitted,
    PartiallyReviewed,
    Reviewed,
}

/// What becomes of a request's issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnIssue {
    Open,
    /// A comment, and the status label that fits now, if one does.
    Comment(Option<Status>),
    /// A comment that says so, no status label any more, closed.
    Close,
}

/// The mail that a request's author gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToAuthor {
    /// Only when there is a release of the request, whose page it links.
    Approved,
    Released,
    Rejected,
    Returned,
}

impl EventType {
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Withdrawn,
        Self::Approved,
        Self::Released,
        Self::Rejected,
        Self::Returned,
        Self::Resubmitted,
        Self::PartiallyReviewed,
        Self::Reviewed,
    ];

    /// As stored, and as sent in any letter case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "request_submitted",
            Self::Withdrawn => "request_withdrawn",
            Self::Approved => "request_approved",
            Self::Released => "request_released",
            Self::Rejected => "request_rejected",
            Self::Returned => "request_returned",
            Self::Resubmitted => "request_resubmitted",
            Self::PartiallyReviewed => "request_partially_reviewed",
            Self::Reviewed => "request_reviewed",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// What happened, in words. Reviewers see no difference between one review and all of them.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Submitted => "request submitted",
            Self::Withdrawn => "request withdrawn",
            Self::Approved => "request approved",
            Self::Released => "request released",
            Self::Rejected => "request rejected",
            Self::Returned => "request returned",
            Self::Resubmitted => "request resubmitted",
            Self::PartiallyReviewed | Self::Reviewed => "request reviewed",
        }
    }

    pub fn on_issue(self) -> OnIssue {
        match self {
            Self::Submitted => OnIssue::Open,
            Self::Withdrawn | Self::Released | Self::Rejected => OnIssue::Close,
            Self::Approved => OnIssue::Comment(None),
            Self::Returned => OnIssue::Comment(Some(Status::WithRequester)),
            Self::Resubmitted => OnIssue::Comment(Some(Status::PendingReview)),
            Self::PartiallyReviewed | Self::Reviewed => OnIssue::Comment(Some(Status::UnderReview)),
        }
    }

    /// Approval is not mailed: it promises a release, and there is no page of one to link to before its
    /// files have arrived.
    pub fn to_author(self) -> Option<ToAuthor> {
        match self {
            Self::Approved => Some(ToAuthor::Approved),
            Self::Released => Some(ToAuthor::Released),
            Self::Rejected => Some(ToAuthor::Rejected),
            Self::Returned => Some(ToAuthor::Returned),
            _ => None,
        }
    }
}

/// An event as Airlock tells it. Workspace and people are names that may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirlockEvent {
    #[serde(serialize_with = "by_name")]
    pub event_type: EventType,
    pub workspace: String,
    /// Airlock's id of the release request.
    pub request: String,
    /// Username of whoever asked for the release.
    pub author: String,
    /// Username of whoever did this.
    pub user: String,
    pub updates: Vec<Update>,
    /// How many updates were told besides, which are not kept.
    pub more_updates: usize,
    /// Where the issue goes, when Airlock is set to say so.
    pub repo: Option<RepoUrl>,
}

fn by_name<S: serde::Serializer>(kind: &EventType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// Where messages go when the project's organisations have no place of their own.
#[derive(Debug, Clone, Copy)]
pub struct Defaults<'a> {
    /// Owner and name of the repository for issues.
    pub issue_repo: (&'a str, &'a str),
    pub slack_channel: &'a str,
    /// Attempts at GitHub that a Slack message waits for, so that it can link the comment.
    pub patience: i32,
}

/// What was done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    New,
    /// The same call again: it is stored already, and told already.
    Repeat,
}

impl CheckEvent {
    /// The most updates that a message shows; the record keeps all.
    pub const SHOWN: usize = 50;

    fn of(event: &AirlockEvent) -> Self {
        Self {
            verb: event.event_type.verb().to_owned(),
            user: event.user.clone(),
            updates: event.updates.iter().take(Self::SHOWN).cloned().collect(),
            more: event.updates.len().saturating_sub(Self::SHOWN) + event.more_updates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_no_others() {
        for kind in EventType::ALL {
            assert_eq!(EventType::named(kind.name()), Some(kind));
            assert_eq!(EventType::named(&kind.name().to_uppercase()), Some(kind));
        }
        for name in ["", "submitted", "request_submitted ", "REQUEST-SUBMITTED"] {
            assert_eq!(EventType::named(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_message_shows_so_many_updates_and_counts_the_rest() {
        let event = AirlockEvent {
            event_type: EventType::Approved,
            workspace: "ws".to_owned(),
            request: "r".to_owned(),
            author: "ada".to_owned(),
            user: "olga".to_owned(),
            updates: vec![
                Update {
                    update: "file added".to_owned(),
                    group: None,
                    user: None
                };
                CheckEvent::SHOWN + 3
            ],
            more_updates: 0,
            repo: None,
        };
        let told = CheckEvent::of(&event);
        assert_eq!((told.updates.len(), told.more), (CheckEvent::SHOWN, 3));
    }
}
