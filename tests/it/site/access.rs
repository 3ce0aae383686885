//! Who gets what: every mounted route, asked by every kind of visitor. A route that the table does not
//! know fails the test, so nobody adds a page without saying who may see it.

use std::collections::BTreeSet;

use sqlx::PgPool;

use crate::support::{Job, Request, Site};

/// The visitors, in the order of the table's columns.
const ACTORS: [&str; 8] = [
    "anonymous", // not signed in
    "nobody",    // signed in, no role, no membership
    "ada",       // ProjectDeveloper of the project, may use its backend, asked for the jobs
    "carol",     // ProjectCollaborator of the project
    "mallory",   // ProjectDeveloper of another project
    "olga",      // OutputChecker everywhere
    "stan",      // StaffAreaAdministrator, TechSupport, ServiceAdministrator
    "tpp",       // a backend with its token, no cookies
];

/// What a cell expects: a status, or a redirect to the login page.
const LOGIN: u16 = 1;

type Row = (&'static str, &'static str, &'static str, [u16; 8]);

/// Everybody gets the same.
const fn all(status: u16) -> [u16; 8] {
    [status; 8]
}

/// Those signed in get `status`, others are asked to sign in. A backend's token signs nobody in.
const fn signed_in(status: u16) -> [u16; 8] {
    [LOGIN, status, status, status, status, status, status, LOGIN]
}

/// Only the project's developer gets `status`: what the object is may be known to all, so others signed
/// in are refused, not deceived.
const fn developer(status: u16) -> [u16; 8] {
    [LOGIN, 403, status, 403, 403, 403, 403, LOGIN]
}

/// Only a token opens it; what people have opens nothing.
const fn token(status: u16) -> [u16; 8] {
    [403, 403, 403, 403, 403, 403, 403, status]
}

/// method, route, the address asked for, what each visitor gets.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The site.
    ("GET", "/", "/", all(200)),
    ("GET", "/400", "/400", all(400)),
    ("GET", "/403", "/403", all(403)),
    ("GET", "/404", "/404", all(404)),
    ("GET", "/500", "/500", all(500)),
    ("GET", "/event-list", "/event-list/", all(302)),
    ("GET", "/event-log?<page>", "/event-log/", all(200)),
    ("GET", "/favicon.ico", "/favicon.ico", all(302)),
    ("GET", "/health-check", "/health-check/", all(200)),
    ("GET", "/jobs", "/jobs/", all(302)),
    ("GET", "/ready", "/ready/", all(200)),
    ("GET", "/robots.txt", "/robots.txt", all(302)),
    ("GET", "/static/<path..>", "/static/none.css", all(404)),
    ("GET", "/status", "/status/", all(200)),
    ("GET", "/status/<slug>", "/status/tpp/", all(200)),
    ("GET", "/status/<slug>/db-availability", "/status/tpp/db-availability/", all(200)),
    ("GET", "/ui-components", "/ui-components/", all(200)),
    // Development copies that keep their mails.
    ("GET", "/dev/mail", "/dev/mail/", all(200)),
    ("GET", "/dev/mail/<id>", "/dev/mail/none@example.org/", all(404)),
    ("GET", "/dev/mail/<id>/html", "/dev/mail/none@example.org/html/", all(404)),
    // Signing in and out.
    ("GET", "/login-link/<token>", "/login-link/none/", all(200)),
    ("POST", "/login-link/<token>", "/login-link/none/", [403, 302, 302, 302, 302, 302, 302, 403]),
    ("GET", "/login", "/login/", [200, 302, 302, 302, 302, 302, 302, 200]),
    ("POST", "/login", "/login/", [200, 302, 302, 302, 302, 302, 302, 403]),
    ("POST", "/login-with-token", "/login-with-token/", [403, 200, 200, 200, 200, 200, 200, 403]),
    ("GET", "/login-with-url/<token>", "/login-with-url/none/", all(302)),
    ("POST", "/logout", "/logout/", [403, 302, 302, 302, 302, 302, 302, 403]),
    // What people choose for themselves.
    ("GET", "/settings", "/settings/", signed_in(200)),
    ("POST", "/settings", "/settings/", signed_in(200)),
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
    // A project.
    ("GET", "/<project>", "/project/", all(200)),
    ("GET", "/<project>/edit", "/project/edit/", developer(200)),
    ("POST", "/<project>/edit?<next>", "/project/edit/", developer(200)),
    ("GET", "/<project>/logs?<page>", "/project/logs/", all(200)),
    ("GET", "/<project>/new-workspace", "/project/new-workspace/", developer(200)),
    ("POST", "/<project>/new-workspace", "/project/new-workspace/", developer(200)),
    // A workspace.
    ("GET", "/<project>/<workspace>", "/project/ws/", all(200)),
    ("POST", "/<project>/<workspace>/archive-toggle", "/project/ws/archive-toggle/", developer(302)),
    ("GET", "/<project>/<workspace>/edit", "/project/ws/edit/", developer(200)),
    ("POST", "/<project>/<workspace>/edit", "/project/ws/edit/", developer(200)),
    ("GET", "/<project>/<workspace>/logs?<page>&<q>&<backend>", "/project/ws/logs/", all(200)),
    ("POST", "/<project>/<workspace>/notifications-toggle", "/project/ws/notifications-toggle/", developer(302)),
    ("GET", "/<project>/<workspace>/run-jobs/<reference..>", "/project/ws/run-jobs/", developer(200)),
    ("POST", "/<project>/<workspace>/run-jobs/<reference..>", "/project/ws/run-jobs/", developer(200)),
    // Job requests and jobs.
    ("GET", "/job-requests/<id>", "/job-requests/1/", all(302)),
    ("GET", "/jobs/<identifier>", "/jobs/job1/", all(302)),
    ("GET", "/<project>/<workspace>/<id>", "/project/ws/1/", all(200)),
    ("GET", "/<project>/<workspace>/<id>/events", "/project/ws/1/events/", all(200)),
    ("POST", "/<project>/<workspace>/<id>/cancel", "/project/ws/1/cancel/", developer(302)),
    ("GET", "/<project>/<workspace>/<id>/<identifier>", "/project/ws/1/job1/", all(200)),
    ("GET", "/<project>/<workspace>/<id>/<_identifier>/events", "/project/ws/1/job1/events/", all(200)),
    ("POST", "/<project>/<workspace>/<id>/<identifier>/cancel", "/project/ws/1/job1/cancel/", developer(302)),
    // The API.
    ("GET", "/api/docs", "/api/docs/", all(200)),
    ("GET", "/api/docs/openapi.json", "/api/docs/openapi.json", all(200)),
    // Sessions count, so a browser needs a token against forgery before anything is looked at.
    ("POST", "/api/v2/airlock/events", "/api/v2/airlock/events/", token(201)),
    ("GET", "/api/v2/job-requests", "/api/v2/job-requests/", all(200)),
    ("POST", "/api/v2/jobs", "/api/v2/jobs/", token(200)),
    // The body is refused; that it is looked at is what counts.
    ("POST", "/api/v2/release-notifications", "/api/v2/release-notifications/", token(400)),
    ("POST", "/api/v2/releases/authenticate", "/api/v2/releases/authenticate", token(400)),
    ("POST", "/api/v2/releases/authorise", "/api/v2/releases/authorise", token(400)),
    ("GET", "/api/v2/users/<username>", "/api/v2/users/ada/", token(200)),
    ("GET", "/api/v2/workspaces/<name>/status", "/api/v2/workspaces/ws/status", all(200)),
    ("GET", "/api/v2/workspaces/<name>/statuses?<backend>", "/api/v2/workspaces/ws/statuses/", all(200)),
    ("GET", "/api/<rest..>", "/api/v2/nothing/", all(404)),
    ("POST", "/api/<rest..>", "/api/v2/nothing/", all(404)),
];

/// Methods that the API answers with 405, 404 or, for OPTIONS, a description, for whomever; their own
/// tests look at them.
fn is_another_method(method: &str, route: &str) -> bool {
    route == "/api/<rest..>" && !matches!(method, "GET" | "POST")
}

/// The kind of copy that has the most pages.
async fn development_copy(pool: PgPool) -> Site {
    Site::start_with(pool, |settings| settings.web.debug = true).await
}

/// A project with a finished job request of a developer, and somebody for each column.
async fn people_the_site(site: &Site) {
    let world = &site.world;
    world.usual().await;
    world.user("nobody").await;
    world.member("project", "carol", &["ProjectCollaborator"]).await;
    world.member("another", "mallory", &["ProjectDeveloper"]).await;
    world.may_use("tpp", "mallory").await;
    world.global_roles("olga", &["OutputChecker"]).await;
    let staff = ["StaffAreaAdministrator", "TechSupport", "ServiceAdministrator"];
    world.global_roles("stan", &staff).await;
    let (id, _) = world
        .request(Request {
            status: "succeeded",
            ..Request::default()
        })
        .await;
    assert_eq!(id, 1, "the table names it");
    world
        .job(
            id,
            Job {
                status: "succeeded",
                ..Job::default()
            },
        )
        .await;
}

async fn ask(site: &Site, actor: &str, method: &str, path: &str) -> u16 {
    let answer = match (actor, method) {
        ("tpp", "GET") => site.backend("tpp").await.get(path).await,
        ("tpp", _) if path.starts_with("/api/") => site.backend("tpp").await.post_text(path, "[]").await,
        // A token in a header proves no form: as good as anonymous, without a browser.
        ("tpp", _) => {
            let backend = site.backend("tpp").await;
            let headers = [("Authorization", backend.token.as_str())];
            backend.send(rocket::http::Method::Post, path, &headers, b"").await
        }
        (_, "GET") => visitor(site, actor).await.get(path).await,
        (_, _) => visitor(site, actor).await.post(path, &[]).await,
    };
    if answer.status == 302 && answer.location().starts_with("/login/?next=") {
        LOGIN
    } else {
        answer.status
    }
}

async fn visitor(site: &Site, actor: &str) -> crate::support::Visitor {
    if actor == "anonymous" {
        site.anonymous()
    } else {
        site.sign_in(actor).await
    }
}

#[sqlx::test]
async fn every_visitor_gets_what_the_table_says(pool: PgPool) {
    let site = development_copy(pool).await;
    people_the_site(&site).await;
    let mut wrong = Vec::new();
    for (method, route, path, expected) in TABLE {
        for (actor, expected) in ACTORS.iter().zip(expected) {
            let got = ask(&site, actor, method, path).await;
            if got != *expected {
                wrong.push(format!("{method} {route} by {actor}: {got}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "1 stands for the login page\n{}", wrong.join("\n"));
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
    let known: BTreeSet<(String, String)> = TABLE
        .iter()
        .map(|(method, route, ..)| ((*method).to_owned(), (*route).to_owned()))
        .collect();
    let unknown: Vec<_> = mounted.difference(&known).collect();
    let gone: Vec<_> = known.difference(&mounted).collect();
    assert!(unknown.is_empty(), "say who may see {unknown:?}");
    assert!(gone.is_empty(), "not mounted any more: {gone:?}");
}
