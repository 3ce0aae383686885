//! The SQL of backends, job requests and jobs.

pub mod activity;
pub mod backends;
pub mod lists;
pub mod requests;
