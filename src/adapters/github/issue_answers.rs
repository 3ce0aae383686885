//! GitHub's answers about issues, as much of them as is used. Field names are GitHub's.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::core::ports::{Issue, Receipt};

/// An issue that was opened or changed.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    number: i64,
    html_url: String,
}

impl From<Created> for Issue {
    fn from(created: Created) -> Self {
        Self {
            number: created.number,
            url: created.html_url,
        }
    }
}

impl From<Created> for Receipt {
    fn from(created: Created) -> Self {
        Self {
            id: Some(created.number.to_string()),
            url: Some(created.html_url),
        }
    }
}

/// One element of `GET /repos/{owner}/{name}/issues`
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    number: i64,
    html_url: String,
    body: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// There when it is one: for this list a pull request is an issue, too.
    pull_request: Option<serde::de::IgnoredAny>,
}

impl Listed {
    pub fn has_mark(&self, mark: &str) -> bool {
        self.pull_request.is_none() && self.body.as_deref().is_some_and(|body| body.contains(mark))
    }
}

impl From<Listed> for Issue {
    fn from(listed: Listed) -> Self {
        Self {
            number: listed.number,
            url: listed.html_url,
        }
    }
}

/// `GET /search/issues`
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub items: Vec<FoundIssue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FoundIssue {
    number: i64,
    html_url: String,
    pub title: String,
}

impl From<FoundIssue> for Issue {
    fn from(found: FoundIssue) -> Self {
        Self {
            number: found.number,
            url: found.html_url,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    id: i64,
    html_url: String,
    body: Option<String>,
}

impl Comment {
    pub fn has_mark(&self, mark: &str) -> bool {
        self.body.as_deref().is_some_and(|body| body.contains(mark))
    }
}

impl From<Comment> for Receipt {
    fn from(comment: Comment) -> Self {
        Self {
            id: Some(comment.id.to_string()),
            url: Some(comment.html_url),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub name: String,
}
