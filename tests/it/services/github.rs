//! GitHub's issues, when GitHub does what it should.

use std::time::Duration;

use jobserver::adapters::github::{GitHubIssues, GitHubSettings};
use jobserver::core::ports::{IssueChange, IssueTracker, NewIssue};
use time::OffsetDateTime;

use super::{PATIENT, client};
use crate::fakes::FakeGitHub;
use crate::fakes::github::TOKEN;

pub const REPO: &str = "ebmdatalab/opensafely-output-review";
pub const MARK: &str = "<!-- jobserver:01J0A -->";

pub fn at(api: &str, token: &str, timeout: Duration) -> GitHubIssues {
    let settings = GitHubSettings {
        api: api.parse().unwrap(),
        token: Some(token.into()),
        call_timeout: timeout,
        ..GitHubSettings::default()
    };
    GitHubIssues::new(client(), settings).unwrap()
}

pub async fn start() -> (FakeGitHub, GitHubIssues) {
    let fake = FakeGitHub::start(&[REPO, "ebmdatalab/tech-support"]).await;
    let issues = at(&fake.api(), TOKEN, PATIENT);
    (fake, issues)
}

pub fn new(title: &str) -> NewIssue {
    NewIssue {
        title: title.to_owned(),
        body: format!("Please look.\n\n{MARK}"),
        labels: vec!["internal".to_owned(), "Pending review".to_owned()],
    }
}

#[tokio::test]
async fn an_issue_is_opened_with_its_labels() {
    let (fake, issues) = start().await;
    let issue = issues.open(REPO, &new("work 01J")).await.unwrap();
    let stored = &fake.issues(REPO)[0];
    assert_eq!((issue.number, stored.number), (1, 1));
    assert_eq!(issue.url, format!("https://github.example/{REPO}/issues/1"));
    assert_eq!((&*stored.title, &*stored.body), ("work 01J", &*new("").body));
    assert_eq!(stored.labels, ["internal", "Pending review"]);
    assert!(stored.is_open);
    assert_eq!(fake.issues("ebmdatalab/tech-support"), []);
    assert_eq!(fake.calls()[0].header("user-agent"), Some("OpenSAFELY Jobs"));
}

#[tokio::test]
async fn an_issue_is_found_again_by_its_mark_at_once() {
    let (fake, issues) = start().await;
    let since = OffsetDateTime::now_utc();
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap(), None);
    let other = NewIssue {
        body: "<!-- jobserver:01J0B -->".to_owned(),
        ..new("work 01J")
    };
    issues.open(REPO, &other).await.unwrap();
    let issue = issues.open(REPO, &new("work 01J")).await.unwrap();
    issues.open(REPO, &other).await.unwrap();
    assert_eq!(
        issues.opened_since(REPO, MARK, since).await.unwrap(),
        Some(issue.clone())
    );
    // A closed one is found as well; and search, which lags, is not asked.
    let close = IssueChange {
        close: true,
        labels: None,
    };
    issues.change(REPO, issue.number, &close).await.unwrap();
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap(), Some(issue));
    assert!(fake.calls().iter().all(|call| !call.path.starts_with("/search")));
}

#[tokio::test]
async fn clocks_may_differ_by_a_little_and_old_issues_are_not_looked_through() {
    let (fake, issues) = start().await;
    fake.ahead(time::Duration::seconds(-50));
    let since = OffsetDateTime::now_utc();
    let issue = issues.open(REPO, &new("slow clock")).await.unwrap();
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap(), Some(issue));
    // Opened an hour before, and only changed since.
    let (fake, issues) = start().await;
    fake.ahead(time::Duration::hours(-1));
    let old = issues.open(REPO, &new("old")).await.unwrap();
    fake.ahead(time::Duration::ZERO);
    issues.comment(REPO, old.number, "updated").await.unwrap();
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap(), None);
}

#[tokio::test]
async fn lists_are_read_page_by_page_and_no_further_than_needed() {
    let (fake, issues) = start().await;
    fake.page_size(2);
    let since = OffsetDateTime::now_utc();
    let issue = issues.open(REPO, &new("wanted")).await.unwrap();
    let other = NewIssue {
        body: String::new(),
        ..new("other")
    };
    for _ in 0..6 {
        issues.open(REPO, &other).await.unwrap();
    }
    let before = fake.count();
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap(), Some(issue));
    assert_eq!(fake.count() - before, 4);
    for number in 0..5 {
        let body = if number == 2 { MARK } else { "other" };
        issues.comment(REPO, 1, body).await.unwrap();
    }
    let before = fake.count();
    let found = issues.commented_since(REPO, 1, MARK, since).await.unwrap().unwrap();
    assert_eq!(found.id, Some(fake.issues(REPO)[0].comments[2].id.to_string()));
    assert_eq!(fake.count() - before, 2, "the third comment is on the second page");
    let labels: Vec<String> = (0..5).map(|number| format!("label {number}")).collect();
    fake.label(REPO, &labels.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(issues.labels(REPO).await.unwrap(), labels);
}

#[tokio::test]
async fn an_old_issue_is_found_by_its_whole_title_once_search_knows_it() {
    let (fake, issues) = start().await;
    let first = issues.open(REPO, &new("work 01J")).await.unwrap();
    assert_eq!(issues.titled(REPO, "01J").await.unwrap(), None, "search lags");
    fake.index(REPO);
    assert_eq!(issues.titled(REPO, "work 01J").await.unwrap(), Some(first.clone()));
    // The words of the title are there, and the text is not.
    issues.open(REPO, &new("01J rework work")).await.unwrap();
    fake.index(REPO);
    assert_eq!(issues.titled(REPO, "work 01J").await.unwrap(), Some(first.clone()));
    // Titles that contain it are others'.
    for longer in ["work 01J0", "work 01J again", "more work 01J"] {
        issues.open(REPO, &new(longer)).await.unwrap();
    }
    fake.index(REPO);
    assert_eq!(issues.titled(REPO, "work 01J").await.unwrap(), Some(first));
    assert_eq!(issues.titled(REPO, "01J").await.unwrap(), None);
    let second = issues.open(REPO, &new("work 01J")).await.unwrap();
    fake.index(REPO);
    assert_eq!(
        issues.titled(REPO, "work 01J").await.unwrap(),
        Some(second),
        "the newest"
    );
    issues.titled(REPO, "\" repo:other/place \\").await.unwrap();
    let calls = fake.calls();
    let question = calls.last().unwrap().query("q").unwrap();
    assert!(
        question.starts_with(&format!("repo:{REPO} is:issue in:title \"")),
        "{question}"
    );
    assert_eq!(question.matches('"').count(), 2, "{question}");
}

#[tokio::test]
async fn comments_are_made_and_found_by_their_mark() {
    let (fake, issues) = start().await;
    let since = OffsetDateTime::now_utc();
    let issue = issues.open(REPO, &new("work")).await.unwrap();
    assert_eq!(
        issues.commented_since(REPO, issue.number, MARK, since).await.unwrap(),
        None
    );
    let made = issues
        .comment(REPO, issue.number, &format!("Updated {MARK}"))
        .await
        .unwrap();
    let stored = &fake.issues(REPO)[0].comments[0];
    assert_eq!(made.id, Some(stored.id.to_string()));
    assert!(made.url.as_ref().unwrap().contains("#issuecomment-"));
    assert_eq!(
        issues.commented_since(REPO, issue.number, MARK, since).await.unwrap(),
        Some(made)
    );
}

#[tokio::test]
async fn one_call_closes_and_labels_and_repeating_it_changes_nothing() {
    let (fake, issues) = start().await;
    let issue = issues.open(REPO, &new("work")).await.unwrap();
    let both = IssueChange {
        close: true,
        labels: Some(vec!["internal".to_owned()]),
    };
    let receipt = issues.change(REPO, issue.number, &both).await.unwrap();
    assert_eq!(
        (receipt.id.as_deref(), receipt.url.as_ref()),
        (Some("1"), Some(&issue.url))
    );
    let once = fake.issues(REPO);
    assert!(!once[0].is_open);
    assert_eq!(issues.labels_of(REPO, issue.number).await.unwrap(), ["internal"]);
    issues.change(REPO, issue.number, &both).await.unwrap();
    assert_eq!(fake.issues(REPO)[0].labels, once[0].labels);
    assert_eq!(fake.calls().iter().filter(|call| call.method == "PATCH").count(), 2);
    let clear = IssueChange {
        close: false,
        labels: Some(Vec::new()),
    };
    issues.change(REPO, issue.number, &clear).await.unwrap();
    assert_eq!(fake.issues(REPO)[0].labels, [""; 0]);
    assert!(!fake.issues(REPO)[0].is_open, "labels alone leave the state");
}
