//! Pages for web users: one folder or file an area, each with its handlers and its views.

mod event_log;
mod home;
mod paged;
mod session;
mod status;

use rocket::{Route, routes};

/// Pages at fixed addresses.
pub fn site_routes() -> Vec<Route> {
    routes![
        home::home,
        event_log::event_log,
        event_log::event_list,
        event_log::jobs,
        session::login,
        session::login_link,
        session::use_login_link,
        session::logout,
        status::health_check,
        status::ready,
    ]
}

/// Pages of projects, workspaces, job requests and jobs.
pub fn project_routes() -> Vec<Route> {
    routes![]
}
