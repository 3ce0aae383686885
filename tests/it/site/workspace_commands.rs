//! `jobserver create_workspace`: what it makes and changes, and what it tells of that.

use sqlx::PgPool;

use super::commands::{count, events};
use crate::support::Program;

/// What is on record: kind, field, before, after, in order.
async fn told(pool: &PgPool, kinds: &str) -> Vec<(String, String, String, String)> {
    sqlx::query_as("SELECT type, target_field, old, new FROM auditable_event WHERE type ~ $1 ORDER BY id")
        .bind(kinds)
        .fetch_all(pool)
        .await
        .unwrap()
}

fn event(kind: &str, field: &str, old: &str, new: &str) -> (String, String, String, String) {
    (kind.to_owned(), field.to_owned(), old.to_owned(), new.to_owned())
}

#[sqlx::test]
async fn create_workspace_makes_all_it_needs_and_changes_only_what_is_given(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["create_workspace", "ws", "nobody"]).await.failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
    assert_eq!(count(&pool, "SELECT count(*) FROM project").await, 0);

    program.run(&["create_user", "ada"]).await.ok();
    let said = program.run(&["create_workspace", "ws", "ada"]).await.ok();
    assert_eq!(said.last_line(), "http://jobs.test/ws/ws/");
    let found: (String, String, String, Vec<String>) = sqlx::query_as(
        "SELECT p.slug, r.url, w.branch, m.roles FROM workspace w JOIN project p ON p.id = w.project_id
           JOIN repo r ON r.id = w.repo_id JOIN project_membership m ON m.project_id = p.id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(found.0, "ws");
    assert_eq!(found.1, "https://github.com/opensafely/ws");
    assert_eq!(found.2, "main");
    assert_eq!(found.3, ["ProjectCollaborator", "ProjectDeveloper"]);
    let recorded = events(&pool, "olive").await;
    let expected = [
        "project_created",
        "project_updated",
        "project_updated",
        "workspace_created",
        "project_member_added",
        "project_member_updated_roles",
    ];
    assert_eq!(recorded[recorded.len() - 6..], expected);

    // Again, with nothing new: nothing happens.
    program.run(&["create_workspace", "ws", "ada"]).await.ok();
    assert_eq!(events(&pool, "olive").await.len(), recorded.len());
    // Another repository and project, the branch stays.
    let repo = "https://github.com/opensafely/other";
    program
        .run(&["create-workspace", "ws", "ada", "--repo", repo, "--project", "p2"])
        .await
        .ok();
    let found: (String, String, String) = sqlx::query_as(
        "SELECT p.slug, r.url, w.branch FROM workspace w JOIN project p ON p.id = w.project_id
           JOIN repo r ON r.id = w.repo_id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(found, ("p2".to_owned(), repo.to_owned(), "main".to_owned()));
    for arguments in [
        ["create_workspace", "a b", "ada", "--branch", "main"],
        ["create_workspace", "x", "ada", "--repo", "/etc"],
    ] {
        program.run(&arguments).await.failed();
    }
}

#[sqlx::test]
async fn a_workspace_that_an_operator_moves_leaves_word_and_an_address(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    program
        .run(&["create_workspace", "ws", "ada", "--project", "first"])
        .await
        .ok();
    program
        .run(&["create_workspace", "ws", "ada", "--project", "second"])
        .await
        .ok();
    assert_eq!(
        told(&pool, "^workspace_(moved|left|updated)|^redirect").await,
        [
            event("workspace_moved", "project", "first", "second"),
            event("workspace_left", "project", "first", "second"),
            event("redirect_created", "old_url", "/first/ws/", "/second/ws/"),
        ]
    );
    let parents: Vec<String> = sqlx::query_scalar(
        "SELECT parent_label FROM auditable_event WHERE type IN ('workspace_moved', 'workspace_left') ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(parents, ["second", "first"]);
    let by: (String, Option<i32>) =
        sqlx::query_as("SELECT created_by, created_by_id FROM auditable_event WHERE type = 'redirect_created'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(by, ("olive".to_owned(), None));
    // Back again: what led on from there is in use.
    program
        .run(&["create_workspace", "ws", "ada", "--project", "first"])
        .await
        .ok();
    let live: Vec<String> = sqlx::query_scalar("SELECT old_url FROM redirect WHERE deleted_at IS NULL")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(live, ["/second/ws/"]);
}

#[sqlx::test]
async fn each_part_that_a_command_changes_is_told_and_nothing_else(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["create_workspace", "ws", "ada"]).await.ok();
    program.run(&["create_workspace", "ws", "ada"]).await.ok();
    assert_eq!(told(&pool, "^workspace_updated").await, []);
    let (old, new) = (
        "https://github.com/opensafely/ws",
        "https://github.com/opensafely/other",
    );
    let changed = ["create_workspace", "ws", "ada", "--repo", new, "--branch", "next"];
    program.run(&changed).await.ok();
    program.run(&changed).await.ok();
    assert_eq!(
        told(&pool, "^workspace_updated").await,
        [
            event("workspace_updated", "repository", old, new),
            event("workspace_updated", "branch", "main", "next"),
        ]
    );
}

#[sqlx::test]
async fn what_is_new_is_told_with_what_it_begins_with(pool: PgPool) {
    let program = Program::new(&pool);
    program
        .run(&[
            "create_user",
            "ada",
            "--name",
            "Ada Lovelace",
            "--email",
            "ada@example.org",
        ])
        .await
        .ok();
    let backend = [
        "create_backend",
        "tpp",
        "--name",
        "TPP",
        "--url",
        "https://tpp.example.org/",
    ];
    program.run(&backend).await.ok();
    assert_eq!(
        told(&pool, "^(user|backend)_(created|updated)$").await,
        [
            event("user_created", "", "", ""),
            event("user_updated", "fullname", "", "Ada Lovelace"),
            event("user_updated", "email", "", "ada@example.org"),
            event("backend_created", "", "", ""),
            event("backend_updated", "slug", "", "tpp"),
            event("backend_updated", "name", "", "TPP"),
            event("backend_updated", "level_4_url", "", "https://tpp.example.org/"),
        ]
    );
}
