//! Requests that somebody's browser makes with their session: they must come from our own pages. A
//! request without a session needs no such proof, so machines are never asked for it.

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use super::answer::Answer;
use crate::web::App;
use crate::web::cookies::{self, Kind};
use crate::web::forgery::{self, Header, Sender, changes_nothing};
use crate::web::forms::{CSRF_HEADER, CsrfToken};
use crate::web::guards::actor;
use crate::web::responders::{Told, tell};

/// The longest and shortest tokens that pages carry have one length.
const TOKEN_LENGTH: usize = 86;

/// A request that no other site can have made with a visitor's session.
pub struct NotForged;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for NotForged {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match reason(request).await {
            Ok(None) => Outcome::Success(Self),
            Ok(Some(reason)) => {
                request.local_cache(|| Told(Some(format!("CSRF Failed: {reason}"))));
                Outcome::Error((Status::Forbidden, ()))
            }
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

/// The answer to a request that may be forged.
pub async fn refusal(request: &Request<'_>) -> Result<Option<Answer>, Status> {
    let reason = reason(request).await?;
    Ok(reason.map(|reason| Answer::detail(Status::Forbidden, &format!("CSRF Failed: {reason}"))))
}

async fn reason(request: &Request<'_>) -> Result<Option<String>, Status> {
    if changes_nothing(request.method()) {
        return Ok(None);
    }
    let actor = actor(request).await.as_ref().map_err(|error| tell(request, error))?;
    if actor.signed_in().is_none() {
        return Ok(None);
    }
    let Some(app) = request.rocket().state::<App>() else {
        return Err(Status::InternalServerError);
    };
    let web = &app.settings.web;
    let foreign =
        |header: &str, value: &str| format!("{header} checking failed - {value} does not match any trusted origins.");
    match forgery::sender(request, web) {
        Sender::Foreign(Header::Origin(origin)) => return Ok(Some(foreign("Origin", &origin))),
        Sender::Foreign(Header::Referer(referer)) => return Ok(Some(foreign("Referer", &referer))),
        // Only what the browser says of the sender, and no name.
        Sender::Foreign(Header::Fetch(_)) => return Ok(Some(foreign("Origin", "null"))),
        Sender::Unsaid if web.base_url.scheme() == "https" => {
            return Ok(Some("Referer checking failed - no Referer.".to_owned()));
        }
        Sender::Unsaid | Sender::Ours => {}
    }
    let headers = request.headers();
    Ok(match headers.get_one(CSRF_HEADER) {
        None if cookies::get(request, Kind::Csrf).is_none() => Some("CSRF cookie not set.".to_owned()),
        None => Some("CSRF token missing.".to_owned()),
        Some(token) if CsrfToken::of(request).accepts(token) => None,
        Some(token) if token.len() != TOKEN_LENGTH => {
            Some("CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.".to_owned())
        }
        Some(_) => Some("CSRF token from the 'X-Csrftoken' HTTP header incorrect.".to_owned()),
    })
}
