//! GitHub's issues, when GitHub fails or refuses: every verb, every way.

use std::time::Duration;

use jobserver::core::outbox::LONGEST_PAUSE;
use jobserver::core::ports::{IssueChange, IssueTracker, Undelivered};
use time::OffsetDateTime;

use super::github::{MARK, REPO, at, new, start};
use super::{IMPATIENT, PATIENT, later, missing, nowhere, refused, troubles};
use crate::fakes::Fault;
use crate::fakes::github::TOKEN;
use crate::fakes::server::Answer;

type Verdicts = Vec<(&'static str, Result<(), Undelivered>)>;

/// What each verb ends with.
async fn every_verb(issues: &dyn IssueTracker, repo: &str) -> Verdicts {
    let now = OffsetDateTime::now_utc();
    let close = IssueChange {
        close: true,
        labels: None,
    };
    vec![
        ("open", issues.open(repo, &new("work")).await.map(drop)),
        ("opened_since", issues.opened_since(repo, MARK, now).await.map(drop)),
        ("titled", issues.titled(repo, "work").await.map(drop)),
        ("comment", issues.comment(repo, 1, "x").await.map(drop)),
        (
            "commented_since",
            issues.commented_since(repo, 1, MARK, now).await.map(drop),
        ),
        ("change", issues.change(repo, 1, &close).await.map(drop)),
        ("labels", issues.labels(repo).await.map(drop)),
        ("labels_of", issues.labels_of(repo, 1).await.map(drop)),
    ]
}

const VERBS: usize = 8;

/// What each verb ends with when every call ends like this.
async fn when(fault: Fault) -> Verdicts {
    let (fake, issues) = start().await;
    issues.open(REPO, &new("work")).await.unwrap();
    fake.fail(VERBS * 10, fault.clone());
    let verdicts = every_verb(&issues, REPO).await;
    assert_eq!(fake.count() - 1, VERBS, "{fault:?} was tried again");
    verdicts
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &serde_json::json!({ "message": message }))
}

#[tokio::test]
async fn troubles_pass_and_nothing_is_tried_again_here() {
    for fault in troubles() {
        for (verb, result) in when(fault).await {
            let (why, _) = later(result);
            assert!(why.contains("GitHub") && !why.contains(TOKEN), "{verb}: {why}");
            assert!(!why.contains("http://"), "{verb}: {why}");
        }
    }
}

#[tokio::test]
async fn a_silent_github_is_given_up() {
    let (fake, issues) = start().await;
    issues.open(REPO, &new("work")).await.unwrap();
    let impatient = at(&fake.api(), TOKEN, IMPATIENT);
    fake.fail(VERBS, Fault::HangBefore);
    for (verb, result) in every_verb(&impatient, REPO).await {
        let (why, _) = later(result);
        assert!(why.contains("no answer in time"), "{verb}: {why}");
    }
    // Opened, and not told of: to be found by its mark.
    let since = OffsetDateTime::now_utc();
    fake.fail(1, Fault::HangAfter);
    later(impatient.open(REPO, &new("late")).await);
    assert_eq!(fake.issues(REPO).len(), 2);
    assert_eq!(issues.opened_since(REPO, MARK, since).await.unwrap().unwrap().number, 2);
}

#[tokio::test]
async fn nobody_there_is_put_off() {
    for (_, result) in every_verb(&at(&nowhere(), TOKEN, PATIENT), REPO).await {
        later(result);
    }
}

#[tokio::test]
async fn a_call_that_was_done_and_not_answered_is_found_by_its_mark() {
    let (fake, issues) = start().await;
    let since = OffsetDateTime::now_utc();
    fake.fail(1, Fault::CloseAfter);
    later(issues.open(REPO, &new("work")).await);
    let found = issues.opened_since(REPO, MARK, since).await.unwrap().unwrap();
    fake.fail(1, Fault::CloseAfter);
    later(issues.comment(REPO, found.number, MARK).await);
    assert!(
        issues
            .commented_since(REPO, found.number, MARK, since)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(fake.issues(REPO)[0].comments.len(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let (_fake, issues) = start().await;
    for (verb, result) in every_verb(&issues, "ebmdatalab/nothing").await {
        let why = missing(result);
        assert!(why.contains("ebmdatalab/nothing"), "{verb}: {why}");
    }
    // The repository is there, the issue is not.
    for (verb, result) in every_verb(&issues, "ebmdatalab/tech-support").await {
        // `open` comes first here, and is number 1.
        assert_eq!(result, Ok(()), "{verb}");
    }
    missing(issues.comment(REPO, 404, "x").await);
    missing(issues.labels_of(REPO, 404).await);
    for status in [404, 410, 451] {
        for (_, result) in when(Fault::Answer(refusal(status, "Issues are disabled for this repo"))).await {
            assert!(missing(result).contains("Issues are disabled"));
        }
    }
}

#[tokio::test]
async fn what_github_says_of_the_message_is_final() {
    let invalid = r#"{"message": "Validation Failed",
        "errors": [{"resource": "Issue", "field": "title", "code": "missing_field"}, "something else"]}"#;
    for (verb, result) in when(Fault::json(422, invalid)).await {
        if verb == "titled" {
            // So search says that there is no such repository.
            missing(result);
        } else {
            let why = refused(result);
            assert!(
                why.contains("Validation Failed: title missing field, something else"),
                "{why}"
            );
        }
    }
    let (fake, issues) = start().await;
    refused(issues.open(REPO, &new("  ")).await);
    issues.open(REPO, &new("work")).await.unwrap();
    refused(issues.comment(REPO, 1, "").await);
    for message in [
        "Unable to create comment because issue is locked",
        "Repository was archived so is read-only.",
    ] {
        fake.fail(1, Fault::Answer(refusal(403, message)));
        assert!(refused(issues.comment(REPO, 1, "x").await).contains(message));
    }
}

#[tokio::test]
async fn no_name_of_a_repository_leads_elsewhere() {
    let (fake, issues) = start().await;
    for repo in [
        "", "a", "/a", "a/", "a/b/c", "a/..", "../user", "a/b?x", "a/b#x", "a b/c", "é/b", "a/%2e%2e",
    ] {
        for (_, result) in every_verb(&issues, repo).await {
            refused(result);
        }
    }
    assert_eq!(fake.count(), 0);
}

#[tokio::test]
async fn a_token_that_may_not_is_the_operators_to_mend() {
    let (fake, _) = start().await;
    for (verb, result) in every_verb(&at(&fake.api(), "ghp_wrong", PATIENT), REPO).await {
        let (why, _) = later(result);
        assert!(
            why.contains("JOBSERVER_GITHUB_TOKEN") && why.contains("Bad credentials"),
            "{verb}: {why}"
        );
        assert!(!why.contains("ghp_wrong"), "{why}");
    }
    let forbidden = refusal(403, "Resource not accessible by personal access token");
    for (_, result) in when(Fault::Answer(forbidden)).await {
        let (why, after) = later(result);
        assert!(why.contains("Resource not accessible") && after.is_none(), "{why}");
    }
}

#[tokio::test]
async fn an_allowance_that_is_used_up_is_waited_for() {
    let soon = (OffsetDateTime::now_utc() + Duration::from_mins(20)).unix_timestamp();
    for status in [403, 429] {
        let answer = refusal(status, "API rate limit exceeded")
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", &soon.to_string());
        for (verb, result) in when(Fault::Answer(answer)).await {
            let after = later(result).1.unwrap();
            assert!(
                after > Duration::from_mins(19) && after <= Duration::from_mins(20),
                "{verb}: {after:?}"
            );
        }
    }
}

#[tokio::test]
async fn too_many_calls_at_once_are_waited_for() {
    let limited = refusal(403, "You have exceeded a secondary rate limit");
    for (_, result) in when(Fault::Answer(limited.clone().with("retry-after", "90"))).await {
        let after = later(result).1.unwrap();
        assert!(
            after > Duration::from_secs(80) && after <= Duration::from_secs(90),
            "{after:?}"
        );
    }
    // The hourly allowance is not used up: its end says nothing.
    let hourly = limited
        .with("x-ratelimit-remaining", "4000")
        .with("x-ratelimit-reset", "99999999999");
    for (_, result) in when(Fault::Answer(hourly)).await {
        assert_eq!(later(result).1, Some(Duration::from_mins(1)));
    }
    let spam = r#"{"message": "Validation Failed", "errors": [{"message": "was submitted too quickly"}]}"#;
    let (fake, issues) = start().await;
    fake.fail(1, Fault::json(422, spam));
    assert_eq!(
        later(issues.open(REPO, &new("work")).await).1,
        Some(Duration::from_mins(1))
    );
    // A reset in the past, or a nonsensical one, is no reason to wait for ever or not at all.
    for reset in ["1", "99999999999", "soon", "-9223372036854775808"] {
        let answer = refusal(429, "").with("x-ratelimit-reset", reset);
        fake.fail(1, Fault::Answer(answer));
        let after = later(issues.open(REPO, &new("work")).await).1.unwrap();
        assert!(after >= Duration::from_secs(1) && after <= LONGEST_PAUSE, "{after:?}");
    }
}

#[tokio::test]
async fn a_renamed_repository_is_followed_on_the_same_host_only() {
    let (fake, issues) = start().await;
    let moved = |place: &str| Fault::Answer(Answer::text(307, "").with("location", place));
    fake.fail(1, moved("/repos/ebmdatalab/tech-support/issues"));
    issues.open(REPO, &new("work")).await.unwrap();
    assert_eq!(fake.issues("ebmdatalab/tech-support").len(), 1);
    assert_eq!(fake.issues(REPO), []);
    let (elsewhere, _) = start().await;
    fake.fail(1, moved(&format!("{}/repos/{REPO}/issues", elsewhere.url())));
    later(issues.open(REPO, &new("work")).await);
    assert_eq!(elsewhere.count(), 0, "the token was sent to another host");
    fake.fail(100, moved(&format!("/repos/{REPO}/issues")));
    let before = fake.count();
    later(issues.open(REPO, &new("work")).await);
    assert!(fake.count() - before < 10);
}

#[tokio::test]
async fn a_list_without_end_is_not_read_to_the_end_and_not_taken_for_all() {
    let (fake, issues) = start().await;
    let link = format!("<{}/repos/{REPO}/labels?page=1>; rel=\"next\"", fake.url());
    let endless = Answer::json(200, &serde_json::json!([])).with("link", &link);
    fake.fail(100, Fault::Answer(endless));
    later(issues.opened_since(REPO, MARK, OffsetDateTime::now_utc()).await);
    assert!(fake.count() <= 10);
}
