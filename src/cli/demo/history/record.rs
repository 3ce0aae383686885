//! Made-up job requests and jobs, as they are stored.

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

#[derive(Debug, Serialize)]
pub struct Request {
    pub identifier: String,
    pub backend: &'static str,
    pub workspace: &'static str,
    pub created_by: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub requested_actions: Vec<String>,
    pub cancelled_actions: Vec<String>,
    pub force_run_dependencies: bool,
    pub sha: String,
    pub project_definition: &'static str,
    pub codelists_ok: bool,
    pub will_notify: bool,
    pub status: &'static str,
    pub status_message: Option<String>,
    pub transport: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Job {
    pub request: String,
    pub identifier: String,
    pub action: String,
    pub run_command: String,
    pub status: &'static str,
    pub status_code: &'static str,
    pub status_message: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub completed_at: Option<OffsetDateTime>,
    pub trace_context: Value,
    pub metrics: Option<Value>,
}

#[derive(Debug, Default)]
pub struct History {
    pub requests: Vec<Request>,
    pub jobs: Vec<Job>,
}

/// Measurements as runners send them; `x`, between 0 and 1, says how busy the job was.
pub fn metrics(x: f64) -> Value {
    let round = |value: f64| (value * 10.0).round() / 10.0;
    json!({
        "cpu_mean": round(35.0 + 130.0 * x),
        "cpu_peak": round(90.0 + 300.0 * x),
        "mem_mb_mean": round(180.0 + 3_000.0 * x * x),
        "mem_mb_peak": round(260.0 + 7_500.0 * x * x),
    })
}

impl Job {
    pub(super) fn end(
        &mut self,
        status: &'static str,
        code: &'static str,
        message: &str,
        started_at: Option<OffsetDateTime>,
        completed_at: OffsetDateTime,
    ) {
        (self.status, self.status_code, self.status_message) = (status, code, message.to_owned());
        (self.started_at, self.completed_at, self.updated_at) = (started_at, Some(completed_at), completed_at);
    }

    pub(super) fn start(&mut self, code: &'static str, message: &str, at: OffsetDateTime, now: OffsetDateTime) {
        (self.status, self.status_code, self.status_message) = ("running", code, message.to_owned());
        (self.started_at, self.updated_at) = (Some(at), now);
    }

    pub(super) fn wait(&mut self, code: &'static str, message: &str) {
        (self.status_code, self.status_message) = (code, message.to_owned());
    }
}
