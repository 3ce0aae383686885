//! From an empty installation to a running service, without a terminal after the first login.

use jobserver::core::upkeep::setup::setup;
use sqlx::PgPool;

use crate::support::{Backend, Job, Program, Request, Site, Visitor};

const STUDY: &str = "\
version: 4
actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz
";

async fn left(stan: &Visitor) -> usize {
    let html = stan.get("/staff/").await.expect(200).html();
    html.count(".staff-steps li") - html.count(".staff-steps li[data-done]")
}

async fn id(site: &Site, sql: &'static str) -> String {
    let id: i32 = sqlx::query_scalar(sql).fetch_one(site.db.pool()).await.unwrap();
    id.to_string()
}

#[sqlx::test]
async fn an_administrator_takes_an_empty_installation_to_a_running_service(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    site.code_host
        .commit("opensafely/study", "main", &[("project.yaml", STUDY)]);
    // The one thing that an operator does.
    site.world
        .global_roles(
            "stan",
            &["StaffAreaAdministrator", "ServiceAdministrator", "TechSupport"],
        )
        .await;
    let stan = site.sign_in("stan").await;
    assert_eq!(left(&stan).await, 12);

    // A backend; its program calls.
    let made = stan
        .post(
            "/staff/backends/add/",
            &[
                ("name", "TPP"),
                ("slug", "tpp"),
                ("is_active", "on"),
                ("transport", "poll"),
                ("alert_after", "300"),
            ],
        )
        .await
        .expect(200);
    let token = made.html().text("pre").unwrap().trim().to_owned();
    assert_eq!(left(&stan).await, 10);
    let backend = Backend::new(site.client.clone(), token);
    backend.get("/api/v2/job-requests/").await.expect(200);
    assert_eq!(left(&stan).await, 9);

    // An organisation, and a project that it leads.
    let org = stan.post("/staff/orgs/add/", &[("name", "Acme")]).await.expect(302);
    assert_eq!(org.location(), "/staff/orgs/acme/");
    assert_eq!(left(&stan).await, 8);
    let org = id(&site, "SELECT id FROM org").await;
    stan.post(
        "/staff/projects/create/",
        &[("name", "Asthma"), ("number", "1"), ("orgs", &org)],
    )
    .await
    .expect(302);
    assert_eq!(left(&stan).await, 7);

    // Two people are invited, and let in.
    for (login, name) in [("ada", "Ada"), ("grace", "Grace")] {
        stan.post("/staff/users/create/", &[("login", login), ("name", name)])
            .await
            .expect(302);
    }
    assert_eq!(left(&stan).await, 6);
    let backend_id = id(&site, "SELECT id FROM backend").await;
    stan.post(
        &format!("/staff/backends/{backend_id}/members/add/"),
        &[("users", "ada")],
    )
    .await
    .expect(302);
    assert_eq!(left(&stan).await, 5);
    stan.post("/staff/orgs/acme/", &[("users", "ada"), ("users", "grace")])
        .await
        .expect(302);
    assert_eq!(left(&stan).await, 4);
    stan.post(
        "/staff/projects/asthma/add-member/",
        &[("users", "ada"), ("roles", "ProjectDeveloper")],
    )
    .await
    .expect(302);
    assert_eq!(left(&stan).await, 3);
    stan.post(
        "/staff/projects/asthma/add-member/",
        &[("users", "grace"), ("roles", "ProjectCollaborator")],
    )
    .await
    .expect(302);
    assert_eq!(left(&stan).await, 2);

    // The developer makes a workspace and runs the first jobs; the backend's program hears of them.
    let ada = site.sign_in("ada").await;
    let fields = [
        ("name", "first"),
        ("purpose", "Try"),
        ("repo", "https://github.com/opensafely/study"),
        ("branch", "main"),
    ];
    ada.post("/asthma/new-workspace/", &fields).await.expect(302);
    assert_eq!(left(&stan).await, 1);
    ada.post(
        "/asthma/first/run-jobs/",
        &[("requested_actions", "generate_dataset"), ("backend", "tpp")],
    )
    .await
    .expect(302);
    let html = stan.get("/staff/").await.expect(200).html();
    assert_eq!(
        html.count(".staff-steps"),
        0,
        "the list of steps goes away with the last"
    );
    let heard = backend.get("/api/v2/job-requests/").await.expect(200).json();
    assert_eq!(heard["results"][0]["requested_actions"][0], "generate_dataset");

    // The record alone tells the whole story, in order, and is whole.
    let file = stan.get("/staff/events/?format=csv").await.expect(200).body;
    let story: Vec<&str> = file.lines().skip(1).collect();
    let mut from = story.len();
    for told in [
        "created the backend TPP",
        "created the organisation Acme",
        "created the project 1 - Asthma",
        "(ada) use the backend TPP",
        "(ada) to the organisation Acme",
        "(grace) to the organisation Acme",
        "changed the roles of Ada (ada) in 1 - Asthma, from none to Project Developer",
        "changed the roles of Grace (grace) in 1 - Asthma, from none to Project Collaborator",
        "created the workspace first in 1 - Asthma",
        "asked for jobs",
    ] {
        let found = story[..from].iter().rposition(|line| line.contains(told));
        from = found.unwrap_or_else(|| panic!("{told:?} is not told after what came before:\n{file}"));
    }
    Program::new(&pool).run(&["audit", "verify"]).await.ok();
}

#[sqlx::test]
async fn a_backend_that_never_calls_is_connected_when_it_is_told_of(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world
        .so("UPDATE backend SET transport = 'rap', token_last_used_at = NULL")
        .await;
    let connected = async || {
        let standing = setup(&mut site.db.read().await.unwrap()).await.unwrap();
        standing.backend_called
    };
    assert!(!connected().await);
    site.world.so("UPDATE backend SET last_seen_at = now()").await;
    assert!(connected().await);
    site.world.so("UPDATE backend SET transport = 'poll'").await;
    assert!(!connected().await, "a runner calls by itself");
    site.world
        .so("UPDATE backend SET transport = 'rap', last_seen_at = NULL, rap_api_state = '{}'")
        .await;
    assert!(connected().await);
    site.world.so("UPDATE backend SET rap_api_state = NULL").await;
    assert!(!connected().await);
    let (request, _) = site.world.request(Request::default()).await;
    assert!(!connected().await, "what is only asked for ran nowhere");
    site.world.job(request, Job::default()).await;
    assert!(connected().await);
}
