//! The search: what it finds, in what order, and what it keeps to itself.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, requests, usual};
use crate::support::{Job, Request, Site, count_statements};

async fn found(site: &Site, q: &str) -> Vec<String> {
    let html = site
        .anonymous()
        .get(&format!("/search/?q={q}"))
        .await
        .expect(200)
        .html();
    assert_accessible(&html);
    html.attributes(".find-hits a", "href")
}

#[sqlx::test]
async fn everything_that_has_a_page_is_found(pool: PgPool) {
    let site = usual(pool).await;
    execute(
        &site,
        "UPDATE project SET number = 'POS-2025-1234' WHERE slug = 'project'",
    )
    .await;
    execute(
        &site,
        "UPDATE \"user\" SET fullname = 'Ada Lovelace' WHERE username = 'ada'",
    )
    .await;
    let (id, identifier) = site.world.request(Request::default()).await;
    let job = Job {
        identifier: "wxyz2345wxyz2345",
        action: "describe",
        ..Job::default()
    };
    site.world.job(id, job).await;
    let job_href = format!("/project/ws/{id}/wxyz2345wxyz2345/");
    let request_href = format!("/project/ws/{id}/");
    for (q, href) in [
        ("ws", "/project/ws/"),
        ("PROJ", "/project/"),
        ("pos-2025-1", "/project/"),
        ("lovel", "/users/ada/"),
        ("ADA", "/users/ada/"),
        ("acme", "/orgs/acme/"),
        ("wxyz", job_href.as_str()),
        (&identifier[..5], request_href.as_str()),
        (&id.to_string(), request_href.as_str()),
        (&format!("%23{id}"), request_href.as_str()),
    ] {
        let hrefs = found(&site, q).await;
        assert!(hrefs.contains(&href.to_owned()), "{q}: {hrefs:?}");
    }
    // A whole identifier means one thing, and leads there.
    for (q, href) in [("wxyz2345wxyz2345", &job_href), (identifier.as_str(), &request_href)] {
        let answer = site.anonymous().get(&format!("/search/?q={q}")).await.expect(302);
        assert_eq!(answer.location(), href.as_str());
    }
    assert!(found(&site, "zzzz").await.is_empty());
}

#[sqlx::test]
async fn deactivated_people_are_not_found(pool: PgPool) {
    let site = usual(pool).await;
    assert_eq!(found(&site, "ada").await, ["/users/ada/"]);
    execute(&site, "UPDATE \"user\" SET is_active = false WHERE username = 'ada'").await;
    assert!(found(&site, "ada").await.is_empty());
}

#[sqlx::test]
async fn exact_names_come_first_and_each_kind_is_bounded(pool: PgPool) {
    let site = usual(pool).await;
    for name in ["a-study", "study-2", "study-1", "study", "x-study", "y-study"] {
        site.world.workspace("project", name).await;
    }
    site.world.project("studying").await;
    let hrefs = found(&site, "study").await;
    // The workspace that is called so, with its kind, stands before the project that only begins so.
    assert_eq!(
        hrefs[..5],
        ["study", "study-1", "study-2", "a-study", "x-study"].map(|name| format!("/project/{name}/"))
    );
    assert_eq!(hrefs[5..], ["/studying/"]);
    let html = site.anonymous().get("/search/?q=study").await.html();
    let more = html.link("More of: Workspaces").expect("a page of them all");
    assert_eq!(more, "/search/?q=study&kind=workspaces");
    let html = site.anonymous().get(&more).await.expect(200).html();
    assert_eq!(html.count(".find-hits a"), 6);
    assert_eq!(html.link("All kinds of results").as_deref(), Some("/search/?q=study"));
}

#[sqlx::test]
async fn matches_are_marked_and_what_is_typed_stays_text(pool: PgPool) {
    let site = usual(pool).await;
    execute(
        &site,
        "UPDATE project SET name = 'A <b>%_ project' WHERE slug = 'project'",
    )
    .await;
    let html = site.anonymous().get("/search/?q=%3CB%3E%25_").await.expect(200).html();
    assert_eq!(html.texts("mark"), ["<b>%_"]);
    assert_eq!(html.attribute("#find-again", "value").as_deref(), Some("<B>%_"));
    // Signs of patterns mean themselves.
    assert!(found(&site, "%25%25").await.is_empty());
    assert!(found(&site, "__").await.is_empty());
}

#[sqlx::test]
async fn nothing_typed_or_nothing_found_says_what_to_do(pool: PgPool) {
    let site = usual(pool).await;
    for (path, heading) in [
        ("/search/".to_owned(), "What are you looking for?"),
        ("/search/?q=%00%20".to_owned(), "What are you looking for?"),
        ("/search/?q=a".to_owned(), "Type a little more"),
        (format!("/search/?q={}", "z".repeat(2000)), "Nothing matches"),
        ("/search/?q=%FF%F0%9F%98%80".to_owned(), "Nothing matches"),
        ("/search/?q=99999999999999".to_owned(), "Nothing matches"),
    ] {
        let answer = site.anonymous().get(&path).await.expect(200);
        assert_eq!(answer.header("X-Robots-Tag"), Some("noindex"));
        let html = answer.html();
        assert_accessible(&html);
        assert_eq!(html.text(".empty h2").as_deref(), Some(heading), "{path}");
    }
}

#[sqlx::test]
async fn one_statement_finds_all(pool: PgPool) {
    let site = usual(pool).await;
    for more in [1, 10] {
        requests(&site, more).await;
        let (answer, statements) = count_statements(site.anonymous().get("/search/?q=good")).await;
        answer.expect(200);
        assert_eq!(statements, 1);
    }
    let (_, statements) = count_statements(site.anonymous().get("/search/?q=")).await;
    assert_eq!(statements, 0);
}
