//! Pages for web users: one folder or file an area, each with its handlers and its views.

pub mod answer;
pub mod dev_mail;
mod errors;
mod event_log;
mod home;
mod job;
mod job_request;
mod login;
pub(in crate::web) mod logos;
mod logs;
mod orgs;
mod outputs;
pub mod paged;
mod places;
mod project_edit;
mod projects;
mod releases;
pub(in crate::web) mod repo;
mod run_jobs;
mod search;
pub mod settings;
mod status;
mod status_page;
mod ui_components;
mod users;
mod workspace;
mod workspace_create;
mod yours;

pub use answer::Answer;
use rocket::{Route, routes};

use super::view::Tab;

/// Pages at fixed addresses.
pub fn site_routes() -> Vec<Route> {
    routes![
        home::home,
        event_log::event_log,
        status_page::status,
        orgs::organisations,
        orgs::org,
        logs::org_logs,
        repo::page,
        repo::sign_off::form,
        repo::sign_off::sign,
        users::users,
        users::user,
        logs::user_logs,
        yours::projects,
        yours::workspaces,
        yours::orgs,
        errors::bad_request,
        errors::not_allowed,
        errors::not_found,
        errors::too_large,
        errors::too_many,
        errors::crash,
        errors::away,
        ui_components::ui_components,
        login::login,
        login::email::ask,
        login::email::follow,
        login::github::depart,
        login::github::no_such_provider,
        login::github::come_back,
        login::github::go_on_with_name,
        login::name::form,
        login::link::login_link,
        login::link::use_login_link,
        login::token::sign_in,
        login::logout,
        search::page,
        settings::page,
        settings::save,
        settings::confirm::page,
        settings::confirm::confirm,
        settings::personal_tokens::revoke,
        settings::sessions::revoke,
        settings::sessions::revoke_others,
        status::health_check,
        status::last_seen,
        status::db_availability,
        status::ready,
    ]
}

/// Addresses that only lead on to another.
pub fn leading_on() -> Vec<Route> {
    routes![
        event_log::event_list,
        event_log::jobs,
        job::short_link,
        job_request::short_link,
    ]
}

/// Pages of projects, workspaces, job requests and jobs.
pub fn project_routes() -> Vec<Route> {
    let mut routes = routes![
        job::page,
        job::cancel,
        job::events,
        job_request::page,
        job_request::cancel,
        job_request::again::run_again,
        job_request::events,
        project_edit::form,
        project_edit::save,
        workspace::page,
        workspace::archive_toggle,
        workspace::notifications_toggle,
        workspace::edit::edit_form,
        workspace::edit::edit_save,
        workspace_create::form,
        workspace_create::create,
        projects::project,
        projects::members::members,
        logs::project_logs,
        logs::workspace_logs,
    ];
    routes.extend(outputs::routes());
    routes.extend(routes![run_jobs::form, run_jobs::send].into_iter().map(tried_first));
    routes.extend(releases::routes().into_iter().map(tried_first));
    routes
}

/// The parts of a project: its overview, its job requests, its members, and what was released, if anything.
fn project_tabs(href: &str, active: usize, has_releases: bool) -> Vec<Tab> {
    let mut tabs = tabs("Overview", href, active);
    tabs.push(Tab {
        label: "Members",
        href: format!("{href}members/"),
        active: active == 2,
    });
    if has_releases {
        tabs.push(Tab {
            label: "Releases",
            href: format!("{href}releases/"),
            active: active == 3,
        });
    }
    tabs
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

/// Tried before what takes any text in its place: a reference is also a word that means something where a job
/// request's number stands (`cancel`), and a word of ours could be the path of a file.
fn tried_first(mut route: Route) -> Route {
    route.rank -= 4;
    route
}
