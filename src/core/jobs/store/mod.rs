//! The SQL of backends, job requests and jobs.

pub mod activity;
pub mod backends;
pub mod detail;
pub mod earlier;
pub mod last_runs;
pub mod lists;
pub mod log;
pub mod operator;
pub mod polling;
pub mod requests;
pub mod run_form;
pub mod sealed_tokens;
pub mod staff;
