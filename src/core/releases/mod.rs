//! Released files.

pub mod actions;
