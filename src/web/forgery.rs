//! Requests that another site has a visitor's browser make.
//!
//! Two nets. What the browser itself says of the sender is looked at before any guard runs, on every
//! route of a page that changes something ([`guarded`]); the token is in the form, and a [`CsrfForm`] is
//! the only way to a field. A handler that takes no [`CsrfForm`] gets no answer out, only 500: whoever forgets it
//! finds out at the first try. That is a finding and no prevention, as by then the handler has done what it
//! does; what keeps such a handler out of a release is the test that asks every route without a token and
//! compares the whole database (`no_handler_forgets_the_token`).
//!
//! [`CsrfForm`]: super::forms::CsrfForm

use std::sync::atomic::{AtomicBool, Ordering};

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use super::App;
use super::fairings;
use super::forms::CSRF_REFUSED;
use super::responders::Told;
use crate::config::WebSettings;

/// Routes without a token in their form, because the browser's word is enough: setting off to GitHub changes
/// nothing for whoever is signed in, and nothing comes of it but in the same browser.
const BY_WORD_ALONE: &[&str] = &["/login/github"];

/// Who made a request, as far as the browser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A page of ours, or the visitor with their own hands.
    Ours,
    /// The browser says nothing: an old one, or a program.
    Unsaid,
    /// A page that is not ours, with the header that says so.
    Foreign(Header),
}

/// The header that named a foreign sender, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    Fetch(String),
    Origin(String),
    Referer(String),
}

/// What the browser says of the sender. One header that names another site is enough to refuse; another port, a
/// host below ours or beside it, the other scheme and `Origin: null` are other sites. `Referer` counts when there is
/// neither `Origin` nor `Sec-Fetch-Site`, which every browser of this decade sends.
pub fn sender(request: &Request<'_>, web: &WebSettings) -> Sender {
    let headers = request.headers();
    let host = request.host().map(ToString::to_string);
    let is_ours = |origin: &str| is_our_origin(origin, host.as_deref(), web);
    let mut is_said = false;
    for site in headers.get("Sec-Fetch-Site") {
        if !matches!(site, "same-origin" | "none") {
            return Sender::Foreign(Header::Fetch(site.to_owned()));
        }
        is_said = true;
    }
    for origin in headers.get("Origin") {
        if !is_ours(origin) {
            return Sender::Foreign(Header::Origin(origin.to_owned()));
        }
        is_said = true;
    }
    if is_said {
        return Sender::Ours;
    }
    let Some(referer) = headers.get_one("Referer") else {
        return Sender::Unsaid;
    };
    let origin = url::Url::parse(referer).map(|url| url.origin().ascii_serialization());
    match origin {
        Ok(origin) if is_ours(&origin) => Sender::Ours,
        _ => Sender::Foreign(Header::Referer(referer.to_owned())),
    }
}

/// The site's own address, or the name under which it was asked: a copy may be reached by several, and no
/// other site can make a browser send a `Host` that is not its own. Where the site has https, a page that came
/// without it may have been made by anybody on the way.
fn is_our_origin(origin: &str, host: Option<&str>, web: &WebSettings) -> bool {
    if origin == web.base_url.origin().ascii_serialization() {
        return true;
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    let is_scheme = scheme == "https" || (scheme == "http" && web.base_url.scheme() == "http");
    is_scheme && host == Some(rest)
}

/// Whether an address leads to us, by the name that the site has or is asked for by.
pub(in crate::web) fn is_our_address(url: &url::Url, request: &Request<'_>, web: &WebSettings) -> bool {
    let host = request.host().map(ToString::to_string);
    is_our_origin(&url.origin().ascii_serialization(), host.as_deref(), web)
}

/// Whether the sender is a page that is not ours, or may be: where there is https, browsers that say nothing are
/// as good as gone.
pub fn is_suspect(sender: &Sender, web: &WebSettings) -> bool {
    match sender {
        Sender::Ours => false,
        Sender::Unsaid => web.base_url.scheme() == "https",
        Sender::Foreign(_) => true,
    }
}

/// Whether a request proved that a page of ours sent it.
#[derive(Debug, Default)]
struct Proof(AtomicBool);

/// Notes that a request is proven: called by what looked at the token.
pub(in crate::web) fn is_proven(request: &Request<'_>) {
    request.local_cache(Proof::default).0.store(true, Ordering::Relaxed);
}

/// Puts the nets around a page's route. Routes that change nothing stay as they are.
pub fn guarded(mut route: Route) -> Route {
    if changes_nothing(route.method) {
        return route;
    }
    let is_by_word = BY_WORD_ALONE.contains(&route.uri.path());
    let handler = route.handler.clone();
    route.handler = Box::new(Guarded { handler, is_by_word });
    route
}

/// Whether a method only reads, by what HTTP says of it.
pub fn changes_nothing(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace)
}

#[derive(Clone)]
struct Guarded {
    handler: Box<dyn Handler>,
    is_by_word: bool,
}

#[rocket::async_trait]
impl Handler for Guarded {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let Some(app) = request.rocket().state::<App>() else {
            return Outcome::Error(Status::InternalServerError);
        };
        let web = &app.settings.web;
        let sender = sender(request, web);
        if is_suspect(&sender, web) {
            request.local_cache(|| Told(Some(CSRF_REFUSED.to_owned())));
            return Outcome::Error(Status::Forbidden);
        }
        if self.is_by_word {
            is_proven(request);
        }
        let outcome = self.handler.handle(request, data).await;
        let is_answered = matches!(outcome, Outcome::Success(_));
        if is_answered && !request.local_cache(Proof::default).0.load(Ordering::Relaxed) {
            tracing::error!(
                request_id = fairings::request_id(request),
                route = request.route().map(|route| route.uri.path()),
                "a handler that changes something takes no CsrfForm"
            );
            return Outcome::Error(Status::InternalServerError);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::Header as HttpHeader;
    use rocket::http::uri::Host;
    use rocket::local::asynchronous::Client;

    use super::*;
    use crate::config::Settings;

    async fn says(base: &str, host: &str, headers: &[(&str, &str)]) -> Sender {
        let mut web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        web.base_url = base.parse().unwrap();
        let client = Client::untracked(rocket::build()).await.unwrap();
        let mut request = client.post("/");
        request
            .inner_mut()
            .set_host(Host::parse_owned(host.to_owned()).unwrap());
        for (name, value) in headers {
            request = request.header(HttpHeader::new((*name).to_owned(), (*value).to_owned()));
        }
        sender(&request, &web)
    }

    #[rocket::async_test]
    async fn a_browser_says_who_sends() {
        let https = "https://jobs.example.org";
        for (headers, is_ours) in [
            (&[("Origin", "https://jobs.example.org")][..], true),
            (&[("Sec-Fetch-Site", "same-origin")], true),
            (&[("Sec-Fetch-Site", "none")], true),
            (&[("Referer", "https://jobs.example.org/a/?b=c")], true),
            (
                &[("Origin", "https://jobs.example.org"), ("Referer", "https://evil.com/")],
                true,
            ),
            (&[("Sec-Fetch-Site", "cross-site")], false),
            (&[("Sec-Fetch-Site", "same-site")], false),
            (&[("Sec-Fetch-Site", "whatever")], false),
            (
                &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.com")],
                false,
            ),
            (
                &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
                false,
            ),
            (&[("Origin", "null")], false),
            (&[("Origin", "")], false),
            (&[("Origin", "https://evil.com")], false),
            (
                &[("Origin", "https://jobs.example.org"), ("Origin", "https://evil.com")],
                false,
            ),
            (&[("Origin", "https://jobs.example.org:8443")], false),
            (&[("Origin", "http://jobs.example.org")], false),
            (&[("Origin", "https://evil.jobs.example.org")], false),
            (&[("Origin", "https://example.org")], false),
            (&[("Origin", "https://jobs.example.org.evil.com")], false),
            (&[("Origin", "https://jobs.example.org@evil.com")], false),
            (&[("Referer", "https://evil.com/https://jobs.example.org/")], false),
            (&[("Referer", "http://jobs.example.org/")], false),
            (&[("Referer", "about:blank")], false),
            (&[("Referer", "not an address")], false),
        ] {
            let said = says(https, "jobs.example.org", headers).await;
            assert_eq!(said == Sender::Ours, is_ours, "{headers:?}: {said:?}");
            assert_ne!(said, Sender::Unsaid, "{headers:?}");
        }
        assert_eq!(says(https, "jobs.example.org", &[]).await, Sender::Unsaid);
    }

    #[rocket::async_test]
    async fn a_site_may_have_several_names_but_one_scheme() {
        let origin = async |base: &str, host: &str, origin: &str| says(base, host, &[("Origin", origin)]).await;
        // Asked for by another name than its own.
        assert_eq!(
            origin("http://localhost:8000", "127.0.0.1:8000", "http://127.0.0.1:8000").await,
            Sender::Ours
        );
        assert_eq!(
            origin("http://localhost:8000", "127.0.0.1:8000", "https://127.0.0.1:8000").await,
            Sender::Ours
        );
        assert_eq!(
            origin("https://jobs.example.org", "jobs.internal", "https://jobs.internal").await,
            Sender::Ours
        );
        for foreign in [
            "http://jobs.internal",
            "https://jobs.internal:1",
            "ftp://jobs.internal",
            "jobs.internal",
        ] {
            let said = origin("https://jobs.example.org", "jobs.internal", foreign).await;
            assert_eq!(said, Sender::Foreign(Header::Origin(foreign.to_owned())));
        }
    }

    #[test]
    fn silence_is_suspect_where_there_is_https() {
        let mut web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        assert!(!is_suspect(&Sender::Unsaid, &web));
        web.base_url = "https://jobs.example.org".parse().unwrap();
        assert!(is_suspect(&Sender::Unsaid, &web));
        assert!(!is_suspect(&Sender::Ours, &web));
    }
}
