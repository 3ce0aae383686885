//! What is answered when no handler could: error pages, and their counterparts in JSON for the API.
//! They touch no database; what they know of the visitor was found out before.

use rocket::http::{ContentType, Header, Method, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Catcher, Request, Route, catch, catchers};
use serde::Serialize;

use super::App;
use super::api::{self, Answer};
use super::fairings::request_id;
use super::forms::CSRF_REFUSED;
use super::guards::actor;
use super::responders::{Plain, RetryAfter, Told};
use super::view::{Page, login_href, render};

pub fn pages() -> Vec<Catcher> {
    catchers![login_first, page]
}

pub fn api() -> Vec<Catcher> {
    catchers![json]
}

/// The view of `pages/error`.
#[derive(Debug, Serialize)]
pub struct ErrorView {
    pub code: String,
    pub name: &'static str,
    pub message: String,
    pub advice: Vec<&'static str>,
    pub login_href: Option<String>,
    pub support_email: String,
}

/// What an error page says: its name, its message, and what to do next. `told` is what the handler
/// had to say, if anything.
fn words(status: Status, told: Option<&str>) -> (&'static str, String, Vec<&'static str>) {
    if told == Some(CSRF_REFUSED) {
        return ("This form is out of date", CSRF_REFUSED.to_owned(), Vec::new());
    }
    let told = |default: &str| told.unwrap_or(default).to_owned();
    match status.code {
        400 => (
            "Bad request",
            told("What was sent could not be understood."),
            vec!["Go back, check what you entered, and send it again."],
        ),
        403 => (
            "Not allowed",
            told("You do not have permission to do this."),
            vec!["Ask somebody of your project to give you the role you need."],
        ),
        404 => (
            "Page not found",
            "There is nothing at this address.".to_owned(),
            vec![
                "The address may be mistyped.",
                "What was here may have been moved or renamed.",
                "It may be shown only to the people it concerns.",
            ],
        ),
        405 => (
            "Not possible here",
            "This address does not answer that kind of request.".to_owned(),
            vec!["Go back and use the page's own buttons and links."],
        ),
        409 => (
            "Changed meanwhile",
            told("What you asked for contradicts a change made meanwhile."),
            vec!["Go back, reload the page, and try again."],
        ),
        413 => (
            "Too large",
            told("What you sent is larger than this site takes."),
            vec!["Choose fewer items, or send less text."],
        ),
        429 => (
            "Too many attempts",
            told("There were too many attempts."),
            vec![
                "Wait, then try again.",
                "If it was not you who tried, tell us: somebody may be guessing.",
            ],
        ),
        503 => (
            "Temporarily unavailable",
            "The site cannot reach its database at the moment. Nothing you did was half done.".to_owned(),
            vec!["Wait a minute and reload the page."],
        ),
        code if code < 500 => (
            "Request refused",
            told("This request was refused."),
            vec!["Go back and try again."],
        ),
        _ => (
            "Something went wrong",
            "The site made a mistake. It was recorded for the people who run it.".to_owned(),
            vec![
                "Try again in a few minutes.",
                "If it happens again, tell us the request number below.",
            ],
        ),
    }
}

#[catch(401)]
fn login_first(request: &Request<'_>) -> Redirect {
    let uri = request.uri();
    Redirect::found(login_href(uri.path().as_str(), uri.query().map(|query| query.as_str())))
}

#[catch(default)]
async fn page(status: Status, request: &Request<'_>) -> Result<PageWithHeaders, Plain> {
    let (status, allow) = refine(status, request);
    let told = request.local_cache(Told::default).0.as_deref();
    error_page(status, told, request)
        .await
        .map(|page| PageWithHeaders { page, allow })
        .ok_or_else(|| {
            Plain(
                status,
                ContentType::Plain,
                format!("{status}\nRequest {}\n", request_id(request)),
            )
        })
}

/// An error page in the site's frame.
pub async fn error_page(status: Status, told: Option<&str>, request: &Request<'_>) -> Option<Page> {
    let app = request.rocket().state::<App>()?;
    // Only who was already found out: a page about a dead database does not ask it.
    let is_outage = status.code >= 500;
    let actor = if is_outage {
        Default::default()
    } else {
        actor(request).await.as_ref().ok()?.clone()
    };
    let is_signed_in = actor.signed_in().is_some();
    let visit = super::guards::Visit {
        app,
        actor,
        request,
        csrf: super::forms::CsrfToken::of(request),
        flash: None,
    };
    let (name, message, advice) = words(status, told);
    let chrome = visit.chrome(name).here("Page", name);
    // Signing in does not mend a form.
    let is_form = told == Some(CSRF_REFUSED);
    let offers_login = !is_signed_in && !is_form && matches!(status.code, 403 | 404);
    let view = ErrorView {
        code: if is_form {
            "CSRF".to_owned()
        } else {
            status.code.to_string()
        },
        name,
        message,
        advice,
        login_href: offers_login.then(|| chrome.login_href.clone()),
        support_email: app.settings.web.support_email.clone(),
    };
    Some(render(status, "pages/error", chrome, &view))
}

struct PageWithHeaders {
    page: Page,
    allow: Option<String>,
}

impl<'r> Responder<'r, 'static> for PageWithHeaders {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = self.page.respond_to(request)?;
        response.set_header(Header::new("Cache-Control", "no-store"));
        if let Some(allow) = self.allow {
            response.set_header(Header::new("Allow", allow));
        }
        if [Status::ServiceUnavailable, Status::TooManyRequests].contains(&response.status()) {
            response.set_header(Header::new("Retry-After", RetryAfter::of(request)));
        }
        Ok(response)
    }
}

/// A parameter that does not parse is an address that does not exist; an address that answers other
/// methods only is 405, and says which.
fn refine(status: Status, request: &Request<'_>) -> (Status, Option<String>) {
    if status != Status::NotFound && status != Status::UnprocessableEntity {
        return (status, None);
    }
    let methods = other_methods(request);
    if !methods.is_empty() && request.local_cache(Told::default).0.is_none() {
        return (Status::MethodNotAllowed, Some(methods.join(", ")));
    }
    (Status::NotFound, None)
}

/// The methods that this path answers, when this request's is not among them.
fn other_methods(request: &Request<'_>) -> Vec<&'static str> {
    let path: Vec<&str> = request
        .uri()
        .path()
        .raw_segments()
        .map(|segment| segment.as_str())
        // A slash at the end makes an empty one.
        .filter(|segment| !segment.is_empty())
        .collect();
    let methods = |is_of_words: bool| {
        request
            .rocket()
            .routes()
            .filter(|route| is_of_words == has_words(route) && fits(route, &path))
            .map(|route| route.method)
            .collect::<Vec<_>>()
    };
    let mut found = methods(true);
    let reads = matches!(request.method(), Method::Get | Method::Head);
    if found.is_empty() && !reads {
        found = methods(false);
    }
    if found.contains(&request.method()) || (request.method() == Method::Head && found.contains(&Method::Get)) {
        return Vec::new();
    }
    if found.contains(&Method::Get) {
        found.push(Method::Head);
    }
    let mut names: Vec<&str> = found.into_iter().map(Method::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a route has a fixed word in its path, or is the home page's. Those of parameters alone (a
/// project's pages) answer GET for almost anything, so they say nothing about an address that is not there.
fn has_words(route: &Route) -> bool {
    let mut segments = route
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .peekable();
    segments.peek().is_none() || segments.any(|segment| !segment.starts_with('<'))
}

/// Whether a route is about this path.
pub(in crate::web) fn fits(route: &Route, path: &[&str]) -> bool {
    let pattern: Vec<&str> = route
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let is_fixed = |segment: &&str| !segment.starts_with('<');
    let rest = pattern.last().is_some_and(|segment| segment.ends_with("..>"));
    let fixed = if rest {
        &pattern[..pattern.len() - 1]
    } else {
        &pattern[..]
    };
    if path.len() < fixed.len() || (!rest && path.len() != fixed.len()) {
        return false;
    }
    fixed
        .iter()
        .zip(path)
        .all(|(pattern, segment)| !is_fixed(pattern) || pattern == segment)
}

/// Errors of the API: always `application/json`, always an object with `detail`.
#[catch(default)]
fn json(status: Status, request: &Request<'_>) -> Answer {
    let told = request.local_cache(Told::default).0.clone();
    api::error(status, told, request_id(request))
}
