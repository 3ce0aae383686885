//! The staff area: running the service from the browser. Every page is below `/staff/`, and every handler takes a
//! guard of [`guard`].
//!
//! Pages are put together from a few parts, so that all of them look and work alike: a [`list`], a [`thing`] with its
//! sections, a [`form`]. A page of the area seldom has a template of its own.

mod answer;
pub mod backends;
pub mod bar;
pub mod bulk;
mod cell;
mod chosen;
mod csv;
mod dashboards;
mod data_import;
mod data_permissions;
mod events;
pub mod field;
pub mod filter;
pub mod form;
pub mod guard;
mod home;
mod htmx;
mod interactive;
pub mod invitations;
mod job_requests;
pub mod list;
pub mod methods;
mod named;
mod on_the_way;
mod orgs;
mod orgs_edit;
mod outbox;
pub mod people;
mod project_members;
mod projects;
mod projects_add;
mod projects_create;
mod projects_edit;
mod query;
mod redirects;
mod repos;
mod schedules;
mod sentry;
mod site_alerts;
mod steps;
mod suggest;
pub mod table;
pub mod thing;
pub mod users;
mod whole;
mod words;
mod workspaces;

use rocket::{Route, routes};

/// Every route of the area.
pub fn routes() -> Vec<Route> {
    let mut routes = routes![
        home::home,
        suggest::options,
        suggest::people,
        events::all,
        events::of_backend,
        events::of_org,
        events::of_project,
        events::of_user,
        orgs::list,
        orgs::detail,
        orgs::add_members,
        orgs::remove_member,
        orgs::github_org_form,
        orgs::add_github_org,
        orgs::remove_github_org,
        orgs_edit::add_form,
        orgs_edit::add,
        orgs_edit::edit_form,
        orgs_edit::edit,
        projects::list,
        projects::detail,
        projects_add::form,
        projects_add::add,
        interactive::retry,
        projects_create::form,
        projects_create::create,
        projects_create::created,
        projects_edit::form,
        projects_edit::save,
        project_members::add_form,
        project_members::add,
        project_members::edit_form,
        project_members::edit,
        project_members::remove,
        data_permissions::list,
        data_permissions::of_project,
        data_permissions::grant,
        data_permissions::end_form,
        data_permissions::end,
        data_import::form,
        data_import::import,
        workspaces::list,
        workspaces::detail,
        workspaces::edit_form,
        workspaces::edit,
        redirects::list,
        redirects::detail,
        redirects::set_expiry,
        redirects::delete,
    ];
    routes.extend(backends::routes());
    routes.extend(invitations::routes());
    routes.extend(users::routes());
    routes.extend(service_routes());
    routes
}

/// Job requests, repositories, dashboards, and the running of the service.
fn service_routes() -> Vec<Route> {
    routes![
        dashboards::index,
        dashboards::copiloting,
        dashboards::project,
        dashboards::repos,
        dashboards::shared,
        job_requests::list,
        job_requests::detail,
        job_requests::cancel,
        job_requests::cancel_ticked,
        outbox::list,
        outbox::detail,
        outbox::retry,
        outbox::retry_ticked,
        outbox::discard,
        outbox::discard_ticked,
        repos::list,
        repos::detail,
        repos::sign_off,
        schedules::list,
        schedules::run,
        sentry::index,
        sentry::error,
        sentry::message,
        sentry::send_error,
        sentry::send_message,
        site_alerts::list,
        site_alerts::add_form,
        site_alerts::add,
        site_alerts::edit_form,
        site_alerts::edit,
        site_alerts::delete_form,
        site_alerts::delete,
    ]
}
