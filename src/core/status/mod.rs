//! How the backends were of late: a sample of each every ten minutes, kept for eight days, and what the samples of
//! the last day and the last seven days come to.

pub mod actions;
mod history;
pub mod store;

pub use history::{DAY_SLOTS, History, Hour, SLOT, Seen, Spell, WEEK_HOURS, histories, windows};

/// What a backend was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    InContact,
    /// In contact, its database out of use.
    Maintenance,
    /// Silent for longer than it may be.
    Missing,
}
