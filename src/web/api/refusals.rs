//! Requests that are refused before their body is read. Whoever is still sending when a connection closes sees a broken
//! pipe and not our answer, so the body is read on for a while, and thrown away.

use rocket::http::Status;
use rocket::outcome::Outcome::Error;
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use super::csrf::NotForged;
use super::negotiation::AsksForJson;
use crate::web::guards::BackendAuth;
use crate::web::limits;

/// A guard of a handler that takes a body.
#[derive(Debug, Clone, Copy)]
pub enum Guard {
    /// The backend's token.
    Token,
    /// That no other site made the request with a visitor's session.
    Session,
}

/// These routes, whose handlers have these guards in this order, after the one for another form than JSON. They are asked
/// here, where the body still is; what they found out is kept with the request, so that a handler asks for nothing anew.
pub fn guarded(routes: Vec<Route>, guards: &'static [Guard]) -> impl Iterator<Item = Route> {
    routes.into_iter().map(move |mut route| {
        let handler = route.handler.clone();
        route.handler = Box::new(Guarded { handler, guards });
        route
    })
}

#[derive(Clone)]
struct Guarded {
    handler: Box<dyn Handler>,
    guards: &'static [Guard],
}

#[rocket::async_trait]
impl Handler for Guarded {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match refusal(request, self.guards).await {
            None => self.handler.handle(request, data).await,
            Some(status) => {
                limits::unwanted(data).await;
                Outcome::Error(status)
            }
        }
    }
}

async fn refusal(request: &Request<'_>, guards: &[Guard]) -> Option<Status> {
    if let Error((status, ())) = request.guard::<AsksForJson>().await {
        return Some(status);
    }
    for guard in guards {
        let refused = match guard {
            Guard::Token => request.guard::<BackendAuth>().await.failed().map(|(status, _)| status),
            Guard::Session => request.guard::<NotForged>().await.failed().map(|(status, ())| status),
        };
        if refused.is_some() {
            return refused;
        }
    }
    None
}
