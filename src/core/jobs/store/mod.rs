//! The SQL of backends, job requests and jobs.

pub mod backends;
pub mod polling;
pub mod requests;
