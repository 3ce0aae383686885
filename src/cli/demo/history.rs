//! Some hundred job requests of the last months, made up from a fixed seed: the same each time but for
//! the dates. Their statuses are what the site itself would make of their jobs.

mod record;

use data_encoding::BASE32;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

pub use record::{History, Job, Request, metrics};

use super::repos::STUDIES;
use super::story::{ARCHIVED, PROJECTS, Project, RESEARCHER};
use crate::core::jobs::{JobRequestStatus, Pipeline};

/// How many finished requests there are.
const FINISHED: usize = 280;
const DAYS: f64 = 200.0;

/// What becomes of a made-up request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Succeeds,
    /// One action ends so; what needs it is not run.
    Fails(&'static str, &'static str),
    Cancelled,
    /// The backend could not make jobs of it.
    Refused(&'static str, &'static str),
    NothingToDo,
    /// Still going on: this many actions are over.
    Going(usize),
    /// Nobody has picked it up.
    Waiting,
}

const FATES: &[(u32, Fate)] = &[
    (60, Fate::Succeeds),
    (
        13,
        Fate::Fails("nonzero_exit", "The code stopped with an error: see its log"),
    ),
    (
        3,
        Fate::Fails("unmatched_patterns", "An output named in project.yaml was not made"),
    ),
    (
        2,
        Fate::Fails("internal_error", "Internal error: the log of this job has more"),
    ),
    (2, Fate::Fails("killed_by_admin", "An administrator stopped the job")),
    (6, Fate::Cancelled),
    (
        4,
        Fate::Refused(
            "internal_error",
            "GitError: this commit is not on the workspace's branch",
        ),
    ),
    (
        3,
        Fate::Refused(
            "stale_codelists",
            "Codelists are out of date: update them and ask again",
        ),
    ),
    (5, Fate::NothingToDo),
];

/// The identifier that a made-up request's job gets: a runner that starts afresh gives it the same one.
pub fn job_identifier(request: &str, action: &str) -> String {
    short_hash(&format!("{request}\n{action}"))
}

/// Sixteen letters and digits, as identifiers have.
fn short_hash(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    BASE32.encode(&hash).to_lowercase().chars().take(16).collect()
}

/// Writes the history up to `now`. `commits` are those of each study's `main`, oldest first; each
/// study's pipeline stands at the same place in `pipelines`.
pub fn write(now: OffsetDateTime, commits: &[Vec<String>], pipelines: &[Pipeline]) -> History {
    let mut scribe = Scribe {
        random: StdRng::seed_from_u64(2),
        history: History::default(),
        commits,
        pipelines,
        now,
    };
    let mut ages: Vec<f64> = (0..FINISHED)
        // More of late; the newest ended hours ago, so that nothing in it is still to come.
        .map(|_| 0.5 + DAYS * scribe.random.random::<f64>().powf(1.6))
        .collect();
    ages.sort_by(f64::total_cmp);
    for age in ages.into_iter().rev() {
        let (project, workspace) = scribe.place(age);
        let fate = scribe.fate();
        let developer = project.developer(scribe.random.random_range(0..4));
        scribe.request(
            project,
            workspace,
            developer,
            None,
            Duration::seconds_f64(age * 86_400.0),
            fate,
        );
    }
    // What the demo runner goes on with.
    let [uptake, covid, ..] = PROJECTS else {
        return scribe.history;
    };
    let minutes = Duration::minutes;
    scribe.request(
        covid,
        "long-covid-work",
        RESEARCHER,
        Some("emis"),
        minutes(14),
        Fate::Going(2),
    );
    scribe.request(
        uptake,
        "vaccine-uptake",
        RESEARCHER,
        Some("tpp"),
        minutes(9),
        Fate::Going(1),
    );
    scribe.request(
        uptake,
        "vaccine-uptake-sensitivity",
        "chiara-ricci",
        Some("tpp"),
        minutes(4),
        Fate::Going(0),
    );
    scribe.request(
        covid,
        "long-covid-work-sensitivity",
        "dev-malhotra",
        Some("tpp"),
        minutes(1),
        Fate::Waiting,
    );
    scribe.history
}

struct Scribe<'a> {
    random: StdRng,
    history: History,
    commits: &'a [Vec<String>],
    pipelines: &'a [Pipeline],
    now: OffsetDateTime,
}

impl Scribe<'_> {
    /// A workspace that was in use `age` days ago.
    fn place(&mut self, age: f64) -> (&'static Project, &'static str) {
        loop {
            let Some(project) = PROJECTS.choose(&mut self.random) else {
                continue;
            };
            match project.workspaces.choose(&mut self.random) {
                Some(name) if age > 90.0 || !ARCHIVED.contains(name) => return (project, name),
                _ => {}
            }
        }
    }

    fn fate(&mut self) -> Fate {
        let total = FATES.iter().map(|(weight, _)| weight).sum();
        let mut left = self.random.random_range(0..total);
        for (weight, fate) in FATES {
            if left < *weight {
                return *fate;
            }
            left -= weight;
        }
        Fate::Succeeds
    }

    fn request(
        &mut self,
        project: &Project,
        workspace: &'static str,
        created_by: &'static str,
        backend: Option<&'static str>,
        ago: Duration,
        fate: Fate,
    ) {
        let identifier = short_hash(&format!("demo request {}", self.history.requests.len()));
        let created_at = self.now - ago;
        let pipeline = &self.pipelines[project.study];
        let commits = &self.commits[project.study];
        // The newest commit but for the older half.
        let newest = ago < Duration::days(100);
        let sha = if newest { commits.last() } else { commits.first() };
        let requested_actions = match fate {
            Fate::Going(_) | Fate::Waiting => vec!["run_all".to_owned()],
            _ => self.choose_actions(pipeline),
        };
        let backend = backend.unwrap_or(if self.random.random_bool(0.7) { "tpp" } else { "emis" });
        let first_job = self.history.jobs.len();
        let cancelled_actions = self.jobs(pipeline, &identifier, &requested_actions, created_at, fate);
        let statuses = self.history.jobs[first_job..].iter().map(|job| job.status);
        let without_jobs = match fate {
            Fate::NothingToDo => JobRequestStatus::NothingToDo,
            _ => JobRequestStatus::Unknown,
        };
        let status = JobRequestStatus::derive(without_jobs, statuses);
        let status_message = match fate {
            Fate::NothingToDo => Some("Everything that was asked for is done already".to_owned()),
            _ => status.message().map(str::to_owned),
        };
        self.history.requests.push(Request {
            identifier,
            backend,
            workspace,
            created_by,
            created_at,
            requested_actions,
            cancelled_actions,
            force_run_dependencies: self.random.random_bool(0.1),
            sha: sha.cloned().unwrap_or_default(),
            project_definition: STUDIES[project.study].project_yaml,
            codelists_ok: !matches!(fate, Fate::Refused("stale_codelists", _)),
            // So that the demo runner makes mails to look at.
            will_notify: matches!(fate, Fate::Going(_) | Fate::Waiting),
            status: status.name(),
            status_message,
            // A runner that polls answers with a job; only a controller says so without one.
            transport: if fate == Fate::NothingToDo { "rap" } else { "poll" },
        });
    }

    fn choose_actions(&mut self, pipeline: &Pipeline) -> Vec<String> {
        if self.random.random_bool(0.25) {
            return vec!["run_all".to_owned()];
        }
        let names = pipeline.action_names();
        let count = self.random.random_range(1..=3);
        let chosen: Vec<&String> = names.sample(&mut self.random, count).collect();
        names.iter().filter(|name| chosen.contains(name)).cloned().collect()
    }

    /// Writes a request's jobs, and returns the actions that somebody cancelled.
    fn jobs(
        &mut self,
        pipeline: &Pipeline,
        request: &str,
        requested: &[String],
        created_at: OffsetDateTime,
        fate: Fate,
    ) -> Vec<String> {
        let picked_up = created_at + Duration::seconds(self.random.random_range(2..9));
        match fate {
            Fate::Waiting | Fate::NothingToDo => return Vec::new(),
            Fate::Refused(code, message) => {
                let mut job = self.job(request, "__error__", "", picked_up);
                (job.status, job.status_code, job.status_message) = ("failed", code, message.to_owned());
                (job.started_at, job.completed_at) = (Some(picked_up), Some(picked_up));
                job.metrics = None;
                self.history.jobs.push(job);
                return Vec::new();
            }
            _ => {}
        }
        let actions = pipeline.with_dependencies(requested);
        let turning_point = match fate {
            Fate::Going(over) => over,
            Fate::Succeeds => actions.len(),
            _ => self.random.random_range(0..actions.len().max(1)),
        };
        let mut clock = picked_up;
        let mut cancelled = Vec::new();
        let mut not_succeeded: Vec<&String> = Vec::new();
        for (place, action) in actions.iter().enumerate() {
            let Some(defined) = pipeline.action(action) else {
                continue;
            };
            let mut job = self.job(request, action, &defined.run, picked_up);
            let blocked = defined.needs.iter().any(|need| not_succeeded.contains(&need));
            let takes = match fate {
                Fate::Going(_) => Duration::seconds(self.random.random_range(30..80)),
                _ => Duration::seconds(self.random.random_range(20..2400)),
            };
            if blocked && !matches!(fate, Fate::Going(_) | Fate::Cancelled) {
                job.end(
                    "failed",
                    "dependency_failed",
                    "Not run: an action it needs did not succeed",
                    None,
                    clock,
                );
            } else if place < turning_point || (matches!(fate, Fate::Fails(..)) && place > turning_point) {
                job.end(
                    "succeeded",
                    "succeeded",
                    "Done, all outputs were made",
                    Some(clock),
                    clock + takes,
                );
            } else {
                match fate {
                    Fate::Fails(code, message) => job.end("failed", code, message, Some(clock), clock + takes),
                    Fate::Cancelled => {
                        cancelled.push(action.clone());
                        let started = (place == turning_point).then_some(clock);
                        job.end(
                            "failed",
                            "cancelled_by_user",
                            "Cancelled as asked",
                            started,
                            clock + takes / 2,
                        );
                    }
                    Fate::Going(_) if place == turning_point && place > 0 => {
                        job.start("executing", "Running", clock, self.now);
                    }
                    _ if blocked || place > 0 => job.wait("waiting_on_dependencies", "Waiting for actions it needs"),
                    _ => job.wait("created", "Created"),
                }
            }
            if job.started_at.is_none() {
                job.metrics = None;
            }
            if job.status != "succeeded" {
                not_succeeded.push(action);
            }
            clock = job.completed_at.filter(|_| job.started_at.is_some()).unwrap_or(clock);
            self.history.jobs.push(job);
        }
        cancelled
    }

    fn job(&mut self, request: &str, action: &str, run_command: &str, created_at: OffsetDateTime) -> Job {
        let trace: u128 = self.random.random();
        let span: u64 = self.random.random();
        Job {
            request: request.to_owned(),
            identifier: job_identifier(request, action),
            action: action.to_owned(),
            run_command: run_command.to_owned(),
            status: "pending",
            status_code: "created",
            status_message: "Created".to_owned(),
            created_at,
            updated_at: created_at,
            started_at: None,
            completed_at: None,
            trace_context: json!({ "traceparent": format!("00-{trace:032x}-{span:016x}-01") }),
            metrics: Some(metrics(self.random.random())),
        }
    }
}

#[cfg(test)]
mod tests;
