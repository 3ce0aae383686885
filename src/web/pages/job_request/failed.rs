//! What failed, what that means, and where its log is.

use serde::Serialize;

use crate::core::jobs::detail::ListedJob;
use crate::core::jobs::status_codes::{NONZERO_EXIT, meaning};
use crate::web::view::{Copyable, Status};

#[derive(Debug, Serialize)]
pub struct FailedJob {
    pub action: String,
    pub href: String,
    pub status: Status,
    pub message: Option<String>,
    /// What its code means.
    pub means: Option<&'static str>,
    /// What to do next.
    pub next: Option<&'static str>,
    pub documentation: Option<&'static str>,
    /// Where its log is, inside the backend.
    pub log: Option<Copyable>,
}

/// The status code and message of a job that is waiting or has failed.
pub fn job_message(status: &str, code: &str, message: &str) -> Option<String> {
    let tells = status.eq_ignore_ascii_case("failed") || status.eq_ignore_ascii_case("pending");
    match (code, message) {
        _ if !tells => None,
        ("", "") => None,
        ("", text) | (text, "") => Some(text.to_owned()),
        (code, message) => Some(format!("{code}: {message}")),
    }
}

/// Where to look for a failed job's log, inside the backend.
pub fn log_path(action: &str) -> String {
    format!("metadata/{action}.log")
}

pub fn failed_job(job: &ListedJob, href: String) -> FailedJob {
    let meaning = meaning(&job.status_code);
    FailedJob {
        action: job.action.clone(),
        href,
        status: Status::of_job(&job.status),
        message: job_message(&job.status, &job.status_code, &job.status_message),
        means: meaning.map(|meaning| meaning.means),
        next: meaning.map(|meaning| meaning.next).filter(|next| !next.is_empty()),
        documentation: meaning.and_then(|meaning| meaning.documentation),
        log: (job.status_code == NONZERO_EXIT).then(|| Copyable::new(log_path(&job.action), "Copy the path")),
    }
}
