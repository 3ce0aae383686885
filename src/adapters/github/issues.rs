//! GitHub's issues.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::issue_answers::{Comment, Created, Found, Label, Listed};
use super::settings::{GitHubSettings, GitHubSettingsError};
use super::transport::{Failure, Transport};
use crate::core::outbox::LONGEST_PAUSE;
use crate::core::ports::{CodeHostError, Issue, IssueChange, IssueTracker, NewIssue, Receipt, Undelivered};

/// The most that GitHub gives at once.
const PER_PAGE: &str = "100";
/// A list longer than 1,000 is not looked through.
const MAX_PAGES: usize = 10;
/// GitHub's clock and ours may differ by as much.
const CLOCK_SKEW: time::Duration = time::Duration::minutes(1);
/// What GitHub asks for when it has had too many calls at once and says no time.
const USUAL_PAUSE: Duration = Duration::from_mins(1);
/// GitHub's search refuses longer questions.
const MAX_QUESTION: usize = 150;

/// Issues at GitHub.
///
/// Nothing is repeated here: a call that may have succeeded is the caller's to look into. Of GitHub's
/// refusals those that an operator can mend (a token that is wrong or may not do it) are worth another
/// attempt; those that are about the message are not.
pub struct GitHubIssues {
    transport: Transport,
    timeout: Duration,
}

impl fmt::Debug for GitHubIssues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubIssues")
            .field("api", &self.transport.api().as_str())
            .finish_non_exhaustive()
    }
}

/// A repository by its two names, neither of which can lead elsewhere.
struct Repo<'a> {
    owner: &'a str,
    name: &'a str,
}

impl<'a> Repo<'a> {
    fn new(repo: &'a str) -> Result<Self, Undelivered> {
        let is_name = |name: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !name.is_empty() && name.chars().all(plain) && !matches!(name, "." | "..")
        };
        match repo.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => Ok(Self { owner, name }),
            _ => Err(Undelivered::refused(format!("{repo:?} is no GitHub repository"))),
        }
    }
}

impl GitHubIssues {
    /// Issues reached with the program's HTTP client. Of the settings `call_timeout` is the limit of every
    /// verb, whatever number of calls it needs. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`GitHubSettingsError`] names the setting that cannot be right.
    pub fn new(client: reqwest::Client, settings: GitHubSettings) -> Result<Self, GitHubSettingsError> {
        Ok(Self {
            timeout: settings.call_timeout,
            transport: Transport::new(client, settings)?,
        })
    }

    fn url(&self, repo: &Repo<'_>, rest: &[&str]) -> Url {
        self.transport.url(&[&["repos", repo.owner, repo.name], rest].concat())
    }

    /// The verb's result within the time limit, with a failure said in words about `what`.
    async fn verb<T>(
        &self,
        what: &str,
        calls: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Undelivered> {
        match tokio::time::timeout(self.timeout, calls).await {
            Ok(result) => result.map_err(|failure| meaning(what, failure)),
            Err(_) => Err(meaning(what, CodeHostError::TimedOut.into())),
        }
    }

    /// Every element of a list until `enough` of it was seen.
    ///
    /// # Errors
    /// As a call, and when there are more pages than are read: what is looked for may be on the next.
    async fn list<T: DeserializeOwned + Send>(
        &self,
        mut url: Url,
        mut enough: impl FnMut(&T) -> bool + Send,
    ) -> Result<Vec<T>, Failure> {
        url.query_pairs_mut().append_pair("per_page", PER_PAGE);
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.transport.json::<Vec<T>>(url).await?;
            let done = page.value.iter().any(&mut enough);
            all.extend(page.value);
            match page.next {
                Some(next) if !done => url = next,
                _ => return Ok(all),
            }
        }
        Err(CodeHostError::unavailable("the list is longer than is read").into())
    }
}

#[async_trait]
impl IssueTracker for GitHubIssues {
    async fn open(&self, repo: &str, issue: &NewIssue) -> Result<Issue, Undelivered> {
        let url = self.url(&Repo::new(repo)?, &["issues"]);
        let body = json!({ "title": issue.title, "body": issue.body, "labels": issue.labels });
        let call = async { self.transport.post_json::<Created>(url, &body).await };
        let page = self.verb(&format!("open an issue in {repo}"), call).await?;
        Ok(page.value.into())
    }

    async fn opened_since(&self, repo: &str, mark: &str, since: OffsetDateTime) -> Result<Option<Issue>, Undelivered> {
        let since = since - CLOCK_SKEW;
        let mut url = self.url(&Repo::new(repo)?, &["issues"]);
        url.query_pairs_mut()
            .append_pair("state", "all")
            .append_pair("sort", "created")
            .append_pair("direction", "desc")
            .append_pair("since", &timestamp(since));
        // GitHub's `since` is about the last change; what was opened before is at the end.
        let seen_enough = |issue: &Listed| issue.created_at < since || issue.has_mark(mark);
        let listed = self
            .verb(&format!("list the issues of {repo}"), self.list(url, seen_enough))
            .await?;
        let found = listed.into_iter().find(|issue| issue.has_mark(mark));
        Ok(found.filter(|issue| issue.created_at >= since).map(Issue::from))
    }

    async fn titled(&self, repo: &str, title: &str) -> Result<Option<Issue>, Undelivered> {
        let Repo { owner, name } = Repo::new(repo)?;
        // Quotes would end the quoted text; the whole title is compared below, as search finds longer ones too.
        let words: String = title.replace(['"', '\\'], " ").chars().take(MAX_QUESTION).collect();
        let mut url = self.transport.url(&["search", "issues"]);
        url.query_pairs_mut()
            .append_pair("q", &format!("repo:{owner}/{name} is:issue in:title \"{words}\""))
            .append_pair("sort", "created")
            .append_pair("order", "desc")
            .append_pair("per_page", PER_PAGE);
        let what = format!("search the issues of {repo}");
        let call = async { self.transport.json::<Found>(url).await };
        let found = match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(page)) => page.value,
            // Search says so of a repository that is not there, or that the token may not see.
            Ok(Err(Failure::NotThere { status: 422, message })) => return Err(missing(&what, &message)),
            Ok(Err(failure)) => return Err(meaning(&what, failure)),
            Err(_) => return Err(meaning(&what, CodeHostError::TimedOut.into())),
        };
        let titled = found.items.into_iter().find(|item| item.title.trim() == title.trim());
        Ok(titled.map(Issue::from))
    }

    async fn comment(&self, repo: &str, number: i64, body: &str) -> Result<Receipt, Undelivered> {
        let url = self.url(&Repo::new(repo)?, &["issues", &number.to_string(), "comments"]);
        let body = json!({ "body": body });
        let call = async { self.transport.post_json::<Comment>(url, &body).await };
        let page = self.verb(&format!("comment on issue {number} of {repo}"), call).await?;
        Ok(page.value.into())
    }

    async fn commented_since(
        &self,
        repo: &str,
        number: i64,
        mark: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Receipt>, Undelivered> {
        let mut url = self.url(&Repo::new(repo)?, &["issues", &number.to_string(), "comments"]);
        url.query_pairs_mut()
            .append_pair("since", &timestamp(since - CLOCK_SKEW));
        let seen_enough = |comment: &Comment| comment.has_mark(mark);
        let listed = self
            .verb(
                &format!("list the comments on issue {number} of {repo}"),
                self.list(url, seen_enough),
            )
            .await?;
        let found = listed.into_iter().find(|comment| comment.has_mark(mark));
        Ok(found.map(Receipt::from))
    }

    async fn change(&self, repo: &str, number: i64, change: &IssueChange) -> Result<Receipt, Undelivered> {
        let url = self.url(&Repo::new(repo)?, &["issues", &number.to_string()]);
        let mut body = serde_json::Map::new();
        if change.close {
            body.insert("state".to_owned(), json!("closed"));
        }
        if let Some(labels) = &change.labels {
            body.insert("labels".to_owned(), json!(labels));
        }
        let body = Value::Object(body);
        let call = async { self.transport.patch_json::<Created>(url, &body).await };
        let page = self.verb(&format!("change issue {number} of {repo}"), call).await?;
        Ok(page.value.into())
    }

    async fn labels(&self, repo: &str) -> Result<Vec<String>, Undelivered> {
        let url = self.url(&Repo::new(repo)?, &["labels"]);
        let labels = self
            .verb(&format!("list the labels of {repo}"), self.list(url, |_: &Label| false))
            .await?;
        Ok(labels.into_iter().map(|label| label.name).collect())
    }

    async fn labels_of(&self, repo: &str, number: i64) -> Result<Vec<String>, Undelivered> {
        let url = self.url(&Repo::new(repo)?, &["issues", &number.to_string(), "labels"]);
        let what = format!("list the labels of issue {number} of {repo}");
        let labels = self.verb(&what, self.list(url, |_: &Label| false)).await?;
        Ok(labels.into_iter().map(|label| label.name).collect())
    }
}

/// GitHub reads whole seconds.
fn timestamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at);
    // Years that the format cannot write are no times at which anything happened.
    at.format(&Rfc3339).unwrap_or_default()
}

/// What a failed call means for the message that wanted it.
pub(super) fn meaning(what: &str, failure: Failure) -> Undelivered {
    let later = |why: String, after| Undelivered::Later { why, after };
    match failure {
        Failure::NotThere {
            status: 404 | 410 | 451,
            message,
        } => missing(what, &message),
        Failure::NotThere { status: 422, message } if message.contains("too quickly") => {
            later(format!("GitHub will not yet {what}: {message}"), Some(USUAL_PAUSE))
        }
        Failure::NotThere { status: 422, message } => {
            Undelivered::refused(format!("GitHub refuses to {what}: {message}"))
        }
        Failure::NotThere { status, message } => {
            later(format!("GitHub cannot {what}, status {status}: {message}"), None)
        }
        // Nobody's token helps there.
        Failure::Forbidden { message, .. } if message.contains("is locked") || message.contains("archived") => {
            Undelivered::refused(format!("GitHub refuses to {what}: {message}"))
        }
        Failure::Forbidden { status, message } => later(
            format!("GitHub does not let JOBSERVER_GITHUB_TOKEN {what}, status {status}: {message}"),
            None,
        ),
        Failure::Host(CodeHostError::RateLimited { reset }) => {
            let pause = reset.map(|reset| reset - OffsetDateTime::now_utc());
            let pause = pause.map_or(USUAL_PAUSE, |pause| pause.try_into().unwrap_or_default());
            later(
                format!("GitHub has had too many calls and will not yet {what}"),
                Some(pause.clamp(Duration::from_secs(1), LONGEST_PAUSE)),
            )
        }
        Failure::Host(CodeHostError::TimedOut) => later(format!("GitHub gave no answer in time: {what}"), None),
        Failure::Host(CodeHostError::Unavailable(detail)) => {
            let detail = super::super::http::causes(detail.as_ref());
            later(format!("GitHub cannot be used to {what}: {detail}"), None)
        }
        Failure::Host(error) => later(format!("GitHub cannot {what}: {error}"), None),
        Failure::TooLarge => later(format!("GitHub's answer is too large: {what}"), None),
    }
}

fn missing(what: &str, message: &str) -> Undelivered {
    Undelivered::missing(format!(
        "GitHub has nothing there, or JOBSERVER_GITHUB_TOKEN may not see it, to {what}: {message}"
    ))
}
