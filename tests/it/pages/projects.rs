//! A project's page.

use jobserver::core::names::{RESERVED_PROJECT_SLUGS, is_project_slug};
use jobserver::core::ports::CodeHostError;
use sqlx::PgPool;

use super::lists::{assert_accessible, execute, requests, usual};
use crate::support::{Job, Request, Site, count_statements};

#[sqlx::test]
async fn an_empty_project_says_what_comes(pool: PgPool) {
    let site = usual(pool).await;
    site.world.project("opensafely-internal").await;
    let html = site.anonymous().get("/opensafely-internal/").await.expect(200).html();
    assert_accessible(&html);
    for words in [
        "This is an internal project",
        "No workspaces yet",
        "None yet: a repository comes with the first workspace",
        "This project has no members",
        "First run Not yet",
    ] {
        assert!(html.main().contains(words), "{words}: {}", html.main());
    }
    assert_eq!(html.link("Create a workspace"), None);
    assert_eq!(html.link("Purpose on the public register"), None);
}

#[sqlx::test]
async fn a_project_shows_its_workspaces_people_and_history(pool: PgPool) {
    let site = usual(pool).await;
    site.code_host.commit("opensafely/ws", "main", &[]);
    site.world.member("project", "zoe", &[]).await;
    site.world.workspace("project", "a-old-one").await;
    execute(
        &site,
        "UPDATE workspace SET is_archived = true WHERE name = 'a-old-one'",
    )
    .await;
    execute(
        &site,
        "UPDATE workspace SET created_at = NULL, created_by_id = NULL WHERE name = 'ws'",
    )
    .await;
    execute(
        &site,
        "UPDATE project SET number = '142', created_at = now() - interval '1 hour'",
    )
    .await;
    requests(&site, 1).await;
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.text("title").as_deref(), Some("142 - Project | Job Server (test)"));
    assert!(
        html.attribute("meta[name=description]", "content")
            .unwrap()
            .contains("Project")
    );
    assert_eq!(html.text("h1").as_deref(), Some("Project"));
    assert_eq!(html.link("Acme").as_deref(), Some("/orgs/acme/"));
    assert_eq!(
        html.link("Purpose on the public register").as_deref(),
        Some("https://www.opensafely.org/project/142/")
    );
    // Those in use first.
    assert_eq!(html.texts("tbody th"), ["ws", "a-old-one"]);
    // The newest job request of each, its status and number.
    let rows = html.texts("tbody tr");
    assert!(
        rows[0].starts_with("ws Failed 1 , just now opensafely/ws main"),
        "{rows:?}"
    );
    assert!(rows[1].starts_with("a-old-one None yet"), "{rows:?}");
    assert_eq!(html.link("1").as_deref(), Some("/project/ws/1/"));
    assert_eq!(html.link("Members").as_deref(), Some("/project/members/"));
    assert_eq!(
        html.attribute("meta[property='og:title']", "content").as_deref(),
        Some("142 - Project")
    );
    assert!(html.main().contains("opensafely/ws"));
    // Of one repository the code host says that it is public; the other it does not show.
    assert_eq!(
        html.texts("section[aria-labelledby=repos-title] li"),
        ["opensafely/ws Public", "opensafely/a-old-one Private"]
    );
    assert_eq!(
        html.link("opensafely/ws").as_deref(),
        Some("https://github.com/opensafely/ws")
    );
    assert_eq!(html.link("ws").as_deref(), Some("/project/ws/"));
    assert_eq!(html.link("Job requests").as_deref(), Some("/project/logs/"));
    assert_eq!(html.link("Ada").as_deref(), Some("/users/ada/"));
    // Its jobs started three hours ago, the project was recorded an hour ago.
    assert!(html.main().contains("Code first ran before the project was recorded"));
    assert!(html.main().contains("3 hours ago"));
    for hidden in ["Archived", "developer", "staff area", "Create a workspace"] {
        assert!(!html.main().contains(hidden), "{hidden}: {}", html.main());
    }
}

#[sqlx::test]
async fn who_looks_decides_what_is_shown(pool: PgPool) {
    let site = usual(pool).await;
    execute(&site, "UPDATE workspace SET is_archived = true").await;
    site.world.org_member("acme", "colleague").await;
    site.world.user("outsider").await;
    site.world.global_roles("staff", &["StaffAreaAdministrator"]).await;
    // Whether badges, roles, the staff link, the buttons to create and to
    // edit are shown.
    for (who, shown) in [
        ("ada", [true, true, false, true, true]),
        ("colleague", [false, true, false, false, false]),
        ("outsider", [false, false, false, false, false]),
        ("staff", [true, false, true, false, false]),
    ] {
        let html = site.sign_in(who).await.get("/project/").await.expect(200).html();
        assert_accessible(&html);
        let main = html.main();
        let seen = [
            main.contains("Archived"),
            main.contains("Project developer"),
            html.link("View in the staff area").is_some(),
            html.link("Create a workspace").as_deref() == Some("/project/new-workspace/"),
            html.link("Edit").as_deref() == Some("/project/edit/"),
        ];
        assert_eq!(seen, shown, "{who}: {main}");
    }
}

#[sqlx::test]
async fn a_silent_code_host_holds_up_no_page(pool: PgPool) {
    let site = usual(pool).await;
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.main().contains("it is not known which repositories are public"));
    // Once it answers, its answer stays for when it does not.
    site.code_host.fail_with(None);
    site.code_host.commit("opensafely/ws", "main", &[]);
    site.anonymous().get("/project/").await.expect(200);
    site.code_host.fail_with(Some(|| CodeHostError::TimedOut));
    execute(&site, "UPDATE code_host_fact SET fetched_at = now() - interval '1 day'").await;
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert!(html.main().contains("opensafely/ws Public"), "{}", html.main());
}

#[sqlx::test]
async fn a_job_that_never_started_counts_by_when_it_was_made(pool: PgPool) {
    let site = usual(pool).await;
    let (id, _) = site.world.request(Request::default()).await;
    site.world.job(id, Job::default()).await;
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert!(html.main().contains("First run just now"), "{}", html.main());
}

#[sqlx::test]
async fn what_is_no_project_is_not_found(pool: PgPool) {
    let site = usual(pool).await;
    let anonymous = site.anonymous();
    let long = "a".repeat(10_000);
    for slug in [
        "unknown",
        "PROJECT",
        "staff/nothing",
        "api",
        "%00",
        "%FF",
        "a%20b",
        "%F0%9F%98%80",
        "%D7%A9",
        "..",
        &long,
    ] {
        for path in [
            format!("/{slug}/"),
            format!("/{slug}/logs/"),
            format!("/{slug}/ws/logs/"),
        ] {
            let status = anonymous.get(&path).await.status;
            assert_eq!(status, 404, "{}", &path[..path.len().min(80)]);
        }
    }
}

/// A project with such a slug could never be reached.
#[sqlx::test]
async fn no_project_is_called_like_a_page_of_the_site(pool: PgPool) {
    let site = Site::start(pool).await;
    let fixed: Vec<&str> = site
        .client
        .rocket()
        .routes()
        .filter_map(|route| route.uri.path().split('/').nth(1))
        .filter(|segment| !segment.is_empty() && !segment.starts_with('<'))
        .collect();
    assert!(fixed.len() > 20, "{fixed:?}");
    for segment in fixed {
        assert!(!is_project_slug(segment), "{segment}");
    }
    for reserved in RESERVED_PROJECT_SLUGS {
        let path = format!("/{reserved}/no/such/page/here/");
        assert_eq!(site.anonymous().get(&path).await.status, 404, "{path}");
    }
}

#[sqlx::test]
async fn a_page_that_takes_forms_only_still_says_so(pool: PgPool) {
    let site = usual(pool).await;
    let answer = site.anonymous().get("/logout/").await.expect(405);
    assert_eq!(answer.header("Allow"), Some("POST"));
}

#[sqlx::test]
async fn the_statements_do_not_grow_with_the_rows(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, stranger) = (site.sign_in("ada").await, site.anonymous());
    for more in [1, 8] {
        requests(&site, more).await;
        for number in 0..more {
            site.world.workspace("project", &format!("w-{more}-{number}")).await;
            site.world
                .member("project", &format!("m-{more}-{number}"), &["ProjectDeveloper"])
                .await;
        }
        // The first visit stores what the code host says of repositories it was not asked for before.
        let (answer, statements) = count_statements(stranger.get("/project/")).await;
        answer.expect(200);
        assert_eq!(statements, 8);
        let (answer, statements) = count_statements(ada.get("/project/")).await;
        answer.expect(200);
        assert_eq!(statements, 8);
    }
}

#[sqlx::test]
async fn the_first_run_is_the_earliest_of_all_workspaces(pool: PgPool) {
    let site = usual(pool).await;
    site.world.workspace("project", "other").await;
    // The oldest request of `ws` never had a job, the next one's began late; `other` was quicker.
    for (workspace, asked, started) in [
        ("ws", "10 days", None),
        ("ws", "9 days", Some("2 days")),
        ("ws", "3 days", Some("3 days")),
        ("other", "6 days", Some("5 days")),
        ("other", "1 day", Some("1 day")),
    ] {
        let (id, identifier) = site
            .world
            .request(Request {
                workspace,
                ..Request::default()
            })
            .await;
        if started.is_some() {
            let job = Job {
                identifier: &identifier,
                ..Job::default()
            };
            site.world.job(id, job).await;
        }
        sqlx::query(
            "WITH asked AS (UPDATE job_request SET created_at = now() - $2::interval WHERE id = $1)
             UPDATE job SET created_at = now() - $3::interval, started_at = now() - $3::interval
              WHERE job_request_id = $1",
        )
        .bind(id)
        .bind(asked)
        .bind(started)
        .execute(site.db.pool())
        .await
        .unwrap();
    }
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert!(html.main().contains("First run 5 days ago"), "{}", html.main());
    // Rows from before makers were recorded have no time of their own, and count.
    execute(
        &site,
        "UPDATE job_request SET created_at = NULL, created_by_id = NULL WHERE id = 3",
    )
    .await;
    execute(
        &site,
        "UPDATE job SET started_at = now() - interval '20 days' WHERE job_request_id = 3",
    )
    .await;
    let html = site.anonymous().get("/project/").await.expect(200).html();
    assert!(html.main().contains("First run 20 days ago"), "{}", html.main());
}
