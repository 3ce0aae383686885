//! Slack's Web API, as far as a bot posts with it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::server::{Answer, Call, Server, Service};

pub const TOKEN: &str = "xoxb-a-test-token";
/// Slack cuts or refuses what is longer.
const LONGEST: usize = 40_000;

/// One post as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub channel: String,
    pub text: String,
    pub client_msg_id: String,
    /// Its id within the channel.
    pub ts: String,
}

#[derive(Default)]
pub struct Slack {
    state: Mutex<State>,
    /// With both set, what is posted here is posted there, too.
    mirror: Option<Mirror>,
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    /// `None` for every channel there is.
    channels: Option<BTreeSet<String>>,
    archived: BTreeSet<String>,
    knows_repeats: bool,
}

struct Mirror {
    client: reqwest::Client,
    token: String,
    channel: String,
}

/// Slack at a port of its own.
pub struct FakeSlack(Server<Slack>);

impl Deref for FakeSlack {
    type Target = Server<Slack>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FakeSlack {
    pub async fn start() -> Self {
        let mirror = Mirror::of_environment();
        let state = Mutex::default();
        Self(Server::start(Slack { state, mirror }).await)
    }

    /// The address of its API, for `SLACK_API_URL`.
    pub fn api(&self) -> String {
        format!("{}/api", self.url())
    }

    /// Everything posted, in order; a repeat stands here twice unless repeats are known.
    pub fn posted(&self) -> Vec<Posted> {
        self.service().state.lock().unwrap().posted.clone()
    }

    /// There are these channels and no others.
    pub fn has_only(&self, channels: &[&str]) {
        self.service().state.lock().unwrap().channels = Some(channels.iter().map(ToString::to_string).collect());
    }

    pub fn archive(&self, channel: &str) {
        self.service().state.lock().unwrap().archived.insert(channel.to_owned());
    }

    /// A second post of one `client_msg_id` is answered with the first. Slack does not promise it.
    pub fn knows_repeats(&self) {
        self.service().state.lock().unwrap().knows_repeats = true;
    }
}

#[async_trait::async_trait]
impl Service for Slack {
    async fn answer(&self, call: &Call) -> Answer {
        let (answer, text) = self.take(call);
        if let (Some(mirror), Some(text)) = (&self.mirror, text) {
            mirror.post(&text).await;
        }
        Answer::json(200, &answer)
    }
}

impl Slack {
    /// The answer, and the text if it was taken.
    fn take(&self, call: &Call) -> (Value, Option<String>) {
        let refused = |error: &str| (json!({ "ok": false, "error": error }), None);
        if (call.method.as_str(), call.path.as_str()) != ("POST", "/api/chat.postMessage") {
            return refused("unknown_method");
        }
        match call.header("authorization") {
            None => return refused("not_authed"),
            Some(given) if given != format!("Bearer {TOKEN}") => return refused("invalid_auth"),
            Some(_) => {}
        }
        let body = call.json();
        let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (channel, text, client_msg_id) = (field("channel"), field("text"), field("client_msg_id"));
        let mut state = self.state.lock().unwrap();
        if channel.is_empty() || state.channels.as_ref().is_some_and(|all| !all.contains(&channel)) {
            return refused("channel_not_found");
        }
        if state.archived.contains(&channel) {
            return refused("is_archived");
        }
        if text.is_empty() {
            return refused("no_text");
        }
        if text.chars().count() > LONGEST {
            return refused("msg_too_long");
        }
        if state.knows_repeats
            && let Some(first) = state.posted.iter().find(|post| post.client_msg_id == client_msg_id)
        {
            return (accepted(first), None);
        }
        let post = Posted {
            ts: format!("{}.{:06}", 1_700_000_000, state.posted.len() + 1),
            channel,
            text: text.clone(),
            client_msg_id,
        };
        let answer = accepted(&post);
        state.posted.push(post);
        (answer, Some(text))
    }
}

fn accepted(post: &Posted) -> Value {
    json!({
        "ok": true,
        "channel": post.channel,
        "ts": post.ts,
        "message": { "type": "message", "text": post.text, "ts": post.ts, "bot_id": "B0TEST" },
    })
}

impl Mirror {
    fn of_environment() -> Option<Self> {
        let given = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let (token, channel) = (given("SLACK_BOT_TOKEN")?, given("SLACK_TEST_CHANNEL")?);
        let _ = rustls::crypto::ring::default_provider().install_default();
        Some(Self {
            client: reqwest::Client::new(),
            token,
            channel,
        })
    }

    /// For somebody who looks at the channel: no test depends on it.
    async fn post(&self, text: &str) {
        let request = self.client.post("https://slack.com/api/chat.postMessage");
        let request = request.bearer_auth(&self.token);
        let sent = request
            .json(&json!({ "channel": self.channel, "text": text }))
            .send()
            .await;
        let answer = match sent {
            Ok(response) => response.text().await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) if answer.contains("\"ok\":true") => {}
            other => eprintln!("SLACK_TEST_CHANNEL did not get a message: {other:?}"),
        }
    }
}
