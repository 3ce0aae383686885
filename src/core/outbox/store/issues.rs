//! The issues that Job Server opened or found, by what they are about.

use sqlx::PgConnection;

use crate::core::error::Result;

/// An issue that Job Server knows by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedIssue {
    /// `owner/name`.
    pub repo: String,
    pub number: i64,
    pub url: String,
    pub title: String,
}

/// The issue about `subject`, once it was opened or found.
pub async fn tracked_issue(conn: &mut PgConnection, subject: &str) -> Result<Option<TrackedIssue>> {
    Ok(sqlx::query_as!(
        TrackedIssue,
        "SELECT repo, number, url, title FROM tracked_issue WHERE subject = $1",
        subject,
    )
    .fetch_optional(conn)
    .await?)
}

/// Remembers the issue about `subject`; a later one replaces an earlier.
pub async fn remember_issue(conn: &mut PgConnection, subject: &str, issue: &TrackedIssue) -> Result<()> {
    sqlx::query!(
        "INSERT INTO tracked_issue (subject, repo, number, url, title) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (subject) DO UPDATE SET repo = excluded.repo, number = excluded.number,
                                             url = excluded.url, title = excluded.title",
        subject,
        issue.repo,
        issue.number,
        issue.url,
        issue.title,
    )
    .execute(conn)
    .await?;
    Ok(())
}
