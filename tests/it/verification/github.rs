//! GitHub's issues, the fake's and the real ones. A run against the real GitHub leaves closed issues
//! behind, in a repository that is for nothing else.

use jobserver::core::ports::{IssueChange, IssueTracker, NewIssue};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Answered, ask, assert_alike, given, unique};
use crate::fakes::FakeGitHub;
use crate::fakes::github::TOKEN;
use crate::services::github::at;
use crate::services::{PATIENT, client, missing, refused};

const USUAL_REPO: &str = "opensafely-testing/job-server-verification";
/// A label that every new repository has.
const LABEL: &str = "bug";

/// A GitHub, and a repository in it whose issues may be written.
struct Place {
    api: String,
    token: String,
    repo: String,
}

async fn contract(place: &Place) {
    let issues = at(&place.api, &place.token, PATIENT);
    let (repo, key) = (place.repo.as_str(), unique());
    let mark = format!("<!-- jobserver:{key} -->");
    let since = OffsetDateTime::now_utc();
    assert_eq!(issues.opened_since(repo, &mark, since).await.unwrap(), None);
    let new = NewIssue {
        title: format!("Verification {key}"),
        body: format!("Opened by a test of Job Server.\n\n{mark}"),
        labels: vec![LABEL.to_owned()],
    };
    let issue = issues.open(repo, &new).await.unwrap();
    let found = issues.opened_since(repo, &mark, since).await.unwrap();
    assert_eq!(found.as_ref(), Some(&issue), "a new issue is not listed at once");
    assert_eq!(issues.labels_of(repo, issue.number).await.unwrap(), [LABEL]);
    assert!(issues.labels(repo).await.unwrap().contains(&LABEL.to_owned()));

    assert_eq!(
        issues.commented_since(repo, issue.number, &mark, since).await.unwrap(),
        None
    );
    let comment = issues.comment(repo, issue.number, &mark).await.unwrap();
    let found = issues.commented_since(repo, issue.number, &mark, since).await.unwrap();
    assert_eq!(found, Some(comment), "a new comment is not listed at once");

    let change = IssueChange {
        close: true,
        labels: Some(Vec::new()),
    };
    for _ in 0..2 {
        let receipt = issues.change(repo, issue.number, &change).await.unwrap();
        assert_eq!(receipt.id, Some(issue.number.to_string()));
    }
    assert_eq!(issues.labels_of(repo, issue.number).await.unwrap(), [""; 0]);
    let found = issues.opened_since(repo, &mark, since).await.unwrap();
    assert_eq!(found, Some(issue), "a closed issue is not listed");

    // Search may know it or not; what it finds it finds by the whole text.
    issues.titled(repo, &new.title).await.unwrap();
    assert_eq!(issues.titled(repo, &unique()).await.unwrap(), None);

    let owner = repo.split('/').next().unwrap();
    let nowhere = format!("{owner}/no-such-repository-{key}");
    missing(issues.open(&nowhere, &new).await);
    missing(issues.titled(&nowhere, "x").await);
    missing(issues.labels(&nowhere).await);
    missing(issues.comment(repo, 999_999_999, "x").await);
    let untitled = NewIssue {
        title: String::new(),
        ..new
    };
    refused(issues.open(repo, &untitled).await);
    let stranger = at(&place.api, "ghp_nobodys", PATIENT);
    crate::services::later(stranger.open(repo, &untitled).await);
}

async fn answers(place: &Place) -> Vec<Answered> {
    let client = client();
    let call = |method: Method, path: &str, body: Option<Value>| {
        let request = client.request(method, format!("{}{path}", place.api));
        let request = request
            .bearer_auth(&place.token)
            .header("accept", "application/vnd.github+json");
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    };
    let (get, post, patch) = (Method::GET, Method::POST, Method::PATCH);
    let repo = format!("/repos/{}", place.repo);
    let issues = format!("{repo}/issues");
    let title = format!("Verification {}", unique());
    let new = json!({ "title": title, "body": "Opened by a test of Job Server.", "labels": [LABEL] });
    let opened = ask("open an issue", call(post.clone(), &issues, Some(new))).await;
    let issue = format!("{issues}/{}", opened.body["number"]);
    let comments = format!("{issue}/comments");
    let search = format!(
        "/search/issues?q=repo:{}+is:issue+in:title+%22Verification%22&per_page=1",
        place.repo
    );
    let comment = json!({ "body": "A comment." });
    let close = json!({ "state": "closed", "labels": [LABEL] });
    vec![
        opened,
        ask(
            "list issues",
            call(get.clone(), &format!("{issues}?state=all&sort=created"), None),
        )
        .await,
        ask(
            "list an issue's labels",
            call(get.clone(), &format!("{issue}/labels"), None),
        )
        .await,
        ask("comment", call(post.clone(), &comments, Some(comment))).await,
        ask("list comments", call(get.clone(), &comments, None)).await,
        ask("close and label", call(patch, &issue, Some(close))).await,
        ask("list labels", call(get.clone(), &format!("{repo}/labels"), None)).await,
        ask("search", call(get.clone(), &search, None)).await,
        ask(
            "open nothing",
            call(post.clone(), &issues, Some(json!({ "title": "" }))),
        )
        .await,
        ask(
            "a missing issue",
            call(get.clone(), &format!("{issues}/999999999"), None),
        )
        .await,
        ask(
            "a missing repository",
            call(get, &format!("{repo}-no-such/issues"), None),
        )
        .await,
        ask(
            "a wrong token",
            client
                .post(format!("{}{issues}", place.api))
                .bearer_auth("ghp_nobodys")
                .json(&json!({ "title": "x" })),
        )
        .await,
    ]
}

async fn fake() -> (FakeGitHub, Place) {
    let fake = FakeGitHub::start(&[USUAL_REPO]).await;
    fake.label(USUAL_REPO, &[LABEL]);
    let place = Place {
        api: fake.api(),
        token: TOKEN.to_owned(),
        repo: USUAL_REPO.to_owned(),
    };
    (fake, place)
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let (_fake, place) = fake().await;
    contract(&place).await;
    let answers = answers(&place).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 200, 200, 201, 200, 200, 200, 200, 422, 404, 404, 401]);
}

#[tokio::test]
#[ignore = "asks the real GitHub: scripts/test-verification"]
async fn the_real_one_keeps_it_too_and_answers_alike() {
    let real = Place {
        api: "https://api.github.com".to_owned(),
        token: given("GITHUB_TOKEN_TESTING"),
        repo: std::env::var("JOBSERVER_VERIFY_REPO").unwrap_or_else(|_| USUAL_REPO.to_owned()),
    };
    contract(&real).await;
    let (fake, place) = fake().await;
    // The real one has indexed what earlier runs left.
    let earlier = at(&place.api, &place.token, PATIENT);
    let new = NewIssue {
        title: "Verification".to_owned(),
        body: "x".to_owned(),
        labels: vec![LABEL.to_owned()],
    };
    earlier.open(&place.repo, &new).await.unwrap();
    fake.index(&place.repo);
    assert_alike(&answers(&place).await, &answers(&real).await);
}
