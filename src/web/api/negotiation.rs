//! `?format=`: all there is is JSON. `Accept` is not looked at.

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

/// A request that does not ask for another form than JSON in its address. Every endpoint's first
/// guard, as asking for one is answered before anything else.
pub struct AsksForJson;

/// Whether the query asks for a form that we do not have: the last `format` counts, an empty one is none.
pub fn asks_for_another_form(request: &Request<'_>) -> bool {
    request
        .uri()
        .query()
        .and_then(|query| {
            url::form_urlencoded::parse(query.as_str().as_bytes())
                .filter(|(name, _)| name == "format")
                .last()
        })
        .is_some_and(|(_, form)| !form.is_empty() && form != "json")
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AsksForJson {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        if asks_for_another_form(request) {
            Outcome::Error((Status::NotFound, ()))
        } else {
            Outcome::Success(Self)
        }
    }
}
