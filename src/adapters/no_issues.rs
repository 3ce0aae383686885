//! Issues for a site that has no token to write them: they wait until it has.

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::core::ports::{Issue, IssueChange, IssueTracker, NewIssue, Receipt, Undelivered};

/// Does nothing, and says what is missing; whoever looks at a message that waits reads it there.
#[derive(Debug)]
pub struct NoIssues;

fn unset<T>() -> Result<T, Undelivered> {
    Err(Undelivered::later("JOBSERVER_GITHUB_TOKEN is not set"))
}

#[async_trait]
impl IssueTracker for NoIssues {
    async fn open(&self, _: &str, _: &NewIssue) -> Result<Issue, Undelivered> {
        unset()
    }

    async fn opened_since(&self, _: &str, _: &str, _: OffsetDateTime) -> Result<Option<Issue>, Undelivered> {
        unset()
    }

    async fn titled(&self, _: &str, _: &str) -> Result<Option<Issue>, Undelivered> {
        unset()
    }

    async fn comment(&self, _: &str, _: i64, _: &str) -> Result<Receipt, Undelivered> {
        unset()
    }

    async fn commented_since(
        &self,
        _: &str,
        _: i64,
        _: &str,
        _: OffsetDateTime,
    ) -> Result<Option<Receipt>, Undelivered> {
        unset()
    }

    async fn change(&self, _: &str, _: i64, _: &IssueChange) -> Result<Receipt, Undelivered> {
        unset()
    }

    async fn labels(&self, _: &str) -> Result<Vec<String>, Undelivered> {
        unset()
    }

    async fn labels_of(&self, _: &str, _: i64) -> Result<Vec<String>, Undelivered> {
        unset()
    }
}
