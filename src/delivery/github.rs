//! Issues about release requests, at GitHub. What makes a repeat harmless: the issue's number is
//! remembered, and before something that may have been done is done again, the mark that it left is
//! looked for. A request's messages come one after the other, so nobody else is at its issue.

use super::PostOffice;
use super::issues;
use super::markdown::mark;
use crate::core::error::Error;
use crate::core::outbox::{
    CheckClosed, CheckCommented, CheckOpened, Letter, OutputCheck, Status, TrackedIssue, remember_issue, tracked_issue,
};
use crate::core::ports::{Issue, IssueChange, NewIssue, Receipt, Undelivered};

/// What is said about an issue, and how it is left.
struct Remark {
    body: String,
    status: Option<Status>,
    close: bool,
}

impl PostOffice {
    pub(super) async fn check_opened(&self, letter: &Letter, facts: &CheckOpened) -> Result<Receipt, Undelivered> {
        let issue = match self.known_issue(letter, &facts.check).await.map_err(out_of_sight)? {
            Some(issue) => issue,
            None => self.open_issue(letter, &facts.check).await.map_err(out_of_sight)?,
        };
        Ok(Receipt {
            id: Some(issue.number.to_string()),
            url: Some(issue.url),
        })
    }

    pub(super) async fn check_commented(
        &self,
        letter: &Letter,
        facts: &CheckCommented,
    ) -> Result<Receipt, Undelivered> {
        let remark = Remark {
            body: issues::commented(&facts.event, &letter.key),
            status: facts.status,
            close: false,
        };
        self.remark_somewhere(letter, &facts.check, &remark)
            .await
            .map_err(out_of_sight)
    }

    pub(super) async fn check_closed(&self, letter: &Letter, facts: &CheckClosed) -> Result<Receipt, Undelivered> {
        let remark = Remark {
            body: issues::closed(facts, &letter.key),
            status: None,
            close: true,
        };
        self.remark_somewhere(letter, &facts.check, &remark)
            .await
            .map_err(out_of_sight)
    }

    /// Says it on the request's issue; on a new one when there is none, or none any more. What is remembered
    /// stays until the new one is open: an issue also seems gone while its repository cannot be seen.
    async fn remark_somewhere(
        &self,
        letter: &Letter,
        check: &OutputCheck,
        remark: &Remark,
    ) -> Result<Receipt, Undelivered> {
        let issue = match self.known_issue(letter, check).await? {
            Some(issue) => issue,
            None => self.old_or_new_issue(letter, check).await?,
        };
        match self.remark(letter, &issue, remark).await {
            Err(Undelivered::Missing { why }) => {
                tracing::warn!(
                    message_id = letter.id,
                    repo = issue.repo,
                    number = issue.number,
                    why,
                    "an issue cannot be found; another is wanted"
                );
                let issue = match self.opened_earlier(letter, check).await? {
                    Some(issue) => issue,
                    None => self.open_issue(letter, check).await?,
                };
                self.remark(letter, &issue, remark).await
            }
            said => said,
        }
    }

    /// Comments, then changes labels and state, each as far as it is not done yet.
    async fn remark(&self, letter: &Letter, issue: &TrackedIssue, remark: &Remark) -> Result<Receipt, Undelivered> {
        let tracker = &self.couriers.issues;
        let (repo, number) = (issue.repo.as_str(), issue.number);
        let earlier = match letter.may_be_a_repeat() {
            true => {
                tracker
                    .commented_since(repo, number, &mark(&letter.key), letter.first_attempt_at)
                    .await?
            }
            false => None,
        };
        let comment = match earlier {
            Some(comment) => comment,
            None => tracker.comment(repo, number, &remark.body).await?,
        };
        self.fault.reached("github.commented");

        let present = tracker.labels_of(repo, number).await?;
        let wanted = issues::with_status(&present, remark.status);
        let labels = (!issues::are_the_same(&wanted, &present)).then_some(wanted);
        if labels.is_some()
            && let Some(status) = remark.status
        {
            // One that the repository lacks is reported, and set all the same: GitHub makes it.
            self.labels_that_exist(repo, &[status.label()]).await;
        }
        let change = IssueChange {
            close: remark.close,
            labels,
        };
        if change != IssueChange::default() {
            tracker.change(repo, number, &change).await?;
        }
        self.fault.reached("github.changed");
        Ok(comment)
    }

    /// The request's issue, when it is remembered, or when an earlier attempt opened it and could not
    /// remember it any more.
    async fn known_issue(&self, letter: &Letter, check: &OutputCheck) -> Result<Option<TrackedIssue>, Undelivered> {
        if !self.couriers.issues.is_real() {
            return Ok(None);
        }
        let mut conn = self.db.read().await.map_err(away)?;
        let remembered = tracked_issue(&mut conn, &check.subject()).await.map_err(away)?;
        drop(conn);
        match remembered {
            Some(issue) => Ok(Some(issue)),
            None => self.opened_earlier(letter, check).await,
        }
    }

    /// The issue that an earlier attempt at this message opened, and could not remember any more.
    async fn opened_earlier(&self, letter: &Letter, check: &OutputCheck) -> Result<Option<TrackedIssue>, Undelivered> {
        if !letter.may_be_a_repeat() {
            return Ok(None);
        }
        let opened = self
            .couriers
            .issues
            .opened_since(&letter.recipient, &mark(&letter.key), letter.first_attempt_at)
            .await?;
        match opened {
            Some(issue) => Ok(Some(self.remember(letter, check, issue).await?)),
            None => Ok(None),
        }
    }

    /// The issue of a request that began before Job Server kept numbers is searched for, once; else one is
    /// opened.
    async fn old_or_new_issue(&self, letter: &Letter, check: &OutputCheck) -> Result<TrackedIssue, Undelivered> {
        match self.couriers.issues.titled(&letter.recipient, &check.title()).await? {
            Some(issue) => self.remember(letter, check, issue).await,
            None => self.open_issue(letter, check).await,
        }
    }

    async fn open_issue(&self, letter: &Letter, check: &OutputCheck) -> Result<TrackedIssue, Undelivered> {
        let issue = NewIssue {
            title: check.title(),
            body: issues::opened(&self.place, check, &letter.key),
            labels: self
                .labels_that_exist(&letter.recipient, &issues::first_labels(check))
                .await,
        };
        let issue = self.couriers.issues.open(&letter.recipient, &issue).await?;
        self.fault.reached("github.opened");
        self.remember(letter, check, issue).await
    }

    /// Those of the wanted labels that the repository has, in its spelling: an issue without a label is
    /// better than none. None when the repository does not tell.
    async fn labels_that_exist(&self, repo: &str, wanted: &[&'static str]) -> Vec<String> {
        let labels = match self.couriers.issues.labels(repo).await {
            Ok(labels) => labels,
            Err(error) => {
                tracing::warn!(repo, %error, "the labels of a repository cannot be read");
                return Vec::new();
            }
        };
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for wanted in wanted {
            match labels.iter().find(|label| label.eq_ignore_ascii_case(wanted)) {
                Some(label) => found.push(label.clone()),
                None => missing.push(*wanted),
            }
        }
        if !missing.is_empty() {
            let (owner, name) = repo.split_once('/').unwrap_or(("", repo));
            tracing::error!(
                org = owner,
                repo = name,
                labels = missing.join(", "),
                "a repository lacks labels that output checking needs"
            );
        }
        found
    }

    async fn remember(&self, letter: &Letter, check: &OutputCheck, issue: Issue) -> Result<TrackedIssue, Undelivered> {
        let issue = TrackedIssue {
            repo: letter.recipient.clone(),
            number: issue.number,
            url: issue.url,
            title: check.title(),
        };
        if !self.couriers.issues.is_real() {
            return Ok(issue);
        }
        let mut conn = self.db.read().await.map_err(away)?;
        remember_issue(&mut conn, &check.subject(), &issue)
            .await
            .map_err(away)?;
        drop(conn);
        self.fault.reached("github.remembered");
        Ok(issue)
    }
}

/// A repository that is not there, or that the token may not see now, may be there later; operators mend
/// that, and nothing is given up at once.
fn out_of_sight(error: Undelivered) -> Undelivered {
    match error {
        Undelivered::Missing { why } => Undelivered::later(why),
        other => other,
    }
}

/// What the database could not do now it can do at the next attempt.
fn away(error: Error) -> Undelivered {
    Undelivered::later(format!("our own database: {error}"))
}
