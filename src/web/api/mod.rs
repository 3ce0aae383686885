//! The API for backends and their clients, `/api/v2/`.
//!
//! Real clients were written against every byte of it: statuses, bodies, messages and headers stay as
//! they are. A route answers with and without a final slash.

mod answer;
mod contact;
mod csrf;
mod dates;
mod endpoints;
mod fallback;
mod job_requests;
mod jobs;
mod json;
mod negotiation;
mod pagination;

use rocket::{Route, routes};

pub(in crate::web) use answer::{Answer, error};
pub use endpoints::{ENDPOINTS, Endpoint};

pub fn routes() -> Vec<Route> {
    let mut routes = routes![job_requests::list, jobs::sync];
    routes.extend(fallback::routes());
    routes
}
