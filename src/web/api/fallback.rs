//! What no endpoint answers: other methods, OPTIONS, unknown addresses. Without this, requests below
//! `/api/` would be tried as the pages of a project called `api`.

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use super::answer::Answer;
use super::csrf;
use super::endpoints::Endpoint;
use super::negotiation::asks_for_another_form;
use crate::web::guards::BackendAuth;
use crate::web::limits;

/// Tried after every endpoint and before every page.
const RANK: isize = 5;

#[derive(Clone)]
struct Fallback;

/// HEAD is not among them: it goes where GET goes.
const METHODS: &[Method] = &[
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

pub fn routes() -> Vec<Route> {
    METHODS
        .iter()
        .map(|method| {
            let mut route = Route::ranked(RANK, *method, "/api/<rest..>", Fallback);
            route.name = Some("api_fallback".into());
            route
        })
        .collect()
}

#[rocket::async_trait]
impl Handler for Fallback {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        // Nothing takes a body here, and its sender is to read the answer.
        limits::unwanted(data).await;
        let Some(endpoint) = Endpoint::at(request.uri().path()) else {
            return Outcome::Error(Status::NotFound);
        };
        if asks_for_another_form(request) {
            return Outcome::Error(Status::NotFound);
        }
        if endpoint.token_first
            && let rocket::outcome::Outcome::Error((status, _)) = request.guard::<BackendAuth>().await
        {
            return Outcome::Error(status);
        }
        if endpoint.knows_sessions {
            match csrf::refusal(request).await {
                Ok(None) => {}
                Ok(Some(answer)) => return Outcome::from(request, answer),
                Err(status) => return Outcome::Error(status),
            }
        }
        Outcome::from(request, answer(request.method(), endpoint))
    }
}

fn answer(method: Method, endpoint: &Endpoint) -> Answer {
    if method == Method::Options {
        let body = serde_json::json!({
            "name": endpoint.name,
            "description": "",
            "renders": ["application/json"],
            "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
        });
        return Answer::bytes(Status::Ok, body.to_string());
    }
    Answer::detail(
        Status::MethodNotAllowed,
        &format!("Method \"{}\" not allowed.", method.as_str()),
    )
}
