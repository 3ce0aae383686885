//! Slack, in every mood.

use std::time::Duration;

use jobserver::adapters::slack::Slack;
use jobserver::core::ports::{Chat, ChatPost, Undelivered};
use serde_json::json;

use super::{IMPATIENT, PATIENT, client, later, nowhere, refused, troubles};
use crate::fakes::slack::TOKEN;
use crate::fakes::{FakeSlack, Fault};

fn at(api: &str, token: &str, timeout: Duration) -> Slack {
    Slack::new(client(), &api.parse().unwrap(), token.into(), timeout)
}

fn to(fake: &FakeSlack) -> Slack {
    at(&fake.api(), TOKEN, PATIENT)
}

fn post() -> ChatPost {
    ChatPost {
        key: "6f1c8f0e-2f5e-4b8a-9d7e-0123456789ab".to_owned(),
        channel: "job-server-registrations".to_owned(),
        text: "<https://jobs.example.org/staff|alice> &amp; co".to_owned(),
    }
}

fn says(error: &str) -> Fault {
    Fault::json(200, &json!({ "ok": false, "error": error }).to_string())
}

#[tokio::test]
async fn a_post_arrives_as_it_is_with_its_key_and_without_previews() {
    let fake = FakeSlack::start().await;
    let receipt = to(&fake).post(&post()).await.unwrap();
    let posted = fake.posted();
    assert_eq!(posted.len(), 1);
    assert_eq!(receipt.id.as_ref(), Some(&posted[0].ts));
    assert_eq!(posted[0].channel, post().channel);
    assert_eq!(posted[0].text, post().text);
    assert_eq!(posted[0].client_msg_id, post().key);
    let call = &fake.calls()[0];
    assert_eq!(call.header("user-agent"), Some("Job Server (test)"));
    let body = call.json();
    assert_eq!(
        (&body["unfurl_links"], &body["unfurl_media"]),
        (&json!(false), &json!(false))
    );
}

#[tokio::test]
async fn a_repeat_that_slack_knows_is_delivered() {
    let fake = FakeSlack::start().await;
    fake.knows_repeats();
    let slack = to(&fake);
    let first = slack.post(&post()).await.unwrap();
    assert_eq!(slack.post(&post()).await.unwrap(), first);
    assert_eq!(fake.posted().len(), 1);
    for error in ["duplicate_message", "duplicate_message_not_found"] {
        fake.fail(1, says(error));
        slack.post(&post()).await.unwrap();
    }
    assert_eq!(fake.posted().len(), 1);
}

#[tokio::test]
async fn what_slack_will_never_take_is_refused_with_its_reason_and_channel() {
    let fake = FakeSlack::start().await;
    let slack = to(&fake);
    for (text, error) in [(String::new(), "no_text"), ("x".repeat(40_001), "msg_too_long")] {
        let why = refused(slack.post(&ChatPost { text, ..post() }).await);
        assert!(why.contains(error) && why.contains(&post().channel), "{why}");
    }
    fake.fail(1, says("too_many_attachments"));
    let why = refused(slack.post(&post()).await);
    assert!(why.contains("too_many_attachments") && !why.contains(TOKEN), "{why}");
    assert_eq!(fake.posted(), []);
    assert_eq!(fake.count(), 3);
}

#[tokio::test]
async fn what_an_operator_can_mend_waits_and_names_the_setting_or_the_channel() {
    let fake = FakeSlack::start().await;
    fake.has_only(&["job-server-registrations", "old"]);
    fake.archive("old");
    let slack = to(&fake);
    for (channel, error) in [("nowhere", "channel_not_found"), ("old", "is_archived")] {
        let channel = channel.to_owned();
        let (why, _) = later(
            slack
                .post(&ChatPost {
                    channel: channel.clone(),
                    ..post()
                })
                .await,
        );
        assert!(why.contains(error) && why.contains(&channel), "{why}");
    }
    for (error, named) in [
        ("invalid_auth", "SLACK_BOT_TOKEN"),
        ("not_authed", "SLACK_BOT_TOKEN"),
        ("token_revoked", "SLACK_BOT_TOKEN"),
        ("token_expired", "SLACK_BOT_TOKEN"),
        ("account_inactive", "SLACK_BOT_TOKEN"),
        ("missing_scope", "SLACK_BOT_TOKEN"),
        ("not_in_channel", "job-server-registrations"),
        ("restricted_action", "job-server-registrations"),
    ] {
        fake.fail(1, says(error));
        let (why, _) = later(slack.post(&post()).await);
        assert!(
            why.contains(error) && why.contains(named) && !why.contains(TOKEN),
            "{why}"
        );
    }
    assert_eq!(fake.posted(), []);
}

#[tokio::test]
async fn a_wrong_token_is_not_repeated_in_the_reason() {
    let fake = FakeSlack::start().await;
    let (why, _) = later(at(&fake.api(), "xoxb-wrong", PATIENT).post(&post()).await);
    assert!(why.contains("invalid_auth") && !why.contains("xoxb"), "{why}");
    assert!(!format!("{:?}", at(&fake.api(), "xoxb-wrong", PATIENT)).contains("xoxb"));
}

#[tokio::test]
async fn too_much_is_put_off_as_long_as_slack_says() {
    let fake = FakeSlack::start().await;
    let slack = to(&fake);
    fake.fail(1, Fault::too_many(30));
    assert_eq!(later(slack.post(&post()).await).1, Some(Duration::from_secs(30)));
    fake.fail(1, Fault::status(429));
    assert_eq!(later(slack.post(&post()).await).1, None);
    for error in ["ratelimited", "rate_limited", "message_limit_exceeded"] {
        fake.fail(1, says(error));
        let (why, _) = later(slack.post(&post()).await);
        assert!(why.contains(error), "{why}");
    }
    // Nothing is tried again here: that is the outbox's.
    assert_eq!((fake.count(), fake.posted().len()), (5, 0));
}

#[tokio::test]
async fn slacks_own_troubles_pass() {
    let fake = FakeSlack::start().await;
    let slack = to(&fake);
    for error in [
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    ] {
        fake.fail(1, says(error));
        let (why, _) = later(slack.post(&post()).await);
        assert!(why.contains(error) && !why.contains(TOKEN), "{why}");
    }
    let mut calls = fake.count();
    for fault in troubles() {
        fake.fail(1, fault.clone());
        let (why, _) = later(slack.post(&post()).await);
        assert!(!why.contains(TOKEN) && !why.contains("127.0.0.1"), "{why}");
        calls += 1;
        assert_eq!(fake.count(), calls, "{fault:?} was tried again");
    }
    // Done and not told of: only the one after which the connection was closed.
    assert_eq!(fake.posted().len(), 1);
    // An "ok" with a status of failure is none.
    fake.fail(1, Fault::json(404, r#"{"ok": true}"#));
    assert!(slack.post(&post()).await.is_err());
}

#[tokio::test]
async fn a_silent_slack_is_given_up() {
    let fake = FakeSlack::start().await;
    let slack = at(&fake.api(), TOKEN, IMPATIENT);
    fake.fail(1, Fault::HangBefore);
    let (why, after) = later(slack.post(&post()).await);
    assert!(why.contains("no answer within 0.1 seconds") && after.is_none(), "{why}");
    fake.fail(1, Fault::HangAfter);
    later(slack.post(&post()).await);
    assert_eq!(fake.posted().len(), 1, "taken, and not told of");
}

#[tokio::test]
async fn nobody_there_and_an_endless_answer_are_put_off() {
    later(at(&nowhere(), TOKEN, PATIENT).post(&post()).await);
    let fake = FakeSlack::start().await;
    fake.fail(1, Fault::json(200, &" ".repeat(2 * 1024 * 1024)));
    let error = to(&fake).post(&post()).await.unwrap_err();
    assert_eq!(error, Undelivered::later("Slack's answer is too large"));
}
