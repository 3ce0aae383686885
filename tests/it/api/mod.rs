//! The API for backends and their clients.

mod frame;
mod job_requests;
pub mod jobs;
mod notifications;
mod openapi;
mod status;
mod tokens;
mod users;
mod workspaces;
