use std::collections::HashMap;

use serde_json::Value;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;
use crate::cli::demo::repos::STUDIES;
use crate::cli::demo::runner::api::Workspace;
use crate::cli::demo::runner::job::Plan;

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn pipeline() -> Definition {
    Ok(Pipeline::parse(STUDIES[0].project_yaml).unwrap())
}

fn request(identifier: &str, actions: &[&str]) -> JobRequest {
    JobRequest {
        identifier: identifier.to_owned(),
        sha: "a".repeat(40),
        requested_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        cancelled_actions: Vec::new(),
        force_run_dependencies: false,
        codelists_ok: true,
        created_by: "ada".to_owned(),
        workspace: Workspace {
            name: "ws".to_owned(),
            repo: STUDIES[0].url(),
        },
    }
}

/// A request's identifier whose jobs all end as asked.
fn identifier(actions: &[&str], fails: bool) -> String {
    (0..100_000)
        .map(|n| format!("request{n}"))
        .find(|request| {
            actions.iter().all(|action| {
                let job = crate::cli::demo::history::job_identifier(request, action);
                Plan::of(&job).fails.is_some() == fails
            })
        })
        .unwrap()
}

fn reported(runner: &Runner, request: &str) -> HashMap<String, Value> {
    let report = serde_json::to_value(runner.report(&[request])).unwrap();
    let jobs = report.as_array().unwrap().iter();
    jobs.filter(|job| job["job_request_id"] == request)
        .map(|job| (job["action"].as_str().unwrap().to_owned(), job.clone()))
        .collect()
}

/// Lets a second pass as often as told.
fn pass(runner: &mut Runner, from: OffsetDateTime, seconds: i64) -> OffsetDateTime {
    for second in 0..seconds {
        runner.advance(from + Duration::seconds(second));
    }
    from + Duration::seconds(seconds)
}

#[test]
fn what_is_needed_runs_first_and_only_once() {
    let actions = ["generate_dataset", "uptake_by_age"];
    let first = identifier(&actions, false);
    let mut runner = Runner::new(1.0);
    runner.admit(&request(&first, &["uptake_by_age"]), pipeline(), &HashMap::new(), START);
    runner.advance(START);
    let jobs = reported(&runner, &first);
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs["generate_dataset"]["status"], "running");
    assert_eq!(jobs["generate_dataset"]["created_at"], "2026-03-01T12:00:00Z");
    assert_eq!(jobs["generate_dataset"]["requires_db"], true);
    assert!(jobs["generate_dataset"]["metrics"]["cpu_peak"].is_number());
    assert_eq!(jobs["uptake_by_age"]["status"], "pending");
    assert_eq!(jobs["uptake_by_age"]["status_code"], "waiting_on_dependencies");

    let now = pass(&mut runner, START, 40);
    let jobs = reported(&runner, &first);
    for action in actions {
        assert_eq!(jobs[action]["status"], "succeeded", "{action}");
    }
    // Asked for again, it runs again; what it needs is there already.
    runner.admit(&request("again", &["uptake_by_age"]), pipeline(), &HashMap::new(), now);
    assert_eq!(reported(&runner, "again").len(), 1);
    let mut forced = request("forced", &["describe_cohort"]);
    forced.force_run_dependencies = true;
    runner.admit(&forced, pipeline(), &HashMap::new(), now);
    assert_eq!(reported(&runner, "forced").len(), 2);
}

#[test]
fn a_failure_holds_back_what_needs_it_and_nothing_else() {
    let bad = identifier(&["generate_dataset"], true);
    let mut runner = Runner::new(1.0);
    runner.admit(&request(&bad, &["run_all"]), pipeline(), &HashMap::new(), START);
    pass(&mut runner, START, 60);
    let jobs = reported(&runner, &bad);
    assert_eq!(jobs.len(), 6);
    assert_ne!(jobs["generate_dataset"]["status_code"], "dependency_failed");
    for job in jobs.values() {
        assert_eq!(job["status"], "failed");
    }
    assert_eq!(jobs["plot_uptake"]["status_code"], "dependency_failed");
    assert_eq!(jobs["plot_uptake"]["metrics"], Value::Null);
    // The next request runs what failed, though it is only needed.
    runner.admit(
        &request("next", &["describe_cohort"]),
        pipeline(),
        &HashMap::new(),
        START,
    );
    assert_eq!(reported(&runner, "next").len(), 2);
}

#[test]
fn what_succeeded_before_this_runner_started_counts() {
    let mut runner = Runner::new(1.0);
    let outcomes = HashMap::from([("generate_dataset".to_owned(), "succeeded".to_owned())]);
    runner.admit(&request("r", &["check_dataset"]), pipeline(), &outcomes, START);
    assert_eq!(reported(&runner, "r").keys().collect::<Vec<_>>(), ["check_dataset"]);
    let all = STUDIES[0].project_yaml;
    let names = Pipeline::parse(all).unwrap().action_names();
    let outcomes = names.into_iter().map(|name| (name, "succeeded".to_owned())).collect();
    let mut elsewhere = request("all", &["run_all"]);
    elsewhere.workspace.name = "other".to_owned();
    runner.admit(&elsewhere, pipeline(), &outcomes, START);
    let jobs = reported(&runner, "all");
    assert_eq!(jobs["run_all"]["status"], "succeeded");
    assert_eq!(jobs["run_all"]["run_command"], Value::Null);
}

#[test]
fn what_is_under_way_is_not_started_twice() {
    let mut runner = Runner::new(1.0);
    runner.admit(
        &request("one", &["generate_dataset"]),
        pipeline(),
        &HashMap::new(),
        START,
    );
    runner.admit(&request("two", &["check_dataset"]), pipeline(), &HashMap::new(), START);
    runner.advance(START);
    let jobs = reported(&runner, "two");
    assert_eq!(jobs["check_dataset"]["status_code"], "waiting_on_dependencies");
    assert!(!jobs.contains_key("generate_dataset"));
}

#[test]
fn cancelling_ends_what_is_not_over() {
    let good = identifier(&["generate_dataset"], false);
    let mut runner = Runner::new(1.0);
    runner.admit(
        &request(&good, &["check_dataset", "describe_cohort"]),
        pipeline(),
        &HashMap::new(),
        START,
    );
    runner.advance(START);
    runner.cancel(&good, &["describe_cohort".to_owned()]);
    runner.advance(START);
    assert_eq!(
        reported(&runner, &good)["describe_cohort"]["status_code"],
        "cancelled_by_user"
    );
    assert_eq!(reported(&runner, &good)["generate_dataset"]["status"], "running");
    let now = pass(&mut runner, START, 60);
    runner.cancel(&good, &["generate_dataset".to_owned()]);
    runner.advance(now);
    assert_eq!(reported(&runner, &good)["generate_dataset"]["status"], "succeeded");
}

#[test]
fn a_request_that_cannot_be_run_says_why() {
    let mut runner = Runner::new(1.0);
    runner.admit(
        &request("gone", &["a"]),
        Err("no such commit".to_owned()),
        &HashMap::new(),
        START,
    );
    assert_eq!(
        reported(&runner, "gone")[ERROR_ACTION]["status_message"],
        "no such commit"
    );
    let mut stale = request("stale", &["generate_dataset"]);
    stale.codelists_ok = false;
    runner.admit(&stale, pipeline(), &HashMap::new(), START);
    assert_eq!(
        reported(&runner, "stale")[ERROR_ACTION]["status_code"],
        "stale_codelists"
    );
    runner.admit(&request("odd", &["no_such"]), pipeline(), &HashMap::new(), START);
    assert_eq!(reported(&runner, "odd")[ERROR_ACTION]["status"], "failed");
}

#[test]
fn only_so_many_run_at_once() {
    let mut runner = Runner::new(1.0);
    let done = HashMap::from([("generate_dataset".to_owned(), "succeeded".to_owned())]);
    let actions = ["check_dataset", "describe_cohort", "uptake_by_region", "uptake_by_age"];
    runner.admit(&request("many", &actions), pipeline(), &done, START);
    runner.advance(START);
    let jobs = reported(&runner, "many");
    let running = jobs.values().filter(|job| job["status"] == "running").count();
    assert_eq!(running, WORKERS);
    assert!(jobs.values().any(|job| job["status_code"] == "waiting_on_workers"));
}
