//! Development without services: what would be said is printed.

use std::io::Write;
use std::sync::{Arc, Mutex};

use jobserver::adapters::mail::PrintedMail;
use jobserver::adapters::printed_issues::PrintedIssues;
use jobserver::adapters::printed_repos::PrintedRepos;
use jobserver::adapters::printing::Printer;
use jobserver::adapters::slack::PrintedChat;
use jobserver::core::ports::{Chat, ChatPost, IssueChange, IssueTracker, Mail, Mailer, NewIssue, RepoMaker};
use time::OffsetDateTime;

use super::{mail, refused};

/// What was printed.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn printer(&self) -> Printer {
        Printer::to(self.clone())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_post_is_printed_with_its_channel() {
    let paper = Paper::default();
    let post = ChatPost {
        key: "1".to_owned(),
        channel: "releases".to_owned(),
        text: "one\ntwo".to_owned(),
    };
    PrintedChat(paper.printer()).post(&post).await.unwrap();
    assert_eq!(
        paper.text(),
        "--- Slack message ---\nchannel: releases\ntext:\none\ntwo\n"
    );
    // Nor is it lost, or an error, without paper.
    PrintedChat(Printer::log()).post(&post).await.unwrap();
}

#[tokio::test]
async fn a_mail_is_printed_and_one_that_is_none_refused() {
    let paper = Paper::default();
    let printed = PrintedMail(paper.printer());
    printed.send(&mail()).await.unwrap();
    let text = paper.text();
    for part in [
        "to: alice@example.org, bob@example.org",
        "bcc: carol@example.org",
        "reply-to: The Team <team@example.org>",
        "subject: succeeded: [os étude] run_all",
        "Your job <b> has ended.",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let nobody = Mail {
        to: Vec::new(),
        ..mail()
    };
    refused(printed.send(&nobody).await);
}

#[tokio::test]
async fn issues_are_printed_under_numbers_that_stay() {
    let paper = Paper::default();
    let issues = PrintedIssues(paper.printer());
    let new = |title: &str| NewIssue {
        title: title.to_owned(),
        body: "Please look".to_owned(),
        labels: vec!["internal".to_owned(), "Pending review".to_owned()],
    };
    let repo = "ebmdatalab/opensafely-output-review";
    let issue = issues.open(repo, &new("work 01J")).await.unwrap();
    assert_eq!(issues.open(repo, &new("work 01J")).await.unwrap(), issue);
    assert_ne!(issues.open(repo, &new("work 01K")).await.unwrap(), issue);
    assert_eq!(issue.url, format!("http://example.com/{repo}/issues/{}", issue.number));
    issues.comment(repo, issue.number, "updated").await.unwrap();
    let change = IssueChange {
        close: true,
        labels: Some(Vec::new()),
    };
    let receipt = issues.change(repo, issue.number, &change).await.unwrap();
    assert_eq!(receipt.url.as_ref(), Some(&issue.url));
    let text = paper.text();
    for part in [
        "title: work 01J",
        "labels: internal, Pending review",
        "body: updated",
        "state: closed",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let now = OffsetDateTime::now_utc();
    assert_eq!(issues.opened_since(repo, "mark", now).await.unwrap(), None);
    assert_eq!(issues.commented_since(repo, 1, "mark", now).await.unwrap(), None);
    assert_eq!(issues.titled(repo, "work 01J").await.unwrap(), Some(issue));
    assert!(!issues.is_real());
    assert!(
        issues
            .labels(repo)
            .await
            .unwrap()
            .contains(&"Pending review".to_owned())
    );
    assert_eq!(issues.labels_of(repo, 1).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_repository_is_printed_with_its_topics_and_its_team() {
    let paper = Paper::default();
    let repos = PrintedRepos(paper.printer());
    let tea = "https://github.com/opensafely/tea-interactive".parse().unwrap();
    assert_eq!(repos.make(&tea).await.unwrap(), [""; 0]);
    repos.set_topics(&tea, &["interactive".to_owned()]).await.unwrap();
    repos.let_maintain(&tea, "interactive").await.unwrap();
    let text = paper.text();
    for part in [
        "repository: opensafely/tea-interactive",
        "topics: interactive",
        "team: interactive",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
