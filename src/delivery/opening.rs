//! The issue that asks for a repository to be made public: there is one for each repository, however often the message
//! is tried.

use super::markdown::{Markdown, mark};
use super::repos::{name, staff_page, web_address};
use super::{Place, PostOffice};
use crate::core::error::Error;
use crate::core::outbox::{Letter, RepoOpeningAsked, TrackedIssue, remember_issue, tracked_issue};
use crate::core::ports::{Issue, NewIssue, Receipt, Undelivered};

impl PostOffice {
    pub(super) async fn repo_opening_asked(
        &self,
        letter: &Letter,
        facts: &RepoOpeningAsked,
    ) -> Result<Receipt, Undelivered> {
        let tracker = &self.couriers.issues;
        let remembered = match tracker.is_real() {
            true => {
                let mut conn = self.db.read().await.map_err(away)?;
                tracked_issue(&mut conn, &facts.subject()).await.map_err(away)?
            }
            false => None,
        };
        if let Some(issue) = remembered {
            return Ok(receipt(issue.number, issue.url));
        }
        let earlier = match letter.may_be_a_repeat() {
            true => {
                let (mark, since) = (mark(&letter.key), letter.first_attempt_at);
                let found = tracker.opened_since(&letter.recipient, &mark, since).await;
                found.map_err(out_of_sight)?
            }
            false => None,
        };
        let issue = match earlier {
            Some(issue) => issue,
            None => {
                let issue = NewIssue {
                    title: facts.title(),
                    body: body(&self.place, facts, &letter.key),
                    labels: Vec::new(),
                };
                let opened = tracker.open(&letter.recipient, &issue).await.map_err(out_of_sight)?;
                self.fault.reached("github.opened");
                opened
            }
        };
        self.remember_opening(letter, facts, &issue).await?;
        Ok(receipt(issue.number, issue.url))
    }

    async fn remember_opening(
        &self,
        letter: &Letter,
        facts: &RepoOpeningAsked,
        issue: &Issue,
    ) -> Result<(), Undelivered> {
        if !self.couriers.issues.is_real() {
            return Ok(());
        }
        let tracked = TrackedIssue {
            repo: letter.recipient.clone(),
            number: issue.number,
            url: issue.url.clone(),
            title: facts.title(),
        };
        let mut conn = self.db.read().await.map_err(away)?;
        remember_issue(&mut conn, &facts.subject(), &tracked)
            .await
            .map_err(away)?;
        drop(conn);
        self.fault.reached("github.remembered");
        Ok(())
    }
}

fn receipt(number: i64, url: String) -> Receipt {
    Receipt {
        id: Some(number.to_string()),
        url: Some(url),
    }
}

/// What is asked, of whom, and what to do afterwards.
fn body(place: &Place, facts: &RepoOpeningAsked, key: &str) -> String {
    let label = name(&facts.repo);
    let text = Markdown::default().ours("The repository ");
    let text = match web_address(&facts.repo) {
        Some(address) => text.link(address, &label),
        None => text.text(&label),
    };
    let text = text
        .ours(" may be made public: its researchers and the staff have signed it off.\n")
        .bullet()
        .ours("Signed off for the staff by ")
        .text(&facts.by)
        .ours(" (")
        .text(&facts.username)
        .ours("), see ")
        .link(&staff_page(place, &facts.repo), &place.site_name)
        .bullet()
        .ours("An owner of the organisation makes it public");
    let text = match web_address(&facts.repo) {
        Some(address) => text
            .ours(" in ")
            .link(&format!("{address}/settings#danger-zone"), "the repository's settings"),
        None => text,
    };
    text.bullet()
        .ours("Close this issue when that is done")
        .mark(&mark(key))
        .finish()
}

/// A repository that is not there, or that the token may not see now, may be there later; operators mend that.
fn out_of_sight(error: Undelivered) -> Undelivered {
    match error {
        Undelivered::Missing { why } => Undelivered::later(why),
        other => other,
    }
}

fn away(error: Error) -> Undelivered {
    Undelivered::later(format!("our own database: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::place;

    #[test]
    fn the_issue_says_what_to_do_and_mentions_nobody() {
        let facts = RepoOpeningAsked {
            repo_id: 7,
            repo: "https://github.com/opensafely/tea".to_owned(),
            by: "Olga [x](https://evil.example)".to_owned(),
            username: "@olga".to_owned(),
        };
        assert_eq!(facts.title(), "Make opensafely/tea public");
        assert_eq!(facts.subject(), "repo_opening:7");
        let text = body(&place(), &facts, "k1");
        assert!(
            text.starts_with("The repository [opensafely/tea](<https://github.com/opensafely/tea>)"),
            "{text}"
        );
        assert!(
            text.contains("(<https://github.com/opensafely/tea/settings#danger-zone>)"),
            "{text}"
        );
        assert!(text.contains("/staff/repos/https%253A%252F%252Fgithub.com%252Fopensafely%252Ftea/"));
        assert!(!text.contains("[x](https") && text.contains("@\u{200b}olga"), "{text}");
        assert!(text.ends_with("<!-- jobserver:k1 -->"), "{text}");
    }
}
