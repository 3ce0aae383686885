//! Pages for web users: one folder or file an area, each with its handlers and its views.

mod event_log;
mod home;
mod job;
mod job_request;
mod paged;
mod places;
mod project_edit;
mod run_jobs;
mod session;
mod status;
mod workspace;
mod workspace_create;

use rocket::{Route, routes};

/// Pages at fixed addresses.
pub fn site_routes() -> Vec<Route> {
    routes![
        job::short_link,
        job_request::short_link,
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
    let mut routes = routes![
        job::page,
        job::cancel,
        job::events,
        job_request::page,
        job_request::cancel,
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
    ];
    routes.extend(routes![run_jobs::form, run_jobs::send].into_iter().map(tried_first));
    routes
}

/// The reference in this address may be any text, also a word that means something where a job
/// request's number stands (`cancel`): it is tried before those.
fn tried_first(mut route: Route) -> Route {
    route.rank -= 4;
    route
}
