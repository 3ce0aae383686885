//! Telling people that their jobs are over: what a sync changed becomes messages, in its transaction.
//!
//! A message has no dedupe key: a report that repeats what is stored completes nothing, and a job that
//! runs and ends again is told again.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::store::{self, Addressee};
use super::{CompletedJob, LockedRequest, ReportedJob};
use crate::core::error::Result;
use crate::core::jobs::status::job_is_completed;
use crate::core::jobs::{JobRequestStatus, Runtime};
use crate::core::outbox::{Content, Draft, FinishedJob, JobsFinished, send_all};
use crate::core::people::notify::Notify;

/// The most characters that a message keeps of what a runner says; the job's page has all.
const LONGEST_ACTION: usize = 500;
const LONGEST_STATUS: usize = 100;
const LONGEST_MESSAGE: usize = 300;

/// What a sync did to one request whose owner wants to be told.
#[derive(Debug, Default)]
struct News<'a> {
    /// Nothing of it is left to run, which was not so before.
    ended: bool,
    /// The jobs that this sync completed.
    completed: Vec<&'a ReportedJob>,
}

/// Writes the messages; returns how many. Two statements, and none when nobody wants to know: whether a
/// request notifies is known from its lock.
pub(super) async fn write(
    conn: &mut PgConnection,
    jobs: &[(i32, ReportedJob)],
    completed: &[CompletedJob],
    requests: &HashMap<String, LockedRequest>,
    statuses: &BTreeMap<i32, JobRequestStatus>,
) -> Result<usize> {
    let news = gather(jobs, completed, requests, statuses);
    if news.is_empty() {
        return Ok(0);
    }
    let ids: Vec<i32> = news.keys().copied().collect();
    let addressees = store::addressees(conn, &ids).await?;
    let drafts: Vec<Draft> = addressees
        .into_iter()
        .filter_map(|addressee| {
            let news = news.get(&addressee.job_request_id)?;
            draft(addressee, news, jobs, statuses)
        })
        .collect();
    Ok(send_all(conn, drafts).await?.len())
}

fn gather<'a>(
    jobs: &'a [(i32, ReportedJob)],
    completed: &[CompletedJob],
    requests: &HashMap<String, LockedRequest>,
    statuses: &BTreeMap<i32, JobRequestStatus>,
) -> BTreeMap<i32, News<'a>> {
    let mut news: BTreeMap<i32, News<'a>> = BTreeMap::new();
    let telling: HashMap<i32, JobRequestStatus> = requests
        .values()
        .filter(|request| request.will_notify)
        .map(|request| (request.id, request.status))
        .collect();
    if telling.is_empty() {
        return news;
    }
    for (id, _) in statuses.iter().filter(|(_, now)| now.is_completed()) {
        if telling.get(id).is_some_and(|before| before.is_active()) {
            news.entry(*id).or_default().ended = true;
        }
    }
    let completed: HashSet<&str> = completed.iter().map(|job| job.identifier.as_str()).collect();
    if completed.is_empty() {
        return news;
    }
    for (request, job) in jobs.iter().filter(|(request, _)| telling.contains_key(request)) {
        if completed.contains(job.identifier.as_str()) {
            news.entry(*request).or_default().completed.push(job);
        }
    }
    news
}

/// The message for one request, if its owner wants this told.
fn draft(
    addressee: Addressee,
    news: &News<'_>,
    jobs: &[(i32, ReportedJob)],
    statuses: &BTreeMap<i32, JobRequestStatus>,
) -> Option<Draft> {
    let id = addressee.job_request_id;
    let all = || jobs.iter().filter(|(request, _)| *request == id).map(|(_, job)| job);
    let told: Vec<&ReportedJob> = match addressee.notify {
        Notify::EachJob => news.completed.clone(),
        Notify::Failures => news.completed.iter().copied().filter(|job| has_failed(job)).collect(),
        Notify::WholeRequest if news.ended => all().collect(),
        Notify::WholeRequest | Notify::Nothing => Vec::new(),
    };
    if told.is_empty() {
        return None;
    }
    let (told, rest) = JobsFinished::listed(told.into_iter().map(finished).collect());
    let facts = JobsFinished {
        project: addressee.project,
        workspace: addressee.workspace,
        job_request_id: id,
        request_over: statuses
            .get(&id)
            .filter(|status| status.is_completed())
            .map(|status| status.name().to_owned()),
        is_whole: addressee.notify == Notify::WholeRequest,
        jobs: told,
        rest,
        jobs_over: all().filter(|job| job_is_completed(&job.status)).count(),
        jobs_in_all: all().count(),
    };
    let content = Content::JobsFinished(facts);
    Some(Draft::new(content, addressee.email, format!("job_request:{id}")))
}

fn has_failed(job: &ReportedJob) -> bool {
    job.status.eq_ignore_ascii_case("failed")
}

fn finished(job: &ReportedJob) -> FinishedJob {
    let took = Runtime::between(job.started_at, job.completed_at);
    FinishedJob {
        identifier: job.identifier.clone(),
        action: cut(&job.action, LONGEST_ACTION),
        status: cut(&job.status, LONGEST_STATUS).to_lowercase(),
        message: cut(&job.status_message, LONGEST_MESSAGE),
        seconds: (!took.is_zero()).then(|| took.seconds()),
    }
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(300), 300), "é".repeat(300));
        assert_eq!(cut(&"é".repeat(301), 300), "é".repeat(299) + "…");
        assert_eq!(cut("", 300), "");
    }
}
