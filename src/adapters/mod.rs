//! The outside: one module for each service, behind the traits of [`crate::core::ports`].

pub mod fallback;
mod git_names;
pub mod github;
mod limits;
pub mod local_git;

#[cfg(test)]
mod code_host_behaviour;
#[cfg(test)]
mod sample_repos;
