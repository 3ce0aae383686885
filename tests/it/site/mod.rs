//! What holds for the whole site: the frame around every request.

mod access;
pub mod commands;
mod demo;
mod hostile;
mod links;
pub mod login;
mod outage;
mod outbox_commands;
mod people_commands;
mod readiness;
mod schedules;
pub mod serving;
mod session;
mod telemetry;
mod telemetry_away;
