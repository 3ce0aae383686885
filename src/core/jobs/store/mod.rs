//! The SQL of backends, job requests and jobs.

pub mod backends;
pub mod operator;
pub mod requests;
