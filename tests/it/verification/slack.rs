//! Slack, the fake and the real one. A run against the real Slack posts to `SLACK_TEST_CHANNEL`.

use jobserver::adapters::slack::Slack;
use jobserver::core::ports::{Chat, ChatPost};
use serde_json::json;

use super::{Answered, ask, assert_alike, given, unique};
use crate::fakes::FakeSlack;
use crate::fakes::slack::TOKEN;
use crate::services::{PATIENT, client, later, refused};

/// A Slack, and a channel of it that the bot may post in.
struct Place {
    api: String,
    token: String,
    channel: String,
}

/// A UUID, which is what Slack wants for a key.
fn key() -> String {
    let (a, b) = (unique(), unique());
    format!("{}-{}-4{}-8{}-{}", &a[..8], &a[8..12], &a[13..16], &b[1..4], &b[4..16])
}

async fn contract(place: &Place) {
    let at = |token: &str| Slack::new(client(), &place.api.parse().unwrap(), token.into(), PATIENT);
    let slack = at(&place.token);
    let post = ChatPost {
        key: key(),
        channel: place.channel.clone(),
        text: "A test of Job Server: <https://example.org|a link> &amp; &lt;signs&gt;".to_owned(),
    };
    let receipt = slack.post(&post).await.unwrap();
    assert!(receipt.id.is_some_and(|ts| ts.contains('.')));
    // Posted once or twice: either way it is delivered.
    slack.post(&post).await.unwrap();
    let nowhere = ChatPost {
        key: key(),
        channel: format!("no-such-channel-{}", unique()),
        ..post.clone()
    };
    assert!(later(slack.post(&nowhere).await).0.contains("channel_not_found"));
    let empty = ChatPost {
        key: key(),
        text: String::new(),
        ..post.clone()
    };
    assert!(refused(slack.post(&empty).await).contains("no_text"));
    assert!(later(at("xoxb-nobodys").post(&post).await).0.contains("invalid_auth"));
}

async fn answers(place: &Place) -> Vec<Answered> {
    let client = client();
    let method = format!("{}/chat.postMessage", place.api);
    let say = |channel: &str, text: &str| {
        let body = json!({ "channel": channel, "text": text, "client_msg_id": key() });
        client.post(&method).bearer_auth(&place.token).json(&body)
    };
    let stranger = client
        .post(&method)
        .bearer_auth("xoxb-nobodys")
        .json(&json!({ "channel": "x", "text": "x" }));
    vec![
        ask("post", say(&place.channel, "A test of Job Server.")).await,
        ask("post nothing", say(&place.channel, "")).await,
        ask("post nowhere", say("no-such-channel-anywhere", "x")).await,
        ask("a wrong token", stranger).await,
        ask(
            "no token",
            client.post(&method).json(&json!({ "channel": "x", "text": "x" })),
        )
        .await,
    ]
}

async fn fake() -> (FakeSlack, Place) {
    let fake = FakeSlack::start().await;
    fake.has_only(&["tests"]);
    let place = Place {
        api: fake.api(),
        token: TOKEN.to_owned(),
        channel: "tests".to_owned(),
    };
    (fake, place)
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let (_fake, place) = fake().await;
    contract(&place).await;
    let errors: Vec<String> = answers(&place)
        .await
        .iter()
        .map(|answer| answer.body["error"].as_str().unwrap_or("ok").to_owned())
        .collect();
    assert_eq!(
        errors,
        ["ok", "no_text", "channel_not_found", "invalid_auth", "not_authed"]
    );
}

#[tokio::test]
#[ignore = "asks the real Slack: scripts/test-verification"]
async fn the_real_one_keeps_it_too_and_answers_alike() {
    let real = Place {
        api: "https://slack.com/api".to_owned(),
        token: given("SLACK_BOT_TOKEN"),
        channel: given("SLACK_TEST_CHANNEL"),
    };
    contract(&real).await;
    let (_fake, place) = fake().await;
    assert_alike(&answers(&place).await, &answers(&real).await);
}
