//! The whole route table. Pages of a project come last: their paths are made of parameters, so they
//! would match almost anything.

use rocket::{Route, routes};

use super::{api, pages, static_files};

/// Every route, in the order of what it is about.
pub fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(routes![static_files::file, static_files::favicon, static_files::robots]);
    routes.extend(api::routes());
    routes.extend(pages::site_routes());
    routes.extend(pages::project_routes().into_iter().map(after_the_site));
    routes
}

/// Rocket's default ranks run from -12 to -1, by how much of a path is fixed: moved past all of them,
/// a project's page is tried when nothing of the site's own fits.
fn after_the_site(mut route: Route) -> Route {
    route.rank += 20;
    route
}
