use super::*;
use std::collections::HashSet;
use time::macros::datetime;

fn history() -> History {
    let pipelines: Vec<Pipeline> = STUDIES
        .iter()
        .map(|study| Pipeline::parse(study.project_yaml).unwrap())
        .collect();
    let commits = vec![
        vec!["a".repeat(40), "b".repeat(40)],
        vec!["c".repeat(40)],
        vec!["d".repeat(40)],
    ];
    write(datetime!(2026-01-02 03:04 UTC), &commits, &pipelines)
}

#[test]
fn every_kind_of_outcome_occurs_and_little_is_active() {
    let history = history();
    let statuses: HashSet<&str> = history.requests.iter().map(|request| request.status).collect();
    for status in ["succeeded", "failed", "running", "pending", "unknown", "nothing_to_do"] {
        assert!(statuses.contains(status), "{status}");
    }
    let codes: HashSet<&str> = history.jobs.iter().map(|job| job.status_code).collect();
    for (_, fate) in FATES {
        if let Fate::Fails(code, _) | Fate::Refused(code, _) = fate {
            assert!(codes.contains(code), "{code}");
        }
    }
    assert!(codes.contains("cancelled_by_user") && codes.contains("dependency_failed"));
    let active = history.requests.iter().filter(|request| {
        let status: JobRequestStatus = request.status.parse().unwrap();
        status.is_active()
    });
    assert_eq!(active.count(), 4);
}

#[test]
fn times_are_in_order_and_nothing_is_over_before_it_began() {
    let history = history();
    let now = datetime!(2026-01-02 03:04 UTC);
    for job in &history.jobs {
        assert!(job.created_at <= job.updated_at && job.updated_at <= now, "{job:?}");
        if let Some(completed_at) = job.completed_at {
            assert!(
                completed_at <= now && job.started_at.is_none_or(|at| at <= completed_at),
                "{job:?}"
            );
        }
        assert_eq!(job.completed_at.is_some(), matches!(job.status, "succeeded" | "failed"));
    }
    let identifiers: HashSet<&str> = history.jobs.iter().map(|job| job.identifier.as_str()).collect();
    assert_eq!(identifiers.len(), history.jobs.len());
}

#[test]
fn the_same_story_is_told_each_time() {
    let tell = || serde_json::to_string(&history().jobs).unwrap();
    assert_eq!(tell(), tell());
}
