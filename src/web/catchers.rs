//! What is answered when no handler could: error pages, and their counterparts in JSON for the API.
//! They touch no database for faults of ours; otherwise they ask at most who is visiting. When not even a template
//! can be filled, a page that needs nothing says so.

mod bare;
mod methods;
mod words;

use rocket::http::{Header, Method, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Catcher, Request, Response, catch, catchers};
use serde::Serialize;

use self::bare::Bare;
use self::methods::{answers_get, refine};
pub(in crate::web) use self::methods::{fits, segments};
use self::words::{Case, Words};
use super::App;
use super::api::{self, Answer};
use super::fairings::{finish_unseen, request_id};
use super::forgery::{changes_nothing, is_our_address};
use super::forms::CSRF_REFUSED;
use super::guards::{actor, safe_next_or};
use super::responders::{RetryAfter, Told};
use super::view::{Page, encode_next, encode_segment, login_href, render};
use crate::core::redirects;

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
    /// What to do next, when it is one thing; else `advice` has them.
    pub hint: Option<&'static str>,
    pub advice: Vec<&'static str>,
    /// The ways on; the first is the one to take.
    pub actions: Vec<Action>,
    pub support: Option<Support>,
}

/// A way on from an error page.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    pub label: &'static str,
    /// Empty for the address that the browser shows: a proxy may show this page in another's place.
    pub href: String,
    pub is_first: bool,
}

/// Whom to write to about it.
#[derive(Debug, Serialize)]
pub struct Support {
    pub email: String,
    pub href: String,
}

impl Support {
    /// A mail about something; `None` when nobody is there to be written to.
    pub fn about(app: &App, subject: &str) -> Option<Self> {
        let email = app.settings.web.support_email.clone();
        (!email.is_empty()).then(|| Self {
            href: format!("mailto:{email}?subject={}", encode_segment(subject)),
            email,
        })
    }
}

/// Sends somebody to sign in, and from there to where they wanted. What they sent is not kept: a form's
/// address may answer no GET, so they are sent back to the page of the form.
///
/// What htmx asks for is a part of a page that is open: with a page to sign in at in its place, what is typed there
/// would be lost. It is told the status alone, and says so.
#[catch(401)]
fn login_first(request: &Request<'_>) -> Finished<LoginFirst> {
    if request.headers().get_one("HX-Request") == Some("true") {
        return Finished(LoginFirst::Told((Status::Unauthorized, ())));
    }
    let uri = request.uri();
    let to = if changes_nothing(request.method()) {
        login_href(uri.path().as_str(), uri.query().map(|query| query.as_str()))
    } else {
        let page = came_from(request).unwrap_or_else(|| "/".to_owned());
        format!("/login/?next={}", encode_next(&page))
    };
    Finished(LoginFirst::Go(Box::new(Redirect::found(to))))
}

#[derive(rocket::Responder)]
enum LoginFirst {
    Go(Box<Redirect>),
    Told((Status, ())),
}

#[catch(default)]
async fn page(status: Status, request: &Request<'_>) -> Finished<PageOrMoved> {
    let (status, allow) = refine(status, request);
    if status == Status::NotFound
        && matches!(request.method(), Method::Get | Method::Head)
        && let Some(to) = moved(request).await
    {
        // It ends when staff end it, or when something else gets this address.
        let asked_again = Header::new("Cache-Control", "no-cache");
        return Finished(PageOrMoved::Moved(Box::new(Redirect::moved(to)), asked_again));
    }
    let told = request.local_cache(Told::default).0.as_deref();
    Finished(PageOrMoved::Page(Box::new(PageOrBare {
        page: error_page(status, told, request).await,
        status,
        allow,
    })))
}

/// Where the thing is now that was at this address, its query kept. When that cannot be told, the page that says
/// that nothing is here serves as well.
async fn moved(request: &Request<'_>) -> Option<String> {
    let path = request.uri().path().as_str();
    let app = request.rocket().state::<App>()?;
    let among = |candidates| app.old_addresses.among(candidates);
    if among(redirects::candidates(path)).is_empty() {
        return None;
    }
    let mut conn = app.db.read().await.ok()?;
    let target = redirects::follow(&mut conn, path, among)
        .await
        .inspect_err(|error| tracing::warn!(%error, "an old address could not be looked up"))
        .ok()??;
    Some(match request.uri().query() {
        Some(query) => format!("{target}?{query}"),
        None => target,
    })
}

/// An error page in the site's frame.
pub async fn error_page(status: Status, told: Option<&str>, request: &Request<'_>) -> Option<Page> {
    let app = request.rocket().state::<App>()?;
    let is_outage = status.code >= 500;
    // A page about a dead database does not ask it; another page can do without who is visiting.
    let actor = if is_outage {
        Default::default()
    } else {
        actor(request).await.as_ref().ok().cloned().unwrap_or_default()
    };
    let case = Case {
        status,
        told,
        is_signed_in: actor.signed_in().is_some(),
        is_form: told == Some(CSRF_REFUSED),
    };
    let visit = super::guards::Visit {
        app,
        actor,
        request,
        csrf: super::forms::CsrfToken::of(request),
        flash: None,
    };
    let Words { name, message, advice } = words::of(&case);
    let mut chrome = visit.chrome(name).here("Page", name);
    if is_outage {
        // Nobody looked who is visiting, so nobody is told to sign in.
        chrome.login_href.clear();
    }
    // One sentence is no list.
    let (hint, advice) = match advice.as_slice() {
        [hint] => (Some(*hint), Vec::new()),
        _ => (None, advice),
    };
    let view = ErrorView {
        code: if case.is_form {
            "CSRF".to_owned()
        } else {
            status.code.to_string()
        },
        name,
        message,
        hint,
        advice,
        actions: actions(&case, request, &chrome.login_href),
        support: support(app, request),
    };
    Some(render(status, "pages/error", chrome, &view))
}

fn support(app: &App, request: &Request<'_>) -> Option<Support> {
    Support::about(app, &format!("Request {}", request_id(request)))
}

fn actions(case: &Case<'_>, request: &Request<'_>, login_href: &str) -> Vec<Action> {
    let mut ways: Vec<(&'static str, String)> = Vec::new();
    let is_read = changes_nothing(request.method());
    match case.status.code {
        500.. if is_read => ways.push(("Try again", String::new())),
        403 | 404 if is_read && !case.is_signed_in => ways.push(("Sign in", login_href.to_owned())),
        _ => {}
    }
    if !is_read && let Some(page) = came_from(request) {
        ways.push(("Back to the page you came from", page));
    }
    ways.push(("Go to the home page", "/".to_owned()));
    ways.into_iter()
        .enumerate()
        .map(|(place, (label, href))| Action {
            label,
            href,
            is_first: place == 0,
        })
        .collect()
}

/// The page of ours from which this was sent, when it can be opened again.
fn came_from(request: &Request<'_>) -> Option<String> {
    let app = request.rocket().state::<App>()?;
    let referer = url::Url::parse(request.headers().get_one("Referer")?).ok()?;
    if !is_our_address(&referer, request, &app.settings.web) || !answers_get(request.rocket(), referer.path()) {
        return None;
    }
    let page = &referer[url::Position::BeforePath..url::Position::AfterQuery];
    let safe = safe_next_or(Some(page), "");
    (!safe.is_empty()).then(|| safe.into_owned())
}

/// Answers that Rocket asks for without telling a fairing get what fairings give others.
struct Finished<R>(R);

impl<'r, R: Responder<'r, 'static>> Responder<'r, 'static> for Finished<R> {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = self.0.respond_to(request)?;
        finish_unseen(request, &mut response);
        Ok(response)
    }
}

#[derive(rocket::Responder)]
enum PageOrMoved {
    Page(Box<PageOrBare>),
    Moved(Box<Redirect>, Header<'static>),
}

struct PageOrBare {
    page: Option<Page>,
    status: Status,
    allow: Option<String>,
}

impl<'r> Responder<'r, 'static> for PageOrBare {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let filled = self.page.and_then(|page| page.respond_to(request).ok());
        let mut response: Response<'static> = match filled {
            Some(response) => response,
            None => Bare(self.status).respond_to(request)?,
        };
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

/// Errors of the API: always `application/json`, always an object with `detail`.
#[catch(default)]
fn json(status: Status, request: &Request<'_>) -> Finished<Answer> {
    let told = request.local_cache(Told::default).0.clone();
    Finished(api::error(status, told, request_id(request)))
}
