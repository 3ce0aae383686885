//! OpenCodelists, as far as studies are checked with it.

use std::ops::Deref;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::server::{Answer, Call, Server, Service};

#[derive(Default)]
pub struct OpenCodelists {
    /// Lines of `codelists.txt` that have changed since.
    changed: Mutex<Vec<String>>,
}

/// OpenCodelists at a port of its own.
pub struct FakeOpenCodelists(Server<OpenCodelists>);

impl Deref for FakeOpenCodelists {
    type Target = Server<OpenCodelists>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FakeOpenCodelists {
    pub async fn start() -> Self {
        Self(Server::start(OpenCodelists::default()).await)
    }

    /// A study with this line in its list has an old version of it.
    pub fn change(&self, codelist: &str) {
        self.service().changed.lock().unwrap().push(codelist.to_owned());
    }
}

#[async_trait::async_trait]
impl Service for OpenCodelists {
    async fn answer(&self, call: &Call) -> Answer {
        if (call.method.as_str(), call.path.as_str()) != ("POST", "/api/v1/check/") {
            return Answer::text(404, "<h1>Not Found</h1>");
        }
        let form = call.form();
        let field = |name: &str| {
            form.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        let (Some(list), Some(manifest)) = (field("codelists"), field("manifest")) else {
            return Answer::text(400, "<h1>Bad Request</h1>");
        };
        let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
        let mut downloaded: Vec<&str> = match manifest["files"].as_object() {
            Some(files) => files.values().filter_map(|file| file["id"].as_str()).collect(),
            None => return Answer::json(200, &json!({ "status": "error" })),
        };
        let mut listed: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        downloaded.sort_unstable();
        listed.sort_unstable();
        let changed = self.changed.lock().unwrap();
        let is_current = listed == downloaded && !changed.iter().any(|changed| listed.contains(&changed.as_str()));
        Answer::json(200, &json!({ "status": if is_current { "ok" } else { "error" } }))
    }
}
