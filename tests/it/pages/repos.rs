//! The page that leads from a repository to its project: READMEs all over the world link to it.

use jobserver::web::view::repo_href;
use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Site, count_statements};

/// Every form in which such an address is written.
fn addresses(url: &str) -> Vec<String> {
    let once = percent_encoding::utf8_percent_encode(url, percent_encoding::NON_ALPHANUMERIC).to_string();
    let twice = percent_encoding::utf8_percent_encode(&once, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut all = vec![repo_href(url)];
    for text in [once.clone(), twice.clone(), once.to_lowercase(), twice.to_lowercase()] {
        all.push(format!("/repo/{text}/"));
        all.push(format!("/repo/{text}"));
    }
    all
}

#[sqlx::test]
async fn a_repository_of_one_project_leads_to_it_however_its_address_is_encoded(pool: PgPool) {
    let site = usual(pool).await;
    site.world.workspace("project", "other").await;
    execute(
        &site,
        "UPDATE workspace SET repo_id = (SELECT repo_id FROM workspace WHERE name = 'ws')",
    )
    .await;
    for address in addresses("https://github.com/opensafely/ws") {
        let answer = site.anonymous().get(&address).await.expect(302);
        assert_eq!(answer.location(), "/project/", "{address}");
    }
    // A file's address, one with a slash or suffix at its end, and an account in other letters are about the same.
    for url in [
        "https://github.com/opensafely/ws/",
        "https://github.com/opensafely/ws.git",
        "https://github.com/opensafely/ws/tree/main",
    ] {
        let answer = site.anonymous().get(&repo_href(url)).await.expect(302);
        assert_eq!(answer.location(), "/project/", "{url}");
    }
    // A README's link as it is written in the world.
    let answer = site
        .anonymous()
        .get("/repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws")
        .await
        .expect(302);
    assert_eq!(answer.location(), "/project/");
}

#[sqlx::test]
async fn only_accounts_of_our_organisations_have_repositories_here(pool: PgPool) {
    let site = usual(pool).await;
    site.world.workspace("project", "elsewhere").await;
    execute(
        &site,
        "UPDATE repo SET url = 'https://github.com/opensafely-evil/elsewhere' WHERE url LIKE '%/elsewhere'",
    )
    .await;
    execute(
        &site,
        "UPDATE org SET github_orgs = '{opensafely,graphnet}' WHERE slug = 'acme'",
    )
    .await;
    for url in [
        "https://github.com/opensafely-evil/elsewhere",
        "https://github.com/opensafely-evil/none",
        "https://github.com/opensafel/ws",
        "https://github.com/opensafely",
        "https://github.com/opensafely/",
        "https://github.com/",
        "https://github.com",
        "https://github.com//ws",
        "http://github.com/opensafely/ws",
        "https://gitlab.com/opensafely/ws",
        "https://github.com.evil.example/opensafely/ws",
        "https://evil.example/https://github.com/opensafely/ws",
        "https://ada@github.com/opensafely/ws",
        "https://github.com/opensafely/..",
        "https://github.com/opensafely/a b",
        "https://github.com/opensafely/<script>",
        "https://github.com/opensafely/ws?tab=readme",
        "https://github.com/opensafely/ws\0",
        "https://github.com/opensafely%00/ws",
        "https://github.com/😀/ws",
        "opensafely/ws",
        "ws",
        "/opensafely/ws",
        "javascript:alert(1)",
    ] {
        for address in addresses(url) {
            let answer = site.anonymous().get(&address).await.expect(404).html();
            assert_eq!(
                answer.text("h1").as_deref(),
                Some("Page not found"),
                "{url:?} as {address}"
            );
        }
    }
    for address in ["/repo/", "/repo/%FF/", "/repo/%25FF/", "/repo/%2525253A/"] {
        site.anonymous().get(address).await.expect(404);
    }
    let unknown = site
        .anonymous()
        .get(&repo_href("https://github.com/graphnet/new"))
        .await;
    assert!(unknown.expect(404).html().main().contains("has not been run here yet"));
}

#[sqlx::test]
async fn code_that_has_not_run_is_said_not_to_have(pool: PgPool) {
    let site = usual(pool).await;
    for address in addresses("https://github.com/opensafely/new-study") {
        // Any name could stand there, so it is no page of something that exists.
        let html = site.anonymous().get(&address).await.expect(404).html();
        assert_accessible(&html);
        assert_eq!(html.text("h1").as_deref(), Some("opensafely/new-study"));
        assert!(
            html.main().contains("This code has not been run here yet"),
            "{}",
            html.main()
        );
        assert!(html.main().contains("can create a workspace for it"));
        assert_eq!(
            html.link("GitHub").as_deref(),
            Some("https://github.com/opensafely/new-study")
        );
    }
    // As does a repository whose last workspace is gone.
    execute(
        &site,
        "INSERT INTO repo (url) VALUES ('https://github.com/opensafely/empty')",
    )
    .await;
    let empty = site
        .anonymous()
        .get(&repo_href("https://github.com/opensafely/empty"))
        .await;
    assert!(empty.expect(404).html().main().contains("has not been run here yet"));
}

/// A second project with workspaces on the repository of `ws`.
async fn shared(site: &Site) {
    site.world.workspace("another", "a-first").await;
    site.world.workspace("another", "b-second").await;
    execute(
        site,
        "UPDATE workspace SET repo_id = (SELECT repo_id FROM workspace WHERE name = 'ws'),
                              is_archived = name = 'b-second'",
    )
    .await;
    execute(
        site,
        "UPDATE project SET number = '7', name = 'Project <b>' WHERE slug = 'project'",
    )
    .await;
}

#[sqlx::test]
async fn a_repository_of_several_projects_names_them(pool: PgPool) {
    let site = usual(pool).await;
    shared(&site).await;
    let href = repo_href("https://github.com/opensafely/ws");
    let html = site.anonymous().get(&href).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.texts("main .list > li"),
        ["Another a-first b-second", "7 - Project <b> ws"]
    );
    assert_eq!(html.link("Another").as_deref(), Some("/another/"));
    assert_eq!(html.link("b-second").as_deref(), Some("/another/b-second/"));
    assert_eq!(html.text("title").as_deref(), Some("opensafely/ws | Job Server (test)"));
    // Who has a role is shown what is archived.
    let html = site.sign_in("ada").await.get(&href).await.expect(200).html();
    assert!(html.main().contains("b-second Archived"), "{}", html.main());
}

#[sqlx::test]
async fn a_repository_takes_as_many_statements_however_many_workspaces_it_has(pool: PgPool) {
    let site = usual(pool).await;
    shared(&site).await;
    let href = repo_href("https://github.com/opensafely/ws");
    let (few, before) = count_statements(site.anonymous().get(&href)).await;
    few.expect(200);
    execute(
        &site,
        "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
         SELECT 'many-' || n, project_id, repo_id, 'main', created_by_id, updated_by_id
           FROM workspace, generate_series(1, 50) AS n WHERE name = 'ws'",
    )
    .await;
    let (many, after) = count_statements(site.anonymous().get(&href)).await;
    assert_eq!(many.expect(200).html().count("main .repo-workspaces li"), 53);
    assert_eq!(before, after);
    assert!(before <= 3, "{before}");
}
