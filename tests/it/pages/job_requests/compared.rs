//! A job request against those before it: times, what changed, and the pipeline as a picture.

use sqlx::PgPool;
use time::Duration;

use super::{START, page, site};
use crate::support::{Job, Request, Site};

const STUDY: &str = "version: 4
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/d.py --output output/d.csv.gz
    outputs: {highly_sensitive: {d: output/d.csv.gz}}
  describe & <count>:
    run: python:v2 analysis/describe.py
    needs: [extract]
    outputs: {moderately_sensitive: {t: output/t.csv}}
";

async fn ran(site: &Site, id: i32, identifier: &str, action: &str, status: &str, minutes: i64) {
    let job = Job {
        identifier,
        action,
        status,
        created_at: START,
        started_at: Some(START + Duration::minutes(5)),
        completed_at: Some(START + Duration::minutes(5 + minutes)),
        ..Job::default()
    };
    site.world.job(id, job).await;
}

#[sqlx::test]
async fn times_are_compared_with_the_last_success_of_each_action(pool: PgPool) {
    let site = site(pool).await;
    let succeeded = Request {
        status: "succeeded",
        ..Request::default()
    };
    let (oldest, _) = site.world.request(succeeded.clone()).await;
    ran(&site, oldest, "j1", "extract", "succeeded", 60).await;
    let (before, _) = site.world.request(succeeded.clone()).await;
    ran(&site, before, "j2", "extract", "succeeded", 20).await;
    let failed = Request {
        status: "failed",
        ..Request::default()
    };
    let (between, _) = site.world.request(failed).await;
    ran(&site, between, "j3", "extract", "failed", 1).await;
    // Another backend's times are another machine's.
    let elsewhere = Request {
        backend: "emis",
        ..succeeded.clone()
    };
    let (elsewhere, _) = site.world.request(elsewhere).await;
    ran(&site, elsewhere, "j4", "extract", "succeeded", 90).await;
    let (id, _) = site.world.request(succeeded).await;
    ran(&site, id, "j5", "extract", "succeeded", 30).await;
    ran(&site, id, "j6", "new", "succeeded", 10).await;
    let html = page(&site, id).await;
    let lanes = html.texts(".lane-told");
    assert_eq!(
        lanes,
        [
            "Waited 5 min, ran 30 min, 10 min longer than last time",
            "Waited 5 min, ran 10 min"
        ]
    );
    let strip = html.text(".strip").unwrap();
    assert!(strip.contains("the same jobs: 10 min longer than last time"), "{strip}");
}

#[sqlx::test]
async fn the_definition_is_compared_line_by_line(pool: PgPool) {
    let site = site(pool).await;
    let before = Request {
        status: "succeeded",
        project_definition: STUDY,
        ..Request::default()
    };
    let (success, _) = site.world.request(before).await;
    ran(&site, success, "j1", "extract", "succeeded", 1).await;
    let changed = STUDY.replace("python:v2", "python:v3 <script>");
    let now = Request {
        project_definition: &changed,
        ..Request::default()
    };
    let (id, _) = site.world.request(now).await;
    let html = page(&site, id).await;
    let added = html.texts(".diff-added");
    assert_eq!(added.len(), 1);
    assert!(
        added[0].contains("python:v3 <script> analysis/describe.py"),
        "{added:?}"
    );
    assert_eq!(html.count(".diff-removed"), 1);
    assert!(
        html.main().contains("project.yaml: 1 line added, 1 line removed"),
        "{}",
        html.main()
    );
    // The same definition and the same commit.
    let same = Request {
        project_definition: STUDY,
        ..Request::default()
    };
    let (id, _) = site.world.request(same).await;
    let text = page(&site, id).await.main();
    assert!(text.contains("Nothing: it ran the same commit."), "{text}");
}

#[sqlx::test]
async fn the_pipeline_is_drawn_with_what_became_of_it(pool: PgPool) {
    let site = site(pool).await;
    let request = Request {
        status: "running",
        project_definition: STUDY,
        ..Request::default()
    };
    let (id, _) = site.world.request(request).await;
    ran(&site, id, "j1", "extract", "succeeded", 1).await;
    let html = page(&site, id).await;
    assert_eq!(
        html.attribute("svg a.graph-node", "href"),
        Some(format!("/project/ws/{id}/j1/"))
    );
    assert_eq!(
        html.attributes("svg .graph-node", "aria-label"),
        ["extract: succeeded, needs nothing", "describe & <count>, needs extract"]
    );
    assert_eq!(html.count("svg path.graph-done"), 1);
    // An old definition that cannot be read is no fault.
    let old = Request {
        project_definition: "version: 1\nactions: {a: {run: x, needs: [a]}}",
        ..Request::default()
    };
    let (id, _) = site.world.request(old).await;
    assert!(!page(&site, id).await.has(".graph"));
}

#[sqlx::test]
async fn codes_are_explained_where_something_failed(pool: PgPool) {
    let site = site(pool).await;
    let failed = Request {
        status: "failed",
        ..Request::default()
    };
    let (id, _) = site.world.request(failed).await;
    for (identifier, code) in [
        ("j1", "stale_codelists"),
        ("j2", "a_code_of_tomorrow"),
        ("j3", "nonzero_exit"),
    ] {
        let job = Job {
            identifier,
            action: identifier,
            status: "failed",
            status_code: code,
            status_message: "Said by the runner",
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    let failures = page(&site, id).await.texts(".failure");
    assert!(failures[0].contains("older than those at OpenCodelists") && failures[0].contains("Update the codelists"));
    assert!(
        failures[1].contains("a_code_of_tomorrow: Said by the runner"),
        "{failures:?}"
    );
    assert!(
        failures[2].contains("metadata/j3.log") && failures[2].contains("Read its log"),
        "{failures:?}"
    );
}

#[sqlx::test]
async fn the_queue_counts_jobs_and_requests(pool: PgPool) {
    let site = site(pool).await;
    let running = Request {
        status: "running",
        ..Request::default()
    };
    let (ahead, _) = site.world.request(running.clone()).await;
    for (identifier, status) in [("j1", "running"), ("j2", "pending"), ("j3", "succeeded")] {
        let job = Job {
            identifier,
            action: identifier,
            status,
            ..Job::default()
        };
        site.world.job(ahead, job).await;
    }
    site.world.request(running).await;
    let (id, _) = site.world.request(Request::default()).await;
    let text = page(&site, id).await.main();
    assert!(text.contains("2 jobs of 2 requests ahead"), "{text}");
}
