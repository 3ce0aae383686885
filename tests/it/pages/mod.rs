//! Pages, as people use them.

mod event_log;
mod home;
mod lists;
