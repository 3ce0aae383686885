//! The API for backends and their clients.

mod job_requests;
mod jobs;
