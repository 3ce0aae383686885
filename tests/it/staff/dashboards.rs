//! Dashboards: what they count, and that they ask nobody.

use jobserver::core::ports::CodeHostError;
use jobserver::core::workspaces::{listing, tally};
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::pages::lists::{assert_accessible, requests, usual};
use crate::support::{Html, Job, Request, Site, Visitor, count_statements};

const ALL: [&str; 4] = ["copiloting", "project", "repos", "repos-with-multiple-projects"];

fn path(name: &str) -> String {
    format!("/staff/dashboards/{name}/")
}

async fn staffed(pool: PgPool) -> (Site, Visitor) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    (site, stan)
}

#[sqlx::test]
async fn the_page_of_all_has_its_way_around(pool: PgPool) {
    let (_site, stan) = staffed(pool).await;
    let html = stan.get("/staff/dashboards/").await.expect(200).html();
    assert_accessible(&html);
    assert!(html.has("details[data-staff-menu][open]"));
    assert_eq!(html.count(".staff-cards a"), ALL.len());
}

async fn dashboard(stan: &Visitor, name: &str) -> Html {
    let html = stan.get(&path(name)).await.expect(200).html();
    assert_accessible(&html);
    html
}

/// A request of ada's in a workspace, with a job that started so many days ago.
async fn ran(site: &Site, workspace: &str, identifier: &str, days: i64) {
    let request = Request {
        workspace,
        status: "succeeded",
        ..Request::default()
    };
    let (id, _) = site.world.request(request).await;
    let at = OffsetDateTime::now_utc() - time::Duration::days(days);
    let job = Job {
        identifier,
        status: "succeeded",
        created_at: at,
        started_at: Some(at),
        ..Job::default()
    };
    site.world.job(id, job).await;
}

#[sqlx::test]
async fn the_index_leads_to_each(pool: PgPool) {
    let (_site, stan) = staffed(pool).await;
    let html = stan.get("/staff/dashboards/").await.expect(200).html();
    assert_accessible(&html);
    let links = html.attributes("main a", "href");
    for name in ALL {
        assert!(links.contains(&path(name)), "{name}: {links:?}");
        let (answer, _) = count_statements(stan.get(&path(name))).await;
        answer.expect(200);
    }
    // Where there is nothing, it says what there could be.
    for (name, why) in [
        ("repos", "although its projects first ran a job eleven months ago"),
        ("repos-with-multiple-projects", "workspaces of more than one project"),
    ] {
        let said = stan.get(&path(name)).await.expect(200).html().main();
        assert!(said.contains(why), "{name}: {said}");
    }
}

#[sqlx::test]
async fn projects_are_counted_whether_summed_up_or_not(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.world
        .so(r#"UPDATE project SET number = '7', copilot_id = (SELECT id FROM "user" WHERE username = 'ada')"#)
        .await;
    site.world.workspace("project", "second").await;
    ran(&site, "ws", "job-old", 400).await;
    ran(&site, "second", "job-new", 10).await;
    let row = async || {
        let html = dashboard(&stan, "project").await;
        assert_eq!(html.count("tbody tr"), 1);
        html.text("tbody tr").unwrap()
    };
    let live = row().await;
    for part in ["7 - Project", "Acme", "Ada (ada)"] {
        assert!(live.contains(part), "{part}: {live}");
    }
    assert!(live.contains(" 2 2 "), "{live}");
    assert_eq!(tally::sum_up(&site.db).await.unwrap(), 2);
    assert_eq!(row().await, live);
    // What came since is counted beside what was summed up.
    ran(&site, "ws", "job-older", 500).await;
    let newer = row().await;
    assert!(newer.contains(" 2 3 "), "{newer}");
    tally::sum_up(&site.db).await.unwrap();
    assert_eq!(row().await, newer);
    let file = stan
        .get("/staff/dashboards/project/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    assert!(file.contains("7 - Project,Acme,Ada (ada),2,3,"), "{file}");
}

#[sqlx::test]
async fn copiloting_leaves_out_whom_nobody_helps_and_asks_nobody(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.world.workspace("another", "theirs").await;
    site.world.org("alone").await;
    site.world
        .so("UPDATE org SET is_not_copiloted = true WHERE slug = 'alone';
             INSERT INTO project_collaboration (org_id, project_id, created_by_id, updated_by_id)
             SELECT o.id, p.id, p.created_by_id, p.created_by_id FROM org o, project p WHERE o.slug = 'alone' AND p.slug = 'another'")
        .await;
    let html = dashboard(&stan, "copiloting").await;
    assert_eq!(html.count("tbody tr"), 1);
    assert!(html.main().contains("GitHub has not been asked yet"), "{}", html.main());
    assert!(html.text("tbody tr").unwrap().contains("Not known"));

    site.code_host.commit("opensafely/ws", "main", &[]);
    site.code_host.make_private("opensafely/ws");
    let heard = listing::refresh(&site.db, &*site.code_host).await.unwrap();
    assert_eq!((heard.accounts, heard.repos, heard.silent), (1, 1, 0));
    let html = dashboard(&stan, "copiloting").await;
    let row = html.text("tbody tr").unwrap();
    assert!(row.contains("opensafely/ws Private"), "{row}");
    // Of several each says so by itself.
    site.code_host.commit("opensafely/second", "main", &[]);
    site.world.workspace("project", "second").await;
    listing::refresh(&site.db, &*site.code_host).await.unwrap();
    let both = dashboard(&stan, "copiloting").await.text("tbody tr").unwrap();
    assert!(
        both.contains("opensafely/ws Private") && both.contains("opensafely/second Public"),
        "{both}"
    );
    let orders = dashboard(&stan, "copiloting").await.texts("select[name=sort] option");
    assert_eq!(orders[0], "The usual order");
    let calls = site.code_host.calls();
    dashboard(&stan, "copiloting").await;
    assert_eq!(site.code_host.calls(), calls);

    // What was known stays while the code host is away.
    site.code_host
        .fail_with(Some(|| CodeHostError::unavailable("no connection")));
    assert!(listing::refresh(&site.db, &*site.code_host).await.is_err());
    site.world
        .so("UPDATE code_host_fact SET fetched_at = now() - interval '3 hours'")
        .await;
    let html = dashboard(&stan, "copiloting").await;
    assert!(html.text("tbody tr").unwrap().contains("Private"));
    assert!(html.text(".alert-warning").unwrap().contains("3 hours ago"));
}

#[sqlx::test]
async fn private_repositories_are_those_that_ran_long_ago(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    for name in ["ws", "fresh", "idle", "open", "unused", "tools"] {
        let repo = format!("opensafely/{name}");
        site.code_host.commit(&repo, "main", &[]);
        if name != "open" {
            site.code_host.make_private(&repo);
        }
    }
    site.code_host.set_topics("opensafely/ws", &["github-releases"]);
    site.world.workspace("other", "fresh").await;
    site.world.workspace("third", "idle").await;
    site.world.workspace("fourth", "open").await;
    ran(&site, "ws", "job-ws", 331).await;
    ran(&site, "fresh", "job-fresh", 329).await;
    ran(&site, "open", "job-open", 400).await;
    // The case of an address does not count.
    site.world
        .so("UPDATE repo SET url = 'https://github.com/OpenSAFELY/ws' WHERE url LIKE '%/ws'")
        .await;
    listing::refresh(&site.db, &*site.code_host).await.unwrap();
    let html = dashboard(&stan, "repos").await;
    assert_eq!(html.texts("tbody th a"), ["opensafely/ws"]);
    let row = html.text("tbody tr").unwrap();
    for part in ["Project", "ws", "Admin", "admin@example.com", "Yes", "0/1"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    // What the page says in a small line is a column of the file.
    let file = stan
        .get("/staff/dashboards/repos/?format=csv")
        .await
        .expect(200)
        .body
        .replace('"', "");
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].ends_with(",Signed off,E-mail of the contact"), "{}", lines[0]);
    assert!(
        lines[1].contains(",Admin,") && lines[1].ends_with(",0/1,admin@example.com"),
        "{}",
        lines[1]
    );
    let said = html.main();
    for part in [
        "2 because no workspace uses them",
        "1 because no job has run in their workspaces",
        "1 because the first job of their projects is younger",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The first run is that of all of the projects' code, not of this repository's alone.
    site.world.workspace("other", "long-ago").await;
    ran(&site, "long-ago", "job-long-ago", 700).await;
    let html = dashboard(&stan, "repos").await;
    assert_eq!(html.texts("tbody th a"), ["opensafely/fresh", "opensafely/ws"]);
}

#[sqlx::test]
async fn repositories_of_several_projects_are_told(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    site.world.workspace("another", "theirs").await;
    site.world.workspace("project", "own").await;
    assert_eq!(
        dashboard(&stan, "repos-with-multiple-projects").await.count("tbody tr"),
        0
    );
    site.world
        .so("UPDATE workspace SET repo_id = (SELECT repo_id FROM workspace WHERE name = 'ws') WHERE name = 'theirs'")
        .await;
    let html = dashboard(&stan, "repos-with-multiple-projects").await;
    assert_eq!(html.texts("tbody th a"), ["opensafely/ws"]);
    let row = html.text("tbody tr").unwrap();
    assert!(
        row.contains("Another Project") && row.contains("theirs ws") && row.contains("No"),
        "{row}"
    );
}

#[sqlx::test]
async fn each_takes_as_many_statements_however_much_there_is(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    let count = async || {
        let mut counts = Vec::new();
        for name in ALL {
            counts.push(count_statements(stan.get(&path(name))).await.1);
        }
        counts
    };
    let few = count().await;
    for number in 0..5 {
        let project = format!("project-{number}");
        site.world.workspace(&project, &format!("work-{number}")).await;
    }
    requests(&site, 3).await;
    assert_eq!(count().await, few);
}

#[sqlx::test]
async fn any_column_sorts_and_narrows_without_scripts(pool: PgPool) {
    let (site, stan) = staffed(pool).await;
    for number in 0..30 {
        let project = format!("study-{number:02}");
        site.world.workspace(&project, &format!("study-work-{number:02}")).await;
    }
    site.world.workspace("study-07", "more-work").await;
    let of = async |query: &str| {
        let html = stan
            .get(&format!("{}?{query}", path("project")))
            .await
            .expect(200)
            .html();
        assert_accessible(&html);
        html
    };
    let first = |html: &Html| html.texts("tbody th a").first().cloned().unwrap_or_default();
    // A page is one page, wherever it begins.
    let html = of("").await;
    assert_eq!(html.count("tbody tr"), 25);
    assert_eq!(of("page=2").await.count("tbody tr"), 6);
    stan.get(&format!("{}?page=3", path("project"))).await.expect(404);
    // Headings lead to the list sorted by them: a figure from its high end, then the other way.
    let sorted = html.attributes("thead a", "href");
    assert!(
        sorted.contains(&format!("{}?sort=-workspaces", path("project"))),
        "{sorted:?}"
    );
    assert!(
        sorted.contains(&format!("{}?sort=project", path("project"))),
        "{sorted:?}"
    );
    let html = of("sort=-workspaces").await;
    assert!(first(&html).to_lowercase().contains("study-07"), "{}", first(&html));
    assert_eq!(html.attributes("thead th[aria-sort]", "aria-sort"), ["descending"]);
    assert!(
        html.attributes("thead a", "href")
            .contains(&format!("{}?sort=workspaces", path("project")))
    );
    let down = of("sort=-project").await;
    assert!(first(&down).to_lowercase().contains("study-29"), "{}", first(&down));
    // What names no column sorts by nothing.
    assert_eq!(
        of("sort=--nothing").await.texts("tbody th a"),
        of("").await.texts("tbody th a")
    );
    // One column, or whatever a row says; the file has all that is left.
    assert_eq!(of("workspaces=2").await.count("tbody tr"), 1);
    assert_eq!(of("q=STUDY-1").await.count("tbody tr"), 10);
    assert_eq!(of("project=study-1&q=study-11").await.count("tbody tr"), 1);
    let none = of("q=nowhere").await;
    assert!(none.main().contains("Nothing matches"), "{}", none.main());
    let file = stan
        .get(&format!("{}?q=study&sort=-project&format=csv", path("project")))
        .await
        .expect(200);
    assert_eq!(file.body.lines().count(), 31, "{}", file.body);
    assert!(
        file.body
            .lines()
            .nth(1)
            .is_some_and(|line| line.to_lowercase().contains("study-29"))
    );
}
