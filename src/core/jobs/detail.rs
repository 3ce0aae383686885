//! A job request and its jobs as their pages show them, and what is worked out of them.

use serde_json::Value;
use time::OffsetDateTime;

use super::status::{JobRequestStatus, job_is_completed};
use super::{ERROR_ACTION, MISSING_UPDATES_AFTER, Runtime};

/// A job request with the names of everything around it.
#[derive(Debug, Clone)]
pub struct RequestDetail {
    pub id: i32,
    pub identifier: String,
    pub place: Place,
    pub created_at: Option<OffsetDateTime>,
    pub requested_actions: Vec<String>,
    pub cancelled_actions: Vec<String>,
    pub force_run_dependencies: bool,
    /// `project.yaml` at the commit.
    pub project_definition: String,
    pub status: JobRequestStatus,
    pub status_message: Option<String>,
    /// The request before this one of the same workspace on the same backend.
    pub previous: Option<Earlier>,
    /// The last one before it of which every job succeeded.
    pub previous_succeeded: Option<Earlier>,
    /// Requests of the backend that are older and not over.
    pub ahead: i64,
    /// Jobs of theirs that are not over.
    pub jobs_ahead: i64,
    /// Who may be asked again: whether the workspace is archived, whether the backend takes requests.
    pub workspace_is_archived: bool,
    pub backend_is_active: bool,
}

/// Where a request belongs: what its page and its jobs' pages both name.
#[derive(Debug, Clone)]
pub struct Place {
    pub project_id: i32,
    pub project_slug: String,
    pub project_name: String,
    pub project_number: Option<String>,
    /// Name and slug of the project's lead organisation.
    pub org: Option<(String, String)>,
    pub workspace_name: String,
    pub branch: String,
    pub repo_url: String,
    pub backend_slug: String,
    pub backend_name: String,
    pub backend_is_test: bool,
    pub backend_parent_directory: String,
    /// When the backend last called.
    pub backend_last_seen: Option<OffsetDateTime>,
    /// Who asked, by id, username and name.
    pub created_by: Option<(i32, String, String)>,
    /// The full commit; empty on some old requests.
    pub sha: String,
}

/// An earlier request or run, with the commit it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub request_id: i32,
    pub sha: String,
}

/// A job as the page of its request lists it.
#[derive(Debug, Clone)]
pub struct ListedJob {
    pub identifier: String,
    pub action: String,
    pub status: String,
    pub status_code: String,
    pub status_message: String,
    pub created_at: OffsetDateTime,
    pub updated_at: Option<OffsetDateTime>,
    pub started_at: Option<OffsetDateTime>,
    pub completed_at: Option<OffsetDateTime>,
}

/// A job with everything its page shows.
#[derive(Debug, Clone)]
pub struct JobDetail {
    pub request_id: i32,
    /// What runners call the job request.
    pub request_identifier: String,
    pub place: Place,
    pub job: ListedJob,
    pub run_command: String,
    pub created_at: OffsetDateTime,
    pub trace_context: Option<Value>,
    pub metrics: Option<Value>,
    /// Whether its action is among those to be cancelled.
    pub is_cancelled: bool,
    /// The run of this action before this one, in the same workspace on the same backend.
    pub previous: Option<Earlier>,
    /// The last run before this one that succeeded.
    pub previous_succeeded: Option<Earlier>,
}

impl Place {
    /// The address of a job request's page.
    pub fn request_href(&self, id: i32) -> String {
        format!("/{}/{}/{id}/", self.project_slug, self.workspace_name)
    }

    pub fn created_by_id(&self) -> Option<i32> {
        self.created_by.as_ref().map(|(id, _, _)| *id)
    }
}

impl ListedJob {
    pub fn is_completed(&self) -> bool {
        job_is_completed(&self.status)
    }

    /// Whether the status is this one; old rows differ in the case of letters.
    pub fn is(&self, status: &str) -> bool {
        self.status.eq_ignore_ascii_case(status)
    }

    /// How long it ran; nothing until it is over.
    pub fn runtime(&self) -> Runtime {
        if self.is_completed() {
            Runtime::between(self.started_at, self.completed_at)
        } else {
            Runtime::default()
        }
    }

    /// Whether the runner owes news of it.
    pub fn is_missing_updates(&self, now: OffsetDateTime) -> bool {
        !self.is_completed() && self.updated_at.is_some_and(|at| now - at > MISSING_UPDATES_AFTER)
    }
}

impl JobDetail {
    /// The W3C `traceparent` of the job's trace, as its runner sent it.
    pub fn traceparent(&self) -> Option<&str> {
        self.trace_context.as_ref()?.get("traceparent")?.as_str()
    }

    /// The trace that the job's spans belong to.
    pub fn trace_id(&self) -> Option<&str> {
        let id = self.traceparent()?.split('-').nth(1)?;
        (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
    }

    /// A number that the runner measured.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.as_ref()?.get(name)?.as_f64()
    }
}

/// What the jobs of one request make together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub total: usize,
    pub pending: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
    /// Jobs that are over, whatever became of them.
    pub completed: usize,
    pub started_at: Option<OffsetDateTime>,
    /// When the last job ended; only when all are over.
    pub completed_at: Option<OffsetDateTime>,
    /// The runtimes of all jobs together.
    pub runtime: Runtime,
    pub last_updated_at: Option<OffsetDateTime>,
    /// The runner could not make jobs of the request.
    pub is_invalid: bool,
}

impl Summary {
    pub fn of(jobs: &[ListedJob], status: JobRequestStatus) -> Self {
        let count = |status: &str| jobs.iter().filter(|job| job.is(status)).count();
        let seconds: u64 = jobs.iter().map(|job| job.runtime().seconds()).sum();
        Self {
            total: jobs.len(),
            pending: count("pending"),
            running: count("running"),
            succeeded: count("succeeded"),
            failed: count("failed"),
            completed: jobs.iter().filter(|job| job.is_completed()).count(),
            started_at: jobs.iter().filter_map(|job| job.started_at).min(),
            completed_at: status
                .is_completed()
                .then(|| jobs.iter().filter_map(|job| job.completed_at).max())
                .flatten(),
            runtime: Runtime::from_seconds(seconds as f64),
            last_updated_at: jobs.iter().filter_map(|job| job.updated_at).max(),
            is_invalid: jobs.iter().any(|job| job.action == ERROR_ACTION),
        }
    }

    /// Whether the runner owes news: the request is not over, and the newest word is half an hour old.
    pub fn is_missing_updates(&self, status: JobRequestStatus, now: OffsetDateTime) -> bool {
        status.is_active() && self.last_updated_at.is_some_and(|at| now - at > MISSING_UPDATES_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn job(action: &str, status: &str, minutes: i64) -> ListedJob {
        ListedJob {
            identifier: action.into(),
            action: action.into(),
            status: status.into(),
            status_code: String::new(),
            status_message: String::new(),
            created_at: NOW - Duration::minutes(60),
            updated_at: Some(NOW),
            started_at: Some(NOW - Duration::minutes(minutes)),
            completed_at: job_is_completed(status).then_some(NOW),
        }
    }

    #[test]
    fn jobs_are_counted_and_their_times_summed() {
        let jobs = [
            job("a", "succeeded", 30),
            job("b", "Failed", 10),
            job("c", "running", 5),
        ];
        let summary = Summary::of(&jobs, JobRequestStatus::Running);
        assert_eq!(
            (summary.total, summary.completed, summary.succeeded, summary.failed),
            (3, 2, 1, 1)
        );
        assert_eq!(summary.runtime.seconds(), 40 * 60);
        assert_eq!(summary.started_at, Some(NOW - Duration::minutes(30)));
        assert_eq!(summary.completed_at, None);
        assert_eq!(
            Summary::of(&jobs[..2], JobRequestStatus::Failed).completed_at,
            Some(NOW)
        );
        assert!(Summary::of(&[job(ERROR_ACTION, "failed", 0)], JobRequestStatus::Failed).is_invalid);
    }

    #[test]
    fn a_clock_that_went_backwards_takes_nothing_away() {
        let mut backwards = job("a", "succeeded", -10);
        backwards.completed_at = Some(NOW);
        let summary = Summary::of(&[backwards, job("b", "succeeded", 1)], JobRequestStatus::Succeeded);
        assert_eq!(summary.runtime.seconds(), 60);
    }

    #[test]
    fn news_is_missed_after_half_an_hour_while_something_runs() {
        let mut quiet = job("a", "running", 60);
        quiet.updated_at = Some(NOW - MISSING_UPDATES_AFTER - Duration::seconds(1));
        assert!(quiet.is_missing_updates(NOW));
        let summary = Summary::of(std::slice::from_ref(&quiet), JobRequestStatus::Running);
        assert!(summary.is_missing_updates(JobRequestStatus::Running, NOW));
        assert!(!summary.is_missing_updates(JobRequestStatus::Failed, NOW));
        quiet.updated_at = None;
        assert!(!quiet.is_missing_updates(NOW));
        assert!(!Summary::of(&[], JobRequestStatus::Unknown).is_missing_updates(JobRequestStatus::Unknown, NOW));
    }
}
