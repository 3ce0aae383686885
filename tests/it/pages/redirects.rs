//! Addresses of before lead to where the thing is now.

use rocket::http::Method;
use sqlx::PgPool;

use super::lists::{execute, usual};
use crate::support::{Site, count_statements};

async fn moved(pool: PgPool) -> Site {
    let site = usual(pool).await;
    execute(
        &site,
        "INSERT INTO redirect (old_url, project_id, workspace_id, org_id, created_by_id)
         SELECT '/old/', p.id, NULL::int, NULL::int, u.id FROM project p, \"user\" u
          WHERE p.slug = 'project' AND u.username = 'ada'
         UNION ALL
         SELECT '/old/moved/', NULL, w.id, NULL, u.id FROM workspace w, \"user\" u
          WHERE w.name = 'ws' AND u.username = 'ada'
         UNION ALL
         SELECT '/orgs/before/', NULL, NULL, o.id, u.id FROM org o, \"user\" u
          WHERE o.slug = 'acme' AND u.username = 'ada'",
    )
    .await;
    site
}

#[sqlx::test]
async fn old_addresses_lead_to_where_things_are(pool: PgPool) {
    let site = moved(pool).await;
    for (path, to) in [
        ("/old/", "/project/"),
        ("/old", "/project/"),
        ("/old/?a=1&a=%26", "/project/?a=1&a=%26"),
        ("/old/ws/12/", "/project/ws/12/"),
        ("/old/old/", "/project/old/"),
        // The longest that fits.
        ("/old/moved/", "/project/ws/"),
        ("/old/moved/logs/?page=2", "/project/ws/logs/?page=2"),
        ("/orgs/before/logs", "/orgs/acme/logs/"),
    ] {
        for method in [Method::Get, Method::Head] {
            let answer = site.anonymous().bare(method, path).await.expect(301);
            assert_eq!(answer.location(), to, "{method} {path}");
        }
    }
    assert_eq!(
        site.world
            .number("SELECT hits FROM redirect WHERE old_url = '/old/moved/' AND last_hit_at IS NOT NULL")
            .await,
        4
    );
    // Only reading follows, and only where pages of people ever were.
    site.anonymous().bare(Method::Put, "/old/a/b/c/d/e/").await.expect(404);
    for path in ["/older/", "/staff/old/", "/static/old/", "/api/old/"] {
        let (answer, _) = count_statements(site.anonymous().get(path)).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[sqlx::test]
async fn what_is_over_or_deleted_leads_nowhere(pool: PgPool) {
    let site = moved(pool).await;
    execute(&site, "UPDATE redirect SET expires_at = now() WHERE old_url = '/old/'").await;
    execute(
        &site,
        "UPDATE redirect SET deleted_at = now(), deleted_by_id = created_by_id WHERE old_url = '/orgs/before/'",
    )
    .await;
    site.anonymous().get("/old/").await.expect(404);
    site.anonymous().get("/orgs/before/").await.expect(404);
    site.anonymous().get("/old/moved/").await.expect(301);
}

#[sqlx::test]
async fn a_live_thing_is_never_hidden_and_nobody_goes_round(pool: PgPool) {
    let site = moved(pool).await;
    site.world.project("old").await;
    site.anonymous().get("/old/").await.expect(200);
    site.anonymous().get("/old/nope/").await.expect(404);
    // Two projects that changed names: each old address is the other's.
    execute(
        &site,
        "INSERT INTO redirect (old_url, project_id, created_by_id)
         SELECT '/project/', p.id, u.id FROM project p, \"user\" u WHERE p.slug = 'old' AND u.username = 'ada'",
    )
    .await;
    site.anonymous().get("/project/nope/").await.expect(404);
    site.anonymous().get("/old/nope/").await.expect(404);
}

#[sqlx::test]
async fn what_is_not_there_costs_one_statement(pool: PgPool) {
    let site = moved(pool).await;
    let (answer, statements) = count_statements(site.anonymous().get("/nope/a/b/c/d/e/f/g/")).await;
    answer.expect(404);
    assert_eq!(statements, 1);
    let (answer, statements) = count_statements(site.anonymous().get("/static/nope.css")).await;
    answer.expect(404);
    assert_eq!(statements, 0);
}
