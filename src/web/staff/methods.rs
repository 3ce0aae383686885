//! Methods that a page of the area does not answer. Whether somebody may know that is said by the page's own guard, as
//! for the methods that it answers; only whoever it lets through is told which those are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use crate::web::catchers::{fits, segments};
use crate::web::responders::Allow;

/// The path of these routes, which is no page's.
pub const PATH: &str = "/staff/<rest..>";

/// Tried after every page of the area, and before the pages of projects.
const RANK: isize = 5;

/// HEAD is not among them: it goes where GET goes.
const METHODS: [Method; 8] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// What answers all that `pages` do not.
pub fn others(pages: &[Route]) -> Vec<Route> {
    let others = Others(pages.into());
    METHODS
        .map(|method| Route::ranked(RANK, method, PATH, others.clone()))
        .into()
}

/// Whether the guards of a page are only asked whether they would let somebody through: they say so by 405, so that
/// the handler is not called.
#[derive(Debug, Default)]
struct OnlyAsked(AtomicBool);

/// Whether a guard is to answer in the handler's place.
pub(super) fn is_only_asked(request: &Request<'_>) -> bool {
    request.local_cache(OnlyAsked::default).0.load(Ordering::Relaxed)
}

#[derive(Clone)]
struct Others(Arc<[Route]>);

#[rocket::async_trait]
impl Handler for Others {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let path = segments(request.uri().path().as_str());
        // Of several patterns that fit, the one with the fewest parameters is about this path.
        let pattern = self.0.iter().filter(|page| fits(page, &path));
        let pattern = pattern
            .map(|page| page.uri.path())
            .min_by_key(|path| path.matches('<').count());
        let pages: Vec<&Route> = self.0.iter().filter(|page| Some(page.uri.path()) == pattern).collect();
        let answers = |method| pages.iter().any(|page| page.method == method);
        let Some(page) = pages.first().filter(|_| !answers(request.method())) else {
            return Outcome::forward(data, Status::NotFound);
        };
        request.local_cache(OnlyAsked::default).0.store(true, Ordering::Relaxed);
        match page.handler.handle(request, data).await {
            Outcome::Error(status) if status != Status::MethodNotAllowed => Outcome::Error(status),
            _ => {
                request.local_cache(|| Allow(Some(allowed(&pages))));
                Outcome::Error(Status::MethodNotAllowed)
            }
        }
    }
}

fn allowed(pages: &[&Route]) -> String {
    let mut names: Vec<&str> = pages.iter().map(|page| page.method.as_str()).collect();
    if names.contains(&Method::Get.as_str()) {
        names.push(Method::Head.as_str());
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
