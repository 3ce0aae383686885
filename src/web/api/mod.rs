//! The API for backends and their clients, `/api/v2/`.
//!
//! Real clients were written against every byte of it: statuses, bodies, messages and headers stay as
//! they are. A route answers with and without a final slash.

mod airlock;
mod answer;
mod body;
mod contact;
mod csrf;
pub(in crate::web) mod dates;
mod docs;
mod endpoints;
mod fallback;
mod fields;
mod job_requests;
mod jobs;
mod json;
mod login;
mod negotiation;
pub mod openapi;
mod pagination;
mod refusals;
mod release_notifications;
mod releases;
mod users;
mod workspaces;

use refusals::Guard::{Session, Token};
use refusals::guarded;
use rocket::{Route, routes};

pub(in crate::web) use answer::{Answer, error};
pub use endpoints::{ENDPOINTS, Endpoint};

pub fn routes() -> Vec<Route> {
    let mut routes = routes![
        docs::page,
        docs::document,
        job_requests::list,
        releases::files::content,
        releases::files::latest,
        releases::files::of_release,
        releases::snapshots::publish,
        releases::snapshots::snapshot,
        users::rights,
        workspaces::action_statuses,
        workspaces::release_flow,
    ];
    // Those that take a body.
    routes.extend(guarded(routes![airlock::event], &[Session, Token]));
    routes.extend(guarded(
        routes![jobs::sync, release_notifications::announce],
        &[Token, Session],
    ));
    routes.extend(guarded(routes![login::authenticate, login::authorise], &[Token]));
    let by_project = routes![
        releases::create::create,
        releases::reviews::review,
        releases::snapshots::create,
        releases::upload::upload,
    ];
    routes.extend(guarded(by_project, &[Session]));
    routes.extend(fallback::routes());
    routes
}
