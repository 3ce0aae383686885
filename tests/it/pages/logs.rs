//! Logs of projects, workspaces, organisations and people.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, requests, usual};
use crate::support::{Job, Request, Site, count_statements};

/// The numbers of the requests that a log shows.
async fn numbers(site: &Site, path: &str) -> Vec<String> {
    let html = site.anonymous().get(path).await.expect(200).html();
    assert_accessible(&html);
    html.texts("tbody th")
}

fn newest_first(ids: &[i32]) -> Vec<String> {
    ids.iter().rev().map(i32::to_string).collect()
}

#[sqlx::test]
async fn each_log_has_the_requests_of_its_own(pool: PgPool) {
    let site = usual(pool).await;
    let ids = requests(&site, 2).await;
    // Another project of another organisation, in which acme takes part, and another person.
    site.world.workspace("other", "other-ws").await;
    let (other, _) = site
        .world
        .request(Request {
            workspace: "other-ws",
            by: "bob",
            ..Request::default()
        })
        .await;
    let beta = site.world.org("beta").await;
    execute(&site, "UPDATE project_collaboration SET is_lead = false").await;
    sqlx::query(
        "INSERT INTO project_collaboration (org_id, project_id, is_lead, created_by_id, updated_by_id)
         SELECT $1, id, true, created_by_id, created_by_id FROM project WHERE slug = 'other'",
    )
    .bind(beta)
    .execute(site.db.pool())
    .await
    .unwrap();

    for path in ["/project/logs/", "/project/ws/logs/", "/users/ada/logs/"] {
        assert_eq!(numbers(&site, path).await, newest_first(&ids), "{path}");
    }
    for path in [
        "/other/logs/",
        "/other/other-ws/logs/",
        "/users/bob/logs/",
        "/orgs/beta/logs/",
    ] {
        assert_eq!(numbers(&site, path).await, [other.to_string()], "{path}");
    }
    let both = newest_first(&[ids[0], ids[1], other]);
    assert_eq!(numbers(&site, "/orgs/acme/logs/").await, both);
    // A workspace is found in its own project only.
    site.anonymous().get("/other/ws/logs/").await.expect(404);

    // Where all rows are the same, the column is left out.
    let html = site.anonymous().get("/users/ada/logs/").await.html();
    assert!(!html.texts("thead th").contains(&"Requested by".to_owned()));
    assert_eq!(html.count("tbody tr:first-child > *"), html.count("thead th"));
    let html = site.anonymous().get("/project/logs/").await.html();
    assert_eq!(
        html.attributes("tbody tr:first-child td.wide a", "href"),
        ["/project/ws/", "/orgs/acme/"]
    );
    let html = site.anonymous().get("/event-log/").await.html();
    assert_eq!(
        html.attributes("tbody tr:first-child td.wide a", "href"),
        ["/other/other-ws/", "/other/", "/orgs/beta/"]
    );
    let html = site.anonymous().get("/project/ws/logs/").await.html();
    assert!(!html.texts("thead th").contains(&"Workspace".to_owned()));
    assert_eq!(html.count("tbody tr:first-child > *"), html.count("thead th"));
}

#[sqlx::test]
async fn empty_logs_say_so(pool: PgPool) {
    let site = usual(pool).await;
    let html = site.anonymous().get("/project/ws/logs/").await.html();
    assert!(!html.has("form[role=search]"), "there is nothing to search yet");
    for (path, words) in [
        ("/project/logs/", "No job has been asked for in this project"),
        ("/project/ws/logs/", "No job has been asked for yet"),
        ("/orgs/acme/logs/", "in this organisation's projects"),
        ("/users/ada/logs/", "No job requests yet"),
    ] {
        let html = site.anonymous().get(path).await.expect(200).html();
        assert_accessible(&html);
        assert!(html.main().contains(words), "{path}: {}", html.main());
        site.anonymous().get(&format!("{path}?page=2")).await.expect(404);
        site.anonymous().get(&format!("{path}?page=last")).await.expect(200);
    }
}

#[sqlx::test]
async fn a_workspace_log_is_searched(pool: PgPool) {
    let site = usual(pool).await;
    // So that no job has a job request's number.
    execute(&site, "ALTER SEQUENCE job_id_seq RESTART WITH 2000").await;
    let mut ids = Vec::new();
    for (backend, action, identifier) in [
        ("tpp", "Generate_Dataset", "abcdefgh"),
        ("emis", "model_100%", "ijklmnop"),
        ("emis", "generate_dataset", "qrstuvwx"),
    ] {
        let request = Request {
            backend,
            ..Request::default()
        };
        let (id, _) = site.world.request(request).await;
        let job = Job {
            identifier,
            action,
            ..Job::default()
        };
        ids.push((id, site.world.job(id, job).await));
    }
    let (waiting, _) = site.world.request(Request::default()).await;
    let [(first, first_job), (second, _), (third, _)] = ids[..] else {
        panic!("{ids:?}")
    };
    let by_number = format!("q={second}");
    let by_job_number = format!("q={first_job}");
    for (query, found) in [
        ("", vec![first, second, third, waiting]),
        ("q=+", vec![first, second, third, waiting]),
        ("q=DATASET", vec![first, third]),
        ("q=%20dataset%20", vec![first, third]),
        ("q=jkLm", vec![second]),
        // The letters that mean something in SQL mean themselves.
        ("q=%25", vec![second]),
        ("q=_1", vec![second]),
        ("q=%5C", vec![]),
        ("q=%27", vec![]),
        (&by_number, vec![second]),
        (&by_job_number, vec![first]),
        ("q=99999999999999999999", vec![]),
        ("backend=emis", vec![second, third]),
        ("backend=emis&backend=tpp", vec![first, second, third, waiting]),
        ("backend=emis&q=dataset", vec![third]),
        ("backend=nowhere", vec![]),
        ("backend=", vec![]),
        ("backend=%00&q=%00", vec![]),
        ("q=%F0%9F%98%80%D7%A9", vec![]),
    ] {
        assert_eq!(
            numbers(&site, &format!("/project/ws/logs/?{query}")).await,
            newest_first(&found),
            "{query}"
        );
    }
    let html = site
        .anonymous()
        .get("/project/ws/logs/?backend=emis&q=Data+")
        .await
        .html();
    assert_eq!(html.attribute("#q", "value").as_deref(), Some("Data"));
    assert_eq!(html.attributes("input[name=backend]", "value"), ["emis", "tpp"]);
    assert_eq!(html.attributes("input[name=backend][checked]", "value"), ["emis"]);
    assert_eq!(html.link("Clear").as_deref(), Some("/project/ws/logs/"));
    assert_eq!(html.texts("tbody details li"), ["generate_dataset"]);
    let html = site.anonymous().get("/project/ws/logs/?q=nothing-like-it").await.html();
    assert!(html.main().contains("Nothing matches"));
    assert_eq!(html.link("Show all job requests").as_deref(), Some("/project/ws/logs/"));
    // A huge search is cut, not refused and not a fault.
    let huge = "x".repeat(10_000);
    site.anonymous()
        .get(&format!("/project/ws/logs/?q={huge}"))
        .await
        .expect(200);
}

#[sqlx::test]
async fn a_page_of_a_search_keeps_the_search(pool: PgPool) {
    let site = usual(pool).await;
    requests(&site, 26).await;
    let html = site
        .anonymous()
        .get("/project/ws/logs/?backend=tpp&q=good&backend=emis")
        .await
        .html();
    assert_eq!(
        html.link("Next").as_deref(),
        Some("?backend=tpp&q=good&backend=emis&page=2")
    );
}

#[sqlx::test]
async fn an_archived_workspace_tells_those_who_can_do_something(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let html = ada.get("/project/ws/logs/").await.expect(200).html();
    assert_eq!(html.link("Run jobs").as_deref(), Some("/project/ws/run-jobs/"));
    assert!(!html.main().contains("archived"));

    execute(&site, "UPDATE workspace SET is_archived = true").await;
    let html = ada.get("/project/ws/logs/").await.expect(200).html();
    assert_eq!(html.link("Run jobs"), None);
    assert!(
        html.main().contains("You can take it out of the archive"),
        "{}",
        html.main()
    );
    site.world.member("another", "bob", &["ProjectCollaborator"]).await;
    let html = site.sign_in("bob").await.get("/project/ws/logs/").await.html();
    assert!(
        html.main().contains("A developer of the project can"),
        "{}",
        html.main()
    );
    let html = site.anonymous().get("/project/ws/logs/").await.html();
    assert!(!html.main().contains("archived"));
    assert_eq!(html.link("Run jobs"), None);
}

#[sqlx::test]
async fn the_statements_do_not_grow_with_the_rows(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, stranger) = (site.sign_in("ada").await, site.anonymous());
    for more in [1, 26] {
        requests(&site, more).await;
        for (path, expected) in [
            ("/project/logs/", 3),
            ("/orgs/acme/logs/", 2),
            ("/users/ada/logs/", 2),
            ("/project/ws/logs/", 4),
            ("/project/ws/logs/?q=good&backend=tpp", 4),
        ] {
            let (answer, statements) = count_statements(stranger.get(path)).await;
            answer.expect(200);
            assert_eq!(statements, expected, "{path}");
            let (answer, statements) = count_statements(ada.get(path)).await;
            answer.expect(200);
            assert_eq!(statements, expected + 1, "{path}");
        }
    }
}
