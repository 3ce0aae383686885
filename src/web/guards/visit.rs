//! Somebody's visit: who they are, where they are, and what their page needs to know.

use std::sync::OnceLock;

use rocket::Request;
use rocket::http::{Method, Status};
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome};
use secrecy::SecretString;

use crate::core::access::{Actor, SignedIn};
use crate::core::error::{Error, Result};
use crate::core::people::sessions;
use crate::telemetry;
use crate::web::App;
use crate::web::catchers::fits;
use crate::web::cookies::{self, Kind};
use crate::web::database::Database;
use crate::web::fairings::{self, SignedInAs};
use crate::web::forms::CsrfToken;
use crate::web::message;
use crate::web::responders::tell;
use crate::web::session_cookie;

/// A visit to a page. `Visit` in a handler's signature means: everybody may come.
pub struct Visit<'r> {
    pub app: &'r App,
    pub actor: Actor,
    pub(in crate::web) request: &'r Request<'r>,
    pub(in crate::web) csrf: &'r CsrfToken,
    pub(in crate::web) flash: Option<(&'static str, String)>,
}

/// A visit by somebody signed in; others are sent to the login page.
pub struct User<'r> {
    pub visit: Visit<'r>,
    pub user: SignedIn,
}

impl User<'_> {
    /// The session that this is a visit of; `None` never in practice, as it made somebody signed in.
    pub fn session_id(&self) -> Option<i64> {
        self.visit.request.local_cache(OfSession::default).0.get().copied()
    }
}

impl<'r> Visit<'r> {
    /// The path as it came, decoded no further than the browser did.
    pub fn path(&self) -> &'r str {
        self.request.uri().path().as_str()
    }

    /// The query as it came, without `?`.
    pub fn query(&self) -> Option<&'r str> {
        self.request.uri().query().map(|query| query.as_str())
    }

    pub fn request_id(&self) -> &'r str {
        fairings::request_id(self.request)
    }

    /// The address of a page of the staff area, for who may enter it and when this site has that page:
    /// a link that leads nowhere is worse than none.
    pub fn staff_href(&self, path: impl Into<String>) -> Option<String> {
        let path = path.into();
        let has_page = || {
            let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
            self.request
                .rocket()
                .routes()
                .any(|route| route.uri.path().starts_with("/staff") && fits(route, &segments))
        };
        (self.actor.may_enter_staff_area() && has_page()).then_some(path)
    }

    /// Whether the browser keeps a message for the next page: something was just done.
    pub(in crate::web) fn has_message(&self) -> bool {
        self.flash.is_some()
    }

    /// The message that the browser kept, for a page that shows it now: it does so once.
    pub(in crate::web) fn shown_message(&self) -> Option<(&'static str, String)> {
        if self.flash.is_some() {
            message::forget(self.request.cookies(), self.app);
        }
        self.flash.clone()
    }

    /// Where else than here who is signed in can sign in, by name.
    pub(in crate::web) fn social_login(&self) -> Option<&'static str> {
        let known = &self.request.local_cache(HasSocialAccount::default).0;
        (known.get() == Some(&true)).then_some("GitHub")
    }

    /// Somebody signed in, or what sends others to the login page.
    pub fn signed_in(&self) -> Option<&SignedIn> {
        self.actor.signed_in()
    }
}

/// Whether who is signed in has an account of GitHub to sign in with.
#[derive(Debug, Default)]
struct HasSocialAccount(OnceLock<bool>);

/// Which session this request is of: set by whoever found out.
#[derive(Debug, Default)]
struct OfSession(OnceLock<i64>);

/// Who the session's cookie belongs to; looked up once per request.
pub(in crate::web) async fn actor<'r>(request: &'r Request<'_>) -> &'r Result<Actor> {
    request
        .local_cache_async(async {
            let Some(token) = cookies::get(request, Kind::Session).map(SecretString::from) else {
                return Ok(Actor::anonymous());
            };
            let Some(database) = request.rocket().state::<Database>() else {
                return Err(Error::Internal("no database is managed".into()));
            };
            let mut conn = database.read().await?;
            let Some(found) = sessions::find(&mut conn, &token).await? else {
                session_cookie::end(request);
                return Ok(Actor::anonymous());
            };
            if found.must_rotate && is_navigation(request) {
                let renewed = sessions::rotate(&mut conn, found.id, &token).await?;
                if let Some(token) = renewed {
                    session_cookie::renew(request, token);
                }
            }
            if found.is_stale {
                sessions::note_use(&mut conn, found.id).await?;
            }
            let _ = request.local_cache(OfSession::default).0.set(found.id);
            let has_social_account = &request.local_cache(HasSocialAccount::default).0;
            let _ = has_social_account.set(found.has_social_account);
            let _ = request.local_cache(SignedInAs::default).0.set(found.user.id);
            telemetry::request::signed_in(found.user.id, &found.user.username);
            Ok(Actor::from(found.user))
        })
        .await
}

/// Whether somebody goes to a page: then all that the browser shows comes from this answer, so its forms fit
/// what the answer puts into cookies. What a page's own scripts fetch is not, nor is a form that is sent.
fn is_navigation(request: &Request<'_>) -> bool {
    let headers = request.headers();
    request.method() == Method::Get
        && match headers.get_one("Sec-Fetch-Mode") {
            Some(mode) => mode == "navigate",
            None => headers
                .get_one("Accept")
                .is_none_or(|types| types != "text/event-stream"),
        }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visit<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(app) = request.rocket().state::<App>() else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        let actor = match actor(request).await {
            Ok(actor) => actor.clone(),
            Err(error) => return Outcome::Error((tell(request, error), ())),
        };
        let csrf = CsrfToken::of(request);
        Outcome::Success(Visit {
            app,
            actor,
            request,
            csrf,
            flash: message::kept(request),
        })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let visit = try_outcome!(request.guard::<Visit<'r>>().await);
        match visit.actor.signed_in().cloned() {
            Some(user) => Outcome::Success(User { visit, user }),
            // The catcher of 401 answers with a redirect to the login page.
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}
