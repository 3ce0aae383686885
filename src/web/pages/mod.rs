//! Pages for web users: one folder or file an area, each with its handlers and its views.

mod errors;
mod event_log;
mod home;
mod logs;
mod orgs;
mod paged;
mod projects;
mod session;
mod status;
mod status_page;
mod ui_components;
mod users;
mod yours;

use rocket::{Route, routes};

use super::view::Tab;

/// Pages at fixed addresses.
pub fn site_routes() -> Vec<Route> {
    routes![
        home::home,
        event_log::event_log,
        event_log::event_list,
        event_log::jobs,
        status_page::status,
        orgs::organisations,
        orgs::org,
        logs::org_logs,
        users::users,
        users::user,
        logs::user_logs,
        yours::projects,
        yours::workspaces,
        yours::orgs,
        errors::bad_request,
        errors::not_allowed,
        errors::not_found,
        errors::crash,
        ui_components::ui_components,
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
    routes![projects::project, logs::project_logs, logs::workspace_logs]
}

/// The parts of a project: its overview, its job requests.
fn project_tabs(href: &str, active: usize) -> Vec<Tab> {
    tabs("Overview", href, active)
}

/// The parts of an organisation: its projects, their job requests.
fn org_tabs(href: &str, active: usize) -> Vec<Tab> {
    tabs("Projects", href, active)
}

/// The parts of a person's page: their projects, their job requests.
fn user_tabs(href: &str, active: usize) -> Vec<Tab> {
    tabs("Projects", href, active)
}

fn tabs(first: &'static str, href: &str, active: usize) -> Vec<Tab> {
    Tab::pair(
        (first, href.to_owned()),
        ("Job requests", format!("{href}logs/")),
        active,
    )
}
