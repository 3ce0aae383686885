//! Issues for the developer: printed instead of opened.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::printing::Printer;
use crate::core::ports::{Issue, IssueChange, IssueTracker, NewIssue, Receipt, Undelivered};

/// The labels of the repositories in which outputs are checked.
const LABELS: &[&str] = &[
    "internal",
    "external",
    "Pending review",
    "Under review",
    "With requester",
];

/// Prints what would be done to issues. An issue's number follows from its repository and title, so it is
/// the same however often it is opened or looked for; nothing is remembered.
#[derive(Debug)]
pub struct PrintedIssues(pub Printer);

fn number(repo: &str, title: &str) -> i64 {
    let digest = Sha256::digest(format!("{repo}\n{title}"));
    1 + i64::from(u16::from_be_bytes([digest[0], digest[1]]))
}

fn page(repo: &str, number: i64) -> String {
    format!("http://example.com/{repo}/issues/{number}")
}

#[async_trait]
impl IssueTracker for PrintedIssues {
    fn is_real(&self) -> bool {
        false
    }

    async fn open(&self, repo: &str, issue: &NewIssue) -> Result<Issue, Undelivered> {
        let number = number(repo, &issue.title);
        let labels = issue.labels.join(", ");
        let parts = [
            ("repository", repo),
            ("number", &number.to_string()),
            ("title", &issue.title),
            ("labels", &labels),
            ("body", &issue.body),
        ];
        self.0.print("GitHub issue", &parts[..2], &parts);
        Ok(Issue {
            number,
            url: page(repo, number),
        })
    }

    async fn opened_since(&self, _: &str, _: &str, _: OffsetDateTime) -> Result<Option<Issue>, Undelivered> {
        Ok(None)
    }

    async fn titled(&self, repo: &str, title: &str) -> Result<Option<Issue>, Undelivered> {
        let number = number(repo, title);
        Ok(Some(Issue {
            number,
            url: page(repo, number),
        }))
    }

    async fn comment(&self, repo: &str, number: i64, body: &str) -> Result<Receipt, Undelivered> {
        let parts = [("repository", repo), ("number", &number.to_string()), ("body", body)];
        self.0.print("GitHub comment", &parts[..2], &parts);
        let url = format!("{}#issuecomment-1", page(repo, number));
        Ok(Receipt {
            id: Some("1".to_owned()),
            url: Some(url),
        })
    }

    async fn commented_since(
        &self,
        _: &str,
        _: i64,
        _: &str,
        _: OffsetDateTime,
    ) -> Result<Option<Receipt>, Undelivered> {
        Ok(None)
    }

    async fn change(&self, repo: &str, number: i64, change: &IssueChange) -> Result<Receipt, Undelivered> {
        let shown = number.to_string();
        let labels = change.labels.as_ref().map(|labels| labels.join(", "));
        let mut parts = vec![("repository", repo), ("number", shown.as_str())];
        if change.close {
            parts.push(("state", "closed"));
        }
        if let Some(labels) = &labels {
            parts.push(("labels", labels));
        }
        self.0.print("GitHub issue changed", &parts[..2], &parts);
        Ok(Receipt {
            id: Some(shown.clone()),
            url: Some(page(repo, number)),
        })
    }

    async fn labels(&self, _: &str) -> Result<Vec<String>, Undelivered> {
        Ok(LABELS.iter().map(ToString::to_string).collect())
    }

    async fn labels_of(&self, _: &str, _: i64) -> Result<Vec<String>, Undelivered> {
        Ok(Vec::new())
    }
}
