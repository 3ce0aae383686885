//! How the API answers: compact JSON, always as exactly `application/json`.

use std::io::Cursor;

use rocket::http::Status;
use rocket::response::Responder;
use rocket::{Request, Response};
use serde::Serialize;

use super::endpoints::Endpoint;
use crate::core::error::Error;
use crate::web::responders::{Failure, RetryAfter};

/// A status with JSON, or with nothing at all.
#[derive(Debug)]
pub struct Answer {
    status: Status,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn json(status: Status, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Internal(format!("no JSON: {error}")))?;
        Ok(Self::bytes(status, body))
    }

    /// JSON that is made already.
    pub fn bytes(status: Status, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: Some(body.into()),
            headers: Vec::new(),
        }
    }

    /// A status and no body: no type either, and a length of 0.
    pub fn empty(status: Status) -> Self {
        Self {
            status,
            body: None,
            headers: Vec::new(),
        }
    }

    /// With a header of its own.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A refusal that gives its reason.
    pub fn detail(status: Status, detail: &str) -> Self {
        Self::bytes(status, serde_json::json!({ "detail": detail }).to_string())
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        response.status(self.status);
        if self.body.is_some() {
            response.raw_header("Content-Type", "application/json");
        }
        // Even nothing has a length: callers are told it, after HEAD too.
        let body = self.body.unwrap_or_default();
        response.sized_body(body.len(), Cursor::new(body));
        for (name, value) in self.headers {
            response.raw_header(name, value);
        }
        if let Some(endpoint) = Endpoint::at(request.uri().path()) {
            response.raw_header("Allow", endpoint.allow());
        }
        if [Status::ServiceUnavailable, Status::TooManyRequests].contains(&self.status) {
            response.raw_header("Retry-After", RetryAfter::of(request));
        }
        response.ok()
    }
}

/// What the API's catcher answers. `told` is what the failure had to say: for 404 the kind of thing
/// that was not found, for faults of ours something only where the caller can be told what it is.
pub(in crate::web) fn error(status: Status, told: Option<String>, request_id: &str) -> Answer {
    // Clients of the API are never answered 401.
    let status = if status == Status::Unauthorized {
        Status::Forbidden
    } else {
        status
    };
    let detail = match (status.code, told) {
        (404, Some(what)) => format!("No {what} matches the given query."),
        (404 | 422, _) => "Not found.".to_owned(),
        (500.., Some(told)) => told,
        (503, _) => "The service cannot reach its database or its storage, or is too busy. Try again later.".to_owned(),
        (code, _) if code >= 500 => {
            format!("The server made a mistake; it was recorded as request {request_id}.")
        }
        (_, Some(told)) => told,
        (_, None) => status.reason_lossy().to_owned(),
    };
    let status = if status.code == 422 { Status::NotFound } else { status };
    Answer::detail(status, &detail)
}
