//! Signing in with GitHub: the way there, and the way back.

use std::collections::HashMap;

use rocket::data::{ByteUnit, FromData};
use rocket::http::{CookieJar, Header, Status};
use rocket::outcome::Outcome as GuardOutcome;
use rocket::response::Responder;
use rocket::{Data, Request, get, post};
use serde::Serialize;

use super::enter;
use super::failed::{Failed, FailedPage};
use super::name;
use crate::core::people::attempts::{self, Trial};
use crate::core::people::identities::{self, Admission, Newcomer, NewcomerEmail, Visitor};
use crate::web::App;
use crate::web::cookies;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, Visit, safe_next};
use crate::web::limits::{self, NotTaken};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome, Told};
use crate::web::view::{Page, encode_next};

/// What is answered on the way, kept by nobody.
#[derive(Responder)]
pub enum Step {
    Answer(Answer),
    Failed(Box<FailedPage>),
}

impl From<Answer> for Step {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<Page> for Step {
    fn from(page: Page) -> Self {
        Self::Answer(page.into())
    }
}

/// An answer that no cache and no browser keeps: it is about one moment of one login.
pub struct Uncached(Step);

impl<T: Into<Step>> From<T> for Uncached {
    fn from(step: T) -> Self {
        Self(step.into())
    }
}

impl From<FailedPage> for Uncached {
    fn from(page: FailedPage) -> Self {
        Self(Step::Failed(Box::new(page)))
    }
}

impl<'r> Responder<'r, 'static> for Uncached {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = self.0.respond_to(request)?;
        response.set_header(Header::new(
            "Cache-Control",
            "max-age=0, no-cache, no-store, must-revalidate, private",
        ));
        Ok(response)
    }
}

/// The largest form that begins a login: an address to come back to is at most 2 KiB and may be encoded to thrice
/// that, and nothing else is in it. It is read before anybody proved anything.
const LARGEST_START: ByteUnit = ByteUnit::Kibibyte(16);

/// A form that begins a login. It needs no token: that no other site has pressed the button, the browser's own
/// word tells.
pub struct Start {
    next: String,
    /// The page that it was sent from is this site's under another name than `BASE_URL`'s, where the way
    /// back from GitHub would not find this browser's cookies.
    is_elsewhere: bool,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Start {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> rocket::data::Outcome<'r, Self> {
        let Some(app) = request.rocket().state::<App>() else {
            return GuardOutcome::Error((Status::InternalServerError, ()));
        };
        let refuse = |status: Status, why: &str| {
            request.local_cache(|| Told(Some(why.to_owned())));
            GuardOutcome::Error((status, ()))
        };
        match limits::whole(data, LARGEST_START).await {
            Ok(body) => {
                let fields: HashMap<_, _> = url::form_urlencoded::parse(&body).into_owned().collect();
                GuardOutcome::Success(Self {
                    next: safe_next(fields.get("next").map(String::as_str)).into_owned(),
                    is_elsewhere: is_elsewhere(request, app),
                })
            }
            Err(NotTaken::TooLarge) => refuse(Status::PayloadTooLarge, "The address to come back to is too long."),
            Err(NotTaken::Broken) => refuse(Status::BadRequest, "The form did not arrive whole. Send it again."),
        }
    }
}

/// Whether the browser says that a page of this very host sent the form, and that host is not `BASE_URL`'s.
fn is_elsewhere(request: &Request<'_>, app: &App) -> bool {
    let headers = request.headers();
    let Some(origin) = headers
        .get_one("Origin")
        .and_then(|origin| url::Url::parse(origin).ok())
    else {
        return false;
    };
    let is_own = headers
        .get_one("Sec-Fetch-Site")
        .is_none_or(|site| site == "same-origin");
    let authority = match (origin.host_str(), origin.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return false,
    };
    is_own
        && origin.origin() != app.settings.web.base_url.origin()
        && request.host().is_some_and(|host| host.to_string() == authority)
}

#[derive(Debug, Serialize)]
pub struct ElsewhereView {
    /// Host and port, as people know them.
    pub own_address: String,
    pub href: String,
}

/// Sends the visitor to GitHub.
#[post("/login/github", data = "<start>")]
pub async fn depart(
    visit: Visit<'_>,
    db: &Database,
    client: Client<'_>,
    jar: &CookieJar<'_>,
    start: Start,
) -> Outcome<Uncached> {
    let app = visit.app;
    if start.is_elsewhere {
        let own = &app.settings.web.base_url;
        let view = ElsewhereView {
            own_address: own[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
            href: app
                .settings
                .web
                .absolute(&format!("/login/?next={}", encode_next(&start.next))),
        };
        let title = format!("Sign in at {}", view.own_address);
        let chrome = visit.chrome(title).here("Page", "Sign in");
        return Ok(visit.render("pages/login_elsewhere", chrome, &view).into());
    }
    attempts::take(db, Trial::GithubLogin, client.who()).await?;
    let browser = cookies::browser(jar, &app.settings.web);
    let href = identities::begin(db, &app.sealer, &*app.identities, &browser, &start.next).await?;
    Ok(Answer::redirect(href).into())
}

/// There is no other provider.
#[post("/login/<_provider>", rank = 2)]
pub fn no_such_provider(_provider: &str) -> Outcome<()> {
    Err(Failure::not_found("Provider"))
}

/// What GitHub sent a visitor back with.
struct Callback {
    error: Option<String>,
    state: String,
    code: String,
}

impl Callback {
    fn of(visit: &Visit<'_>) -> Self {
        let query = visit.query().unwrap_or_default();
        let mut pairs: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self {
            error: pairs.remove("error"),
            state: pairs.remove("state").unwrap_or_default(),
            code: pairs.remove("code").unwrap_or_default(),
        }
    }

    /// What GitHub says went wrong, if anything.
    fn failure(&self) -> Option<Failed> {
        let error = self.error.as_deref()?.to_ascii_lowercase();
        if error.contains("denied") || error.contains("cancelled") {
            Some(Failed::Denied)
        } else {
            Some(Failed::SentBack)
        }
    }
}

/// Takes the visitor back from GitHub.
#[get("/complete/github")]
pub async fn come_back(visit: Visit<'_>, db: &Database, client: Client<'_>, jar: &CookieJar<'_>) -> Outcome<Uncached> {
    attempts::take(db, Trial::GithubLogin, client.who()).await?;
    let app = visit.app;
    let callback = Callback::of(&visit);
    let browser = known_browser(&visit, jar);
    let returned = match &browser {
        Some(browser) => identities::take_up(db, &app.sealer, &callback.state, browser).await?,
        None => None,
    };
    let Some((returned, browser)) = returned.zip(browser) else {
        // Without a login of ours, an error in the address is anybody's.
        let failed = match callback.failure() {
            Some(Failed::Denied) => Failed::Denied,
            _ => Failed::Unknown,
        };
        return Ok(failed.page(&visit, "/").into());
    };
    let next = returned.next;
    if let Some(failed) = callback.failure() {
        return Ok(failed.page(&visit, &next).into());
    }
    if returned.is_late {
        return Ok(Failed::Late.page(&visit, &next).into());
    }
    if callback.code.is_empty() {
        return Ok(Failed::NoCode.page(&visit, &next).into());
    }
    let identity = match app.identities.identify(&callback.code, returned.verifier).await {
        Ok(identity) => identity,
        Err(error) => return Ok(Failed::Provider(error).page(&visit, &next).into()),
    };
    let visitor = visitor(&visit, &client, &browser);
    let admission = identities::settle(db, &identity, &next, visitor).await?;
    answer(&visit, db, jar, admission).await
}

/// Goes on with a login that waited for a name.
#[post("/complete/github", data = "<form>")]
pub async fn go_on_with_name(
    visit: Visit<'_>,
    db: &Database,
    client: Client<'_>,
    jar: &CookieJar<'_>,
    form: CsrfForm,
) -> Outcome<Uncached> {
    attempts::take(db, Trial::GithubLogin, client.who()).await?;
    let token = form.text("partial_token");
    let browser = known_browser(&visit, jar).unwrap_or_default();
    let visitor = visitor(&visit, &client, &browser);
    match identities::settle_with_name(db, token, form.text("name"), visitor).await {
        Ok(admission) => answer(&visit, db, jar, admission).await,
        Err(crate::core::error::Error::Invalid(errors)) => {
            name::again(&visit, db, token, &browser, &form, &errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What the browser is known by, when it is.
pub(super) fn known_browser(visit: &Visit<'_>, jar: &CookieJar<'_>) -> Option<String> {
    let cookie = jar.get(cookies::Kind::Browser.name(&visit.app.settings.web))?;
    Some(cookie.value().to_owned())
}

fn visitor<'a>(visit: &'a Visit<'_>, client: &'a Client<'_>, browser: &'a str) -> Visitor<'a> {
    Visitor {
        browser,
        place: client.place(),
        signed_in: visit.signed_in().map(|user| user.id),
        channel: &visit.app.settings.slack.channels.registrations,
    }
}

async fn answer(visit: &Visit<'_>, db: &Database, jar: &CookieJar<'_>, admission: Admission) -> Outcome<Uncached> {
    match admission {
        Admission::Out { refusal, next } => Ok(Failed::Refused(refusal).page(visit, &next).into()),
        Admission::NameMissing { token } => Ok(Answer::redirect(name::href(&token)).into()),
        Admission::In {
            session,
            newcomer,
            next,
        } => {
            enter(visit.app, db, jar, &session).await?;
            let support = &visit.app.settings.web.support_email;
            let (tone, text) = greeting(&session.username, newcomer, support);
            Ok(Answer::told(safe_next(Some(&next)), tone, text).into())
        }
    }
}

/// What somebody is told who is in.
fn greeting(username: &str, newcomer: Option<Newcomer>, support: &str) -> (&'static str, String) {
    let signed_in = format!("You are signed in as {username}.");
    match newcomer.map(|newcomer| newcomer.email) {
        None | Some(NewcomerEmail::OfInvited) => ("success", signed_in),
        Some(NewcomerEmail::Kept) => ("success", format!("Welcome. {signed_in}")),
        Some(NewcomerEmail::Unknown) => (
            "warning",
            format!(
                "Welcome. {signed_in} GitHub knows no verified e-mail address of yours, so no mail can reach you. \
                 You can give one in your settings."
            ),
        ),
        Some(NewcomerEmail::Taken(email)) => (
            "warning",
            format!(
                "Welcome. {signed_in} Another user here has your e-mail address {email}, so this account has none. \
                 Give another one in your settings; if both accounts are yours, write to {support}."
            ),
        ),
    }
}
