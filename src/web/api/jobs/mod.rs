//! `POST /api/v2/jobs/`: a runner reports all jobs of its requests.

mod checked;
mod refusal;
mod usual;

use rocket::http::Status;
use rocket::post;

use self::refusal::Refusal;
use super::answer::Answer;
use super::body::Body;
use super::contact::{self, Flags};
use super::csrf::NotForged;
use super::negotiation::AsksForJson;
use super::openapi::{self, Detail};
use crate::core::jobs::backends::KnownBackend;
use crate::core::jobs::sync::{CompletedJob, ReportedJob, sync_jobs};
use crate::telemetry;
use crate::web::database::Database;
use crate::web::guards::BackendAuth;
use crate::web::responders::Outcome;

const PATH: &str = "/api/v2/jobs/";

/// Job requests or jobs that one line of the log names.
const NAMED_IN_LOG: usize = 20;

/// Jobs of one report that get a span.
const TRACED: usize = 200;

/// Report the state of jobs
///
/// All jobs of each job request that is named. Jobs of these requests that are left out are deleted;
/// requests that are not named stay as they are. Nothing is stored when one item has a fault.
#[utoipa::path(
    tag = "Jobs",
    path = "/api/v2/jobs/",
    params(("Flags" = Option<String>, Header, description = "JSON about the backend's state, kept as it is")),
    security(("backend_token" = [])),
    request_body(content = Vec<openapi::ReportedJob>, description = "The jobs.", example = json!(openapi::report())),
    responses(
        (status = 200, body = openapi::Success, description = "Stored.", example = json!({"status": "success"})),
        (status = 400, description = "Faults, item by item, or of the whole.",
         example = json!([{}, {"status": ["This field may not be blank."]}])),
        (status = 403, body = Detail, description = "No token, or one that is not known.",
         example = json!({"detail": "Authorization header is missing"})),
        (status = 409, body = Detail, description = "A job belongs to another job request."),
        (status = 413, body = Detail, description = "More than 32 MiB."),
        (status = 415, body = Detail, description = "Neither JSON nor a form.",
         example = json!({"detail": "Unsupported media type \"text/plain\" in request."})),
    )
)]
#[post("/api/v2/jobs", data = "<body>")]
pub async fn sync(
    _json: AsksForJson,
    backend: BackendAuth,
    _session: NotForged,
    flags: Flags<'_>,
    db: &Database,
    body: Body,
) -> Outcome<Answer> {
    let BackendAuth(backend) = backend;
    let report = match read(&body.into_list()) {
        Ok(report) => report,
        Err(refusal) => return refusal.into_answer(),
    };
    telemetry::request::about_job_requests(report.iter().map(|job| job.job_request.as_str()));
    telemetry::request::set_attribute("jobs.reported", count(report.len()));
    let outcome = sync_jobs(db, backend.id, report).await?;
    telemetry::request::set_attribute("jobs.completed", count(outcome.newly_completed.len()));
    telemetry::request::set_attribute("job_requests.ignored", count(outcome.ignored.len()));
    tell_completed(&outcome.newly_completed);
    log_ignored(&backend, &outcome.ignored);
    if outcome.messages > 0 {
        tracing::info!(
            backend = backend.slug,
            jobs = outcome.newly_completed.len(),
            messages = outcome.messages,
            "people are told of jobs that are over"
        );
    }
    contact::note(db, &backend, PATH, &flags).await?;
    Ok(Answer::bytes(Status::Ok, r#"{"status":"success"}"#))
}

/// Reads a report whole, or says everything that is wrong with it. What runners send is read straight
/// into place; only what is unusual in any way is looked at value by value.
fn read(body: &[u8]) -> Result<Vec<ReportedJob>, Refusal> {
    match usual::read(body) {
        Some(report) => Ok(report),
        None => checked::read(body),
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// In the log, and as one short span for each job: the telemetry link of a workspace's page asks for those.
fn tell_completed(completed: &[CompletedJob]) {
    if completed.is_empty() {
        return;
    }
    let jobs = named(completed.iter().map(|job| job.identifier.as_str()));
    tracing::info!(count = completed.len(), jobs, "jobs are over");
    for job in completed.iter().take(TRACED) {
        let _done = tracing::trace_span!(
            target: telemetry::traces::TARGET,
            "update_job",
            workspace_name = job.workspace,
            job_identifier = job.identifier,
            status = job.status,
            completed = true,
            status_change = true,
            current_runtime = job.runtime.seconds(),
        )
        .entered();
    }
}

/// The first few, shortened: clients choose identifiers.
fn named<'a>(identifiers: impl Iterator<Item = &'a str>) -> String {
    let named: Vec<String> = identifiers
        .take(NAMED_IN_LOG)
        .map(|identifier| identifier.chars().take(64).collect())
        .collect();
    named.join(",")
}

fn log_ignored(backend: &KnownBackend, ignored: &[String]) {
    if ignored.is_empty() {
        return;
    }
    tracing::info!(
        backend = backend.slug,
        count = ignored.len(),
        job_requests = named(ignored.iter().map(String::as_str)),
        "jobs of job requests that this backend does not have were ignored"
    );
}

#[cfg(test)]
mod tests;
