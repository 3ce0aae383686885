//! The event log's filters.

use sqlx::PgPool;

use super::lists::{activate, assert_accessible, execute, usual};
use crate::support::{Request, Site, count_statements};

/// Two projects, two backends, two people, and one request of each status.
async fn filled(pool: PgPool) -> Site {
    let site = usual(pool).await;
    site.world.project("other").await;
    site.world.workspace("other", "otherws").await;
    activate(&site, "emis").await;
    execute(&site, "UPDATE project SET number = '4711' WHERE slug = 'other'").await;
    site.world.user("bob").await;
    for (backend, workspace, by, status) in [
        ("tpp", "ws", "ada", "succeeded"),
        ("emis", "ws", "bob", "failed"),
        ("tpp", "otherws", "bob", "running"),
        ("tpp", "otherws", "ada", "pending"),
    ] {
        let request = Request {
            backend,
            workspace,
            by,
            status,
            ..Request::default()
        };
        site.world.request(request).await;
    }
    execute(
        &site,
        "UPDATE job_request SET created_at = '2026-03-01T23:59:59Z'::timestamptz + (id - (SELECT min(id) FROM job_request)) * interval '1 day'",
    )
    .await;
    site
}

#[sqlx::test]
async fn each_filter_chooses_and_they_combine(pool: PgPool) {
    let site = filled(pool).await;
    for (query, number) in [
        ("", 4),
        ("backend=&status=&project=&user=&from=&to=", 4),
        ("backend=emis", 1),
        ("status=succeeded", 1),
        ("status=running", 1),
        ("status=unknown", 0),
        ("project=other", 2),
        ("project=4711", 2),
        ("user=bob", 2),
        ("from=2026-03-02", 3),
        ("to=2026-03-01", 1),
        ("from=2026-03-02&to=2026-03-03", 2),
        ("backend=tpp&user=ada&project=other&status=pending", 1),
        // What is not known matches nothing.
        ("backend=nope", 0),
        ("status=nope", 0),
        ("project=%00", 0),
        ("user=nope", 0),
    ] {
        let html = site
            .anonymous()
            .get(&format!("/event-log/?{query}"))
            .await
            .expect(200)
            .html();
        assert_accessible(&html);
        assert_eq!(html.count("tbody tr"), number, "{query}");
        assert_eq!(
            html.text("h1").as_deref(),
            Some(format!("Event log {number}").as_str()),
            "{query}"
        );
        if number == 0 {
            assert_eq!(html.text(".empty h2").as_deref(), Some("Nothing matches"), "{query}");
        }
    }
}

#[sqlx::test]
async fn filters_are_kept_through_pages_and_go_one_by_one(pool: PgPool) {
    let site = filled(pool).await;
    for _ in 0..26 {
        site.world.request(Request::default()).await;
    }
    let html = site
        .anonymous()
        .get("/event-log/?backend=tpp&user=ada&status=unknown")
        .await
        .expect(200)
        .html();
    assert_eq!(
        html.link("Next").as_deref(),
        Some("?backend=tpp&user=ada&status=unknown&page=2")
    );
    let html = site
        .anonymous()
        .get("/event-log/?backend=tpp&user=ada&status=unknown&page=last")
        .await
        .expect(200)
        .html();
    assert_eq!(html.count("tbody tr"), 1);
    assert_eq!(
        html.attributes(".find-chosen a", "href"),
        [
            "/event-log/?user=ada&status=unknown",
            "/event-log/?backend=tpp&user=ada",
            "/event-log/?backend=tpp&status=unknown"
        ]
    );
    assert_eq!(
        html.attribute("#backend option[selected]", "value").as_deref(),
        Some("tpp")
    );
    assert_eq!(html.attribute("#user", "value").as_deref(), Some("ada"));
    let beyond = "/event-log/?backend=tpp&user=ada&status=unknown&page=3";
    site.anonymous().get(beyond).await.expect(404);
}

#[sqlx::test]
async fn a_date_that_cannot_be_read_says_so_beside_its_field(pool: PgPool) {
    let site = filled(pool).await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-03-05&to=2026-03-01", "to"),
    ] {
        let html = site
            .anonymous()
            .get(&format!("/event-log/?{query}&user=ada"))
            .await
            .expect(200)
            .html();
        assert_accessible(&html);
        assert!(
            html.has(&format!("#{field}[aria-invalid=true][aria-describedby={field}-error]")),
            "{query}"
        );
        assert!(html.has(&format!("#{field}-error")), "{query}");
        // Nothing is shown as if the date had been understood.
        assert_eq!(html.count("tbody tr"), 0, "{query}");
        assert_eq!(html.text(".empty h2").as_deref(), Some("Nothing is shown yet"));
    }
}

#[sqlx::test]
async fn the_statements_do_not_grow(pool: PgPool) {
    let site = filled(pool).await;
    let (answer, statements) = count_statements(site.anonymous().get("/event-log/?user=ada&from=2026-01-01")).await;
    answer.expect(200);
    // The backends; the list, in a transaction that has it planned anew.
    assert_eq!(statements, 4);
}
