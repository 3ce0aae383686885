//! The mail about jobs that are over.

use serde::Serialize;

use super::{one_line, short_line};
use crate::core::jobs::{ERROR_ACTION, Runtime};
use crate::core::outbox::{FinishedJob, JobsFinished};
use crate::delivery::Place;

/// The most characters of a runner's words that a mail repeats; the job's page has all of them.
const LONGEST_MESSAGE: usize = 300;
/// The most characters of an action's name in a subject.
const LONGEST_ACTION: usize = 120;

/// The subject. People filter their mail by the first form: it stays as it is.
pub fn subject(facts: &JobsFinished) -> String {
    let (workspace, id) = (&facts.workspace, facts.job_request_id);
    match facts.jobs.as_slice() {
        [job] => {
            let action = short_line(&job.action, LONGEST_ACTION);
            format!("{}: [os {workspace}] {action}", words(&job.status))
        }
        jobs => {
            let status = match &facts.request_over {
                Some(status) if facts.is_whole => words(status),
                _ => words(worst(jobs)),
            };
            let all = told(facts);
            let counts = match failed(facts) {
                0 => count(all),
                failed if failed == all => count(all),
                some => format!("{some} of {}", count(all)),
            };
            if facts.is_whole {
                format!("{status}: [os {workspace}] job request {id}, {counts}")
            } else {
                format!("{status}: [os {workspace}] {counts}")
            }
        }
    }
}

#[derive(Debug, Serialize)]
pub struct View {
    headline: String,
    project: String,
    workspace: String,
    request: i32,
    request_url: String,
    /// How far the job request is.
    progress: String,
    jobs: Vec<JobView>,
    /// That there are more than are listed.
    more: Option<String>,
    settings_url: String,
}

#[derive(Debug, Serialize)]
struct JobView {
    name: String,
    has_failed: bool,
    /// `succeeded after 4 min 12 s`
    outcome: String,
    message: Option<String>,
    url: String,
}

impl View {
    pub fn new(facts: &JobsFinished, place: &Place) -> Self {
        let hidden = facts.rest.all;
        let jobs = facts.jobs.iter().map(|job| JobView::new(job, place));
        Self {
            headline: headline(facts),
            project: one_line(&facts.project),
            workspace: facts.workspace.clone(),
            request: facts.job_request_id,
            request_url: place.page(&["job-requests", &facts.job_request_id.to_string()]),
            progress: progress(facts),
            jobs: jobs.collect(),
            more: (hidden > 0).then(|| format!("And {hidden} more, on the page of the job request.")),
            settings_url: place.page(&["settings"]),
        }
    }
}

impl JobView {
    fn new(job: &FinishedJob, place: &Place) -> Self {
        let took = job.seconds.map(|seconds| Runtime::from_seconds(seconds as f64).words());
        Self {
            name: name(job),
            has_failed: has_failed(job),
            outcome: match took {
                Some(took) => format!("{} after {took}", words(&job.status)),
                None => words(&job.status),
            },
            message: Some(short_line(&job.message, LONGEST_MESSAGE)).filter(|message| !message.is_empty()),
            url: place.page(&["jobs", &job.identifier]),
        }
    }
}

/// What happened, in one sentence.
fn headline(facts: &JobsFinished) -> String {
    let jobs = facts.jobs.as_slice();
    let what = match jobs {
        [job] if job.action == ERROR_ACTION => "The backend could not create the jobs.".to_owned(),
        [job] if matches!(job.status.as_str(), "succeeded" | "failed") => format!("{} {}.", name(job), job.status),
        [job] => format!("{} is over: {}.", name(job), words(&job.status)),
        _ => match (failed(facts), told(facts)) {
            (0, all) if all_succeeded(facts) => format!("{} succeeded.", count(all)),
            (0, all) => format!("{} are over.", count(all)),
            (failed, all) if failed == all => format!("{} failed.", count(all)),
            (some, all) => format!("{some} of {} failed.", count(all)),
        },
    };
    if facts.is_whole {
        format!("Job request {} is over. {what}", facts.job_request_id)
    } else {
        what
    }
}

/// How far the job request is, and how it stands when nothing of it is left to run.
fn progress(facts: &JobsFinished) -> String {
    let (over, all) = (facts.jobs_over, facts.jobs_in_all);
    let jobs = match (over, all) {
        (1, 1) => "Its only job is over.".to_owned(),
        (over, all) if over == all => format!("All {} are over.", count(all)),
        (1, all) => format!("1 of its {} is over.", count(all)),
        (over, all) => format!("{over} of its {} are over.", count(all)),
    };
    match &facts.request_over {
        Some(status) => format!("{jobs} Its status is: {}.", words(status)),
        None if over < all => format!("{jobs} The rest is still to come."),
        None => jobs,
    }
}

fn name(job: &FinishedJob) -> String {
    match one_line(&job.action) {
        nameless if nameless.is_empty() => "A job without a name".to_owned(),
        _ if job.action == ERROR_ACTION => "Creating the jobs".to_owned(),
        action => action,
    }
}

/// A status as people write it.
fn words(status: &str) -> String {
    one_line(&status.replace('_', " "))
}

fn worst(jobs: &[FinishedJob]) -> &str {
    let job = jobs.iter().find(|job| has_failed(job)).or(jobs.first());
    job.map_or("finished", |job| job.status.as_str())
}

fn has_failed(job: &FinishedJob) -> bool {
    job.status == "failed"
}

fn failed(facts: &JobsFinished) -> usize {
    facts.jobs.iter().filter(|job| has_failed(job)).count() + facts.rest.failed
}

fn all_succeeded(facts: &JobsFinished) -> bool {
    facts.jobs.iter().all(|job| job.status == "succeeded") && facts.rest.succeeded == facts.rest.all
}

/// How many jobs a mail is about.
fn told(facts: &JobsFinished) -> usize {
    facts.jobs.len() + facts.rest.all
}

fn count(jobs: usize) -> String {
    match jobs {
        1 => "1 job".to_owned(),
        more => format!("{more} jobs"),
    }
}
