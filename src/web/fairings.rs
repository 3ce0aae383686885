//! What is done around every request: an id, log lines, a place in traces. The headers that protect are in
//! [`super::headers`].

use std::sync::Arc;
use std::time::Instant;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{Header, Method};
use rocket::{Data, Request, Response};

pub use super::address::{client_address, comes_through_our_proxy};
pub use super::headers::{SecurityHeaders, frame_our_own};
use crate::core::sealed::random_bytes;
use crate::telemetry::request::{Arrival, RequestScope};

/// What a request carries from its beginning, before any guard ran.
#[derive(Debug)]
pub struct Context {
    pub request_id: String,
    /// The value that scripts of this answer carry and the policy names.
    pub nonce: String,
    /// What logs, traces and reports know of the request.
    pub scope: Arc<RequestScope>,
    /// Whether it came as `HEAD`. Rocket tells handlers that it is a `GET`.
    is_head: bool,
    started: Instant,
}

/// Whether only the headers of an answer are asked for.
pub fn asks_for_head(request: &Request<'_>) -> bool {
    context(request).is_head
}

/// The request's own context; made when first asked for.
pub fn context<'r>(request: &'r Request<'_>) -> &'r Context {
    request.local_cache(|| {
        let request_id = incoming_id(request).unwrap_or_else(|| data_encoding::HEXLOWER.encode(&random_bytes::<8>()));
        let scope = RequestScope::open(Arrival {
            id: &request_id,
            method: request.method().as_str(),
            traceparent: request.headers().get_one("traceparent"),
            // Files and the platform's questions come all the time and tell nothing.
            is_of_interest: !is_below(request, "static") && !is_below(request, "health-check"),
        });
        Context {
            request_id,
            nonce: data_encoding::BASE64.encode(&random_bytes::<16>()),
            scope,
            is_head: request.method() == Method::Head,
            started: Instant::now(),
        }
    })
}

pub fn request_id<'r>(request: &'r Request<'_>) -> &'r str {
    &context(request).request_id
}

/// The proxy's id, when it sent one that is safe to repeat.
fn incoming_id(request: &Request<'_>) -> Option<String> {
    let id = request.headers().get_one("X-Request-Id")?;
    let is_safe = (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_safe.then(|| id.to_owned())
}

/// Who signed in, for the log line: set by the guard that found out.
#[derive(Debug, Default)]
pub struct SignedInAs(pub std::sync::OnceLock<i32>);

/// Gives each request its id and writes its lines in the log: that it began, for who wants to know
/// (`debug`), and how it ended. Never a token, a cookie or a query: those may carry secrets.
pub struct RequestContext;

#[rocket::async_trait]
impl Fairing for RequestContext {
    fn info(&self) -> Info {
        Info {
            name: "request id and log",
            kind: Kind::Request | Kind::Response,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Begun(true));
        let context = context(request);
        tracing::debug!(
            target: "jobserver::access",
            request_id = context.request_id,
            method = request.method().as_str(),
            path = logged_path(request),
            client = client_address(request).map(tracing::field::display),
            "request started"
        );
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        finish(request, response);
    }
}

/// Whether the fairings saw the beginning of a request, and so will see its end.
struct Begun(bool);

/// Ends a request that Rocket could not read (an unknown method, say): it asks a catcher for the answer, and no
/// fairing.
pub fn finish_unseen(request: &Request<'_>, response: &mut Response<'_>) {
    if request.local_cache(|| Begun(false)).0 {
        return;
    }
    finish(request, response);
    if let Some(headers) = request.rocket().state::<SecurityHeaders>() {
        headers.protect(request, response);
    }
}

fn finish(request: &Request<'_>, response: &mut Response<'_>) {
    let context = context(request);
    response.set_header(Header::new("X-Request-Id", context.request_id.clone()));
    let status = response.status().code;
    let took = context.started.elapsed();
    let route = request.route().map(|route| route.uri.path());
    context.scope.close(route, status, took);
    tracing::info!(
        target: "jobserver::access",
        request_id = context.request_id,
        method = request.method().as_str(),
        path = logged_path(request),
        status,
        milliseconds = took.as_micros() as f64 / 1000.0,
        user_id = request.local_cache(SignedInAs::default).0.get(),
        client = client_address(request).map(tracing::field::display),
        "{}",
        if status >= 500 { "request failed" } else { "request finished" }
    );
}

/// The path without what may not be logged: the token of a link that signs in, or that confirms something, is
/// part of its path.
fn logged_path<'r>(request: &'r Request<'_>) -> &'r str {
    let mut segments = request.uri().path().segments();
    match (segments.next(), segments.next()) {
        (Some("login-link"), _) => "/login-link/…",
        (Some("login-with-url"), _) => "/login-with-url/…",
        (Some("settings"), Some("confirm-email")) => "/settings/confirm-email/…",
        _ => request.uri().path().as_str(),
    }
}

/// Whether a path begins with this segment, as routes see it: doubled slashes and percent-encoded letters
/// make no difference.
pub(in crate::web) fn is_below(request: &Request<'_>, first: &str) -> bool {
    request.uri().path().segments().next() == Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rocket::async_test]
    async fn no_token_of_a_login_link_is_logged_however_it_is_written() {
        let client = rocket::local::asynchronous::Client::untracked(rocket::build())
            .await
            .unwrap();
        for path in [
            "/login-link/secret",
            "//login-link/secret/",
            "/login%2Dlink/secret",
            "/login-link//secret",
        ] {
            assert_eq!(logged_path(&client.get(path)), "/login-link/…", "{path}");
            let by_mail = path.replace("link", "with-url");
            assert_eq!(logged_path(&client.get(by_mail)), "/login-with-url/…", "{path}");
        }
        assert_eq!(logged_path(&client.get("/login-links/?a=b")), "/login-links/");
        for path in [
            "/settings/confirm-email/1.secret/",
            "//settings//confirm%2Demail/1.secret",
        ] {
            assert_eq!(logged_path(&client.get(path)), "/settings/confirm-email/…", "{path}");
        }
    }
}
