//! `GET /api/v2/users/<username>/`.

use sqlx::PgPool;

use crate::support::{Site, count_statements};

#[sqlx::test]
async fn roles_and_permissions_are_listed_by_membership(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world
        .global_roles("ada", &["TechSupport", "OutputChecker", "NoSuchRole"])
        .await;
    site.world.member("empty", "ada", &[]).await;
    site.world
        .member("project", "ada", &["ProjectDeveloper", "ProjectCollaborator"])
        .await;
    // Roles in organisations came with old data alone, and count for nothing.
    sqlx::query("UPDATE org_membership SET roles = '{OutputChecker}'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let tpp = site.backend("tpp").await;
    let answer = tpp.get("/api/v2/users/ada/").await.expect(200);
    assert_eq!(
        answer.body,
        concat!(
            r#"{"permissions":{"global":["project_create","release_file_delete","release_file_upload","release_file_view","#,
            r#""unreleased_outputs_view","user_edit_project_roles"],"#,
            r#""orgs":[{"slug":"acme","permissions":[]}],"projects":[{"slug":"empty","permissions":[]},"#,
            r#"{"slug":"project","permissions":["job_cancel","job_run","project_manage","release_file_view","#,
            r#""snapshot_create","unreleased_outputs_view","workspace_archive","workspace_create","#,
            r#""workspace_toggle_notifications"]}]},"roles":{"global":["OutputChecker","TechSupport"],"#,
            r#""orgs":[{"slug":"acme","roles":[]}],"projects":[{"slug":"empty","roles":[]},"#,
            r#"{"slug":"project","roles":["ProjectCollaborator","ProjectDeveloper"]}]}}"#
        )
    );
    site.world.user("newcomer").await;
    let nothing = tpp.get("/api/v2/users/newcomer").await.expect(200);
    assert_eq!(
        nothing.body,
        r#"{"permissions":{"global":[],"orgs":[],"projects":[]},"roles":{"global":[],"orgs":[],"projects":[]}}"#
    );
}

#[sqlx::test]
async fn the_token_is_looked_at_before_the_user(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let tpp = site.backend("tpp").await;
    assert_eq!(
        tpp.get("/api/v2/users/nobody/").await.expect(404).body,
        r#"{"detail":"Not found."}"#
    );
    tpp.get("/api/v2/users/Ada/").await.expect(404);
    tpp.get("/api/v2/users/ada@example.com/").await.expect(404);
    let refused = site.anonymous().get("/api/v2/users/nobody/").await.expect(403);
    assert_eq!(refused.body, r#"{"detail":"Authorization header is missing"}"#);
}

#[sqlx::test]
async fn statements_do_not_grow_with_memberships(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let tpp = site.backend("tpp").await;
    let (_, few) = count_statements(tpp.get("/api/v2/users/ada/")).await;
    for number in 0..20 {
        site.world
            .member(&format!("project-{number}"), "ada", &["ProjectDeveloper"])
            .await;
        site.world.org_member(&format!("org-{number}"), "ada").await;
    }
    let (answer, many) = count_statements(tpp.get("/api/v2/users/ada/")).await;
    assert_eq!(answer.json()["roles"]["projects"].as_array().unwrap().len(), 21);
    assert_eq!((few, many), (2, 2));
}
