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
mod release_notifications;
mod releases;
mod users;
mod workspaces;

use rocket::{Route, routes};

pub(in crate::web) use answer::{Answer, error};
pub use endpoints::{ENDPOINTS, Endpoint};

pub fn routes() -> Vec<Route> {
    let mut routes = routes![
        airlock::event,
        docs::page,
        docs::document,
        job_requests::list,
        jobs::sync,
        login::authenticate,
        login::authorise,
        release_notifications::announce,
        releases::create::create,
        releases::files::content,
        releases::files::latest,
        releases::files::of_release,
        releases::reviews::review,
        releases::snapshots::create,
        releases::snapshots::publish,
        releases::snapshots::snapshot,
        releases::upload::upload,
        users::rights,
        workspaces::action_statuses,
        workspaces::release_flow,
    ];
    routes.extend(fallback::routes());
    routes
}
