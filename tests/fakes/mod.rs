//! The services that Job Server talks to, as programs that a test can ask afterwards what they were told,
//! and can make fail in every way. Each listens at a port of its own on 127.0.0.1 and keeps its state as
//! long as it lives. What they answer is held against the real services by `just test-verification`.
//!
//! The folder stands for itself: every program that wants a service of its own can include it.

#![allow(dead_code, unused_imports)] // no program uses every part of every fake

pub mod github;
mod github_issues;
pub mod github_login;
mod github_repos;
pub mod mailgun;
pub mod opencodelists;
pub mod server;
pub mod slack;
pub mod smtp;

pub use github::FakeGitHub;
pub use mailgun::FakeMailgun;
pub use opencodelists::FakeOpenCodelists;
pub use server::Fault;
pub use slack::FakeSlack;
pub use smtp::{FakeSmtp, SmtpFault};
