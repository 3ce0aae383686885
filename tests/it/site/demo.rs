//! The demonstration: its data, and its own runner, with the program on both ends of the line.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::commands::git;
use super::serving::server;
use crate::support::Program;

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

const ACTIVE: &str = "SELECT count(*) FROM job_request WHERE status IN ('pending', 'running', 'unknown')";

/// Waits, change by change, until the statement counts nothing.
async fn until_none(pool: &PgPool, changes: &mut PgListener, statement: &'static str) {
    tokio::time::timeout(Duration::from_secs(100), async {
        while count(pool, statement).await > 0 {
            changes.recv().await.unwrap();
        }
    })
    .await
    .expect("it comes to an end");
}

#[sqlx::test]
async fn it_brings_every_request_to_an_end_and_stops_when_told(pool: PgPool) {
    let program: Program = server(&pool).with("LOCAL_GIT_REPOS", "repos");
    program.run(&["demo", "seed"]).await.ok();
    let site = program.start(&["serve", "0"], "listening on").await;
    let url = format!("http://{}", site.address());
    let mut changes = PgListener::connect_with(&pool).await.unwrap();
    changes.listen("job_request_changed").await.unwrap();
    assert!(count(&pool, ACTIVE).await > 0);

    let arguments = ["demo", "runner", "--url", &url, "--speed", "100"];
    let mut runner = program.start(&arguments, "Playing at").await;
    until_none(&pool, &mut changes, ACTIVE).await;
    assert_eq!(
        count(&pool, "SELECT count(*) FROM job WHERE status IN ('pending', 'running')").await,
        0
    );
    // What it reports has all that a real one's reports have.
    let unmeasured = "SELECT count(*) FROM job WHERE status = 'succeeded' AND run_command <> ''
                         AND (metrics -> 'cpu_peak' IS NULL OR started_at IS NULL OR trace_context IS NULL)";
    assert_eq!(count(&pool, unmeasured).await, 0);
    assert_eq!(
        count(&pool, "SELECT count(*) FROM stats WHERE url LIKE '/api/v2/jobs/%'").await,
        2
    );

    // A new one is picked up too.
    program
        .run(&[
            "create_rap",
            "vaccine-uptake",
            "demo-researcher",
            "tpp",
            "-a",
            "plot_uptake",
            "--force-run-dependencies",
        ])
        .await
        .ok();
    until_none(&pool, &mut changes, ACTIVE).await;
    let jobs = "SELECT count(*) FROM job WHERE job_request_id = (SELECT max(id) FROM job_request)";
    assert_eq!(count(&pool, jobs).await, 4);

    runner.terminate();
    let (status, said) = runner.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(
        said.iter()
            .any(|line| line.contains("tpp: demo-researcher asks for plot_uptake")),
        "{said:?}"
    );
}

#[sqlx::test]
async fn it_plays_only_backends_that_there_are(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["demo", "runner"]).await.failed();
    assert!(said.err.contains("create_backend"), "{}", said.err);
    program.run(&["create_backend", "tpp"]).await.ok();
    let said = program.run(&["demo", "runner", "--backend", "nope"]).await.failed();
    assert!(said.err.contains("tpp"), "{}", said.err);
    assert_eq!(program.run(&["demo", "runner", "--speed", "0"]).await.code, 2);
}

#[sqlx::test]
async fn the_demonstration_fills_an_empty_database_once(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["demo", "links"]).await.failed();
    let said = program.run(&["demo", "seed"]).await.ok();
    assert!(said.out.starts_with("Demonstration data:"), "{}", said.out);
    let requests = count(&pool, "SELECT count(*) FROM job_request").await;
    assert!(requests > 100);
    assert_eq!(count(&pool, "SELECT total FROM job_request_tally").await, requests);
    assert!(
        program
            .folder()
            .join(".local/repos/opensafely/demo-long-covid/project.yaml")
            .is_file()
    );
    // The status page, the alerts and the logos have something to show.
    assert!(count(&pool, "SELECT count(*) FROM backend_sample WHERE is_missing").await > 0);
    assert_eq!(count(&pool, "SELECT count(*) FROM site_alert").await, 1);
    let logos: Vec<String> = sqlx::query_scalar("SELECT logo_file FROM org WHERE logo_file IS NOT NULL")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(logos.len(), 2);
    for logo in logos {
        assert!(program.folder().join("uploads").join(logo).is_file());
    }
    // What was released can be read, and of three sets of files one is public.
    let kept: Vec<String> = sqlx::query_scalar("SELECT path FROM release_file WHERE path <> '' AND deleted_at IS NULL")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(kept.len() > 5);
    for path in kept {
        assert!(program.folder().join("releases").join(&path).is_file(), "{path}");
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM snapshot").await, 3);
    assert_eq!(
        count(&pool, "SELECT count(*) FROM snapshot WHERE published_at IS NOT NULL").await,
        1
    );
    assert_eq!(
        count(&pool, "SELECT count(*) FROM publish_request WHERE decision IS NULL").await,
        1
    );
    // Every commit that a request names is one of the repositories'.
    let commits: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT r.url, q.sha FROM job_request q JOIN workspace w ON w.id = q.workspace_id
           JOIN repo r ON r.id = w.repo_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for (url, sha) in commits {
        let name = url.rsplit('/').next().unwrap();
        let repo = program.folder().join(".local/repos/opensafely").join(name);
        assert_eq!(git(&repo, &["cat-file", "-t", &sha]), "commit");
    }
    let said = program.run(&["demo", "seed"]).await.ok();
    assert!(said.out.contains("no demonstration data is added"), "{}", said.out);
    assert_eq!(count(&pool, "SELECT count(*) FROM job_request").await, requests);
    let links = program.run(&["demo", "links"]).await.ok();
    assert_eq!(links.out.matches("http://jobs.test/login-link/").count(), 2);
    assert!(
        links.out.contains("administrator") && links.out.contains("researcher"),
        "{}",
        links.out
    );
}

#[sqlx::test]
async fn production_knows_no_demonstration(pool: PgPool) {
    let program = Program::new(&pool)
        .with("ROCKET_PROFILE", "release")
        .with("DEBUG", "0")
        .with("JOBSERVER_GITHUB_TOKEN", "")
        .with("BASE_URL", "https://jobs.test");
    let said = program.run(&["demo", "seed"]).await.failed();
    assert!(said.err.contains("production"), "{}", said.err);
    assert_eq!(count(&pool, r#"SELECT count(*) FROM "user""#).await, 0);
}
