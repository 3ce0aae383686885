//! What is told of the actions before anything is asked for: how they ended, what a choice would run.

use rocket::http::Method;
use sqlx::PgPool;
use time::macros::datetime;

use super::{PAGE, REPO, fields, requests};
use crate::support::{Html, Job, Request, Site, Visitor, count_statements};

const CHAIN: &str = "version: 4
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz
    outputs: {highly_sensitive: {dataset: output/dataset.csv.gz}}
  tidy&sort:
    run: python:v2 tidy.py
    needs: [extract]
    outputs: {highly_sensitive: {tidy: output/tidy.csv}}
  tables:
    run: python:v2 tables.py
    needs: ['tidy&sort']
    outputs: {moderately_sensitive: {tables: output/tables.csv}}
";

async fn site(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.code_host.commit(REPO, "main", &[("project.yaml", CHAIN)]);
    let ada = site.sign_in("ada").await;
    (site, ada)
}

async fn ran(site: &Site, backend: &str, action: &str, status: &str) -> (i32, String) {
    let (request, identifier) = site
        .world
        .request(Request {
            backend,
            ..Request::default()
        })
        .await;
    let identifier = format!("job-{identifier}");
    let ended = status == "succeeded" || status == "failed";
    let job = Job {
        identifier: &identifier,
        action,
        status,
        started_at: ended.then_some(datetime!(2026-03-01 12:00 UTC)),
        completed_at: ended.then_some(datetime!(2026-03-01 12:04:12 UTC)),
        ..Job::default()
    };
    site.world.job(request, job).await;
    (request, identifier)
}

/// The names in a part of what the choice would run; `None` while that part is hidden.
fn part(page: &Html, part: &str) -> Option<Vec<String>> {
    let shown = format!("#plan [data-plan-part={part}]:not([hidden])");
    page.has(&shown).then(|| page.texts(&format!("{shown} code")))
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[sqlx::test]
async fn each_action_tells_how_it_ended_on_the_backends_on_offer(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.backend("elsewhere").await;
    ran(&site, "tpp", "extract", "failed").await;
    ran(&site, "tpp", "extract", "succeeded").await;
    ran(&site, "elsewhere", "tables", "failed").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(page.attributes("[data-action]", "data-stored"), ["succeeded", "", ""]);
    let told = page.texts("[data-action]");
    assert!(
        told[0].contains("Succeeded") && told[0].contains("took 4 min 12 s"),
        "{told:?}"
    );
    assert!(told[1..].iter().all(|told| told == "Never run"), "{told:?}");
    assert!(page.main().contains("Needed by 1 action"), "{}", page.main());

    // With two backends each is named, and what run_all would run is told of each.
    site.world.may_use("elsewhere", "ada").await;
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(page.count("[data-action]"), 6);
    assert_eq!(page.attributes(".picks [data-plan]", "data-plan"), ["elsewhere", "tpp"]);
    assert_eq!(
        page.texts(".picks [data-plan=tpp] [data-plan-part=selected]:not([hidden]) code"),
        ["tidy&sort", "tables"]
    );
    assert_eq!(
        page.texts(".picks [data-plan=elsewhere] [data-plan-part=refused]:not([hidden]) code"),
        ["tables"]
    );
}

#[sqlx::test]
async fn an_address_fills_the_form_in_and_shows_what_that_runs(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.may_use("emis", "ada").await;
    ran(&site, "tpp", "extract", "succeeded").await;
    ran(&site, "tpp", "tidy&sort", "failed").await;
    let address = format!("{PAGE}?backend=tpp&actions=tables&actions=gone&actions=run%20all&page=3");
    let page = ada.get(&address).await.expect(200).html();
    assert_eq!(
        page.attributes("input[name=requested_actions][checked]", "value"),
        ["tables"]
    );
    assert_eq!(page.attributes("input[name=backend][checked]", "value"), ["tpp"]);
    assert!(!page.has("input[name=force_run_dependencies][checked]"));
    assert_eq!(part(&page, "selected"), names(&["tables"]));
    assert_eq!(part(&page, "needed"), names(&["tidy&sort"]));
    assert_eq!(part(&page, "kept"), names(&["extract"]));
    assert_eq!(part(&page, "hint"), None);
    assert_eq!(page.text("[data-plan-count]").as_deref(), Some("2 actions"));
    // The picture has the same: statuses, and what is selected.
    assert_eq!(page.texts(".graph-selected title"), ["tables"]);
    assert_eq!(
        page.attributes(".graph-danger", "aria-label"),
        ["tidy&sort: failed, needs extract"]
    );

    let page = ada.get(&format!("{address}&force=True")).await.expect(200).html();
    assert!(page.has("input[name=force_run_dependencies][checked]"));
    assert_eq!(part(&page, "needed"), names(&["extract", "tidy&sort"]));
    // What is not on offer is passed over.
    let page = ada
        .get(&format!("{PAGE}?backend=nowhere&actions=tables"))
        .await
        .expect(200)
        .html();
    assert_eq!(page.count("input[name=backend][checked]"), 0);
    assert!(part(&page, "hint").is_some() && !page.has("[data-errors]"));
    site.anonymous().get(&address).await.expect(302);
}

#[sqlx::test]
async fn what_a_choice_runs_is_shown_without_scripts_and_asks_for_nothing(pool: PgPool) {
    let (site, ada) = site(pool).await;
    ran(&site, "tpp", "extract", "succeeded").await;
    ran(&site, "tpp", "tidy&sort", "running").await;
    let mut sent = fields(&["tables", "extract"], "tpp");
    sent.extend([("show_plan", "1"), ("will_notify", "True"), ("form_key", "mine")]);
    let page = ada.post(PAGE, &sent).await.expect(200).html();
    assert_eq!(part(&page, "selected"), names(&["extract", "tables"]));
    assert_eq!(part(&page, "under_way"), names(&["tidy&sort"]));
    assert_eq!(part(&page, "needed"), None);
    assert_eq!(page.attribute("input[name=form_key]", "value").as_deref(), Some("mine"));
    assert_eq!(page.attributes("input[name=will_notify][checked]", "value"), ["True"]);
    assert!(!page.has("[data-errors]"));
    // Nothing chosen is no error here.
    let page = ada.post(PAGE, &[("show_plan", "1")]).await.expect(200).html();
    assert!(part(&page, "hint").is_some() && !page.has("[data-errors]"));
    ran(&site, "tpp", "tables", "failed").await;
    let mut sent = fields(&["run_all"], "tpp");
    sent.push(("show_plan", "1"));
    let page = ada.post(PAGE, &sent).await.expect(200).html();
    assert_eq!(part(&page, "refused"), names(&["tables"]));
    assert_eq!(part(&page, "selected"), None);
    assert_eq!(requests(&site).await, 3, "those that were there");
    ada.bare(Method::Post, PAGE).await.expect(403);
}

#[sqlx::test]
async fn out_of_date_codelists_are_told_before_anything_is_sent(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let files = [
        ("project.yaml", CHAIN),
        ("codelists/codelists.txt", "a/b/c"),
        ("codelists/codelists.json", "{\"files\": {}}"),
    ];
    site.code_host.commit(REPO, "main", &files);
    site.codelists.are_out_of_date();
    let page = ada.get(&format!("{PAGE}?actions=tables")).await.expect(200).html();
    let told = page.texts(".alert-warning").join(" ");
    assert!(told.contains("updated: extract."), "{told}");
    assert_eq!(page.attributes("input[data-stale]", "value"), ["extract"]);
    assert_eq!(part(&page, "stale"), names(&["extract"]));
    // Once what is needed has succeeded, it is not read again.
    ran(&site, "tpp", "tidy&sort", "succeeded").await;
    let page = ada.get(&format!("{PAGE}?actions=tables")).await.expect(200).html();
    assert_eq!(part(&page, "stale"), None);
    ada.post(PAGE, &fields(&["tables"], "tpp")).await.expect(302);
    ada.post(PAGE, &fields(&["extract"], "tpp")).await.expect(200);
    ada.post(PAGE, &fields(&["run_all"], "tpp")).await.expect(200);
    assert_eq!(requests(&site).await, 2);
}

#[sqlx::test]
async fn many_actions_have_a_field_to_find_one(pool: PgPool) {
    let (site, ada) = site(pool).await;
    assert!(!ada.get(PAGE).await.html().has("[data-pick-filter]"));
    let many: String = (0..400)
        .map(|n| {
            format!(
                "  a{n}:\n    run: python:v2 a{n}.py\n    outputs: {{moderately_sensitive: {{o: output/{n}.csv}}}}\n"
            )
        })
        .collect();
    let study = format!("version: 4\nactions:\n{many}");
    site.code_host.commit(REPO, "main", &[("project.yaml", &study)]);
    let (answer, statements) = count_statements(ada.get(&format!("{PAGE}?actions=run_all"))).await;
    let page = answer.expect(200).html();
    assert!(
        page.has("[data-pick-filter]") && !page.has(".graph"),
        "too many to draw"
    );
    assert_eq!(page.count("[data-action]"), 400);
    assert_eq!(part(&page, "selected").map(|names| names.len()), Some(400));
    assert_eq!(statements, 7);
}
