//! OpenCodelists, as far as studies are checked with it.

use std::ops::Deref;
use std::sync::Mutex;

use serde_json::json;

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

    /// Studies with this line in their list are out of date.
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
        let is_manifest = serde_json::from_str::<serde_json::Value>(manifest).is_ok_and(|value| value.is_object());
        let changed = self.changed.lock().unwrap();
        let is_current = is_manifest && !list.lines().any(|line| changed.iter().any(|changed| changed == line));
        Answer::json(200, &json!({ "status": if is_current { "ok" } else { "error" } }))
    }
}
