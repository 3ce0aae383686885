//! GitHub's login as the wire has it: what it was asked, word for word, and answers to order.

use std::ops::Deref;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::server::{Answer, Call, Server, Service};

pub const TOKEN: &str = "gho_a-test-token";

/// What it answers to each call.
pub struct GitHubLogin {
    answers: Mutex<[Answer; 3]>,
}

/// GitHub's login at a port of its own.
pub struct FakeGitHubLogin(Server<GitHubLogin>);

impl Deref for FakeGitHubLogin {
    type Target = Server<GitHubLogin>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FakeGitHubLogin {
    pub async fn start() -> Self {
        let token = json!({ "access_token": TOKEN, "scope": "read:user,user:email", "token_type": "bearer" });
        let user = json!({ "id": 583_231, "login": "octocat", "name": "Mona Cat", "email": "public@example.org" });
        let emails = json!([{ "email": "mona@example.org", "primary": true, "verified": true }]);
        let answers = [token, user, emails].map(|body| Answer::json(200, &body));
        let service = GitHubLogin {
            answers: Mutex::new(answers),
        };
        Self(Server::start(service).await)
    }

    /// A code is answered with this from now on.
    pub fn exchanges(&self, answer: Answer) {
        self.service().answers.lock().unwrap()[0] = answer;
    }

    /// The profile is this from now on.
    pub fn profile(&self, body: &Value) {
        self.service().answers.lock().unwrap()[1] = Answer::json(200, body);
    }

    /// The e-mail addresses are this from now on.
    pub fn emails(&self, answer: Answer) {
        self.service().answers.lock().unwrap()[2] = answer;
    }
}

#[async_trait::async_trait]
impl Service for GitHubLogin {
    async fn answer(&self, call: &Call) -> Answer {
        let answers = self.answers.lock().unwrap();
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/web/login/oauth/access_token") => answers[0].clone(),
            ("GET", "/api/v3/user") => answers[1].clone(),
            ("GET", "/api/v3/user/emails") => answers[2].clone(),
            _ => Answer::text(404, "no such address"),
        }
    }
}
