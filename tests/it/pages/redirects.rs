//! Addresses of before lead to where the thing is now.

use rocket::http::Method;
use sqlx::PgPool;

use super::lists::{execute, usual};
use crate::support::{Job, Request, Site, count_statements};

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
        // What follows is not touched.
        ("/old/ws/outputs/7/a/file.txt", "/project/ws/outputs/7/a/file.txt"),
        ("/old/old/", "/project/old/"),
        // The longest that fits.
        ("/old/moved/", "/project/ws/"),
        ("/old/moved/logs/?page=2", "/project/ws/logs/?page=2"),
        ("/orgs/before/logs", "/orgs/acme/logs"),
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

/// Addresses that only lead on answer any method, without a token too: they change nothing.
#[sqlx::test]
async fn what_only_leads_on_answers_any_method(pool: PgPool) {
    let site = usual(pool).await;
    let (id, _) = site.world.request(Request::default()).await;
    site.world.job(id, Job::default()).await;
    let job: String = sqlx::query_scalar("SELECT identifier FROM job")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    for (path, to) in [
        ("/event-list/", "/event-log/".to_owned()),
        ("/event-list", "/event-log/".to_owned()),
        ("/jobs/?page=2&a=1", "/event-log/?page=2&a=1".to_owned()),
        (&format!("/job-requests/{id}/"), format!("/project/ws/{id}/")),
        (&format!("/jobs/{job}/"), format!("/project/ws/{id}/{job}/")),
        ("/favicon.ico", "/static/favicon.ico".to_owned()),
        ("/robots.txt", "/static/robots.txt".to_owned()),
    ] {
        for method in [
            Method::Get,
            Method::Head,
            Method::Post,
            Method::Put,
            Method::Patch,
            Method::Delete,
            Method::Options,
        ] {
            let answer = site.anonymous().bare(method, path).await.expect(302);
            assert_eq!(answer.location(), to, "{method} {path}");
        }
    }
    for path in ["/jobs/nope/", "/job-requests/999/"] {
        site.anonymous().bare(Method::Post, path).await.expect(404);
    }
}

#[sqlx::test]
async fn what_was_never_here_asks_nothing(pool: PgPool) {
    let site = moved(pool).await;
    site.old_addresses.refresh(&site.db).await.unwrap();
    for path in ["/nope/", "/nope/a/b/", "/older/", "/orgs/nobody/x/y/z/"] {
        let (answer, statements) = count_statements(site.anonymous().get(path)).await;
        answer.expect(404);
        // Whether there is a project, a workspace or a request of that name is asked by their own pages.
        assert!(statements <= 1, "{path}: {statements}");
    }
    let (answer, statements) = count_statements(site.anonymous().get("/nope/a/b/c/d/e/f/")).await;
    answer.expect(404);
    assert_eq!(statements, 0);
    site.anonymous().get("/old/moved/").await.expect(301);

    // What moved since is seen at the next look, and what is over before it.
    execute(
        &site,
        "INSERT INTO redirect (old_url, project_id, created_by_id)
         SELECT '/later/', p.id, u.id FROM project p, \"user\" u WHERE p.slug = 'project' AND u.username = 'ada'",
    )
    .await;
    execute(&site, "UPDATE redirect SET expires_at = now() WHERE old_url = '/old/'").await;
    site.anonymous().get("/later/x/").await.expect(404);
    site.anonymous().get("/old/x/").await.expect(404);
    site.old_addresses.refresh(&site.db).await.unwrap();
    site.anonymous().get("/later/x/").await.expect(301);

    // More than are kept in memory are looked up one by one.
    execute(
        &site,
        "INSERT INTO redirect (old_url, project_id, created_by_id)
         SELECT '/many-' || n || '/', p.id, u.id FROM project p, \"user\" u, generate_series(1, 10001) n
          WHERE p.slug = 'project' AND u.username = 'ada'",
    )
    .await;
    site.old_addresses.refresh(&site.db).await.unwrap();
    let answer = site.anonymous().get("/many-10001/x").await.expect(301);
    assert_eq!(answer.location(), "/project/x");
}

#[sqlx::test]
async fn one_answer_leads_past_all_old_addresses_on_the_way(pool: PgPool) {
    let site = usual(pool).await;
    site.world.project("second").await;
    // The project was renamed, then the workspace left it, then where it went was renamed.
    execute(
        &site,
        "INSERT INTO redirect (old_url, project_id, workspace_id, created_by_id)
         SELECT '/first/', p.id, NULL::int, p.created_by_id FROM project p WHERE p.slug = 'project'
         UNION ALL
         SELECT '/project/ws/', NULL, w.id, w.created_by_id FROM workspace w WHERE w.name = 'ws'",
    )
    .await;
    execute(
        &site,
        "UPDATE workspace SET project_id = (SELECT id FROM project WHERE slug = 'second') WHERE name = 'ws'",
    )
    .await;
    for (path, to) in [
        ("/first/ws/", "/second/ws/"),
        ("/first/ws/logs/?page=2", "/second/ws/logs/?page=2"),
        ("/first/", "/project/"),
        ("/first/other/", "/project/other/"),
    ] {
        for known in [false, true] {
            if known {
                site.old_addresses.refresh(&site.db).await.unwrap();
            }
            let answer = site.anonymous().get(path).await.expect(301);
            assert_eq!(answer.location(), to, "{path}");
        }
    }
    let hits = "SELECT count(*) FROM redirect WHERE hits >= 4";
    assert_eq!(site.world.number(hits).await, 2, "each of them was asked for");
}
