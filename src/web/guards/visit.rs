//! Somebody's visit: who they are, where they are, and what their page needs to know.

use rocket::Request;
use rocket::http::Status;
use rocket::outcome::{Outcome as GuardOutcome, try_outcome};
use rocket::request::{FlashMessage, FromRequest, Outcome};

use crate::core::access::{Actor, SignedIn};
use crate::core::error::{Error, Result};
use crate::core::people;
use crate::core::sealed::token_hash;
use crate::telemetry;
use crate::web::App;
use crate::web::catchers::fits;
use crate::web::cookies::{self, Kind};
use crate::web::database::Database;
use crate::web::fairings::{self, SignedInAs};
use crate::web::forms::CsrfToken;
use crate::web::responders::tell;

/// A visit to a page. `Visit` in a handler's signature means: everybody may come.
pub struct Visit<'r> {
    pub app: &'r App,
    pub actor: Actor,
    pub(in crate::web) request: &'r Request<'r>,
    pub(in crate::web) csrf: &'r CsrfToken,
    pub(in crate::web) flash: Option<(String, String)>,
}

/// A visit by somebody signed in; others are sent to the login page.
pub struct User<'r> {
    pub visit: Visit<'r>,
    pub user: SignedIn,
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

    /// Somebody signed in, or what sends others to the login page.
    pub fn signed_in(&self) -> Option<&SignedIn> {
        self.actor.signed_in()
    }
}

/// Who the session's cookie belongs to; looked up once per request.
pub(in crate::web) async fn actor<'r>(request: &'r Request<'_>) -> &'r Result<Actor> {
    request
        .local_cache_async(async {
            let Some(token) = cookies::get(request, Kind::Session) else {
                return Ok(Actor::anonymous());
            };
            let Some(database) = request.rocket().state::<Database>() else {
                return Err(Error::Internal("no database is managed".into()));
            };
            let hash = token_hash(&token);
            let user = people::store::session_user(&mut *database.read().await?, &hash).await?;
            if let Some(user) = &user {
                let _ = request.local_cache(SignedInAs::default).0.set(user.id);
                telemetry::request::signed_in(user.id, &user.username);
            }
            Ok(user.map_or_else(Actor::anonymous, Actor::from))
        })
        .await
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
        let flash = match request.guard::<FlashMessage<'_>>().await {
            GuardOutcome::Success(flash) => Some((flash.kind().to_owned(), flash.message().to_owned())),
            _ => None,
        };
        let csrf = CsrfToken::of(request);
        Outcome::Success(Visit {
            app,
            actor,
            request,
            csrf,
            flash,
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
