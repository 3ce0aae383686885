//! Asking for jobs.

mod choices;
mod repositories;

use rocket::http::Method;
use sqlx::PgPool;

use crate::support::{Answer, Job, Request, Site, count_statements};

const STUDY: &str = "version: 4
actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz
  describe <tables>:
    run: python:v2 analysis/describe.py
    needs: [generate_dataset]
    outputs:
      moderately_sensitive:
        tables: output/tables.csv
";

const PAGE: &str = "/project/ws/run-jobs/";
const REPO: &str = "opensafely/ws";

async fn site(pool: PgPool) -> (Site, String) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let sha = site.code_host.commit(REPO, "main", &[("project.yaml", STUDY)]);
    (site, sha)
}

fn fields<'a>(actions: &[&'a str], backend: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = actions.iter().map(|action| ("requested_actions", *action)).collect();
    fields.push(("backend", backend));
    fields
}

async fn requests(site: &Site) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM job_request")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// What stands in the way, in the page's words.
#[track_caller]
fn problem(answer: Answer) -> String {
    let page = answer.expect(200).html();
    assert!(!page.has("form[data-run-jobs]"), "a form where nothing can be run");
    page.main()
}

#[sqlx::test]
async fn the_form_offers_actions_in_file_order_and_run_all(pool: PgPool) {
    let (site, sha) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(
        page.attributes("input[name=requested_actions]", "value"),
        ["generate_dataset", "describe <tables>", "run_all"]
    );
    assert_eq!(page.attributes("input[name=backend][checked]", "value"), ["tpp"]);
    assert_eq!(page.attributes("input[name=will_notify][checked]", "value"), ["False"]);
    assert!(page.main().contains(&sha[..7]));
    assert!(page.main().contains("Needs 2 actions"), "{}", page.main());
    assert_eq!(
        page.attribute("form[data-run-jobs]", "data-statuses-url").as_deref(),
        Some("/api/v2/workspaces/ws/statuses/")
    );
}

#[sqlx::test]
async fn a_request_is_stored_with_the_commit_that_everything_was_read_at(pool: PgPool) {
    let (site, sha) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let mut fields = fields(&["describe <tables>", "generate_dataset", "describe <tables>"], "tpp");
    fields.extend([("force_run_dependencies", "True"), ("will_notify", "True")]);
    let answer = ada.post(PAGE, &fields).await.expect(302);
    assert_eq!(answer.location(), "/project/ws/logs/");

    let row: (i32, Vec<String>, bool, bool, String, String, bool, String, String) = sqlx::query_as(
        "SELECT id, requested_actions, force_run_dependencies, will_notify, sha, project_definition, codelists_ok,
                transport, identifier FROM job_request",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(row.1, ["describe <tables>", "generate_dataset"]);
    assert!(row.2 && row.3 && row.6);
    assert_eq!(
        (row.4.as_str(), row.5.as_str(), row.7.as_str()),
        (sha.as_str(), STUDY, "poll")
    );
    assert_eq!(row.8.len(), 16);
    let event: (String, String) =
        sqlx::query_as("SELECT created_by, new FROM auditable_event WHERE type = 'job_request_created'")
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(event, ("ada".into(), "describe <tables>, generate_dataset".into()));
    // The next page says so.
    let page = ada.get(&format!("/project/ws/{}/", row.0)).await.expect(200).html();
    let told = page.texts(".notices").join(" ");
    assert!(told.contains(&format!("Job request {}", row.0)), "{told}");
}

#[sqlx::test]
async fn sending_the_form_twice_makes_one_request(pool: PgPool) {
    let (site, _) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.html();
    let key = page.attribute("input[name=form_key]", "value").unwrap();
    let mut fields = fields(&["generate_dataset"], "tpp");
    fields.push(("form_key", &key));
    let (first, second) = tokio::join!(ada.post(PAGE, &fields), ada.post(PAGE, &fields));
    first.expect(302);
    second.expect(302);
    assert_eq!(requests(&site).await, 1);
    // A form of one's own is another request.
    let other = ada
        .get(PAGE)
        .await
        .html()
        .attribute("input[name=form_key]", "value")
        .unwrap();
    assert_ne!(key, other);
}

#[sqlx::test]
async fn errors_keep_what_was_filled_in(pool: PgPool) {
    let (site, _) = site(pool).await;
    site.world.may_use("emis", "ada").await;
    let ada = site.sign_in("ada").await;
    let fields = [
        ("requested_actions", "generate_dataset"),
        ("requested_actions", "no such action"),
        ("force_run_dependencies", "True"),
        ("will_notify", "True"),
        ("form_key", "mine"),
    ];
    let page = ada.post(PAGE, &fields).await.expect(200).html();
    let summary = page.text("[data-errors]").unwrap();
    assert!(summary.contains("no longer in project.yaml"), "{summary}");
    assert!(summary.contains("Choose a backend."), "{summary}");
    assert_eq!(
        page.attributes("[data-errors] a", "href"),
        ["#id_requested_actions", "#id_backend"]
    );
    assert_eq!(
        page.attributes("input[name=requested_actions][checked]", "value"),
        ["generate_dataset"]
    );
    assert!(page.has("input[name=force_run_dependencies][checked]"));
    assert_eq!(page.attributes("input[name=will_notify][checked]", "value"), ["True"]);
    assert_eq!(page.attribute("input[name=form_key]", "value").as_deref(), Some("mine"));
    assert_eq!(page.count("input[name=backend][checked]"), 0);

    let page = ada.post(PAGE, &[("backend", "emis")]).await.expect(200).html();
    assert!(page.main().contains("Choose at least one action."));
    assert!(page.text("title").unwrap().starts_with("Error: Run jobs"));
    assert_eq!(page.attributes("input[name=backend][checked]", "value"), ["emis"]);
    let page = ada
        .post(PAGE, &[("requested_actions", "run_all"), ("backend", "nowhere")])
        .await
        .expect(200)
        .html();
    assert!(page.main().contains("cannot run jobs on that backend"));
    assert_eq!(requests(&site).await, 0);
}

#[sqlx::test]
async fn who_may_come(pool: PgPool) {
    let (site, _) = site(pool).await;
    for path in ["/project/unknown/run-jobs/", "/elsewhere/ws/run-jobs/"] {
        // Whether it is there is nothing for whoever is not signed in.
        site.anonymous().get(path).await.expect(302);
        site.sign_in("ada").await.get(path).await.expect(404);
    }
    let sent = site
        .anonymous()
        .get("/project/ws/run-jobs/feature/x/?a=b")
        .await
        .expect(302);
    assert_eq!(sent.location(), "/login/?next=/project/ws/run-jobs/feature/x/%3Fa%3Db");
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    let bob = site.sign_in("bob").await;
    bob.get(PAGE).await.expect(403);
    bob.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(403);
    // A role that holds everywhere is enough, without membership.
    site.world.global_roles("dora", &["DeploymentAdministrator"]).await;
    site.world.may_use("tpp", "dora").await;
    let dora = site.sign_in("dora").await;
    dora.get(PAGE).await.expect(200);
    dora.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(302);
    dora.bare(Method::Put, PAGE).await.expect(405);
    assert_eq!(requests(&site).await, 1);
}

#[sqlx::test]
async fn an_archived_workspace_runs_nothing(pool: PgPool) {
    let (site, _) = site(pool).await;
    sqlx::query("UPDATE workspace SET is_archived = true")
        .execute(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await;
    assert_eq!(ada.get(PAGE).await.expect(302).location(), "/project/ws/");
    let answer = ada.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(302);
    assert_eq!(answer.location(), "/project/ws/");
    let page = ada.get("/project/ws/").await.expect(200).html();
    assert!(page.texts(".notices").join(" ").contains("is archived"));
    assert_eq!(requests(&site).await, 0);
    assert_eq!(site.code_host.calls(), 1, "only the workspace's page asked");
}

#[sqlx::test]
async fn only_active_backends_of_ones_own_are_offered(pool: PgPool) {
    let (site, _) = site(pool).await;
    site.world.backend("emis").await;
    site.world.may_use("old", "ada").await;
    sqlx::query("UPDATE backend SET is_active = false WHERE slug = 'old'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.html();
    assert_eq!(page.attributes("input[name=backend]", "value"), ["tpp"]);
    for slug in ["emis", "old"] {
        ada.post(PAGE, &fields(&["run_all"], slug)).await.expect(200);
    }
    sqlx::query("DELETE FROM backend_membership")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(problem(ada.get(PAGE).await).contains("member of no active backend"));
    problem(ada.post(PAGE, &fields(&["run_all"], "tpp")).await);
    assert_eq!(requests(&site).await, 0);
}

#[sqlx::test]
async fn the_switch_takes_the_backends_that_obey_it(pool: PgPool) {
    let site = Site::start_with(pool, |settings| settings.web.disable_creating_jobs = true).await;
    site.world.usual().await;
    site.world.may_use("test", "ada").await;
    site.code_host.commit(REPO, "main", &[("project.yaml", STUDY)]);
    sqlx::query("UPDATE backend SET obeys_disable_creating_jobs = true WHERE slug = 'tpp'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(page.attributes("input[name=backend]", "value"), ["test"]);
    ada.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(200);
    sqlx::query("UPDATE backend SET obeys_disable_creating_jobs = true")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(problem(ada.get(PAGE).await).contains("switched off"));
    assert_eq!(requests(&site).await, 0);
}

#[sqlx::test]
async fn without_a_controller_every_backend_is_polled(pool: PgPool) {
    let (site, _) = site(pool).await;
    sqlx::query("UPDATE backend SET transport = 'rap'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await;
    ada.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(302);
    let listed = site.backend("tpp").await.get("/api/v2/job-requests/").await.json();
    assert_eq!(listed["count"], 1, "its runner is told");
}

#[sqlx::test]
async fn a_backend_behind_the_controller_is_not_offered_while_nothing_speaks_to_it(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.rap.controller = Some(jobserver::config::RapController {
            base_url: "https://controller.example.org/controller/v1/".parse().unwrap(),
            token: "secret".to_owned().into(),
        });
    })
    .await;
    site.world.usual().await;
    site.world.may_use("test", "ada").await;
    site.code_host.commit(REPO, "main", &[("project.yaml", STUDY)]);
    sqlx::query("UPDATE backend SET transport = 'rap' WHERE slug = 'tpp'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(page.attributes("input[name=backend]", "value"), ["test"]);
    ada.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(200);
    assert_eq!(requests(&site).await, 0);
}

#[sqlx::test]
async fn the_latest_request_is_shown_once_it_has_jobs(pool: PgPool) {
    let (site, _) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let (request, _) = site
        .world
        .request(Request {
            status: "failed",
            actions: &["run_all"],
            ..Request::default()
        })
        .await;
    assert!(!ada.get(PAGE).await.html().main().contains("Latest job request"));
    let (start, end) = (
        time::macros::datetime!(2026-03-01 12:00 UTC),
        time::macros::datetime!(2026-03-01 12:04:12 UTC),
    );
    let job = Job {
        action: "generate_dataset",
        status: "failed",
        status_code: "nonzero_exit",
        status_message: "Job exited with an error",
        started_at: Some(start),
        completed_at: Some(end),
        ..Job::default()
    };
    site.world.job(request, job).await;
    let text = ada.get(PAGE).await.expect(200).html().main();
    assert!(
        text.contains("Latest job request") && text.contains("4 min 12 s"),
        "{text}"
    );
    assert!(text.contains("nonzero_exit: Job exited with an error"), "{text}");
}

#[sqlx::test]
async fn statements_do_not_grow(pool: PgPool) {
    let (site, _) = site(pool).await;
    let ada = site.sign_in("ada").await;
    let (_, first) = count_statements(ada.get(PAGE)).await;
    let (request, _) = site.world.request(Request::default()).await;
    for n in 0..200 {
        let identifier = format!("job{n}");
        site.world
            .job(
                request,
                Job {
                    identifier: &identifier,
                    ..Job::default()
                },
            )
            .await;
    }
    let (answer, many) = count_statements(ada.get(PAGE)).await;
    answer.expect(200);
    assert_eq!(
        (first, many),
        (7, 7),
        "session, workspace, backends, permissions, latest request, last runs, what is told"
    );
}
