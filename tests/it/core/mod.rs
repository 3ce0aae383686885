//! The core's promises that only a real PostgreSQL can keep or break.

mod facts;
