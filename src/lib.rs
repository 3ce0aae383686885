//! Job Server: researchers ask for code to be run inside secure environments ("backends"), follow the
//! jobs, and have outputs checked and released.
//!
//! The map of the house:
//!
//! - [`config`] reads the settings once, from the environment; everything gets them handed down.
//! - [`core`] is what Job Server *is*: rules and data. It knows no HTTP, no HTML, no Rocket.
//! - `adapters` are the outside, behind the traits of [`core::ports`].
//! - `web` is everything that knows Rocket: the API, the pages, their guards and views.
//! - `cli` is the executable's commands; it puts the other rooms together.
//! - `delivery` finds words for messages and hands them to the adapters that carry them.
//! - `worker` does what is due outside of requests.
//! - `telemetry` is logs, traces, figures, and reports of errors.
//!
//! Who may call whom: `main` → `cli` → `web`, `worker`, `delivery` → `core`; `adapters` implement `core::ports`.

// The engine of the outbox switches sqlx's chrono types on beside `time`, and sqlx 0.9 then warns of every
// date in a checked query, also where sqlx.toml says which to use (its check forgets to look). The warning
// comes as a deprecation; there is no finer way to silence it.
#![allow(deprecated)]

pub mod config;
pub mod core;

#[cfg(feature = "web")]
pub mod adapters;
#[cfg(feature = "web")]
pub mod cli;
#[cfg(feature = "web")]
pub mod delivery;
#[cfg(feature = "web")]
pub mod telemetry;
#[cfg(feature = "web")]
pub mod web;
#[cfg(feature = "web")]
pub mod worker;
