//! Mailgun's HTTP interface, as far as mails are sent with it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Mutex;

use data_encoding::BASE64;
use serde_json::json;

use super::server::{Answer, Call, Server, Service};

pub const KEY: &str = "a-test-key";
pub const DOMAIN: &str = "mg.jobs.example.org";

/// One mail as it was taken: the fields of the form, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken(pub Vec<(String, String)>);

impl Taken {
    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.0.iter().filter(|(key, _)| key == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a field, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }
}

#[derive(Default)]
pub struct Mailgun {
    taken: Mutex<Vec<Taken>>,
}

/// Mailgun at a port of its own.
pub struct FakeMailgun(Server<Mailgun>);

impl Deref for FakeMailgun {
    type Target = Server<Mailgun>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FakeMailgun {
    pub async fn start() -> Self {
        Self(Server::start(Mailgun::default()).await)
    }

    /// The address of its API, for `MAILGUN_API_URL`.
    pub fn api(&self) -> String {
        format!("{}/v3", self.url())
    }

    /// Every mail taken, in order; a repeat stands here twice.
    pub fn taken(&self) -> Vec<Taken> {
        self.service().taken.lock().unwrap().clone()
    }

    /// How often each `Message-ID` was taken.
    pub fn repeats(&self) -> HashMap<String, usize> {
        let mut repeats = HashMap::new();
        for mail in self.taken() {
            *repeats.entry(mail.get("h:Message-Id").to_owned()).or_default() += 1;
        }
        repeats
    }
}

#[async_trait::async_trait]
impl Service for Mailgun {
    async fn answer(&self, call: &Call) -> Answer {
        let authorization = format!("Basic {}", BASE64.encode(format!("api:{KEY}").as_bytes()));
        if call.header("authorization") != Some(&authorization) {
            return Answer::text(401, "Forbidden");
        }
        let segments: Vec<&str> = call.path.split('/').skip(1).collect();
        let domain = match (call.method.as_str(), &segments[..]) {
            ("POST", ["v3", domain, "messages"]) => *domain,
            _ => return Answer::text(404, "not found"),
        };
        if domain != DOMAIN {
            return Answer::json(404, &json!({ "message": format!("Domain not found: {domain}") }));
        }
        let mail = Taken(call.form());
        for field in ["from", "to"] {
            let addresses = mail.all(field);
            if addresses.is_empty() || addresses.iter().any(|address| !address.contains('@')) {
                let message = format!("{field} parameter is not a valid address. please check documentation");
                return Answer::json(400, &json!({ "message": message }));
            }
        }
        let id = mail.get("h:Message-Id").to_owned();
        self.taken.lock().unwrap().push(mail);
        Answer::json(200, &json!({ "id": id, "message": "Queued. Thank you." }))
    }
}
