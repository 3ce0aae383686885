//! How a handler answers: a page, a redirect, or a failure that a catcher tells.

use std::time::Duration;

use rocket::http::Status;
use rocket::response::{Redirect, Responder};
use rocket::{Request, Response};

use crate::core::access::Denied;
use crate::core::error::{Error, whole_seconds};

/// What handlers return.
pub type Outcome<T> = Result<T, Failure>;

/// An error on its way to the visitor. The catchers of pages and of the API tell it, each in its way.
#[derive(Debug)]
pub struct Failure(pub Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<Denied> for Error {
    fn from(_: Denied) -> Self {
        Error::NotAllowed("You do not have permission to do this.".into())
    }
}

impl Failure {
    pub fn not_found(what: &'static str) -> Self {
        Self(Error::NotFound(what))
    }

    /// The status that tells this failure.
    pub fn status(&self) -> Status {
        status_of(&self.0)
    }
}

/// The status that tells an error.
pub fn status_of(error: &Error) -> Status {
    match error {
        Error::NotFound(_) => Status::NotFound,
        Error::NotAllowed(_) => Status::Forbidden,
        Error::Conflict(_) => Status::Conflict,
        Error::Invalid(_) => Status::BadRequest,
        Error::TooMany { .. } => Status::TooManyRequests,
        Error::Unavailable(_) | Error::Full(_) => Status::ServiceUnavailable,
        Error::Internal(_) | Error::Damaged(_) => Status::InternalServerError,
    }
}

/// What a catcher is to say, kept with the request.
#[derive(Debug, Clone, Default)]
pub struct Told(pub Option<String>);

/// The methods that the page answers that was asked by another one, kept with the request.
#[derive(Debug, Clone, Default)]
pub struct Allow(pub Option<String>);

/// For how long a visitor who tried too often is to wait, kept with the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct RetryAfter(pub Option<Duration>);

impl RetryAfter {
    /// The value of the header that tells it; half a minute when nobody said how long.
    pub fn of(request: &Request<'_>) -> String {
        let wait = request.local_cache(Self::default).0.unwrap_or(Duration::from_secs(30));
        whole_seconds(wait).to_string()
    }
}

/// The words for somebody who tried too often.
fn too_many(what: &str, wait: Duration) -> String {
    let minutes = whole_seconds(wait).div_ceil(60);
    let plural = if minutes == 1 { "" } else { "s" };
    format!("There were too many attempts {what}. Try again in {minutes} minute{plural}.")
}

/// Logs an error of ours once, and keeps for the catcher what the visitor may read.
pub fn tell(request: &Request<'_>, error: &Error) -> Status {
    let status = status_of(error);
    let id = super::fairings::request_id(request);
    let told = match error {
        Error::Internal(cause) => {
            tracing::error!(request_id = id, cause, "a request failed");
            None
        }
        Error::Unavailable(cause) => {
            tracing::warn!(request_id = id, cause, "a request could not be served");
            None
        }
        Error::Full(cause) => {
            tracing::error!(request_id = id, cause, "the storage of released files is full");
            Some("The storage of released files is full.".to_owned())
        }
        Error::Damaged(what) => {
            tracing::error!(request_id = id, cause = what, "a request failed");
            Some((*what).to_owned())
        }
        Error::NotFound(what) => Some((*what).to_owned()),
        Error::NotAllowed(why) => Some(why.to_string()),
        Error::Conflict(what) => Some(what.clone()),
        Error::TooMany { what, retry_after } => {
            request.local_cache(|| RetryAfter(Some(*retry_after)));
            tracing::warn!(request_id = id, what, "somebody tried too often");
            Some(too_many(what, *retry_after))
        }
        Error::Invalid(errors) => Some(errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join(" ")),
    };
    request.local_cache(|| Told(told));
    status
}

impl<'r> Responder<'r, 'static> for Failure {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        Err(tell(request, &self.0))
    }
}

/// 302, as forms answer after a change.
pub fn found(to: impl Into<String>) -> Redirect {
    Redirect::found(to.into())
}

/// A body with a status, a type and no more.
pub struct Plain(pub Status, pub rocket::http::ContentType, pub String);

impl<'r> Responder<'r, 'static> for Plain {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Response::build()
            .status(self.0)
            .header(self.1)
            .sized_body(self.2.len(), std::io::Cursor::new(self.2))
            .ok()
    }
}
