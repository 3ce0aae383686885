//! Making workspaces.

use jobserver::core::ports::CodeHostError;
use sqlx::PgPool;

use crate::support::{Html, Site, Visitor, count_statements};

const PAGE: &str = "/project/new-workspace/";
const STUDY: &str = "https://github.com/opensafely/study";

async fn site(pool: PgPool) -> (Site, Visitor) {
    let site = Site::start(pool).await;
    site.world.member("project", "ada", &["ProjectDeveloper"]).await;
    site.world.org_member("acme", "ada").await;
    site.code_host.commit("opensafely/study", "main", &[]);
    site.code_host.commit("opensafely/study", "dev/<x>", &[]);
    let ada = site.sign_in("ada").await;
    (site, ada)
}

fn fields<'a>(name: &'a str, repo: &'a str, branch: &'a str) -> [(&'a str, &'a str); 4] {
    [("name", name), ("purpose", "Why"), ("repo", repo), ("branch", branch)]
}

#[track_caller]
fn error(page: &Html, field: &str) -> String {
    page.text(&format!("#id_{field}-error"))
        .unwrap_or_else(|| panic!("no error at {field}: {}", page.main()))
}

async fn names(site: &Site) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM workspace ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_workspace_is_made_in_lower_case(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let answer = ada
        .post(PAGE, &fields(" My_Study-1 ", STUDY, "dev/<x>"))
        .await
        .expect(302);
    assert_eq!(answer.location(), "/project/my_study-1/");
    let page = ada.get("/project/my_study-1/").await.expect(200).html();
    assert!(page.main().contains("dev/<x>") && page.main().contains("Why"));
    let row: (String, String, String, String) = sqlx::query_as(
        r#"SELECT c.username, u.username, w.branch, r.url FROM workspace w JOIN repo r ON r.id = w.repo_id
             JOIN "user" c ON c.id = w.created_by_id JOIN "user" u ON u.id = w.updated_by_id"#,
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(row, ("ada".into(), "ada".into(), "dev/<x>".into(), STUDY.into()));
    let event: (String, String) =
        sqlx::query_as("SELECT new, created_by FROM auditable_event WHERE type = 'workspace_created'")
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(event, (format!("{STUDY}, branch dev/<x>"), "ada".into()));
}

#[sqlx::test]
async fn repositories_of_all_of_ones_organisations_are_offered(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.org_member("beta", "ada").await;
    site.world.org("gamma").await;
    for (org, github) in [("beta", "beta-code"), ("gamma", "gamma-code")] {
        sqlx::query("UPDATE org SET github_orgs = ARRAY[$2, ''] WHERE slug = $1")
            .bind(org)
            .bind(github)
            .execute(site.db.pool())
            .await
            .unwrap();
    }
    site.code_host.commit("beta-code/b", "main", &[]);
    site.code_host.make_private("beta-code/b");
    site.code_host.commit("gamma-code/c", "main", &[]);
    let page = ada.get(PAGE).await.expect(200).html();
    assert_eq!(
        page.attributes("#id_repo optgroup", "label"),
        ["beta-code", "opensafely"]
    );
    assert_eq!(
        page.attributes("#id_repo option", "value"),
        ["", "https://github.com/beta-code/b", STUDY]
    );
    assert!(page.texts("#id_repo option").contains(&"b (private)".to_owned()));
    let json: serde_json::Value = serde_json::from_str(&page.text("#repos-with-branches").unwrap()).unwrap();
    assert_eq!(json[1]["branches"], serde_json::json!(["dev/<x>", "main"]));
    ada.post(PAGE, &fields("x", "https://github.com/beta-code/b", "main"))
        .await
        .expect(302);
    let page = ada
        .post(PAGE, &fields("y", "https://github.com/gamma-code/c", "main"))
        .await
        .expect(200)
        .html();
    assert!(error(&page, "repo").contains("not one of your organisation's"));
}

#[sqlx::test]
async fn every_field_says_what_is_wrong_with_it_and_keeps_what_was_entered(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let page = ada.post(PAGE, &[]).await.expect(200).html();
    assert!(page.text("title").unwrap().starts_with("Error: Create a workspace"));
    assert_eq!(error(&page, "name"), "Error: Enter a name.");
    assert_eq!(error(&page, "purpose"), "Error: Say what the workspace is for.");
    assert_eq!(error(&page, "repo"), "Error: Choose a repository.");
    let page = ada.post(PAGE, &fields("x", STUDY, "")).await.expect(200).html();
    assert_eq!(error(&page, "branch"), "Error: Choose a branch.");
    assert_eq!(page.attributes("#id_repo option[selected]", "value"), [STUDY]);
    assert_eq!(page.text("#id_purpose").as_deref(), Some("Why"));
    let long = "a".repeat(100_000);
    for name in [
        "a b",
        "é",
        "😀",
        "\u{202e}a",
        "a/b",
        "logs",
        "NEW-workspace",
        &long[..101],
        &long,
    ] {
        let page = ada.post(PAGE, &fields(name, STUDY, "main")).await.expect(200).html();
        error(&page, "name");
    }
    for branch in ["nope", &long, "😀"] {
        let page = ada.post(PAGE, &fields("x", STUDY, branch)).await.expect(200).html();
        assert!(error(&page, "branch").contains("has no branch of this name"));
    }
    for repo in ["nope", "javascript:alert(1)", &long] {
        let page = ada.post(PAGE, &fields("x", repo, "main")).await.expect(200).html();
        error(&page, "repo");
    }
    let mut many = fields("x", STUDY, "main");
    many[1].1 = &long;
    error(&ada.post(PAGE, &many).await.expect(200).html(), "purpose");
    many[1].1 = "a\0";
    ada.post(PAGE, &many).await.expect(400);
    assert!(names(&site).await.is_empty());
}

#[sqlx::test]
async fn a_name_is_taken_once_even_in_a_race(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let fields = fields("same", STUDY, "main");
    let (one, two) = tokio::join!(ada.post(PAGE, &fields), ada.post(PAGE, &fields));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 302]);
    let refused = if one.status == 200 { one } else { two };
    assert!(error(&refused.html(), "name").contains("exists already"));
    // In another project too.
    site.world.member("second", "ada", &["ProjectDeveloper"]).await;
    site.code_host.commit("opensafely/other", "main", &[]);
    sqlx::query("DELETE FROM code_host_fact")
        .execute(site.db.pool())
        .await
        .unwrap();
    let page = ada
        .post(
            "/second/new-workspace/",
            &[
                ("name", "SAME"),
                ("purpose", "p"),
                ("repo", "https://github.com/opensafely/other"),
                ("branch", "main"),
            ],
        )
        .await
        .expect(200)
        .html();
    error(&page, "name");
    assert_eq!(names(&site).await, ["same"]);
}

#[sqlx::test]
async fn a_repository_of_another_project_is_refused_unless_this_one_has_it_too(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.workspace("second", "study").await;
    let page = ada.post(PAGE, &fields("mine", STUDY, "main")).await.expect(200).html();
    assert!(error(&page, "repo").contains("Another project uses this repository"));
    sqlx::query(
        "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
         SELECT 'shared', p.id, r.id, 'main', p.created_by_id, p.created_by_id FROM project p, repo r WHERE p.slug = 'project'",
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    ada.post(PAGE, &fields("mine", STUDY, "main")).await.expect(302);
}

#[sqlx::test]
async fn a_branch_newer_than_the_list_is_found(pool: PgPool) {
    let (site, ada) = site(pool).await;
    ada.get(PAGE).await.expect(200);
    site.code_host.commit("opensafely/study", "new", &[]);
    ada.post(PAGE, &fields("x", STUDY, "new")).await.expect(302);
}

#[sqlx::test]
async fn what_keeps_somebody_from_making_one_is_said(pool: PgPool) {
    let (site, ada) = site(pool).await;
    let says = async |words: &str| {
        let page = ada.get(PAGE).await.expect(200).html();
        assert!(page.main().contains(words), "{words}: {}", page.main());
        assert!(!page.has("#id_name"));
        let page = ada.post(PAGE, &fields("x", STUDY, "main")).await.expect(200).html();
        assert!(page.main().contains(words), "{words}: {}", page.main());
    };
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    says("GitHub cannot be reached").await;
    site.code_host.fail_with(None);
    sqlx::query("UPDATE org SET github_orgs = '{nowhere}'")
        .execute(site.db.pool())
        .await
        .unwrap();
    says("There are no repositories yet").await;
    sqlx::query("UPDATE org SET github_orgs = '{}'")
        .execute(site.db.pool())
        .await
        .unwrap();
    says("no place for code yet").await;
    sqlx::query("DELETE FROM org_membership")
        .execute(site.db.pool())
        .await
        .unwrap();
    says("You belong to no organisation yet").await;
    assert!(names(&site).await.is_empty());
}

#[sqlx::test]
async fn who_may_make_one(pool: PgPool) {
    let (site, ada) = site(pool).await;
    site.world.member("project", "bob", &["ProjectCollaborator"]).await;
    let bob = site.sign_in("bob").await;
    bob.get(PAGE).await.expect(403);
    bob.post(PAGE, &fields("x", STUDY, "main")).await.expect(403);
    let sent = site.anonymous().get(PAGE).await.expect(302);
    assert_eq!(sent.location(), "/login/?next=/project/new-workspace/");
    ada.get("/unknown/new-workspace/").await.expect(404);
    let (_, first) = count_statements(ada.get(PAGE)).await;
    let (_, again) = count_statements(ada.get(PAGE)).await;
    assert_eq!(
        (first, again),
        (5, 4),
        "session, project, organisations, facts; the first time stores them"
    );
}
