//! Slack: one method of its Web API.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::http::{self, Answer};
use super::printing::Printer;
use crate::core::ports::{Chat, ChatPost, Receipt, Undelivered};

/// What Slack answers when it has a message of this `client_msg_id` already: it is there, or was.
const HAVE_IT: &[&str] = &["duplicate_message", "duplicate_message_not_found"];

/// Slack's own troubles, by the names it gives them.
const TROUBLES: &[&str] = &[
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// Too much was said. `message_limit_exceeded` is the workspace's own limit.
const TOO_MUCH: &[&str] = &["ratelimited", "rate_limited", "message_limit_exceeded"];

/// The token is wrong. An operator mends that, and then the message goes.
const TOKEN: &[&str] = &[
    "account_inactive",
    "invalid_auth",
    "not_authed",
    "token_expired",
    "token_revoked",
];

/// What is wrong with the text itself, and will be wrong with it tomorrow.
const TEXT: &[&str] = &[
    "invalid_blocks",
    "invalid_blocks_format",
    "markdown_text_conflict",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
    "too_many_contact_cards",
];

/// Posts to Slack with `chat.postMessage`, as a bot.
pub struct Slack {
    client: reqwest::Client,
    method: Url,
    token: SecretString,
    timeout: Duration,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack")
            .field("method", &self.method.as_str())
            .finish_non_exhaustive()
    }
}

impl Slack {
    /// `api` is the address of the Web API, `https://slack.com/api` for the real one; `timeout` is for one
    /// whole call.
    pub fn new(client: reqwest::Client, api: &Url, token: SecretString, timeout: Duration) -> Self {
        let mut method = api.clone();
        // Only an address that cannot have a path is refused here: the settings let http and https in.
        if let Ok(mut path) = method.path_segments_mut() {
            path.pop_if_empty().push("chat.postMessage");
        }
        Self {
            client,
            method,
            token,
            timeout,
        }
    }
}

/// The answer to any method.
#[derive(Debug, Deserialize)]
struct Said {
    ok: bool,
    error: Option<String>,
    /// The message's id within its channel.
    ts: Option<String>,
}

#[async_trait]
impl Chat for Slack {
    async fn post(&self, post: &ChatPost) -> Result<Receipt, Undelivered> {
        let message = json!({
            "channel": post.channel,
            "text": post.text,
            "client_msg_id": post.key,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        let request = self.client.post(self.method.clone());
        let request = request.bearer_auth(self.token.expose_secret()).json(&message);
        let answer = http::call("Slack", self.timeout, request, "/chat.postMessage").await?;
        understood(&answer, &post.channel)
    }
}

fn understood(answer: &Answer, channel: &str) -> Result<Receipt, Undelivered> {
    let status = answer.status;
    let put_off = |why| Undelivered::Later {
        why,
        after: answer.retry_after(),
    };
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(put_off("Slack has heard too much from us".to_owned()));
    }
    if status.is_server_error() {
        return Err(put_off(format!("Slack fails with status {status}")));
    }
    // Slack refuses with status 200, and with any other of its own: the body tells.
    let Some(said) = answer.json::<Said>() else {
        return Err(Undelivered::later(format!(
            "Slack's answer with status {status} makes no sense: {}",
            answer.words()
        )));
    };
    let receipt = Receipt { id: said.ts, url: None };
    if said.ok && status.is_success() {
        return Ok(receipt);
    }
    let error = http::one_line(said.error.as_deref().unwrap_or("no reason given"));
    if HAVE_IT.contains(&error.as_str()) {
        Ok(receipt)
    } else if TOO_MUCH.contains(&error.as_str()) {
        Err(put_off(format!("Slack has heard too much from us: {error}")))
    } else if TROUBLES.contains(&error.as_str()) {
        Err(put_off(format!("Slack fails: {error}")))
    } else if TEXT.contains(&error.as_str()) {
        Err(Undelivered::refused(format!(
            "Slack refuses the text for {channel}: {error}"
        )))
    } else {
        Err(put_off(to_mend(&error, channel)))
    }
}

/// What an operator has to do about a refusal. One that is not known may be mended, too.
fn to_mend(error: &str, channel: &str) -> String {
    match error {
        token if TOKEN.contains(&token) => format!("Slack does not accept the token of SLACK_BOT_TOKEN: {error}"),
        "missing_scope" => format!("The token of SLACK_BOT_TOKEN has not the scope chat:write: {error}"),
        "not_in_channel" => format!("Slack's bot is not in the channel {channel}, invite it: {error}"),
        "channel_not_found" => format!("Slack has no channel {channel}, or its bot may not see it: {error}"),
        "is_archived" => format!("Slack's channel {channel} is archived: {error}"),
        _ => format!("Slack refuses to post in {channel}: {error}"),
    }
}

/// Prints what would be posted.
#[derive(Debug)]
pub struct PrintedChat(pub Printer);

#[async_trait]
impl Chat for PrintedChat {
    async fn post(&self, post: &ChatPost) -> Result<Receipt, Undelivered> {
        self.0.print(
            "Slack message",
            &[("channel", &post.channel), ("key", &post.key)],
            &[("channel", &post.channel), ("text", &post.text)],
        );
        Ok(Receipt::default())
    }
}
