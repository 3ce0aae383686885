//! What Job Server is: rules and data. Knows no HTTP, no HTML, no Rocket.
//!
//! Every area has one shape: `mod.rs` with types and rules, `store.rs` with that area's SQL,
//! `actions.rs` with the use cases, named by verbs.

pub mod access;
pub mod airlock;
pub mod announcements;
pub mod audit;
pub mod db;
pub mod error;
pub mod ids;
pub mod jobs;
pub mod names;
pub mod outbox;
pub mod paging;
pub mod people;
pub mod ports;
pub mod projects;
pub mod redirects;
pub mod releases;
pub mod schedules;
pub mod sealed;
pub mod search;
pub mod status;
pub mod upkeep;
pub mod versions;
pub mod workspaces;
