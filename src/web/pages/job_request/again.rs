//! Asking again for just what failed or was cancelled.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::core::jobs::detail::{ListedJob, RequestDetail};
use crate::core::sealed::random_token;
use crate::web::view::count_of;

/// The button that does it, and the way to the form for whoever wants to choose.
#[derive(Debug, Serialize)]
pub struct Again {
    pub action: String,
    pub csrf: String,
    pub form_key: String,
    pub text: String,
    pub choose_href: String,
}

impl Again {
    /// `None` while the request goes on, and when there is nothing to ask for again.
    pub fn new(request: &RequestDetail, jobs: &[ListedJob], csrf: &str) -> Option<Self> {
        let actions = actions(request, jobs);
        if actions.is_empty() {
            return None;
        }
        Some(Self {
            action: format!("{}run-again/", request.place.request_href(request.id)),
            csrf: csrf.to_owned(),
            form_key: random_token(),
            text: format!("Run {} again", count_of(actions.len(), "action")),
            choose_href: choose_href(request, &actions),
        })
    }
}

/// What failed, and what was cancelled and has not succeeded, each once, in the order of the jobs.
pub fn actions(request: &RequestDetail, jobs: &[ListedJob]) -> Vec<String> {
    if request.status.is_active() || jobs.iter().any(|job| job.action == crate::core::jobs::ERROR_ACTION) {
        return Vec::new();
    }
    let mut actions: Vec<String> = Vec::new();
    let failed = jobs.iter().filter(|job| job.is("failed")).map(|job| &job.action);
    let cancelled = request
        .cancelled_actions
        .iter()
        .filter(|action| !jobs.iter().any(|job| &job.action == *action && job.is("succeeded")));
    for action in failed.chain(cancelled) {
        if !actions.contains(action) {
            actions.push(action.clone());
        }
    }
    actions
}

/// The most actions that an address names: more would make it longer than what is read.
const MOST_NAMED: usize = 100;

/// The form for asking, with these actions and the request's backend chosen.
pub fn choose_href(request: &RequestDetail, actions: &[String]) -> String {
    let place = &request.place;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut href = format!(
        "/{}/{}/run-jobs/?backend={}",
        place.project_slug,
        place.workspace_name,
        encoded(&place.backend_slug)
    );
    for action in actions.iter().take(MOST_NAMED) {
        href.push_str("&actions=");
        href.push_str(&encoded(action));
    }
    href
}
