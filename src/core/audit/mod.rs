//! The record of who changed what. Written in the transaction of the change; never changed after.

pub mod chain;
mod presented;
mod sentences;
pub mod store;

pub use presented::{Piece, Presented, Reader, Told, Wanted, presented};
pub use sentences::{kinds, kinds_of, sentence, title};
pub use store::{record, record_changes};

use super::access::Operator;

/// Who did it: a user, by id and by the name they had then, or an operator at a command line, by
/// name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub user_id: Option<i32>,
    pub name: String,
}

impl By {
    pub fn user(id: i32, username: impl Into<String>) -> Self {
        Self {
            user_id: Some(id),
            name: username.into(),
        }
    }

    pub fn operator(name: impl Into<String>) -> Self {
        Self {
            user_id: None,
            name: name.into(),
        }
    }
}

/// Who did it, where a visitor whom nobody knows was the cause.
pub const NOT_SIGNED_IN: &str = "somebody not signed in";
/// And where it was a token that was guessed at.
pub const WRONG_TOKENS: &str = "wrong single-use tokens";
/// How one begins who came from GitHub and is no user.
pub const GITHUB_USER: &str = "github user ";
/// The processes that act by themselves, as the record calls them.
pub const WORKER: &str = "worker";
pub const RUN_JOBS: &str = "runjobs";

/// Whether this name without an id is none of an operator, but one of the above.
fn is_machine(name: &str) -> bool {
    [NOT_SIGNED_IN, WRONG_TOKENS, WORKER, RUN_JOBS].contains(&name) || name.starts_with(GITHUB_USER)
}

impl From<&Operator> for By {
    fn from(operator: &Operator) -> Self {
        Self::operator(operator.name())
    }
}

/// What an event is about: the kind of thing, as in `jobserver.Workspace`, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub model: &'static str,
    pub id: SubjectId,
}

/// The kinds of things that events are about: as stored, and as people call them.
pub const MODELS: &[(&str, &str)] = &[
    ("jobserver.Backend", "Backend"),
    ("jobserver.DataPermission", "Data permission"),
    ("jobserver.JobRequest", "Job request"),
    ("jobserver.Message", "Message"),
    ("jobserver.Org", "Organisation"),
    ("jobserver.Project", "Project"),
    ("jobserver.ProjectMembership", "Project membership"),
    ("jobserver.Redirect", "Redirect"),
    ("jobserver.Release", "Release"),
    ("jobserver.ReleaseFile", "Released file"),
    ("jobserver.Repo", "Repository"),
    ("jobserver.Schedule", "Schedule"),
    ("jobserver.Session", "Session"),
    ("jobserver.SiteAlert", "Site alert"),
    ("jobserver.Snapshot", "Snapshot"),
    ("jobserver.Storage", "Storage of released files"),
    ("jobserver.User", "Person"),
    ("jobserver.Workspace", "Workspace"),
];

/// A number, or a short text: releases and their files have no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectId {
    Number(i64),
    /// Bytes of ASCII, and how many of them count.
    Text([u8; 26], usize),
}

impl SubjectId {
    fn text(id: &str) -> Self {
        let mut bytes = [0; 26];
        let length = id.len().min(bytes.len());
        bytes[..length].copy_from_slice(&id.as_bytes()[..length]);
        Self::Text(bytes, length)
    }
}

impl std::fmt::Display for SubjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(bytes, length) => f.write_str(&String::from_utf8_lossy(&bytes[..*length])),
        }
    }
}

impl Subject {
    pub const fn project(id: i32) -> Self {
        Self {
            model: "jobserver.Project",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn project_membership(id: i32) -> Self {
        Self {
            model: "jobserver.ProjectMembership",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn workspace(id: i32) -> Self {
        Self {
            model: "jobserver.Workspace",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn job_request(id: i32) -> Self {
        Self {
            model: "jobserver.JobRequest",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn repo(id: i32) -> Self {
        Self {
            model: "jobserver.Repo",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn user(id: i32) -> Self {
        Self {
            model: "jobserver.User",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn backend(id: i32) -> Self {
        Self {
            model: "jobserver.Backend",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn message(id: i64) -> Self {
        Self {
            model: "jobserver.Message",
            id: SubjectId::Number(id),
        }
    }
    pub const fn org(id: i32) -> Self {
        Self {
            model: "jobserver.Org",
            id: SubjectId::Number(id as i64),
        }
    }
    /// `id` as the release has it, 26 characters at most.
    pub fn release(id: &str) -> Self {
        Self {
            model: "jobserver.Release",
            id: SubjectId::text(id),
        }
    }
    /// As [`Subject::release`].
    pub fn release_file(id: &str) -> Self {
        Self {
            model: "jobserver.ReleaseFile",
            id: SubjectId::text(id),
        }
    }
    pub const fn snapshot(id: i32) -> Self {
        Self {
            model: "jobserver.Snapshot",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn redirect(id: i32) -> Self {
        Self {
            model: "jobserver.Redirect",
            id: SubjectId::Number(id as i64),
        }
    }
    pub const fn data_permission(id: i32) -> Self {
        Self {
            model: "jobserver.DataPermission",
            id: SubjectId::Number(id as i64),
        }
    }
    /// Schedules have names and no numbers.
    pub const fn schedules() -> Self {
        Self {
            model: "jobserver.Schedule",
            id: SubjectId::Number(0),
        }
    }
    /// There is one storage of released files.
    pub const fn storage() -> Self {
        Self {
            model: "jobserver.Storage",
            id: SubjectId::Number(0),
        }
    }
    pub const fn site_alert(id: i32) -> Self {
        Self {
            model: "jobserver.SiteAlert",
            id: SubjectId::Number(id as i64),
        }
    }
}

/// One line of the record.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// `workspace_archived`, say: what happened, in snake case.
    pub kind: &'static str,
    pub by: &'a By,
    pub target: Subject,
    /// What the thing is called, where the database cannot say: empty leaves it to that.
    pub label: String,
    /// The column that changed, when it was one.
    pub field: &'static str,
    pub old: String,
    pub new: String,
    /// The user it happened to, by id and name, when it happened to one.
    pub target_user: Option<(i32, &'a str)>,
    pub parent: Option<Subject>,
}

impl<'a> Event<'a> {
    /// An event without details; set those that apply.
    pub fn new(kind: &'static str, by: &'a By, target: Subject) -> Self {
        Self {
            kind,
            by,
            target,
            label: String::new(),
            field: "",
            old: String::new(),
            new: String::new(),
            target_user: None,
            parent: None,
        }
    }

    pub fn change(mut self, field: &'static str, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.field = field;
        self.old = old.into();
        self.new = new.into();
        self
    }

    /// What the thing is called in the record, also after it is gone.
    pub fn called(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn of_user(mut self, id: i32, username: &'a str) -> Self {
        self.target_user = Some((id, username));
        self
    }

    pub fn within(mut self, parent: Subject) -> Self {
        self.parent = Some(parent);
        self
    }
}
