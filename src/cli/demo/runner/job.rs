//! One pretended job.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::cli::demo::history::{job_identifier, metrics};

/// What happens to a job once it runs: made up from its identifier, so that it is the same after a
/// restart and differs the next time the action is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long its code runs, at normal speed.
    pub runs_for: Duration,
    /// Status code and message of its failure, when it is to fail.
    pub fails: Option<(&'static str, &'static str)>,
    /// Between 0 and 1.
    busy: f64,
}

impl Plan {
    pub fn of(identifier: &str) -> Self {
        let [length, luck, reason, busy, ..]: [u8; 32] = Sha256::digest(identifier.as_bytes()).into();
        let fails = match (luck < 28, reason < 180) {
            (true, true) => Some(("nonzero_exit", "The code stopped with an error: see its log")),
            (true, false) => Some(("unmatched_patterns", "An output named in project.yaml was not made")),
            (false, _) => None,
        };
        Self {
            runs_for: Duration::milliseconds(3_000 + 30 * i64::from(length)),
            fails,
            busy: f64::from(busy) / 255.0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub identifier: String,
    pub action: String,
    pub workspace: String,
    run_command: Option<String>,
    requires_db: bool,
    /// Identifiers of the jobs that must succeed first.
    pub waits_for: Vec<String>,
    pub status: &'static str,
    pub status_code: &'static str,
    message: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    started_at: Option<OffsetDateTime>,
    completed_at: Option<OffsetDateTime>,
    pub cancelled: bool,
    plan: Plan,
    trace_context: Value,
}

impl Job {
    pub fn new(request: &str, workspace: &str, action: &str, run_command: Option<&str>, now: OffsetDateTime) -> Self {
        let identifier = job_identifier(request, action);
        let hash: [u8; 32] = Sha256::digest(identifier.as_bytes()).into();
        let hex = data_encoding::HEXLOWER.encode(&hash);
        Self {
            plan: Plan::of(&identifier),
            trace_context: json!({ "traceparent": format!("00-{}-{}-01", &hex[..32], &hex[32..48]) }),
            identifier,
            action: action.to_owned(),
            workspace: workspace.to_owned(),
            run_command: run_command.map(str::to_owned),
            requires_db: false,
            waits_for: Vec::new(),
            status: "pending",
            status_code: "created",
            message: "Created".to_owned(),
            created_at: now,
            updated_at: now,
            started_at: None,
            completed_at: None,
            cancelled: false,
        }
    }

    pub fn reading_the_database(mut self, requires_db: bool) -> Self {
        self.requires_db = requires_db;
        self
    }

    /// A job that stands for the fate of a whole request.
    pub fn over(mut self, status: &'static str, code: &'static str, message: String) -> Self {
        let at = self.created_at;
        (self.status, self.status_code, self.message) = (status, code, message);
        (self.started_at, self.completed_at) = (Some(at), Some(at));
        self
    }

    pub fn is_active(&self) -> bool {
        self.completed_at.is_none()
    }

    pub fn is_running(&self) -> bool {
        self.status == "running"
    }

    /// How long it has been running, at normal speed, and what comes of it now; whether that is news.
    pub fn go_on(&mut self, now: OffsetDateTime, speed: f64) -> bool {
        let Some(started_at) = self.started_at else {
            return false;
        };
        let ran = (now - started_at) * speed;
        let (ready, done) = (Duration::SECOND, Duration::SECOND + self.plan.runs_for);
        match self.plan.fails {
            _ if ran < ready => self.becomes("running", "preparing", "Fetching the code and the files it needs", now),
            _ if ran < done => self.becomes("running", "executing", "The code is running", now),
            _ if ran < done + Duration::SECOND => self.becomes("running", "finalizing", "Collecting the outputs", now),
            Some((code, message)) => self.end("failed", code, message, now),
            None => self.end("succeeded", "succeeded", "Done, all outputs were made", now),
        }
    }

    pub fn start(&mut self, now: OffsetDateTime) -> bool {
        self.started_at = Some(now);
        self.becomes("running", "preparing", "Fetching the code and the files it needs", now)
    }

    pub fn wait(&mut self, code: &'static str, message: &str, now: OffsetDateTime) -> bool {
        self.becomes("pending", code, message, now)
    }

    pub fn end(&mut self, status: &'static str, code: &'static str, message: &str, now: OffsetDateTime) -> bool {
        self.completed_at = Some(now);
        self.becomes(status, code, message, now)
    }

    fn becomes(&mut self, status: &'static str, code: &'static str, message: &str, now: OffsetDateTime) -> bool {
        let is_news = self.status != status;
        self.updated_at = now;
        (self.status, self.status_code, self.message) = (status, code, message.to_owned());
        is_news
    }

    pub fn told(&self) -> String {
        format!(
            "{}/{} is {} ({})",
            self.workspace, self.action, self.status, self.message
        )
    }

    pub fn report<'a>(&'a self, request: &'a str) -> Report<'a> {
        Report {
            job_request_id: request,
            identifier: &self.identifier,
            action: &self.action,
            run_command: self.run_command.as_deref(),
            status: self.status,
            status_code: self.status_code,
            status_message: &self.message,
            created_at: to_the_second(self.created_at),
            updated_at: to_the_second(self.updated_at),
            started_at: self.started_at.map(to_the_second),
            completed_at: self.completed_at.map(to_the_second),
            trace_context: &self.trace_context,
            metrics: (self.started_at.is_some() && self.run_command.is_some()).then(|| metrics(self.plan.busy)),
            requires_db: self.requires_db,
        }
    }
}

fn to_the_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

/// A job as runners post it.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    job_request_id: &'a str,
    identifier: &'a str,
    action: &'a str,
    run_command: Option<&'a str>,
    status: &'a str,
    status_code: &'a str,
    status_message: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    completed_at: Option<OffsetDateTime>,
    trace_context: &'a Value,
    metrics: Option<Value>,
    requires_db: bool,
}
