//! `GET /api/v2/workspaces/<name>/statuses/` and `…/status`.

use sqlx::PgPool;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::support::{Job, Request, Site, count_statements};

async fn job(site: &Site, request: i32, action: &str, status: &str, created_at: OffsetDateTime) {
    let identifier = format!("{request}-{action}-{status}-{created_at}");
    let job = Job {
        identifier: &identifier,
        action,
        status,
        created_at,
        ..Job::default()
    };
    site.world.job(request, job).await;
}

#[sqlx::test]
async fn the_newest_job_of_each_action_counts(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let anyone = site.anonymous();
    let path = "/api/v2/workspaces/ws/statuses/";
    assert_eq!(anyone.get(path).await.expect(200).body, "{}");
    let (first, _) = site.world.request(Request::default()).await;
    let (second, _) = site
        .world
        .request(Request {
            backend: "emis",
            ..Request::default()
        })
        .await;
    site.world.workspace("project", "other").await;
    let (elsewhere, _) = site
        .world
        .request(Request {
            workspace: "other",
            ..Request::default()
        })
        .await;
    let (early, late) = (datetime!(2024-01-01 0:00 UTC), datetime!(2024-01-02 0:00 UTC));
    job(&site, first, "a", "failed", late).await;
    job(&site, second, "a", "succeeded", early).await;
    job(&site, second, "b", "running", early).await;
    job(&site, first, "__error__", "failed", early).await;
    // Of two at once, the one that was stored last.
    job(&site, first, "same", "failed", early).await;
    job(&site, first, "same", "succeeded", early).await;
    job(&site, elsewhere, "c", "running", late).await;

    let all = r#"{"__error__":"failed","a":"failed","b":"running","same":"succeeded"}"#;
    for (query, body) in [
        ("", all),
        ("?backend=", all),
        ("?backend=emis", r#"{"a":"succeeded","b":"running"}"#),
        (
            "?backend=tpp",
            r#"{"__error__":"failed","a":"failed","same":"succeeded"}"#,
        ),
        ("?backend=nothing", "{}"),
    ] {
        let (answer, statements) = count_statements(anyone.get(&format!("{path}{query}"))).await;
        let answer = answer.expect(200);
        assert_eq!(answer.body, body, "{query}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(statements, 1);
    }
    let unknown = anyone.get("/api/v2/workspaces/nothing/statuses/").await.expect(404);
    assert_eq!((unknown.body.as_str(), unknown.header("Content-Type")), ("", None));
}

#[sqlx::test]
async fn the_release_flow_is_told(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let anyone = site.anonymous();
    let path = "/api/v2/workspaces/ws/status";
    assert_eq!(
        anyone.get(path).await.expect(200).body,
        r#"{"uses_new_release_flow":true}"#
    );
    sqlx::raw_sql("UPDATE workspace SET uses_new_release_flow = false")
        .execute(site.db.pool())
        .await
        .unwrap();
    let (answer, statements) = count_statements(anyone.get(path)).await;
    assert_eq!(answer.expect(200).body, r#"{"uses_new_release_flow":false}"#);
    assert_eq!(statements, 1);
    let unknown = anyone.get("/api/v2/workspaces/nothing/status").await.expect(404);
    assert_eq!(unknown.body, r#"{"detail":"No Workspace matches the given query."}"#);
}
