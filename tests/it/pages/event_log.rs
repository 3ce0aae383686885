//! The event log, and the addresses that lead to it.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, requests, usual};
use crate::support::{Request, Site, count_statements};

#[sqlx::test]
async fn every_request_is_listed_newest_first(pool: PgPool) {
    let site = usual(pool).await;
    let anonymous = site.anonymous();
    let html = anonymous.get("/event-log/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("No job has been asked for yet"));
    assert!(html.link("See the service status").is_some());

    let ids = requests(&site, 27).await;
    let html = anonymous.get("/event-log/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("Event log 27"));
    let numbers = html.texts("tbody th");
    let expected: Vec<String> = ids.iter().rev().take(25).map(i32::to_string).collect();
    assert_eq!(numbers, expected);
    assert_eq!(html.link("Next").as_deref(), Some("?page=2"));
    assert_eq!(html.link("Previous"), None);
    assert_eq!(
        html.attribute("nav[aria-label=Main] a[aria-current=page]", "href")
            .as_deref(),
        Some("/event-log/")
    );

    for last in ["/event-log/?page=2", "/event-log/?page=last"] {
        let html = anonymous.get(last).await.expect(200).html();
        assert_accessible(&html);
        assert_eq!(html.texts("tbody th"), [ids[1].to_string(), ids[0].to_string()]);
        // The hint is for the first page.
        assert_eq!(html.link("See the service status"), None);
        assert_eq!(html.link("Next"), None);
    }
}

#[sqlx::test]
async fn other_parameters_stay_in_the_links(pool: PgPool) {
    let site = usual(pool).await;
    requests(&site, 26).await;
    let html = site
        .anonymous()
        .get("/event-log/?a=1&page=1&a=%26")
        .await
        .expect(200)
        .html();
    assert_eq!(html.link("Next").as_deref(), Some("?a=1&a=%26&page=2"));
}

#[sqlx::test]
async fn pages_that_do_not_exist_are_not_found(pool: PgPool) {
    let site = usual(pool).await;
    requests(&site, 1).await;
    let anonymous = site.anonymous();
    let long = "9".repeat(2000);
    for page in [
        "0",
        "-1",
        "2",
        "x",
        "",
        "1.5",
        "9223372036854775807",
        "%00",
        "%FF",
        "%F0%9F%98%80",
        &long,
    ] {
        let path = format!("/event-log/?page={page}");
        assert_eq!(anonymous.get(&path).await.status, 404, "{path}");
    }
}

#[sqlx::test]
async fn requests_without_jobs_or_maker_have_their_row(pool: PgPool) {
    let site = usual(pool).await;
    site.world.request(Request::default()).await;
    execute(&site, "UPDATE job_request SET created_at = NULL, created_by_id = NULL").await;
    execute(&site, "UPDATE project_collaboration SET is_lead = false").await;
    let html = site.anonymous().get("/event-log/").await.expect(200).html();
    assert_accessible(&html);
    let row = html.text("tbody tr").unwrap();
    // Without a lead organisation the first one counts.
    for part in ["Unknown", "-", "Not recorded", "Not started", "Acme"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert_eq!(html.count("tbody tr > *"), html.count("thead th"));
    execute(&site, "DELETE FROM project_collaboration").await;
    let html = site.anonymous().get("/event-log/").await.expect(200).html();
    assert!(!html.text("tbody tr").unwrap().contains("Acme"));
}

#[sqlx::test]
async fn staff_get_their_links_instead_of_the_hint(pool: PgPool) {
    let site = usual(pool).await;
    site.world.global_roles("staff", &["StaffAreaAdministrator"]).await;
    let html = site.sign_in("staff").await.get("/event-log/").await.expect(200).html();
    assert_eq!(html.link("Search as staff").as_deref(), Some("/staff/job-requests/"));
    assert!(html.link("Honeycomb").is_some());
    assert_eq!(html.link("See the service status"), None);
    let html = site.sign_in("ada").await.get("/event-log/").await.expect(200).html();
    assert_eq!(html.link("Search as staff"), None);
}

#[sqlx::test]
async fn older_addresses_lead_here(pool: PgPool) {
    let site = Site::start(pool).await;
    let anonymous = site.anonymous();
    for (path, location) in [
        ("/event-list/", "/event-log/"),
        ("/jobs/", "/event-log/"),
        ("/jobs/?page=2&q=a%26b", "/event-log/?page=2&q=a%26b"),
    ] {
        assert_eq!(anonymous.get(path).await.expect(302).location(), location);
    }
}

#[sqlx::test]
async fn the_statements_do_not_grow_with_the_rows(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, stranger) = (site.sign_in("ada").await, site.anonymous());
    for more in [1, 25] {
        requests(&site, more).await;
        let (answer, statements) = count_statements(stranger.get("/event-log/")).await;
        answer.expect(200);
        assert_eq!(statements, 2);
        let (answer, statements) = count_statements(ada.get("/event-log/?page=last")).await;
        answer.expect(200);
        assert_eq!(statements, 3);
    }
}

/// Ids jump where requests were taken back, and by more than a block of 1,024; a page may begin in one block and end
/// in the next but one.
#[sqlx::test]
async fn every_page_is_exact_wherever_ids_jump(pool: PgPool) {
    let site = usual(pool).await;
    requests(&site, 1).await;
    execute(
        &site,
        "INSERT INTO job_request (id, identifier, backend_id, workspace_id, requested_actions, created_at)
         SELECT i.n, 'r' || i.n, b.id, w.id, '{a}', NULL FROM backend b, workspace w,
                (SELECT generate_series(1000, 1060) UNION ALL SELECT generate_series(2040, 2050)
                 UNION ALL SELECT 5000 UNION ALL SELECT generate_series(9000, 9100)
                 UNION ALL SELECT 2147483647) AS i (n)
          WHERE b.slug = 'tpp' AND w.name = 'ws'",
    )
    .await;
    execute(
        &site,
        "DELETE FROM job_request WHERE id IN (1023, 1024, 5000) OR id % 7 = 3",
    )
    .await;
    let expected: Vec<i32> = sqlx::query_scalar("SELECT id FROM job_request ORDER BY id DESC")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    let anonymous = site.anonymous();
    let mut listed: Vec<String> = Vec::new();
    let pages = expected.len().div_ceil(25);
    assert!(pages > 5);
    for page in 1..=pages {
        let html = anonymous
            .get(&format!("/event-log/?page={page}"))
            .await
            .expect(200)
            .html();
        assert_eq!(html.text("h1"), Some(format!("Event log {}", expected.len())));
        listed.extend(html.texts("tbody th"));
    }
    assert_eq!(listed, expected.iter().map(i32::to_string).collect::<Vec<_>>());
    let last = anonymous.get("/event-log/?page=last").await.expect(200).html();
    assert_eq!(last.texts("tbody th"), listed[(pages - 1) * 25..]);
    anonymous
        .get(&format!("/event-log/?page={}", pages + 1))
        .await
        .expect(404);

    // The blocks hold what there is, also once everything is gone.
    let differ = "SELECT count(*) FROM (SELECT id >> 10 AS block, count(*) AS total FROM job_request GROUP BY 1) r
                  FULL JOIN job_request_block b USING (block) WHERE coalesce(r.total, 0) <> coalesce(b.total, 0)";
    assert_eq!(site.world.number(differ).await, 0);
    execute(&site, "DELETE FROM job").await;
    execute(&site, "DELETE FROM workspace").await;
    assert_eq!(site.world.number(differ).await, 0);
    execute(&site, "TRUNCATE job_request CASCADE").await;
    assert_eq!(site.world.number("SELECT count(*) FROM job_request_block").await, 0);
    anonymous.get("/event-log/?page=last").await.expect(200);
}
