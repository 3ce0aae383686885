//! The core's promises that only a real PostgreSQL can keep or break.

mod accounts;
mod attempts;
mod cases;
mod constraints;
mod facts;
mod interleaving;
mod roles;
mod status;
