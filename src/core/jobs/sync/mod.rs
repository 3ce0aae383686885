//! Taking over what a backend's runner reports: all jobs of the requests it names, in one transaction
//! and the same few statements however many jobs there are.

mod news;
mod store;

pub(in crate::core::jobs) use store::notify;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::types::JsonRawValue;
use time::OffsetDateTime;

use super::runtime::Runtime;
use super::status::{JobRequestStatus, job_is_completed};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// The most characters that an identifier or an action may have: both are in indexes, which take
/// 2,700 bytes at most, and no real one has a tenth of this.
pub const LONGEST_KEY: usize = 500;

/// One job as a runner reports it.
#[derive(Debug, Clone)]
pub struct ReportedJob {
    /// The identifier of its job request.
    pub job_request: String,
    pub identifier: String,
    pub action: String,
    pub run_command: String,
    pub status: String,
    pub status_code: String,
    pub status_message: String,
    pub created_at: OffsetDateTime,
    pub updated_at: Option<OffsetDateTime>,
    pub started_at: Option<OffsetDateTime>,
    pub completed_at: Option<OffsetDateTime>,
    /// Absent keeps what is stored, null clears it.
    pub trace_context: Free,
    pub metrics: Free,
}

/// A value of free JSON, kept to the letter.
#[derive(Debug, Clone, Default)]
pub enum Free {
    #[default]
    Absent,
    Null,
    Value(Box<JsonRawValue>),
}

/// What a sync did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Jobs that this sync completed.
    pub newly_completed: Vec<CompletedJob>,
    /// How many messages tell of them.
    pub messages: usize,
    /// Job request identifiers that this backend does not have; what was said of them is ignored.
    pub ignored: Vec<String>,
}

/// A job that was not over before and is now, or that came already over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedJob {
    pub job_request_id: i32,
    pub identifier: String,
    /// The name of the workspace.
    pub workspace: String,
    pub status: String,
    pub runtime: Runtime,
}

/// Stores a runner's report. For each job request it names, of this backend and polled for: jobs
/// that are not in the report go, the others are made or overwritten, and the request's status
/// follows them. Requests it does not name stay as they are; those of other backends count as
/// unknown. Of two reports of one job, the last counts.
///
/// Whoever asked for jobs that this completes is told, when the request notifies: the message is stored
/// in the same transaction.
///
/// Requests are locked in the order of their ids, so that two syncs, or a sync and a cancellation,
/// take turns. A job that is reported as it is stored is not written again: a runner repeats
/// everything at every poll.
///
/// # Errors
/// `Conflict` when a job's identifier belongs to another job request; nothing is written then.
pub async fn sync_jobs(db: &Db, backend_id: i32, report: Vec<ReportedJob>) -> Result<Outcome> {
    let named: BTreeSet<&str> = report.iter().map(|job| job.job_request.as_str()).collect();
    if named.is_empty() {
        return Ok(Outcome::default());
    }
    let mut tx = db.begin().await?;
    let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
    let requests = store::lock_requests(&mut tx, backend_id, &named).await?;
    let ignored = named
        .into_iter()
        .filter(|identifier| !requests.contains_key(identifier))
        .collect();

    let jobs = last_reports(report, &requests)?;
    if jobs.is_empty() {
        return Ok(Outcome {
            ignored,
            ..Outcome::default()
        });
    }
    let before = store::delete_others(&mut tx, &jobs).await?;
    let mut changed = before.requests_with_fewer_jobs;
    changed.extend(store::write_jobs(&mut tx, &jobs).await?);
    let newly_completed = newly_completed(&jobs, &before.statuses, &requests);

    let statuses = derive_statuses(&jobs, &requests);
    store::update_statuses(&mut tx, &statuses).await?;
    let messages = news::write(&mut tx, &jobs, &newly_completed, &requests, &statuses).await?;
    if !changed.is_empty() {
        store::notify(&mut tx, changed.iter()).await?;
    }
    tx.commit().await?;
    Ok(Outcome {
        newly_completed,
        messages,
        ignored,
    })
}

fn newly_completed(
    jobs: &[(i32, ReportedJob)],
    before: &HashMap<String, String>,
    requests: &HashMap<String, LockedRequest>,
) -> Vec<CompletedJob> {
    let was_completed = |job: &ReportedJob| {
        before
            .get(&job.identifier)
            .is_some_and(|status| job_is_completed(status))
    };
    jobs.iter()
        .filter(|(_, job)| job_is_completed(&job.status) && !was_completed(job))
        .map(|(request, job)| CompletedJob {
            job_request_id: *request,
            identifier: job.identifier.clone(),
            workspace: requests
                .get(&job.job_request)
                .map(|request| request.workspace.clone())
                .unwrap_or_default(),
            status: job.status.clone(),
            runtime: Runtime::between(job.started_at, job.completed_at),
        })
        .collect()
}

/// A job request that a sync holds the lock of.
#[derive(Debug)]
pub(super) struct LockedRequest {
    pub id: i32,
    pub status: JobRequestStatus,
    pub will_notify: bool,
    /// The name of its workspace.
    pub workspace: String,
}

/// The last report of each job, with its request's id; reports on requests we do not know are left out.
fn last_reports(
    report: Vec<ReportedJob>,
    requests: &HashMap<String, LockedRequest>,
) -> Result<Vec<(i32, ReportedJob)>> {
    let mut at: HashMap<String, usize> = HashMap::with_capacity(report.len());
    let mut jobs: Vec<(i32, ReportedJob)> = Vec::with_capacity(report.len());
    for job in report {
        let Some(request) = requests.get(&job.job_request) else {
            continue;
        };
        match at.get(&job.identifier) {
            // A job cannot belong to two requests, so the report contradicts itself.
            Some(&index) if jobs[index].0 != request.id => return Err(foreign_identifier(&job.identifier)),
            Some(&index) => jobs[index] = (request.id, job),
            None => {
                at.insert(job.identifier.clone(), jobs.len());
                jobs.push((request.id, job));
            }
        }
    }
    Ok(jobs)
}

fn derive_statuses(
    jobs: &[(i32, ReportedJob)],
    requests: &HashMap<String, LockedRequest>,
) -> BTreeMap<i32, JobRequestStatus> {
    let mut by_request: HashMap<i32, Vec<&str>> = HashMap::new();
    for (request, job) in jobs {
        by_request.entry(*request).or_default().push(&job.status);
    }
    requests
        .values()
        .filter_map(|request| {
            let jobs = by_request.get(&request.id)?;
            Some((
                request.id,
                JobRequestStatus::derive(request.status, jobs.iter().copied()),
            ))
        })
        .collect()
}

fn foreign_identifier(identifier: &str) -> Error {
    Error::Conflict(format!(
        "Job {identifier} belongs to another job request; nothing was stored."
    ))
}
