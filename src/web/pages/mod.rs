//! Pages for web users: one folder or file an area, each with its handlers and its views.

mod session;
mod status;

use rocket::{Route, routes};

/// Pages at fixed addresses.
pub fn site_routes() -> Vec<Route> {
    routes![
        session::login,
        session::login_link,
        session::use_login_link,
        session::logout,
        status::health_check,
        status::last_seen,
        status::db_availability,
        status::ready,
    ]
}

/// Pages of projects, workspaces, job requests and jobs.
pub fn project_routes() -> Vec<Route> {
    routes![]
}
