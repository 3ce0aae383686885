//! What a pretending backend knows and decides. Pure: requests and the time go in, reports come out.
//!
//! The rules are those of real runners: an action that was asked for runs again, one that is only
//! needed runs unless it succeeded last time or everything is to be forced; an action that is under way
//! in its workspace is not started twice, and whoever needs it waits for it.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::api::JobRequest;
use super::job::{Job, Report};
use crate::core::jobs::{ERROR_ACTION, Pipeline, RUN_ALL};

/// How many jobs run at once.
const WORKERS: usize = 3;
/// How many requests are remembered.
const MEMORY: usize = 500;

/// A pipeline, or why there is none.
pub type Definition = Result<Pipeline, String>;

#[derive(Debug)]
struct Handled {
    identifier: String,
    jobs: Vec<Job>,
}

#[derive(Debug)]
pub struct Runner {
    speed: f64,
    handled: Vec<Handled>,
}

impl Runner {
    pub fn new(speed: f64) -> Self {
        Self {
            speed,
            handled: Vec::new(),
        }
    }

    pub fn knows(&self, request: &str) -> bool {
        self.handled.iter().any(|handled| handled.identifier == request)
    }

    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.handled.iter().flat_map(|handled| &handled.jobs)
    }

    /// Makes the jobs of a new request. `outcomes` is how the workspace's actions ended before this
    /// runner started.
    pub fn admit(
        &mut self,
        request: &JobRequest,
        definition: Definition,
        outcomes: &HashMap<String, String>,
        now: OffsetDateTime,
    ) {
        let jobs = match definition {
            Err(fault) => vec![refused(request, "internal_error", fault, now)],
            Ok(pipeline) => self.jobs_of(request, &pipeline, outcomes, now),
        };
        self.handled.push(Handled {
            identifier: request.identifier.clone(),
            jobs,
        });
        self.forget();
    }

    fn jobs_of(
        &self,
        request: &JobRequest,
        pipeline: &Pipeline,
        outcomes: &HashMap<String, String>,
        now: OffsetDateTime,
    ) -> Vec<Job> {
        let wanted = &request.requested_actions;
        if let Some(unknown) = wanted.iter().find(|action| !pipeline.offers(action)) {
            let fault = format!("project.yaml has no action {unknown}");
            return vec![refused(request, "internal_error", fault, now)];
        }
        let workspace = request.workspace.name.as_str();
        let active = |action: &str| {
            self.jobs()
                .find(|job| job.workspace == workspace && job.action == action && job.is_active() && !job.cancelled)
        };
        let succeeded = |action: &str| {
            let last = self
                .jobs()
                .filter(|job| job.workspace == workspace && job.action == action)
                .last();
            last.map_or_else(|| outcomes.get(action).map(String::as_str), |job| Some(job.status)) == Some("succeeded")
        };
        let is_needed = |action: &str| {
            let asked_for = wanted.iter().any(|wanted| wanted == action);
            active(action).is_none() && (asked_for || request.force_run_dependencies || !succeeded(action))
        };
        // An action is reached only through actions that run: what is done needs nothing any more.
        let mut chosen: Vec<&str> = Vec::new();
        let mut queue: Vec<&str> = match wanted.iter().any(|action| action == RUN_ALL) {
            true => pipeline.actions().iter().map(|action| action.name.as_str()).collect(),
            false => wanted.iter().map(String::as_str).collect(),
        };
        while let Some(action) = queue.pop() {
            if !chosen.contains(&action) && is_needed(action) {
                chosen.push(action);
                queue.extend(
                    pipeline
                        .action(action)
                        .into_iter()
                        .flat_map(|a| a.needs.iter().map(String::as_str)),
                );
            }
        }
        let to_run: Vec<_> = pipeline
            .actions()
            .iter()
            .filter(|action| chosen.contains(&action.name.as_str()))
            .collect();
        if to_run.is_empty() {
            let first = wanted.first().map_or(RUN_ALL, String::as_str);
            let message = "Nothing to do: everything asked for has succeeded or is under way".to_owned();
            return vec![Job::new(&request.identifier, workspace, first, None, now).over(
                "succeeded",
                "succeeded",
                message,
            )];
        }
        if !request.codelists_ok && to_run.iter().any(|action| action.is_database_action()) {
            let fault = "Codelists are out of date: update them and ask again".to_owned();
            return vec![refused(request, "stale_codelists", fault, now)];
        }
        to_run
            .into_iter()
            .map(|action| {
                let mut job = Job::new(&request.identifier, workspace, &action.name, Some(&action.run), now)
                    .reading_the_database(action.is_database_action());
                job.waits_for = action
                    .needs
                    .iter()
                    .filter_map(|need| match chosen.contains(&need.as_str()) {
                        true => Some(super::super::history::job_identifier(&request.identifier, need)),
                        false => active(need).map(|job| job.identifier.clone()),
                    })
                    .collect();
                job
            })
            .collect()
    }

    /// Notes which actions of a request are no longer wanted.
    pub fn cancel(&mut self, request: &str, actions: &[String]) {
        let handled = self.handled.iter_mut().filter(|handled| handled.identifier == request);
        for job in handled.flat_map(|handled| &mut handled.jobs) {
            job.cancelled |= job.is_active() && actions.contains(&job.action);
        }
    }

    /// Does what is due, and tells what changed.
    pub fn advance(&mut self, now: OffsetDateTime) -> Vec<String> {
        let statuses: HashMap<String, &'static str> =
            self.jobs().map(|job| (job.identifier.clone(), job.status)).collect();
        let mut free = WORKERS.saturating_sub(self.jobs().filter(|job| job.is_running()).count());
        let speed = self.speed;
        let mut news = Vec::new();
        for job in self.handled.iter_mut().flat_map(|handled| &mut handled.jobs) {
            if !job.is_active() {
                continue;
            }
            let awaited: Vec<&str> = job
                .waits_for
                .iter()
                .filter_map(|id| statuses.get(id).copied())
                .collect();
            let is_news = if job.cancelled {
                job.end("failed", "cancelled_by_user", "Cancelled as asked", now)
            } else if job.is_running() {
                job.go_on(now, speed)
            } else if awaited.contains(&"failed") {
                job.end("failed", "dependency_failed", "Not run: an action it needs failed", now)
            } else if awaited.iter().any(|status| *status != "succeeded") {
                job.wait("waiting_on_dependencies", "Waiting for the actions it needs", now)
            } else if free == 0 {
                job.wait("waiting_on_workers", "Waiting for other jobs to end", now)
            } else {
                free -= 1;
                job.start(now)
            };
            if is_news {
                news.push(job.told());
            }
        }
        news
    }

    /// All jobs of these requests and of those that are under way.
    pub fn report(&self, listed: &[&str]) -> Vec<Report<'_>> {
        self.handled
            .iter()
            .filter(|handled| listed.contains(&handled.identifier.as_str()) || handled.jobs.iter().any(Job::is_active))
            .flat_map(|handled| handled.jobs.iter().map(|job| job.report(&handled.identifier)))
            .collect()
    }

    fn forget(&mut self) {
        if self.handled.len() > MEMORY
            && let Some(done) = self
                .handled
                .iter()
                .position(|handled| !handled.jobs.iter().any(Job::is_active))
        {
            self.handled.remove(done);
        }
    }
}

fn refused(request: &JobRequest, code: &'static str, fault: String, now: OffsetDateTime) -> Job {
    Job::new(&request.identifier, &request.workspace.name, ERROR_ACTION, None, now).over("failed", code, fault)
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
