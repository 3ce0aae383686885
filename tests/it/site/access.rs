//! Who gets what: every mounted route, asked by every kind of visitor. A route that the table does not
//! know fails the test, so nobody adds a page without saying who may see it. `docs/access.md` is written
//! from this table.

mod actors;
mod document;
mod escalation;
mod places;
mod rules;
mod staff_lead;
mod staff_people;
mod staff_projects;
mod staff_service;

use std::collections::BTreeSet;

use jobserver::core::access::{Permission, Role};
use sqlx::PgPool;

use crate::support::Site;
use actors::{Actor, AtTheDoor, GLOBAL, MEMBERS, OUTSIDE, two_projects};
use rules::{
    ROLES, Rule, STAFF_PERMISSIONS, all, login_form, may, may_either, may_of_those_who_see, may_or_asked,
    may_through_api, maybe_token, member, not_signed_in, reads, sees, sees_too, signed_in, token, token_and_user,
    with_form,
};

/// A line: method, route, the address asked for, and whom the route lets through with what status.
type Row = (&'static str, &'static str, &'static str, Rule);

/// To add a route: choose its rule from `access/rules.rs`, which say what everybody gets whom the route does
/// not let through. A route that fits none of them needs a new rule, and a reason.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The site.
    ("GET", "/", "/", all(200)),
    ("GET", "/400", "/400", all(400)),
    ("GET", "/403", "/403", all(403)),
    ("GET", "/404", "/404", all(404)),
    ("GET", "/413", "/413", all(413)),
    ("GET", "/429", "/429", all(429)),
    ("GET", "/500", "/500", all(500)),
    ("GET", "/503", "/503", all(503)),
    ("GET", "/event-list", "/event-list/", all(302)),
    ("GET", "/event-log?<page>&<filter..>", "/event-log/", all(200)),
    ("GET", "/favicon.ico", "/favicon.ico", all(302)),
    ("GET", "/health-check", "/health-check/", all(200)),
    ("GET", "/jobs", "/jobs/", all(302)),
    ("GET", "/ready", "/ready/", all(200)),
    ("GET", "/robots.txt", "/robots.txt", all(302)),
    ("GET", "/search?<q>&<kind>", "/search/", all(200)),
    ("GET", "/static/<path..>", "/static/none.css", all(404)),
    ("GET", "/status", "/status/", all(200)),
    ("GET", "/status/<slug>", "/status/tpp/", all(200)),
    ("GET", "/status/<slug>/db-availability", "/status/tpp/db-availability/", all(200)),
    ("GET", "/uploads/<path..>", "/uploads/none.png", all(404)),
    ("GET", "/ui-components", "/ui-components/", all(200)),
    // Development copies that keep their mails.
    ("GET", "/dev/mail", "/dev/mail/", all(200)),
    ("GET", "/dev/mail/<id>", "/dev/mail/none@example.org/", all(404)),
    ("GET", "/dev/mail/<id>/html", "/dev/mail/none@example.org/html/", all(404)),
    // Development copies that stand for GitHub.
    ("GET", "/dev/github/login/oauth/authorize", "/dev/github/login/oauth/authorize", all(400)),
    ("POST", "/dev/github/login/oauth/authorize", "/dev/github/login/oauth/authorize", with_form(400)),
    ("POST", "/dev/github/login/oauth/access_token", "/dev/github/login/oauth/access_token", all(200)),
    ("GET", "/dev/github/api/user", "/dev/github/api/user", all(401)),
    ("GET", "/dev/github/api/user/emails", "/dev/github/api/user/emails", all(401)),
    // Signing in and out.
    ("POST", "/login/github", "/login/github/", all(302)),
    ("POST", "/login/<_provider>", "/login/gitlab/", all(404)),
    ("GET", "/complete/github", "/complete/github/", all(400)),
    ("POST", "/complete/github", "/complete/github/", login_form(400, 400)),
    ("GET", "/enter-your-name?<partial_token>", "/enter-your-name/", not_signed_in(400, 302)),
    ("GET", "/login-link/<token>", "/login-link/none/", all(200)),
    ("POST", "/login-link/<token>", "/login-link/none/", with_form(302)),
    ("GET", "/login", "/login/", not_signed_in(200, 302)),
    ("POST", "/login", "/login/", login_form(200, 302)),
    ("POST", "/login-with-token", "/login-with-token/", with_form(200)),
    ("GET", "/login-with-url/<token>", "/login-with-url/none/", all(302)),
    ("POST", "/logout?<next>", "/logout/", with_form(302)),
    // What people choose for themselves.
    ("GET", "/settings", "/settings/", signed_in(200)),
    ("POST", "/settings", "/settings/", signed_in(200)),
    ("GET", "/settings/confirm-email/<link>", "/settings/confirm-email/none/", signed_in(200)),
    ("POST", "/settings/confirm-email/<link>", "/settings/confirm-email/none/", signed_in(302)),
    ("POST", "/settings/personal-tokens/<id>/revoke", "/settings/personal-tokens/0/revoke/", signed_in(404)),
    ("POST", "/settings/sessions/<id>/revoke", "/settings/sessions/0/revoke/", signed_in(404)),
    ("POST", "/settings/sessions/revoke-others", "/settings/sessions/revoke-others/", signed_in(302)),
    // Organisations and people.
    ("GET", "/organisations", "/organisations/", all(200)),
    ("GET", "/orgs/<slug>", "/orgs/acme/", all(200)),
    ("GET", "/orgs/<slug>/logs?<page>", "/orgs/acme/logs/", all(200)),
    ("GET", "/orgs?<page>", "/orgs/", signed_in(200)),
    ("GET", "/projects?<page>", "/projects/", signed_in(200)),
    ("GET", "/users/<username>", "/users/ada/", all(200)),
    ("GET", "/users/<username>/logs?<page>", "/users/ada/logs/", all(200)),
    ("GET", "/users?<page>", "/users/", all(200)),
    ("GET", "/workspaces?<page>", "/workspaces/", signed_in(200)),
    // Repositories, by their address.
    ("GET", "/repo/<repo_url>", "/repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/", all(302)),
    ("GET", "/publish-repo/<repo_url>", "/publish-repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/", member(200)),
    ("POST", "/publish-repo/<repo_url>", "/publish-repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/", member(200)),
    // A project.
    ("GET", "/<project>", "/project/", all(200)),
    ("GET", "/<project>/edit", "/project/edit/", may("project_manage", 200)),
    ("POST", "/<project>/edit?<next>", "/project/edit/", may("project_manage", 200)),
    ("GET", "/<project>/logs?<page>", "/project/logs/", all(200)),
    ("GET", "/<project>/members", "/project/members/", all(200)),
    ("GET", "/<project>/new-workspace", "/project/new-workspace/", may("workspace_create", 200)),
    ("POST", "/<project>/new-workspace", "/project/new-workspace/", may("workspace_create", 200)),
    // A workspace.
    ("GET", "/<project>/<workspace>", "/project/ws/", all(200)),
    ("POST", "/<project>/<workspace>/archive-toggle", "/project/ws/archive-toggle/", may("workspace_archive", 302)),
    ("GET", "/<project>/<workspace>/edit", "/project/ws/edit/", may("workspace_create", 200)),
    ("POST", "/<project>/<workspace>/edit", "/project/ws/edit/", may("workspace_create", 200)),
    ("GET", "/<project>/<workspace>/logs?<page>&<q>&<backend>", "/project/ws/logs/", all(200)),
    ("POST", "/<project>/<workspace>/notifications-toggle", "/project/ws/notifications-toggle/", may("workspace_toggle_notifications", 302)),
    ("GET", "/<project>/<workspace>/run-jobs/<reference..>", "/project/ws/run-jobs/", may("job_run", 200)),
    ("POST", "/<project>/<workspace>/run-jobs/<reference..>", "/project/ws/run-jobs/", may("job_run", 200)),
    // What is released from a workspace, and what is still inside a backend.
    ("GET", "/<project>/<workspace>/files", "/project/ws/files/", sees("unreleased_outputs_view", 200)),
    ("GET", "/<project>/<workspace>/files/<backend>/<path..>", "/project/ws/files/tpp/", sees("unreleased_outputs_view", 200)),
    ("GET", "/<project>/<workspace>/outputs/<id>/<path..>?<page>&<in>&<from>", "/project/ws/outputs/1/", all(200)),
    ("GET", "/<project>/<workspace>/outputs/<id>/<path..>?<page>&<in>&<from>", "/project/ws/outputs/3/", sees_too("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/outputs/<id>/download", "/project/ws/outputs/1/download/", all(200)),
    ("GET", "/<project>/<workspace>/outputs/<id>/download", "/project/ws/outputs/3/download/", sees_too("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/outputs/latest/<path..>?<page>&<in>&<from>", "/project/ws/outputs/latest/", sees("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/outputs/latest/download", "/project/ws/outputs/latest/download/", sees("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/releases/<id>/<path..>?<page>&<in>&<from>", "/project/ws/releases/release1/", sees("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/releases/<id>/download", "/project/ws/releases/release1/download/", sees("release_file_view", 200)),
    ("GET", "/<project>/releases?<page>", "/project/releases/", all(200)),
    ("GET", "/<project>/<workspace>/releases?<page>", "/project/ws/releases/", all(200)),
    ("GET", "/<project>/<workspace>/releases/<release>/<file_id>/delete", "/project/ws/releases/release1/0000000000000000000DELETE1/delete/", may("release_file_delete", 200)),
    ("POST", "/<project>/<workspace>/releases/<release>/<file_id>/delete", "/project/ws/releases/release1/0000000000000000000DELETE1/delete/", may("release_file_delete", 302)),
    ("GET", "/<project>/<workspace>/outputs?<page>", "/project/ws/outputs/", all(200)),
    ("GET", "/<project>/<workspace>/outputs/latest/prepare", "/project/ws/outputs/latest/prepare/", may_of_those_who_see("release_file_view", "snapshot_create", 200)),
    ("POST", "/<project>/<workspace>/outputs/latest/prepare", "/project/ws/outputs/latest/prepare/", may_of_those_who_see("release_file_view", "snapshot_create", 200)),
    ("POST", "/<project>/<workspace>/outputs/<n>/ask", "/project/ws/outputs/1/ask/", may_either("snapshot_create", "snapshot_publish", 302)),
    ("GET", "/<project>/<workspace>/outputs/<n>/history", "/project/ws/outputs/1/history/", sees("release_file_view", 200)),
    ("GET", "/<project>/<workspace>/published/<file_id>", "/project/ws/published/public1/", all(200)),
    ("POST", "/<project>/<workspace>/outputs/<n>/publish", "/project/ws/outputs/1/publish/", may("snapshot_publish", 302)),
    ("POST", "/<project>/<workspace>/outputs/<n>/reject", "/project/ws/outputs/1/reject/", may("snapshot_publish", 302)),
    // Job requests and jobs.
    ("GET", "/job-requests/<id>", "/job-requests/1/", all(302)),
    ("GET", "/jobs/<identifier>", "/jobs/job1/", all(302)),
    ("GET", "/<project>/<workspace>/<id>", "/project/ws/1/", all(200)),
    ("GET", "/<project>/<workspace>/<id>/events", "/project/ws/1/events/", all(200)),
    ("POST", "/<project>/<workspace>/<id>/cancel", "/project/ws/1/cancel/", may_or_asked("job_cancel", 302)),
    ("POST", "/<project>/<workspace>/<id>/run-again", "/project/ws/1/run-again/", may("job_run", 302)),
    ("GET", "/<project>/<workspace>/<id>/<identifier>", "/project/ws/1/job1/", all(200)),
    ("GET", "/<project>/<workspace>/<id>/<identifier>/events", "/project/ws/1/job1/events/", all(200)),
    ("POST", "/<project>/<workspace>/<id>/<identifier>/cancel", "/project/ws/1/job1/cancel/", may_or_asked("job_cancel", 302)),
    // The API.
    ("GET", "/api/docs", "/api/docs/", all(200)),
    ("GET", "/api/docs/openapi.json", "/api/docs/openapi.json", all(200)),
    // Sessions count, so a browser needs a token against forgery before anything is looked at.
    ("POST", "/api/v2/airlock/events", "/api/v2/airlock/events/", token(201)),
    ("GET", "/api/v2/job-requests", "/api/v2/job-requests/", maybe_token(200)),
    ("POST", "/api/v2/jobs", "/api/v2/jobs/", token(200)),
    // The body is refused; that it is looked at is what counts.
    ("POST", "/api/v2/release-notifications", "/api/v2/release-notifications/", token(400)),
    ("POST", "/api/v2/releases/authenticate", "/api/v2/releases/authenticate", token(400)),
    ("POST", "/api/v2/releases/authorise", "/api/v2/releases/authorise", token(400)),
    ("GET", "/api/v2/releases/file/<file>", "/api/v2/releases/file/draft1", reads(200)),
    ("GET", "/api/v2/releases/release/<release>", "/api/v2/releases/release/release1", reads(200)),
    ("POST", "/api/v2/releases/release/<release>", "/api/v2/releases/release/release1", token_and_user()),
    ("POST", "/api/v2/releases/release/<release>/reviews", "/api/v2/releases/release/release1/reviews", may_through_api("release_file_upload", 200)),
    ("GET", "/api/v2/releases/workspace/<workspace>", "/api/v2/releases/workspace/ws", reads(200)),
    ("POST", "/api/v2/releases/workspace/<workspace>", "/api/v2/releases/workspace/ws", token_and_user()),
    ("GET", "/api/v2/users/<username>", "/api/v2/users/ada/", token(200)),
    ("POST", "/api/v2/workspaces/<name>/snapshots", "/api/v2/workspaces/ws/snapshots", may_through_api("snapshot_create", 201)),
    ("GET", "/api/v2/workspaces/<name>/snapshots/<id>", "/api/v2/workspaces/ws/snapshots/1", all(200)),
    ("GET", "/api/v2/workspaces/<name>/snapshots/<id>", "/api/v2/workspaces/ws/snapshots/3", may_through_api("release_file_view", 200)),
    ("POST", "/api/v2/workspaces/<name>/snapshots/<id>/publish", "/api/v2/workspaces/ws/snapshots/1/publish", may_through_api("snapshot_publish", 200)),
    ("GET", "/api/v2/workspaces/<name>/status", "/api/v2/workspaces/ws/status", all(200)),
    ("GET", "/api/v2/workspaces/<name>/statuses?<backend>", "/api/v2/workspaces/ws/statuses/", all(200)),
    ("GET", "/api/<rest..>", "/api/v2/nothing/", all(404)),
    ("POST", "/api/<rest..>", "/api/v2/nothing/", all(404)),
    // Last of these, as it takes back what lines above look at.
    ("POST", "/<project>/<workspace>/outputs/<n>/withdraw", "/project/ws/outputs/1/withdraw/", may("snapshot_publish", 302)),
];

/// The whole table: the lines above and those of the staff area, which change more and so come last.
fn table() -> impl Iterator<Item = &'static Row> {
    let staff = [
        staff_lead::ROWS,
        staff_people::ROWS,
        staff_projects::ROWS,
        staff_service::ROWS,
    ];
    TABLE.iter().chain(staff.into_iter().flatten())
}

/// Methods that the API answers with 405, 404 or, for OPTIONS, a description, for whomever; and those by which an
/// address that only leads on does the same as by GET. Their own tests look at them.
fn is_another_method(method: &str, route: &str) -> bool {
    const LEADS_ON: [&str; 6] = [
        "/event-list",
        "/favicon.ico",
        "/job-requests/<id>",
        "/jobs",
        "/jobs/<identifier>",
        "/robots.txt",
    ];
    // Each page's guard answers for the methods that its page does not have: tests/it/staff/methods.rs.
    if route == "/staff/<rest..>" {
        return true;
    }
    (route == "/api/<rest..>" && !matches!(method, "GET" | "POST")) || (LEADS_ON.contains(&route) && method != "GET")
}

/// The kind of copy that has the most pages.
async fn development_copy(pool: PgPool) -> Site {
    Site::start_with(pool, |settings| settings.web.debug = true).await
}

async fn everybody_gets_what_the_table_says(pool: PgPool, actors: &[Actor]) {
    let site = development_copy(pool).await;
    two_projects(&site).await;
    let mut wrong = Vec::new();
    for actor in actors {
        let mut door = AtTheDoor::new(&site, actor).await;
        actors::as_before(&site).await;
        for (method, route, path, rule) in table() {
            let (got, expected) = (door.ask(method, path).await, rule.expected(actor));
            if got != expected {
                wrong.push(format!(
                    "{method} {route} by {} ({}): {got}, not {expected}",
                    actor.name, actor.what
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "1 stands for the login page\n{}", wrong.join("\n"));
}

#[sqlx::test]
async fn strangers_and_programs_get_what_the_table_says(pool: PgPool) {
    everybody_gets_what_the_table_says(pool, OUTSIDE).await;
}

#[sqlx::test]
async fn members_get_what_the_table_says(pool: PgPool) {
    everybody_gets_what_the_table_says(pool, MEMBERS).await;
}

#[sqlx::test]
async fn holders_of_global_roles_get_what_the_table_says(pool: PgPool) {
    everybody_gets_what_the_table_says(pool, GLOBAL).await;
}

#[sqlx::test]
async fn every_mounted_route_is_in_the_table(pool: PgPool) {
    let site = development_copy(pool).await;
    let mounted: BTreeSet<(String, String)> = site
        .client
        .rocket()
        .routes()
        .map(|route| (route.method.to_string(), route.uri.to_string()))
        .filter(|(method, route)| !is_another_method(method, route))
        .collect();
    let known: BTreeSet<(String, String)> = table()
        .map(|(method, route, ..)| ((*method).to_owned(), (*route).to_owned()))
        .collect();
    let unknown: Vec<_> = mounted.difference(&known).collect();
    let gone: Vec<_> = known.difference(&mounted).collect();
    assert!(unknown.is_empty(), "say who may see {unknown:?}");
    assert!(gone.is_empty(), "not mounted any more: {gone:?}");
}

#[test]
fn roles_permit_what_is_written_down_here() {
    let program: Vec<(&str, Vec<&str>)> = Role::ALL
        .iter()
        .map(|role| (role.name(), role.permissions().map(Permission::name).collect()))
        .collect();
    let written: Vec<(&str, Vec<&str>)> = ROLES.iter().map(|(role, held)| (*role, held.to_vec())).collect();
    assert_eq!(program, written);
    let staff: Vec<&str> = Permission::ALL
        .iter()
        .filter(|permission| permission.needs_staff_area())
        .map(|permission| permission.name())
        .collect();
    assert_eq!(staff, STAFF_PERMISSIONS);
}

#[test]
fn every_role_is_held_by_somebody_alone() {
    for role in Role::ALL {
        let holds_it_alone = |actor: &&Actor| {
            let inside = actor.memberships.iter().flat_map(|(_, roles)| roles.iter());
            let held: Vec<&&str> = actor.global.iter().chain(inside).collect();
            held == [&role.name()]
        };
        let somebody = MEMBERS.iter().chain(GLOBAL).find(holds_it_alone);
        assert!(somebody.is_some(), "nobody of the table holds {role:?} alone");
    }
}
