//! Pages, as people use them.

mod errors;
mod event_log;
mod home;
mod lists;
mod logs;
mod people;
mod projects;
mod status_page;
