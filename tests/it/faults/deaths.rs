//! A worker dies at every step of every kind of message, and another takes over.

use std::collections::{BTreeMap, BTreeSet};

use jobserver::core::outbox::Service;
use jobserver::core::outbox::fault::STEPS;
use sqlx::PgPool;

use super::{By, House, REPO, kinds, stop};
use crate::fakes::github::StoredIssue;

/// A test for each kind, and the list of those that are tested.
macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($kind)),*];

        $(
            #[sqlx::test]
            async fn $kind(pool: PgPool) {
                deaths(House::new(&pool).await, stringify!($kind)).await;
            }
        )*
    };
}

kinds![
    check_closed,
    check_commented,
    check_opened,
    check_updated,
    copilot_windows,
    email_changed,
    email_confirm,
    file_uploaded,
    files_released,
    interactive_repo,
    jobs_finished,
    login_link,
    login_token_made,
    login_token_used,
    project_created,
    release_created,
    release_notified,
    repo_opening_asked,
    repo_signed_off,
    repo_to_publish,
    repo_with_outputs,
    request_approved,
    request_rejected,
    request_returned,
    test_mail,
    user_registered,
    welcome,
];

#[test]
fn every_kind_is_tested_and_every_step() {
    let tested: BTreeSet<String> = TESTED.iter().map(ToString::to_string).collect();
    assert_eq!(tested, kinds::all());
    let steps: BTreeSet<&str> = TESTED.iter().flat_map(|kind| kinds::steps(kind)).collect();
    assert_eq!(steps, BTreeSet::from(STEPS));
}

#[sqlx::test]
async fn mail_by_smtp(pool: PgPool) {
    deaths(House::sending(&pool, By::Smtp).await, "jobs_finished").await;
}

/// For each step a message, and a worker that dies at that step of its delivery. An hour later another
/// worker delivers what is not delivered yet.
async fn deaths(mut house: House, kind: &str) {
    let steps = kinds::steps(kind);
    let mut ids = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        ids.push(house.store(kinds::draft(kind, number)).await);
        house.dies_at(step).await;
    }
    let over = house.message(*ids.last().unwrap()).await;
    assert_eq!(over.state, "delivered", "it died after it said so");
    house.an_hour_passes().await;
    let worker = house.worker().await;
    house.until_all_is_delivered().await;
    stop(worker).await;

    let mut keys = Vec::new();
    for id in &ids {
        let message = house.message(*id).await;
        assert!(message.attempts <= 2, "{message:?}");
        keys.push(message.key);
    }
    match kinds::draft(kind, 0).content.service() {
        Service::Mail => mails(&house, &steps, &keys),
        Service::Slack => posts(&house, &steps, &keys),
        Service::Github if !kinds::has_issue(kind) => repos(&house, &steps, &ids).await,
        Service::Github => issues(&house, kind, &steps, &ids).await,
    }
}

/// Only whoever died between the service's yes and its own record sends again.
fn copies(steps: &[&str], keys: &[String]) -> BTreeMap<String, usize> {
    let copies = steps.iter().map(|step| if *step == "sent" { 2 } else { 1 });
    keys.iter().cloned().zip(copies).collect()
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Copies of one mail have one `Message-ID`, by which mailboxes tell.
fn mails(house: &House, steps: &[&str], keys: &[String]) {
    let by_mailgun = house
        .mailgun
        .taken()
        .into_iter()
        .map(|mail| mail.get("h:Message-Id").to_owned());
    let by_smtp = house.smtp.letters().into_iter().map(|letter| {
        let mut lines = letter.text.lines();
        let header = lines.find_map(|line| line.strip_prefix("Message-ID: "));
        header.unwrap().to_owned()
    });
    let key = |id: String| id.trim_start_matches('<').split('@').next().unwrap().to_owned();
    assert_eq!(counted(by_mailgun.chain(by_smtp).map(key)), copies(steps, keys));
}

/// Copies of one post have one `client_msg_id`, by which Slack tells.
fn posts(house: &House, steps: &[&str], keys: &[String]) {
    let calls = house.slack.calls();
    let sent = calls
        .iter()
        .map(|call| call.json()["client_msg_id"].as_str().unwrap().to_owned());
    assert_eq!(counted(sent), copies(steps, keys));
    let once: BTreeMap<String, usize> = keys.iter().map(|key| (key.clone(), 1)).collect();
    let posted = house.slack.posted().into_iter().map(|post| post.client_msg_id);
    assert_eq!(counted(posted), once);
}

/// Whatever happened, there is one issue, with one comment when there is to be one.
async fn issues(house: &House, kind: &str, steps: &[&str], ids: &[i64]) {
    let issues = house.github.issues(REPO);
    let mut titles: Vec<&str> = issues.iter().map(|issue| issue.title.as_str()).collect();
    titles.sort_unstable();
    let wanted: Vec<String> = (0..steps.len()).map(|number| kinds::title(kind, number)).collect();
    assert_eq!(titles, wanted);
    for (number, id) in ids.iter().enumerate() {
        let title = kinds::title(kind, number);
        let issue = issues.iter().find(|issue| issue.title == title).unwrap();
        is_as_told(issue, kind);
        let known: i64 = sqlx::query_scalar("SELECT number FROM tracked_issue WHERE subject = $1")
            .bind(kinds::subject(kind, number))
            .fetch_one(&house.pool)
            .await
            .unwrap();
        assert_eq!(known, issue.number);
        let told = house.message(*id).await.provider_id;
        let wanted = match issue.comments.first() {
            Some(comment) => comment.id.to_string(),
            None => issue.number.to_string(),
        };
        assert_eq!(told, Some(wanted), "{}", steps[number]);
    }
}

/// Whatever happened, each repository is there with its topic and its team, and nothing else is.
async fn repos(house: &House, steps: &[&str], ids: &[i64]) {
    let wanted: BTreeSet<String> = (0..steps.len()).map(kinds::made).collect();
    let made: BTreeSet<String> = house.github.repos().into_iter().filter(|name| name != REPO).collect();
    assert_eq!(made, wanted);
    for (number, id) in ids.iter().enumerate() {
        let name = kinds::made(number);
        let repo = house.github.repo(&name);
        assert_eq!(repo.topics, ["interactive"], "{}", steps[number]);
        let teams = BTreeMap::from([("interactive".to_owned(), "maintain".to_owned())]);
        assert_eq!(repo.teams, teams, "{}", steps[number]);
        let seen_at = house.message(*id).await.provider_url;
        assert_eq!(seen_at, Some(format!("https://github.com/{name}")), "{}", steps[number]);
    }
}

fn is_as_told(issue: &StoredIssue, kind: &str) {
    let (comments, is_open, labels): (usize, bool, &[&str]) = match kind {
        "check_opened" => (0, true, &["external", "Pending review"]),
        "check_commented" => (1, true, &["external", "With requester"]),
        "check_closed" => (1, false, &["external"]),
        "repo_opening_asked" => (0, true, &[]),
        _ => panic!("{kind} has no issue"),
    };
    assert_eq!(issue.comments.len(), comments, "{issue:?}");
    assert_eq!(issue.is_open, is_open, "{issue:?}");
    assert_eq!(issue.labels, labels, "{issue:?}");
}
