//! Issues and comments as the fake GitHub keeps and shows them.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIssue {
    pub id: i64,
    /// Within its repository.
    pub number: i64,
    pub title: String,
    pub body: String,
    pub labels: Vec<String>,
    pub is_open: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub comments: Vec<StoredComment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredComment {
    pub id: i64,
    pub body: String,
    pub created_at: OffsetDateTime,
}

/// Who a token belongs to.
fn bot() -> Value {
    json!({ "login": "job-server-bot", "id": 1, "type": "User" })
}

fn shown(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).expect("a usual year")
}

impl StoredIssue {
    pub(super) fn json(&self, url: &str, repo: &str) -> Value {
        let (state, closed_at) = if self.is_open {
            ("open", None)
        } else {
            ("closed", Some(shown(self.updated_at)))
        };
        let labels: Vec<Value> = self
            .labels
            .iter()
            .map(|name| json!({ "id": 1, "name": name, "color": "ededed", "default": false }))
            .collect();
        json!({
            "id": self.id,
            "number": self.number,
            "title": self.title,
            "body": self.body,
            "state": state,
            "labels": labels,
            "comments": self.comments.len(),
            "user": bot(),
            "url": format!("{url}/repos/{repo}/issues/{}", self.number),
            "html_url": format!("https://github.example/{repo}/issues/{}", self.number),
            "created_at": shown(self.created_at),
            "updated_at": shown(self.updated_at),
            "closed_at": closed_at,
        })
    }
}

impl StoredComment {
    pub(super) fn json(&self, url: &str, repo: &str, number: i64) -> Value {
        json!({
            "id": self.id,
            "body": self.body,
            "user": bot(),
            "url": format!("{url}/repos/{repo}/issues/comments/{}", self.id),
            "html_url": format!("https://github.example/{repo}/issues/{number}#issuecomment-{}", self.id),
            "created_at": shown(self.created_at),
            "updated_at": shown(self.created_at),
        })
    }
}
