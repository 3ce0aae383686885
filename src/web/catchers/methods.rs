//! Which methods an address answers.

use rocket::http::{Method, Status};
use rocket::{Orbit, Request, Rocket, Route};

use crate::core::names::RESERVED_PROJECT_SLUGS;
use crate::web::responders::{Allow, Told};
use crate::web::staff;

/// A parameter that does not parse is an address that does not exist; an address that answers other
/// methods only is 405, and says which.
pub(super) fn refine(status: Status, request: &Request<'_>) -> (Status, Option<String>) {
    if status == Status::MethodNotAllowed {
        return (status, request.local_cache(Allow::default).0.clone());
    }
    if status != Status::NotFound && status != Status::UnprocessableEntity {
        return (status, None);
    }
    let path = segments(request.uri().path().as_str());
    // In the staff area the pages say themselves which methods they answer, and to whom.
    if path.first() == Some(&"staff") {
        return (Status::NotFound, None);
    }
    let methods = other_methods(request);
    // What a page of projects had to say of a word that no project can be called by is not about this address.
    let is_of_site = path.first().is_some_and(|first| RESERVED_PROJECT_SLUGS.contains(first));
    if !methods.is_empty() && (is_of_site || request.local_cache(Told::default).0.is_none()) {
        return (Status::MethodNotAllowed, Some(methods.join(", ")));
    }
    (Status::NotFound, None)
}

/// The methods that this path answers, when this request's is not among them.
fn other_methods(request: &Request<'_>) -> Vec<&'static str> {
    let path = segments(request.uri().path().as_str());
    let methods = |is_of_words: bool| {
        request
            .rocket()
            .routes()
            .filter(|route| is_of_words == has_words(route) && fits(route, &path))
            .map(|route| route.method)
            .collect::<Vec<_>>()
    };
    let mut found = methods(true);
    let reads = matches!(request.method(), Method::Get | Method::Head);
    if found.is_empty() && !reads {
        found = methods(false);
    }
    if found.contains(&request.method()) || (request.method() == Method::Head && found.contains(&Method::Get)) {
        return Vec::new();
    }
    if found.contains(&Method::Get) {
        found.push(Method::Head);
    }
    let mut names: Vec<&str> = found.into_iter().map(Method::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a route has a fixed word in its path, or is the home page's. Those of parameters alone (a
/// project's pages) answer GET for almost anything, so they say nothing about an address that is not there.
fn has_words(route: &Route) -> bool {
    let mut segments = route
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .peekable();
    segments.peek().is_none() || segments.any(|segment| !segment.starts_with('<'))
}

/// Whether a route is about this path. What answers all of the staff area that has no page is about none.
pub(in crate::web) fn fits(route: &Route, path: &[&str]) -> bool {
    if route.uri.path() == staff::methods::PATH {
        return false;
    }
    let pattern: Vec<&str> = route
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let is_fixed = |segment: &&str| !segment.starts_with('<');
    let rest = pattern.last().is_some_and(|segment| segment.ends_with("..>"));
    let fixed = if rest {
        &pattern[..pattern.len() - 1]
    } else {
        &pattern[..]
    };
    if path.len() < fixed.len() || (!rest && path.len() != fixed.len()) {
        return false;
    }
    fixed
        .iter()
        .zip(path)
        .all(|(pattern, segment)| !is_fixed(pattern) || pattern == segment)
}

/// Whether there is something to be seen at a path: a route that answers GET, and is no less about this
/// path than those of other methods.
pub(super) fn answers_get(rocket: &Rocket<Orbit>, path: &str) -> bool {
    let path = segments(path);
    let of_words = |is_of_words: bool| {
        rocket
            .routes()
            .filter(|route| is_of_words == has_words(route) && fits(route, &path))
            .map(|route| route.method)
            .collect::<Vec<_>>()
    };
    let mut methods = of_words(true);
    if methods.is_empty() {
        methods = of_words(false);
    }
    methods.contains(&Method::Get)
}

/// A path's parts; slashes at its end or doubled make none.
pub(in crate::web) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}
