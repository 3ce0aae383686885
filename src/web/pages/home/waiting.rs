//! What waits for the decision of who is signed in.

use serde::Serialize;

use crate::core::releases::store::waiting::{self, WaitingRequest};
use crate::web::pages::releases::amount;
use crate::web::view::{Link, Time, thousands, user_href};

/// Requests to publish outputs, those first that waited longest.
#[derive(Serialize)]
pub struct Waiting {
    pub total: String,
    pub requests: Vec<Request>,
    /// That there are more than are shown.
    pub note: Option<String>,
}

#[derive(Serialize)]
pub struct Request {
    pub outputs: Link,
    pub workspace: String,
    pub project: String,
    pub files: String,
    pub by: Link,
    pub asked: Time,
}

impl Waiting {
    /// `None` when nothing waits.
    pub fn of(found: waiting::Waiting) -> Option<Self> {
        let shown = i64::try_from(found.requests.len()).unwrap_or(i64::MAX);
        (shown > 0).then(|| Self {
            total: thousands(found.total),
            note: (found.total > shown).then(|| {
                format!(
                    "These waited longest. {} more will be here once they are decided.",
                    thousands(found.total - shown)
                )
            }),
            requests: found.requests.into_iter().map(Request::from).collect(),
        })
    }
}

impl From<WaitingRequest> for Request {
    fn from(request: WaitingRequest) -> Self {
        let href = format!(
            "/{}/{}/outputs/{}/",
            request.project_slug, request.workspace, request.snapshot_id
        );
        Self {
            outputs: Link::new(format!("Outputs {}", request.snapshot_id), href),
            workspace: request.workspace,
            project: request.project,
            files: amount(&request.files),
            by: Link::new(request.asked_by_name, user_href(&request.asked_by)),
            asked: Time::new(request.asked_at),
        }
    }
}
