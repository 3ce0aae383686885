//! Signing off a repository: what its page shows, and what is told to whom.

mod signing;

use jobserver::core::ports::CodeHostError;
use jobserver::web::view::sign_off_href;
use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Site, count_statements};

const REPO: &str = "https://github.com/opensafely/ws";

fn page() -> String {
    sign_off_href(REPO)
}

/// `ada` is a developer of `project`, which has `ws` and `z-old`; `another` has `b-theirs` on the same repository.
async fn shared(pool: PgPool) -> Site {
    let site = usual(pool).await;
    site.world.workspace("project", "z-old").await;
    site.world.workspace("another", "b-theirs").await;
    site.world.member("another", "grace", &[]).await;
    execute(
        &site,
        "UPDATE workspace SET repo_id = (SELECT repo_id FROM workspace WHERE name = 'ws'), is_archived = name = 'z-old',
                              branch = CASE name WHEN 'ws' THEN 'main' WHEN 'z-old' THEN 'gone' ELSE 'their/branch#1' END,
                              purpose = CASE name WHEN 'ws' THEN 'To count <b>tea</b>' ELSE '' END",
    )
    .await;
    for branch in ["main", "their/branch#1", "spare"] {
        site.code_host.commit("opensafely/ws", branch, &[]);
    }
    site
}

#[sqlx::test]
async fn the_page_tells_all_that_there_is_to_know(pool: PgPool) {
    let site = shared(pool).await;
    site.code_host.make_private("opensafely/ws");
    let html = site.sign_in("ada").await.get(&page()).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("h1").as_deref(), Some("Sign off opensafely/ws"));
    assert!(html.text(".facts").unwrap().contains("Private"));
    assert!(html.text(".facts").unwrap().contains("0 of 3 workspaces signed off"));
    assert_eq!(html.link("GitHub").as_deref(), Some(REPO));
    // Of every project, by name.
    assert_eq!(
        html.texts(".sign-list h3"),
        ["b-theirs Active", "ws Active", "z-old Archived"]
    );
    let theirs = html.text("#workspace-b-theirs").unwrap();
    assert!(
        theirs.contains("Project Another") && !theirs.contains("Edit"),
        "{theirs}"
    );
    let own = html.text("#workspace-ws").unwrap();
    assert!(
        own.contains("To count <b>tea</b>") && own.contains("Edit the purpose of ws"),
        "{own}"
    );
    assert!(!own.contains("GitHub"), "{own}");
    let old = html.text("#workspace-z-old").unwrap();
    assert!(
        old.contains("gone (not at GitHub any more)") && old.contains("None given"),
        "{old}"
    );
    let links = html.attributes("#workspace-b-theirs dd a", "href");
    assert_eq!(
        links,
        [
            "/another/",
            "https://github.com/opensafely/ws/tree/their/branch%231",
            "https://github.com/opensafely/ws/blob/their/branch%231/README.md",
        ]
    );
    assert_eq!(
        html.attribute("#workspace-ws dd a.small", "href").as_deref(),
        Some("/project/ws/edit/")
    );
    assert_eq!(html.texts(".sign-branches li"), ["spare"]);
    assert!(html.main().contains("Several projects use this repository"));
    assert_eq!(
        html.link("See them all").as_deref(),
        Some("/repo/https%253A%252F%252Fgithub.com%252Fopensafely%252Fws/")
    );
    assert!(!html.main().contains("holds outputs"));
    // Each has its button; the last step says what comes before it.
    let forms: Vec<_> = html
        .posted_forms()
        .into_iter()
        .filter(|(to, _)| to == &page())
        .collect();
    let names: Vec<&str> = forms.iter().map(|(_, fields)| fields[0].1.as_str()).collect();
    assert_eq!(names, ["b-theirs", "ws", "z-old"]);
    assert!(
        html.main().contains("First sign off b-theirs , ws , z-old ."),
        "{}",
        html.main()
    );
    assert!(html.has("button[aria-disabled=true][aria-describedby=final-reason]"));
}

#[sqlx::test]
async fn one_project_is_named_with_its_status_and_the_way_back_from_changing_it(pool: PgPool) {
    let site = usual(pool).await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    execute(&site, "UPDATE repo SET has_github_outputs = true").await;
    execute(
        &site,
        "UPDATE project SET status = 'completed-and-linked', number = '7'",
    )
    .await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(&page()).await.expect(200).html();
    assert!(
        html.main().contains("7 - Project : Completed, paper or report linked."),
        "{}",
        html.main()
    );
    assert!(html.main().contains("This repository holds outputs."));
    assert!(!html.has(".tag svg"), "nobody says that it is private");
    assert!(html.main().contains("every branch has a workspace"));
    let edit = html.link("Change the status").unwrap();
    ada.get(&edit).await.expect(200);
    let fields = [("status", "retired"), ("status_description", "")];
    let answer = ada.post(&edit, &fields).await.expect(302);
    assert_eq!(answer.location(), page());
    let html = ada.get(answer.location()).await.expect(200).html();
    assert!(html.main().contains("Retired"), "{}", html.main());
    // A member without the right is not sent where they are refused.
    site.world.member("project", "mo", &[]).await;
    let html = site.sign_in("mo").await.get(&page()).await.expect(200).html();
    for link in ["Change the status", "Edit the purpose of ws"] {
        assert_eq!(html.link(link), None, "{link}");
    }
}

#[sqlx::test]
async fn it_is_there_for_members_of_projects_that_use_it_alone(pool: PgPool) {
    let site = shared(pool).await;
    let answer = site.anonymous().get(&page()).await.expect(302);
    let next = "/login/?next=/publish-repo/https%25253A%25252F%25252Fgithub.com%25252Fopensafely%25252Fws/";
    assert_eq!(answer.location(), next);
    // Before anything is looked up.
    let unknown = sign_off_href("https://github.com/opensafely/none");
    site.anonymous().get(&unknown).await.expect(302);
    site.world
        .global_roles("stan", &["StaffAreaAdministrator", "TechSupport"])
        .await;
    site.world.member("third", "outsider", &["ProjectDeveloper"]).await;
    for who in ["stan", "outsider"] {
        let visitor = site.sign_in(who).await;
        visitor.get(&page()).await.expect(404);
        visitor.post(&page(), &[]).await.expect(404);
        visitor.post(&page(), &[("name", "ws")]).await.expect(404);
    }
    // However the address is encoded, and whichever of the projects it is.
    let grace = site.sign_in("grace").await;
    for address in [
        page(),
        page().trim_end_matches('/').to_owned(),
        "/publish-repo/https%3A%2F%2Fgithub.com%2Fopensafely%2Fws/".to_owned(),
    ] {
        grace.get(&address).await.expect(200);
    }
    for address in [
        unknown,
        sign_off_href("https://github.com/opensafely/WS"),
        sign_off_href("https://github.com/opensafely/ws/"),
        sign_off_href("ws"),
        sign_off_href("https://github.com/opensafely/ws\0"),
        "/publish-repo/%FF/".to_owned(),
    ] {
        grace.get(&address).await.expect(404);
    }
    execute(
        &site,
        "INSERT INTO repo (url) VALUES ('https://github.com/opensafely/empty')",
    )
    .await;
    grace
        .get(&sign_off_href("https://github.com/opensafely/empty"))
        .await
        .expect(404);
    let signed: i64 = site.world.number("SELECT count(signed_off_at) FROM workspace").await;
    assert_eq!(signed, 0);
}

#[sqlx::test]
async fn a_code_host_that_fails_hides_no_workspace(pool: PgPool) {
    let site = shared(pool).await;
    let ada = site.sign_in("ada").await;
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    let html = ada.get(&page()).await.expect(200).html();
    assert_eq!(html.count(".sign-list > li"), 3);
    assert!(html.main().contains("GitHub does not answer at the moment"));
    assert!(
        html.main().contains("main (not known whether it is still at GitHub)"),
        "{}",
        html.main()
    );
    assert!(html.main().contains("so they cannot be listed"));
    // Once it has answered, that is shown with its age when it does not.
    site.code_host.fail_with(None);
    let html = ada.get(&page()).await.expect(200).html();
    assert!(!html.main().contains("does not answer"), "{}", html.main());
    execute(&site, "UPDATE code_host_fact SET fetched_at = now() - interval '1 day'").await;
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    let html = ada.get(&page()).await.expect(200).html();
    assert!(html.main().contains("was so 1 day ago"), "{}", html.main());
    assert_eq!(html.texts(".sign-branches li"), ["spare"]);
    // A silent one is not waited for.
    site.code_host.fail_with(None);
    site.code_host.be_silent(true);
    let html = ada.get(&page()).await.expect(200).html();
    assert_eq!(html.count(".sign-list > li"), 3);
    site.code_host.be_silent(false);
    execute(&site, "DELETE FROM code_host_fact").await;
    execute(&site, "UPDATE repo SET url = url || '-renamed' WHERE url LIKE '%/ws'").await;
    let html = ada
        .get(&sign_off_href("https://github.com/opensafely/ws-renamed"))
        .await
        .expect(200)
        .html();
    assert!(
        html.main().contains("shows Job Server no such repository"),
        "{}",
        html.main()
    );
    assert!(!html.main().contains("any more"), "{}", html.main());
}

#[sqlx::test]
async fn calls_and_statements_are_as_many_however_many_workspaces_there_are(pool: PgPool) {
    let site = shared(pool).await;
    for number in 0..40 {
        site.code_host
            .commit("opensafely/ws", &format!("extra-{number:02}"), &[]);
    }
    let ada = site.sign_in("ada").await;
    let calls = site.code_host.calls();
    let (few, before) = count_statements(ada.get(&page())).await;
    assert_eq!(few.expect(200).html().count(".sign-list > li"), 3);
    assert_eq!(
        site.code_host.calls() - calls,
        2,
        "one of the repository, one of its branches"
    );
    execute(
        &site,
        "INSERT INTO workspace (name, project_id, repo_id, branch, created_by_id, updated_by_id)
         SELECT 'many-' || n, project_id, repo_id, 'many-' || n, created_by_id, updated_by_id
           FROM workspace, generate_series(1, 50) AS n WHERE name = 'ws'",
    )
    .await;
    execute(&site, "DELETE FROM code_host_fact").await;
    let calls = site.code_host.calls();
    let (many, after) = count_statements(ada.get(&page())).await;
    let html = many.expect(200).html();
    assert_eq!(html.count(".sign-list > li"), 53);
    assert_eq!(site.code_host.calls() - calls, 2);
    assert_eq!(before, after);
    // Of the branches without a workspace the first are named and the rest counted.
    assert_eq!(html.count(".sign-branches li"), 30);
    assert_eq!(
        html.link("11 more branches").as_deref(),
        Some("https://github.com/opensafely/ws/branches")
    );
}
