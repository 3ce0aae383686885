//! The mails about a release request to whoever made it.

use serde::Serialize;

use super::short_line;
use crate::core::outbox::RequestDecided;
use crate::delivery::{Place, issues};

/// The most characters of one update.
const LONGEST: usize = 300;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approved,
    Released,
    Rejected,
    Returned,
}

impl Decision {
    /// The name of its pair of templates.
    pub fn template(self) -> &'static str {
        match self {
            Self::Approved => "request_approved",
            Self::Released => "files_released",
            Self::Rejected => "request_rejected",
            Self::Returned => "request_returned",
        }
    }

    pub fn subject(self, facts: &RequestDecided) -> String {
        let (workspace, request) = (&facts.workspace, &facts.request);
        match self {
            Self::Approved => format!("Release request approved: workspace {workspace}, request {request}"),
            Self::Released => format!("Files released from workspace {workspace}"),
            Self::Rejected => format!("Release request rejected: workspace {workspace}, request {request}"),
            Self::Returned => format!("Release request returned to you: workspace {workspace}, request {request}"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct View {
    workspace: String,
    request: String,
    url: String,
    /// Whether that is a release's page.
    is_release: bool,
    updates: Vec<String>,
}

impl View {
    pub fn new(facts: &RequestDecided, place: &Place) -> Self {
        let updates = issues::update_lines(&facts.updates, facts.more);
        Self {
            workspace: facts.workspace.clone(),
            request: short_line(&facts.request, LONGEST),
            url: place.absolute(&facts.path),
            is_release: facts.path.contains("/releases/"),
            updates: updates.iter().map(|line| short_line(line, LONGEST)).collect(),
        }
    }
}
