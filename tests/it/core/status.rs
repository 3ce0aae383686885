//! A job request's stored status is what its jobs make it, whatever history led there.

use std::collections::BTreeMap;

use jobserver::core::jobs::sync::{Free, ReportedJob, sync_jobs};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::support::{Request, Site};

const STATUSES: &[&str] = &[
    "pending",
    "running",
    "succeeded",
    "failed",
    "Failed",
    "SUCCEEDED",
    "nothing_to_do",
    "unknown",
    "",
    "strange",
    "0",
];
const REQUESTS: usize = 3;

/// Which job of which request, and its status.
type Report = Vec<(usize, usize, &'static str)>;

fn histories() -> impl Strategy<Value = Vec<Report>> {
    let item = (0..REQUESTS, 0..4_usize, proptest::sample::select(STATUSES));
    proptest::collection::vec(proptest::collection::vec(item, 0..8), 1..8)
}

pub fn report(request: &str, identifier: &str, status: &str) -> ReportedJob {
    ReportedJob {
        job_request: request.to_owned(),
        identifier: identifier.to_owned(),
        action: identifier.to_owned(),
        run_command: String::new(),
        status: status.to_owned(),
        status_code: String::new(),
        status_message: String::new(),
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: None,
        started_at: None,
        completed_at: None,
        trace_context: Free::Absent,
        metrics: Free::Null,
    }
}

/// The rule, told once more and from scratch: how many jobs have which status.
fn expected(jobs: &BTreeMap<usize, &str>) -> &'static str {
    let lower: Vec<String> = jobs.values().map(|status| status.to_ascii_lowercase()).collect();
    let how_many = |wanted: &str| lower.iter().filter(|status| *status == wanted).count();
    let all = lower.len();
    if all == 0 {
        return "unknown";
    }
    for known in ["pending", "running", "failed", "succeeded", "nothing_to_do", "unknown"] {
        if how_many(known) == all {
            return known;
        }
    }
    if how_many("") == all {
        return "pending";
    }
    let alike = how_many(&lower[0]) == all;
    if !alike && how_many("running") + how_many("pending") > 0 {
        return "running";
    }
    if !alike && how_many("failed") > 0 {
        return "failed";
    }
    "unknown"
}

#[sqlx::test]
async fn the_stored_status_is_what_the_jobs_make_it(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let mut runner = TestRunner::deterministic();
    for round in 0..40 {
        let history = histories().new_tree(&mut runner).unwrap().current();
        let mut identifiers = Vec::new();
        for _ in 0..REQUESTS {
            identifiers.push(site.world.request(Request::default()).await.1);
        }
        let mut model: Vec<BTreeMap<usize, &str>> = vec![BTreeMap::new(); REQUESTS];
        for step in &history {
            let named: Vec<usize> = step.iter().map(|(request, _, _)| *request).collect();
            for request in named {
                model[request] = step
                    .iter()
                    .filter(|(r, _, _)| *r == request)
                    .map(|(_, job, status)| (*job, *status))
                    .collect();
            }
            let jobs = step
                .iter()
                .map(|(r, job, status)| report(&identifiers[*r], &format!("{round}-{r}-{job}"), status));
            sync_jobs(&site.db, backend, jobs.collect()).await.unwrap();
            for (request, identifier) in identifiers.iter().enumerate() {
                let (stored, jobs): (String, Vec<String>) = sqlx::query_as(
                    "SELECT r.status, ARRAY(SELECT j.status FROM job j WHERE j.job_request_id = r.id ORDER BY j.identifier)
                       FROM job_request r WHERE r.identifier = $1",
                )
                .bind(identifier)
                .fetch_one(site.db.pool())
                .await
                .unwrap();
                let modelled: Vec<&str> = model[request].values().copied().collect();
                assert_eq!(jobs, modelled, "{history:?}");
                assert_eq!(stored, expected(&model[request]), "{jobs:?} after {history:?}");
            }
        }
    }
}

#[sqlx::test]
async fn what_changed_is_told_and_what_did_not_is_not(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.world.usual().await;
    let backend = site.world.backend_id("tpp").await;
    let (a_id, a) = site.world.request(Request::default()).await;
    let (b_id, b) = site.world.request(Request::default()).await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&pool).await.unwrap();
    listener.listen("job_request_changed").await.unwrap();
    let sync = async |jobs: Vec<ReportedJob>| sync_jobs(&site.db, backend, jobs).await.unwrap();

    let done = sync(vec![
        report(&a, "a1", "running"),
        report(&a, "a2", "succeeded"),
        report(&b, "b", "pending"),
    ])
    .await;
    assert_eq!(done.newly_completed.len(), 1);
    assert_eq!(
        (
            done.newly_completed[0].job_request_id,
            done.newly_completed[0].identifier.as_str()
        ),
        (a_id, "a2")
    );
    assert_eq!(listener.recv().await.unwrap().payload(), format!("{a_id},{b_id}"));
    // All the same: nothing is told. The next word is about the change after it.
    let same = sync(vec![
        report(&a, "a1", "running"),
        report(&a, "a2", "succeeded"),
        report(&b, "b", "pending"),
    ])
    .await;
    assert!(same.newly_completed.is_empty());
    sync(vec![report(&a, "a1", "running"), report(&b, "b", "pending")]).await;
    assert_eq!(
        listener.recv().await.unwrap().payload(),
        a_id.to_string(),
        "a job that went is a change"
    );
    let reset = sync(vec![report(&b, "b", "failed")]).await;
    assert_eq!(reset.newly_completed.len(), 1);
    assert_eq!(listener.recv().await.unwrap().payload(), b_id.to_string());
    // Back to running and over again: completed anew.
    sync(vec![report(&b, "b", "running")]).await;
    assert_eq!(sync(vec![report(&b, "b", "failed")]).await.newly_completed.len(), 1);
}
