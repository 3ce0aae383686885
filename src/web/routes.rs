//! The whole route table. Pages of a project come last: their paths are made of parameters, so they
//! would match almost anything.

use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route, routes};

use super::{api, fairings, forgery, limits, pages, staff, static_files, uploads};

/// Every route, in the order of what it is about.
pub fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(routes![static_files::file]);
    routes.extend(whatever_method(routes![static_files::favicon, static_files::robots]));
    routes.extend(routes![uploads::logo]);
    routes.extend(api::routes());
    // They change nothing, so no form is asked for a token.
    routes.extend(whatever_method(pages::leading_on()));
    routes.extend(pages::site_routes().into_iter().map(forgery::guarded));
    let staff_pages = staff::routes();
    // They ask guards alone, and call no handler.
    routes.extend(staff::methods::others(&staff_pages));
    routes.extend(staff_pages.into_iter().map(forgery::guarded));
    let project_routes = pages::project_routes().into_iter().map(after_the_site);
    routes.extend(project_routes.map(forgery::guarded));
    routes.into_iter().map(observed).collect()
}

/// A route whose guards, handler and answer run within the request's scope: what they log, ask the database
/// and call is the request's. A fairing sees only what is before and after.
#[derive(Clone)]
struct Observed {
    handler: Box<dyn Handler>,
    template: String,
}

#[rocket::async_trait]
impl Handler for Observed {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        if length(request.uri()) > limits::LONGEST_ADDRESS {
            return Outcome::Error(Status::UriTooLong);
        }
        let scope = &fairings::context(request).scope;
        scope.run(&self.template, self.handler.handle(request, data)).await
    }
}

/// Routes of GET for the other methods too. HEAD is there where GET is.
fn whatever_method(routes: Vec<Route>) -> impl Iterator<Item = Route> {
    const METHODS: [Method; 6] = [
        Method::Get,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
    ];
    routes.into_iter().flat_map(|route| {
        METHODS.map(|method| {
            let mut route = route.clone();
            route.method = method;
            route
        })
    })
}

/// Of path and query, in bytes.
fn length(uri: &Origin<'_>) -> usize {
    uri.path().as_str().len() + uri.query().map_or(0, |query| query.as_str().len())
}

/// Routes that only a development copy has, to be mounted below `base`.
pub fn below(base: &str, routes: Vec<Route>) -> Vec<Route> {
    routes.into_iter().map(|route| observed_below(base, route)).collect()
}

fn observed(route: Route) -> Route {
    observed_below("", route)
}

fn observed_below(base: &str, mut route: Route) -> Route {
    let template = format!("{base}{}", route.uri.path());
    let handler = route.handler.clone();
    route.handler = Box::new(Observed { handler, template });
    route
}

/// Rocket's default ranks run from -12 to -1, by how much of a path is fixed: moved past all of them,
/// a project's page is tried when nothing of the site's own fits.
fn after_the_site(mut route: Route) -> Route {
    route.rank += 20;
    route
}
