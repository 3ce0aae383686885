//! What holds for the whole site: the frame around every request.

mod access;
mod alert_commands;
pub mod commands;
mod demo;
mod file_commands;
mod github_login;
mod hatch;
mod hostile;
mod keys;
mod links;
pub mod login;
mod outage;
mod outbox_commands;
mod people_commands;
mod readiness;
mod release_commands;
mod schedules;
pub mod serving;
mod session;
mod session_commands;
mod sessions;
mod telemetry;
mod telemetry_away;
mod workspace_commands;
