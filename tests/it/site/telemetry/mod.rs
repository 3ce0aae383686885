//! What is told to collectors, to Sentry and in the log, and what never is.

mod secrets;
mod traces;

use reqwest::header::{AUTHORIZATION, COOKIE};
use wiremock::matchers::{any, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::http_client;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What somebody sends with a request and nobody else may learn.
const SENT: [&str; 4] = ["query-s3cret", "header-s3cret", "form-s3cret", "link-s3cret"];

/// A code host where there is one commit and nothing in it.
async fn github() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path_regex("/commits/"))
        .respond_with(ResponseTemplate::new(200).set_body_string("0123456789012345678901234567890123456789"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    server
}

async fn visit(address: &str, path: &str, session: &str) -> reqwest::Response {
    http_client()
        .get(format!("http://{address}{path}"))
        .header(COOKIE, format!("sessionid={session}"))
        .header(AUTHORIZATION, "Bearer header-s3cret")
        .header("traceparent", TRACEPARENT)
        .header("X-Request-Id", "journey-0001")
        .send()
        .await
        .unwrap()
}

#[track_caller]
fn holds_none(bytes: &[u8], secrets: &[&str]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is told");
    }
}
