//! Every outside service hangs, and the site answers as before.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{House, kinds};
use crate::fakes::{FakeOpenCodelists, Fault};
use crate::site::commands::git;
use crate::site::serving::server;
use crate::support::{Request, Silent, World, http_client};

/// Services are waited for longer than this, so nothing that waits for one is answered within it.
const NOT_HELD_UP: Duration = Duration::from_secs(8);
/// Calls to one service at a time.
const AT_ONCE: usize = 4;
const PAGES: [&str; 9] = [
    "/",
    "/status/",
    "/event-log/",
    "/project/",
    "/project/ws/",
    "/settings/",
    "/no/such/page/",
    "/ready",
    "/api/v2/job-requests/",
];

/// Ada, her browser, and the runner of the backend that she uses.
struct Visitor {
    client: reqwest::Client,
    address: String,
    session: String,
    token: String,
}

impl Visitor {
    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.get(format!("http://{}{path}", self.address));
        if path.starts_with("/api/") {
            request.header("Authorization", &self.token)
        } else {
            request.header("Cookie", format!("sessionid={}", self.session))
        }
    }

    /// Every page's status and title, and what a runner is answered that reports the end of a job.
    async fn journey(&self, request: &str) -> Vec<(String, u16, String)> {
        let mut answers = Vec::new();
        for path in PAGES {
            answers.push(answer(path, self.get(path)).await);
        }
        for status in ["running", "succeeded"] {
            let report = self.client.post(format!("http://{}/api/v2/jobs/", self.address));
            let report = report.header("Authorization", &self.token).json(&job(request, status));
            answers.push(answer(status, report).await);
        }
        answers
    }
}

async fn answer(name: &str, request: reqwest::RequestBuilder) -> (String, u16, String) {
    let answer = request.timeout(NOT_HELD_UP).send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    let title = body
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    (name.to_owned(), status, title.unwrap_or_default().to_owned())
}

fn job(request: &str, status: &str) -> Value {
    json!([{
        "job_request_id": request, "identifier": format!("job-of-{request}"), "action": "a", "run_command": "",
        "status": status, "status_code": "", "status_message": "", "created_at": "2026-03-01T12:00:00Z",
        "updated_at": null, "started_at": null, "completed_at": null
    }])
}

/// The study of workspace `ws`, with codelists.
fn study(repos: &Path) {
    let repo = repos.join("opensafely/ws");
    std::fs::create_dir_all(repo.join("codelists")).unwrap();
    git(&repo, &["init", "--quiet"]);
    git(&repo, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    let definition = "version: '4.0'\nactions:\n  a:\n    run: python:latest python a.py\n    outputs:\n      \
                      moderately_sensitive:\n        a: a.csv\n";
    for (file, text) in [
        ("project.yaml", definition),
        ("codelists/codelists.txt", "org/list/1\n"),
        ("codelists/codelists.json", "{\"files\": {}}\n"),
    ] {
        std::fs::write(repo.join(file), text).unwrap();
    }
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "--quiet", "-m", "A study"]);
}

#[sqlx::test]
async fn with_every_service_hanging_the_site_answers_as_before(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let codelists = FakeOpenCodelists::start().await;
    // Nobody has ever seen it answer.
    let mut silent = Silent::start().await;
    let repos = tempfile::tempdir().unwrap();
    study(repos.path());
    let program = house
        .equip(server(&pool))
        .with("RUN_WORKER_IN_SERVE", "true")
        .with("OPENCODELISTS_URL", &codelists.url())
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", silent.address()))
        .with("LOCAL_GIT_REPOS", repos.path().to_str().unwrap());
    let site = program.start(&["serve", "0"], "listening on").await;
    let world = World::of_program(&pool);
    world.usual().await;
    let mut requests = Vec::new();
    for _ in 0..2 {
        let request = Request {
            will_notify: true,
            ..Request::default()
        };
        requests.push(world.request(request).await.1);
    }
    let visitor = Visitor {
        client: http_client(),
        address: site.address(),
        session: world.session("ada").await,
        token: world.backend("tpp").await,
    };
    let run_jobs = "/project/ws/run-jobs/";
    assert_eq!(answer(run_jobs, visitor.get(run_jobs)).await.1, 200);
    assert_eq!(codelists.count(), 1);
    let before = visitor.journey(&requests[0]).await;
    assert!(
        before
            .iter()
            .all(|(path, status, _)| (*status == 200) != (path == "/no/such/page/")),
        "{before:?}"
    );
    house.until_all_is_delivered().await;
    assert_eq!(house.mailgun.taken().len(), 1);

    // From now on nobody outside answers, and more is to be said than can be said at once.
    let hang = || Fault::HangBefore;
    house.mailgun.fail(1000, hang());
    house.slack.fail(1000, hang());
    house.github.fail(1000, hang());
    codelists.fail(1000, hang());
    for number in 0..3 * AT_ONCE {
        for kind in ["test_mail", "release_notified", "check_opened"] {
            house.store(kinds::draft(kind, number)).await;
        }
    }
    // This page asks OpenCodelists, and is the only one that waits for anybody.
    let waiting = tokio::spawn(visitor.get(run_jobs).send());
    codelists.hanging(1).await;
    house.mailgun.hanging(AT_ONCE).await;
    house.slack.hanging(AT_ONCE).await;
    house.github.hanging(AT_ONCE).await;

    silent.holds_somebody().await;

    assert_eq!(visitor.journey(&requests[1]).await, before);
    // The mail about the request's end is written, and waits with the others.
    assert!(
        house
            .is("EXISTS (SELECT FROM message WHERE kind = 'jobs_finished' AND state = 'waiting')")
            .await
    );
    house.mailgun.hanging(AT_ONCE).await;
    house.slack.hanging(AT_ONCE).await;
    house.github.hanging(AT_ONCE).await;
    // Whoever asked for codelists is told in the end that they could not be checked.
    let told = waiting.await.unwrap().unwrap();
    assert_eq!(told.status().as_u16(), 200);
    assert!(told.text().await.unwrap().contains("could not be checked"));
}
