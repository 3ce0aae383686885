//! The API for backends and their clients.

mod airlock;
mod airlock_login;
mod airlock_membership;
mod frame;
mod job_requests;
pub mod jobs;
mod notifications;
mod openapi;
mod personal_tokens;
mod release_notifications;
mod releases;
mod status;
mod tokens;
mod users;
mod workspaces;
