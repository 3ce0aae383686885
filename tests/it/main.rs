//! Everything that is tested through HTTP, against the very program on a real PostgreSQL: one binary,
//! one link step. Each test has a database of its own.

mod api;
mod attacks;
mod core;
#[path = "../fakes/mod.rs"]
mod fakes;
mod faults;
mod outbox;
mod pages;
mod services;
mod site;
mod staff;
mod support;
mod verification;
mod worker;
