//! What holds for the whole site: the frame around every request.

mod access;
pub mod commands;
mod demo;
mod hostile;
mod links;
mod outage;
pub mod serving;
mod session;
