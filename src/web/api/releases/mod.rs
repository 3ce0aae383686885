//! Releases, their files, and what of them is published.

pub mod body;
pub mod create;
pub mod files;
mod named;
pub mod reviews;
pub mod snapshots;
pub mod upload;
