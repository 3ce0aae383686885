//! Asking again for just what failed or was cancelled.

use rocket::http::Method;
use sqlx::PgPool;

use super::{page, path};
use crate::support::{Job, Request, Site};

const STUDY: &str = "version: 4
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/d.py --output output/d.csv.gz
    outputs: {highly_sensitive: {d: output/d.csv.gz}}
  describe:
    run: python:v2 analysis/describe.py
    needs: [extract]
    outputs: {moderately_sensitive: {t: output/t.csv}}
  plot:
    run: python:v2 analysis/plot.py
    needs: [describe]
    outputs: {moderately_sensitive: {p: output/p.svg}}
";

async fn site(pool: PgPool) -> (Site, String) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let sha = site
        .code_host
        .commit("opensafely/ws", "main", &[("project.yaml", STUDY)]);
    (site, sha)
}

/// A request whose first action succeeded and whose others failed.
async fn failed(site: &Site) -> i32 {
    let failed = Request {
        status: "failed",
        actions: &["run_all"],
        project_definition: STUDY,
        ..Request::default()
    };
    let (id, _) = site.world.request(failed).await;
    for (action, status, status_code) in [
        ("extract", "succeeded", "succeeded"),
        ("describe", "failed", "nonzero_exit"),
        ("plot", "failed", "dependency_failed"),
    ] {
        let job = Job {
            identifier: action,
            action,
            status,
            status_code,
            ..Job::default()
        };
        site.world.job(id, job).await;
    }
    id
}

#[sqlx::test]
async fn one_button_asks_for_what_failed_and_nothing_else(pool: PgPool) {
    let (site, sha) = site(pool).await;
    let id = failed(&site).await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(&path(id)).await.expect(200).html();
    assert_eq!(html.text(".again button").as_deref(), Some("Run 2 actions again"));
    assert_eq!(
        html.attribute(".again a", "href").as_deref(),
        Some("/project/ws/run-jobs/?backend=tpp&actions=describe&actions=plot")
    );
    let key = html.attribute(".again input[name=form_key]", "value").unwrap();
    let again = format!("{}run-again/", path(id));
    let answer = ada.post(&again, &[("form_key", &key)]).await.expect(302);
    let made = answer.location();
    assert_eq!(made, path(id + 1));
    let (actions, stored, force, backend): (Vec<String>, String, bool, String) = sqlx::query_as(
        "SELECT requested_actions, sha, force_run_dependencies, b.slug
           FROM job_request r JOIN backend b ON b.id = r.backend_id WHERE r.id = $1",
    )
    .bind(id + 1)
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        (actions, stored, force, backend),
        (vec!["describe".into(), "plot".into()], sha.clone(), false, "tpp".into())
    );
    let told = ada.get(made).await.expect(200).html();
    let text = told.text("[aria-label=Messages]").unwrap();
    assert!(
        text.contains("run 2 actions again") && text.contains(&sha[..7]),
        "{text}"
    );
    // The same button pressed twice makes one request.
    let repeated = ada.post(&again, &[("form_key", &key)]).await.expect(302);
    assert_eq!(repeated.location(), made);
    assert_eq!(site.world.number("SELECT count(*) FROM job_request").await, 2);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM auditable_event WHERE type = 'job_request_created'")
            .await,
        1
    );
}

#[sqlx::test]
async fn what_was_cancelled_counts_and_what_goes_on_does_not(pool: PgPool) {
    let (site, _) = site(pool).await;
    let cancelled = Request {
        status: "failed",
        actions: &["extract", "describe"],
        ..Request::default()
    };
    let (id, _) = site.world.request(cancelled).await;
    site.world
        .so("UPDATE job_request SET cancelled_actions = '{describe,extract}'")
        .await;
    let job = Job {
        action: "extract",
        status: "succeeded",
        ..Job::default()
    };
    site.world.job(id, job).await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(&path(id)).await.expect(200).html();
    assert_eq!(html.text(".again button").as_deref(), Some("Run 1 action again"));
    site.world.so("UPDATE job_request SET status = 'running'").await;
    assert!(!ada.get(&path(id)).await.expect(200).html().has(".again"));
    let told = ada.post(&format!("{}run-again/", path(id)), &[]).await.expect(302);
    assert_eq!(told.location(), path(id));
    assert_eq!(site.world.number("SELECT count(*) FROM job_request").await, 1);
}

#[sqlx::test]
async fn only_who_could_fill_in_the_form_has_the_button(pool: PgPool) {
    let (site, _) = site(pool).await;
    let id = failed(&site).await;
    let again = format!("{}run-again/", path(id));
    assert!(!page(&site, id).await.has(".again"), "anonymous");
    // A developer of the project without a backend.
    site.world.member("project", "bob", &["ProjectDeveloper"]).await;
    let bob = site.sign_in("bob").await;
    assert!(!bob.get(&path(id)).await.expect(200).html().has(".again"));
    assert_eq!(bob.post(&again, &[]).await.expect(302).location(), path(id));
    // Somebody with the backend who works on something else.
    site.world.may_use("tpp", "eve").await;
    let eve = site.sign_in("eve").await;
    assert!(!eve.get(&path(id)).await.expect(200).html().has(".again"));
    eve.post(&again, &[]).await.expect(403);
    for change in [
        "UPDATE backend SET is_active = false",
        "UPDATE backend SET is_active = true; UPDATE workspace SET is_archived = true",
    ] {
        sqlx::raw_sql(change).execute(site.db.pool()).await.unwrap();
        let ada = site.sign_in("ada").await;
        assert!(!ada.get(&path(id)).await.expect(200).html().has(".again"), "{change}");
        assert_eq!(ada.post(&again, &[]).await.expect(302).location(), path(id), "{change}");
    }
    assert_eq!(site.world.number("SELECT count(*) FROM job_request").await, 1);
    // A foreign workspace's address names nothing.
    site.world.workspace("project", "elsewhere").await;
    let ada = site.sign_in("ada").await;
    ada.post(&format!("/project/elsewhere/{id}/run-again/"), &[])
        .await
        .expect(404);
    ada.bare(Method::Put, &again).await.expect(405);
}

#[sqlx::test]
async fn what_stands_in_the_way_is_said_on_the_form(pool: PgPool) {
    let (site, _) = site(pool).await;
    let id = failed(&site).await;
    let again = format!("{}run-again/", path(id));
    let ada = site.sign_in("ada").await;
    // The branch has moved on, and one action has gone.
    let without_plot = STUDY.split("  plot:").next().unwrap().to_owned();
    site.code_host
        .commit("opensafely/ws", "main", &[("project.yaml", &without_plot)]);
    let told = ada.post(&again, &[]).await.expect(302);
    assert_eq!(
        told.location(),
        "/project/ws/run-jobs/?backend=tpp&actions=describe&actions=plot"
    );
    let form = ada.get(told.location()).await.expect(200).html();
    let text = form.text("[aria-label=Messages]").unwrap();
    assert!(text.contains("has no more plot"), "{text}");
    site.code_host.delete_branch("opensafely/ws", "main");
    let told = ada.post(&again, &[]).await.expect(302);
    assert!(told.location().starts_with("/project/ws/run-jobs/?"));
    assert_eq!(site.world.number("SELECT count(*) FROM job_request").await, 1);
}
