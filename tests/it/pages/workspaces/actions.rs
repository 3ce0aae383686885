//! What became of each action last, and what is told of a private repository.

use sqlx::PgPool;

use super::{PAGE, site};
use crate::support::{Job, Request, Site, count_statements};

const STUDY: &str = "version: 4
actions:
  second:
    run: python:v2 b.py
    outputs: {moderately_sensitive: {b: output/b.csv}}
  first:
    run: python:v2 a.py
    needs: [second]
    outputs: {moderately_sensitive: {a: output/a.csv}}
";

async fn ran(site: &Site, backend: &str, definition: &str, jobs: &[(&str, &str)]) -> i32 {
    let wanted = Request {
        backend,
        project_definition: definition,
        ..Request::default()
    };
    let (request, identifier) = site.world.request(wanted).await;
    for (action, status) in jobs {
        let identifier = format!("{identifier}-{action}");
        let job = Job {
            identifier: &identifier,
            action,
            status,
            ..Job::default()
        };
        site.world.job(request, job).await;
    }
    request
}

#[sqlx::test]
async fn each_action_shows_how_it_ended_on_each_backend(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.backend("emis").await;
    assert!(!ada.get(PAGE).await.html().has("#actions-title"), "nothing ran");
    ran(
        &site,
        "tpp",
        STUDY,
        &[("first", "succeeded"), ("gone", "failed"), ("__error__", "failed")],
    )
    .await;
    let request = ran(&site, "tpp", STUDY, &[("first", "failed")]).await;
    let page = site.anonymous().get(PAGE).await.expect(200).html();
    let card = "section[aria-labelledby=actions-title]";
    assert_eq!(page.texts(&format!("{card} tbody th")), ["second", "first", "gone"]);
    let cells = page.texts(&format!("{card} tbody td"));
    assert!(
        cells[0].contains("Never run") && cells[1].contains("Failed"),
        "{cells:?}"
    );
    let links = page.attributes(&format!("{card} tbody td a"), "href");
    let [first, gone] = &links[..] else { panic!("{links:?}") };
    assert!(first.starts_with(&format!("/project/ws/{request}/")), "{first}");
    site.anonymous().get(first).await.expect(200);
    site.anonymous().get(gone).await.expect(200);
    assert!(
        page.text(card)
            .unwrap()
            .contains("0 of 2 actions succeeded when last run")
    );
    // The picture is of the newest request's pipeline, with the same statuses and links.
    assert_eq!(page.attributes("a.graph-danger", "href"), [first.as_str()]);

    ran(&site, "emis", STUDY, &[("first", "succeeded")]).await;
    let page = ada.get(PAGE).await.expect(200).html();
    let text = page.text(card).unwrap();
    assert!(text.contains("emis: 1 of 2, tpp: 0 of 2 succeeded"), "{text}");
    assert_eq!(page.count(&format!("{card} thead th")), 2 * 3);
    assert!(page.has("a.graph-success"), "the newest run is what counts");
}

#[sqlx::test]
async fn a_definition_that_cannot_be_read_hides_nothing_that_ran(pool: PgPool) {
    let (site, ada) = site(pool).await;
    for definition in [
        "",
        "actions: [",
        "version: 4\nactions: {a: {run: 'x:v1 a', needs: [a], outputs: {}}}",
    ] {
        ran(&site, "tpp", definition, &[("<b>&\u{202e}", "Succeeded"), ("z", "odd")]).await;
        let page = ada.get(PAGE).await.expect(200).html();
        let card = "section[aria-labelledby=actions-title]";
        assert_eq!(page.texts(&format!("{card} tbody th")), ["<b>&\u{202e}", "z"]);
        assert!(!page.has(".graph"), "{definition}");
    }
}

#[sqlx::test]
async fn long_pipelines_start_folded_and_are_bounded(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let names: Vec<String> = (0..250).map(|n| format!("a{n:03}")).collect();
    let jobs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "succeeded")).collect();
    ran(&site, "tpp", "", &jobs).await;
    ada.get(PAGE).await.expect(200);
    let (answer, statements) = count_statements(ada.get(PAGE)).await;
    let page = answer.expect(200).html();
    let card = "section[aria-labelledby=actions-title]";
    assert_eq!(page.count(&format!("{card} tbody tr")), 200);
    assert!(page.text(card).unwrap().contains("And 50 more actions."));
    assert!(page.has(&format!("{card} > details")) && !page.has(&format!("{card} > details[open]")));
    assert_eq!(statements, 8);
}

#[sqlx::test]
async fn members_are_reminded_of_a_private_repository(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.code_host.make_private("opensafely/ws");
    let request = ran(&site, "tpp", "", &[("first", "succeeded")]).await;
    site.world
        .so("UPDATE job SET started_at = now() - interval '329 days'")
        .await;
    let sign_off = "a[href^='/publish-repo/']";
    let page = ada.get(PAGE).await.expect(200).html();
    assert!(!page.main().contains("still private"), "{}", page.main());
    assert!(page.has(sign_off), "among the settings");
    site.world
        .so("UPDATE job SET started_at = now() - interval '331 days'")
        .await;
    // It is the first job of the project that counts, wherever it ran.
    site.world.workspace("project", "other").await;
    site.code_host.make_private("opensafely/other");
    let page = ada.get("/project/other/").await.expect(200).html();
    let told = page.text(".alert-warning").unwrap_or_default();
    assert!(
        told.contains("still private") && told.contains("first job 11 months ago"),
        "{told}"
    );
    let first = page.attribute(".alert-warning a", "href").unwrap();
    assert!(first.starts_with(&format!("/project/ws/{request}/")), "{first}");
    ada.get(&first).await.expect(200);
    let href = page.attribute(&format!(".alert-warning {sign_off}"), "href").unwrap();
    ada.get(&href).await.expect(200);
    // Others could do nothing about it.
    site.world.user("bob").await;
    for visitor in [site.anonymous(), site.sign_in("bob").await] {
        let page = visitor.get("/project/other/").await.expect(200).html();
        assert!(!page.main().contains("still private") && !page.has(sign_off));
    }
}
