//! The outside: one module for each service, behind the traits of [`crate::core::ports`].

pub mod fallback;
pub mod files;
mod git_names;
pub mod github;
pub mod github_login;
mod http;
mod limits;
pub mod local_git;
pub mod mail;
pub mod no_issues;
pub mod no_repos;
pub mod opencodelists;
pub mod printed_issues;
pub mod printed_repos;
pub mod printing;
pub mod slack;

/// How Job Server introduces itself to every service, whatever the site is called.
pub const USER_AGENT: &str = "OpenSAFELY Jobs";

#[cfg(test)]
mod code_host_behaviour;
#[cfg(test)]
mod sample_repos;
