//! The API for backends and their clients.

mod frame;
mod job_requests;
mod jobs;
mod openapi;
mod status;
mod tokens;
mod users;
mod workspaces;
