//! What is done around every request: an id, log lines, a place in traces, and the headers that protect.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{ContentType, Header, Method};
use rocket::{Data, Request, Response};

use super::App;
use crate::config::{Settings, WebSettings};
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
    started: Instant,
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
}

/// Who asks: the peer, or whom our proxies say they speak for. Each proxy adds the address it
/// was asked from at the end, so the last one that is no proxy of ours is it; what stands before it, the
/// visitor may have made up.
pub fn client_address(request: &Request<'_>) -> Option<IpAddr> {
    let peer = request.remote()?.ip().to_canonical();
    let Some(app) = request.rocket().state::<App>() else {
        return Some(peer);
    };
    let said: Vec<&str> = request
        .headers()
        .get("X-Forwarded-For")
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    Some(client_behind(peer, &said, &app.settings.web))
}

fn client_behind(peer: IpAddr, said: &[&str], web: &WebSettings) -> IpAddr {
    let mut client = peer;
    for address in said.iter().rev() {
        let Ok(address) = address.parse::<IpAddr>() else {
            break;
        };
        if !web.trusts_proxy(client) {
            break;
        }
        client = address.to_canonical();
    }
    client
}

/// The path without what may not be logged: the token of a link that signs in is part of its path.
fn logged_path<'r>(request: &'r Request<'_>) -> &'r str {
    match request.uri().path().segments().next() {
        Some("login-link") => "/login-link/…",
        Some("login-with-url") => "/login-with-url/…",
        _ => request.uri().path().as_str(),
    }
}

/// Whether a path begins with this segment, as routes see it: doubled slashes and percent-encoded letters
/// make no difference.
fn is_below(request: &Request<'_>, first: &str) -> bool {
    request.uri().path().segments().next() == Some(first)
}

/// Whether this request's page shows another page of ours in a frame.
#[derive(Debug)]
struct FramesOurOwn(bool);

/// Lets the page that answers this request show pages of ours in frames; others show none.
pub fn frame_our_own(request: &Request<'_>) {
    request.local_cache(|| FramesOurOwn(true));
}

/// Headers that every answer carries, and the content security policy of pages.
pub struct SecurityHeaders {
    policy_before_nonce: String,
    policy_after_nonce: String,
    is_https: bool,
}

impl SecurityHeaders {
    pub fn new(settings: &Settings) -> Self {
        let (dev_scripts, dev_styles, dev_connect) = if settings.web.assets_dev_mode {
            (
                " http://localhost:5173",
                " 'unsafe-inline' http://localhost:5173",
                " http://localhost:5173 ws://localhost:5173",
            )
        } else {
            ("", "", "")
        };
        let report = settings
            .web
            .csp_report_uri
            .as_ref()
            .map(|uri| format!("; report-uri {uri}"))
            .unwrap_or_default();
        Self {
            policy_before_nonce: format!(
                "default-src 'none'; base-uri 'none'; connect-src 'self'{dev_connect}; font-src 'self' data:; \
                 form-action 'self' {github}; frame-ancestors 'self'; img-src 'self' blob: data: https://github.com \
                 https://avatars.githubusercontent.com; manifest-src 'self'; object-src 'none'; \
                 style-src 'self'{dev_styles}; script-src 'self'{dev_scripts} 'nonce-",
                github = settings.github.web_url.origin().ascii_serialization(),
            ),
            policy_after_nonce: format!("'{report}"),
            is_https: settings.web.base_url.scheme() == "https",
        }
    }
}

#[rocket::async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info {
            name: "security headers",
            kind: Kind::Response,
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
        response.set_header(Header::new("X-Frame-Options", "SAMEORIGIN"));
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        response.set_header(Header::new("Cross-Origin-Opener-Policy", "same-origin"));
        response.set_header(Header::new("X-XSS-Protection", "1; mode=block"));
        response.set_header(Header::new(
            "Permissions-Policy",
            "browsing-topics=(), interest-cohort=()",
        ));
        if self.is_https {
            response.set_header(Header::new(
                "Strict-Transport-Security",
                "max-age=31536000; includeSubDomains",
            ));
        }
        let is_docs = request.uri().path().segments().eq(["api", "docs"]);
        if is_below(request, "api") && !is_docs {
            response.set_header(Header::new("Vary", "Accept, Cookie"));
            return;
        }
        if is_below(request, "static") {
            return;
        }
        if !response.headers().contains("Vary") {
            response.set_header(Header::new("Vary", "Cookie"));
        }
        let is_page = response
            .content_type()
            .is_some_and(|content_type| content_type == ContentType::HTML);
        if is_page {
            let nonce = &context(request).nonce;
            let frames = if request.local_cache(|| FramesOurOwn(false)).0 {
                "; frame-src 'self'"
            } else {
                ""
            };
            let policy = format!("{}{nonce}{}{frames}", self.policy_before_nonce, self.policy_after_nonce);
            // One that an answer brings itself is stricter.
            if !response.headers().contains("Content-Security-Policy") {
                response.set_header(Header::new("Content-Security-Policy", policy));
            }
            if request.method() == Method::Get && !response.headers().contains("Cache-Control") {
                // What a page shows depends on who looks, and going back must not show another's.
                response.set_header(Header::new("Cache-Control", "private, no-cache"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_who_the_last_of_our_proxies_saw() {
        let web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        let client = |peer: &str, said: &[&str]| client_behind(peer.parse().unwrap(), said, &web).to_string();
        assert_eq!(client("172.17.0.2", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("172.17.0.2", &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("172.17.0.2", &["203.0.113.9", "172.17.0.3"]), "203.0.113.9");
        // Who is no proxy of ours speaks for nobody else.
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("172.17.0.2", &["sessionid=secret"]), "172.17.0.2");
        assert_eq!(client("172.17.0.2", &[]), "172.17.0.2");
    }

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
    }
}
