//! What a repository can be like, and what its host can do.

use std::time::{Duration, Instant};

use jobserver::core::ports::CodeHostError;
use sqlx::PgPool;

use super::{PAGE, REPO, STUDY, fields, problem, requests, site};
use crate::support::{Job, Request, Site};

#[sqlx::test]
async fn a_reference_is_resolved_to_its_commit(pool: PgPool) {
    let (site, main) = site(pool).await;
    let other = STUDY.replace("describe <tables>", "other");
    let feature = site.code_host.commit(REPO, "feature/x y", &[("project.yaml", &other)]);
    let ada = site.sign_in("ada").await;
    let path = "/project/ws/run-jobs/feature/x%20y/";
    let page = ada.get(path).await.expect(200).html();
    assert!(page.main().contains(&feature[..7]));
    ada.post(path, &fields(&["other"], "tpp")).await.expect(302);
    ada.post(
        &format!("/project/ws/run-jobs/{}/", &main[..12]),
        &fields(&["run_all"], "tpp"),
    )
    .await
    .expect(302);
    let shas: Vec<String> = sqlx::query_scalar("SELECT sha FROM job_request ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(shas, [feature, main]);
    for unknown in [
        "nope",
        "%00",
        "-x",
        "a%2E%2Eb",
        "%F0%9F%98%80",
        "cancel",
        "events",
        &"x".repeat(3000),
    ] {
        let text = problem(ada.get(&format!("/project/ws/run-jobs/{unknown}/")).await);
        assert!(text.contains("The commit could not be found"), "{unknown}: {text}");
    }
    problem(
        ada.post("/project/ws/run-jobs/nope/", &fields(&["run_all"], "tpp"))
            .await,
    );
}

#[sqlx::test]
async fn every_state_of_a_repository_has_its_page(pool: PgPool) {
    let (site, _) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let cases: [(&str, &[(&str, &str)]); 6] = [
        ("There is no project.yaml", &[("README.md", "x")]),
        ("The pipeline cannot be used", &[("project.yaml", "")]),
        (
            "The pipeline cannot be used",
            &[("project.yaml", "version: 4\nactions: [")],
        ),
        ("action \"a\"", &[("project.yaml", "version: 4\nactions:\n  a: {}\n")]),
        (
            "no codelists/codelists.json in it",
            &[("project.yaml", STUDY), ("codelists/codelists.txt", "")],
        ),
        (
            "no codelists/codelists.txt in it",
            &[("project.yaml", STUDY), ("codelists/codelists.json", "{}")],
        ),
    ];
    for (words, files) in cases {
        site.code_host.commit(REPO, "main", files);
        let text = problem(ada.get(PAGE).await);
        assert!(text.contains(words), "{words}: {text}");
        problem(ada.post(PAGE, &fields(&["run_all"], "tpp")).await);
    }
    site.code_host.commit(REPO, "main", &[]);
    site.code_host.put_bytes(REPO, "main", "project.yaml", b"\xff\xfe");
    assert!(problem(ada.get(PAGE).await).contains("not UTF-8 text"));
    site.code_host
        .put_bytes(REPO, "main", "project.yaml", b"version: 4 # \0");
    problem(ada.get(PAGE).await);
    site.code_host
        .put_bytes(REPO, "main", "project.yaml", "#".repeat(1024 * 1024 + 1).as_bytes());
    assert!(problem(ada.get(PAGE).await).contains("larger than 1048576 bytes"));

    site.code_host.delete_branch(REPO, "main");
    site.code_host.commit(REPO, "other", &[]);
    let text = problem(ada.get(PAGE).await);
    assert!(text.contains("no branch called main"), "{text}");
    site.code_host.make_empty(REPO);
    assert!(problem(ada.get(PAGE).await).contains("The repository is empty"));
    site.world.workspace("project", "gone").await;
    assert!(problem(ada.get("/project/gone/run-jobs/").await).contains("does not exist, or Job Server"));
    sqlx::query("UPDATE repo SET url = '/srv/git/x' WHERE url LIKE '%/gone'")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(problem(ada.get("/project/gone/run-jobs/").await).contains("address cannot be used"));
    assert_eq!(requests(&site).await, 0);
}

#[sqlx::test]
async fn a_host_that_fails_is_said_to_and_its_secrets_are_not(pool: PgPool) {
    let (site, _) = site(pool).await;
    let ada = site.sign_in("ada").await;
    type Failing = fn() -> CodeHostError;
    let failures: [(Failing, &str); 4] = [
        (|| CodeHostError::TimedOut, "did not answer in time"),
        (|| CodeHostError::RateLimited { reset: None }, "accepts no more calls"),
        (|| CodeHostError::Unauthorised, "does not let Job Server read"),
        (|| CodeHostError::unavailable("token hunter2"), "cannot be reached"),
    ];
    for (failure, words) in failures {
        site.code_host.fail_with(Some(failure));
        let text = problem(ada.get(PAGE).await);
        assert!(
            text.contains(words) && text.contains("Nothing needs changing"),
            "{text}"
        );
        assert!(!text.contains("hunter2"));
    }
    site.code_host.fail_with(None);
    ada.get(PAGE).await.expect(200);
}

#[sqlx::test]
async fn a_host_that_never_answers_costs_a_page_no_more_than_its_limit(pool: PgPool) {
    let limit = Duration::from_millis(20);
    let site = Site::start_with(pool, |settings| settings.github.timeout = limit).await;
    site.world.usual().await;
    site.code_host.commit(REPO, "main", &[("project.yaml", STUDY)]);
    site.code_host.be_silent(true);
    let ada = site.sign_in("ada").await;
    let started = Instant::now();
    let text = problem(ada.get(PAGE).await);
    assert!(text.contains("did not answer in time"), "{text}");
    ada.get("/project/ws/").await.expect(200);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[sqlx::test]
async fn tools_need_a_permission(pool: PgPool) {
    let (site, _) = site(pool).await;
    let study = "version: 3
expectations: {population_size: 10}
actions:
  sql:
    run: sqlrunner:v1 query.sql --output output/a.csv
    outputs: {highly_sensitive: {a: output/a.csv}}
  old:
    run: cohortextractor:v1 generate_measures
    outputs: {moderately_sensitive: {b: output/b.csv}}
";
    site.code_host.commit(REPO, "main", &[("project.yaml", study)]);
    let ada = site.sign_in("ada").await;
    let text = problem(ada.get(PAGE).await);
    assert!(text.contains("may not use these tools"), "{text}");
    assert!(
        text.contains("SQL Runner") && text.contains("cohort-extractor"),
        "{text}"
    );
    sqlx::query(
        "INSERT INTO data_permission (project_id, kind, reason, created_by_id, ended_at, ended_by_id)
         SELECT p.id, k.kind, 'r', p.created_by_id, k.ended, CASE WHEN k.ended IS NULL THEN NULL ELSE p.created_by_id END
           FROM project p, (VALUES ('sqlrunner', NULL::timestamptz), ('cohortextractor', now())) k (kind, ended)",
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    let text = problem(ada.get(PAGE).await);
    assert!(
        !text.contains("SQL Runner") && text.contains("cohort-extractor"),
        "{text}"
    );
    sqlx::query("UPDATE data_permission SET ended_at = NULL, ended_by_id = NULL")
        .execute(site.db.pool())
        .await
        .unwrap();
    ada.post(PAGE, &fields(&["sql"], "tpp")).await.expect(302);
    // The people who run the service may use everything.
    sqlx::query("DELETE FROM data_permission")
        .execute(site.db.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE project SET slug = 'opensafely-internal'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let page = ada.get("/opensafely-internal/ws/run-jobs/").await.expect(200).html();
    assert!(page.has("form[data-run-jobs]"));
}

#[sqlx::test]
async fn stale_codelists_stop_what_would_read_the_database(pool: PgPool) {
    let (site, _) = site(pool).await;
    let files = [
        ("project.yaml", STUDY),
        ("codelists/codelists.txt", "a/b"),
        ("codelists/codelists.json", "{}"),
    ];
    site.code_host.commit(REPO, "main", &files);
    site.codelists.are_out_of_date();
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert!(page.main().contains("codelists are out of date"), "{}", page.main());
    assert!(page.has("form[data-run-jobs]"));
    for actions in [["generate_dataset"], ["run_all"], ["describe <tables>"]] {
        let page = ada.post(PAGE, &fields(&actions, "tpp")).await.expect(200).html();
        let summary = page.text("[data-errors]").unwrap();
        assert!(summary.contains("generate_dataset"), "{actions:?}: {summary}");
    }
    // What is needed and has succeeded does not run again, unless it must.
    let (request, _) = site
        .world
        .request(Request {
            status: "succeeded",
            ..Request::default()
        })
        .await;
    let job = Job {
        action: "generate_dataset",
        status: "succeeded",
        ..Job::default()
    };
    site.world.job(request, job).await;
    let mut forced = fields(&["describe <tables>"], "tpp");
    ada.post(PAGE, &forced).await.expect(302);
    let ok: bool = sqlx::query_scalar("SELECT codelists_ok FROM job_request ORDER BY id DESC LIMIT 1")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert!(!ok);
    forced.push(("force_run_dependencies", "True"));
    ada.post(PAGE, &forced).await.expect(200);

    site.codelists.cannot_be_checked();
    assert!(problem(ada.get(PAGE).await).contains("OpenCodelists"));
}

#[sqlx::test]
async fn codelists_that_are_waited_for_are_not_blamed_on_the_code_host(pool: PgPool) {
    let site = Site::start_with(pool, |settings| settings.github.timeout = Duration::from_millis(100)).await;
    site.world.usual().await;
    let files = [
        ("project.yaml", STUDY),
        ("codelists/codelists.txt", "a/b"),
        ("codelists/codelists.json", "{}"),
    ];
    site.code_host.commit(REPO, "main", &files);
    site.codelists.are_waited_for();
    let ada = site.sign_in("ada").await;
    let text = problem(ada.get(PAGE).await);
    assert!(text.contains("The codelists could not be checked"), "{text}");
    assert!(text.contains("OpenCodelists"), "{text}");
    problem(ada.post(PAGE, &fields(&["run_all"], "tpp")).await);
    assert_eq!(requests(&site).await, 0);
}
