//! The pipeline of a job request as a picture.

use crate::core::jobs::Pipeline;
use crate::core::jobs::detail::{ListedJob, RequestDetail};
use crate::web::view::{Graph, Status, ToldOfAction};

/// The pipeline with what became of its actions in this request; those that were not part of it have no status.
pub fn graph(request: &RequestDetail, jobs: &[ListedJob], href: impl Fn(&ListedJob) -> String) -> Option<Graph> {
    let pipeline = Pipeline::parse(&request.project_definition).ok()?;
    Graph::of(&pipeline, |action| {
        let job = jobs.iter().rfind(|job| job.action == action);
        ToldOfAction {
            status: job.map(|job| Status::of_job(&job.status)),
            href: job.map(&href),
            is_selected: request.requested_actions.iter().any(|requested| requested == action),
        }
    })
}
