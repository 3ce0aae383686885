//! PostgreSQL goes away under load and comes back: the program says so meanwhile, and goes on by itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::serving::server;
use crate::support::{DatabaseProxy, Request, World, http_client};

const LIST: &str = "/api/v2/job-requests/";
const JOBS: &str = "/api/v2/jobs/";
const PAGE: &str = "/event-log/";
const READY: &str = "/ready";

/// Somebody who asks over HTTP.
#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    address: String,
    token: String,
    request: String,
    /// The address of its request's page.
    page: String,
}

struct Answer {
    status: u16,
    kind: String,
    retry_after: Option<String>,
    body: String,
    took: Duration,
}

impl Caller {
    /// The runner of a backend that has one job request to report on.
    async fn of(pool: &PgPool, address: String) -> Self {
        let world = World::of_program(pool);
        world.usual().await;
        let (id, request) = world.request(Request::default()).await;
        Self {
            client: http_client(),
            address,
            token: world.backend("tpp").await,
            request,
            page: format!("/project/ws/{id}/"),
        }
    }

    fn report(&self, status: &str) -> Value {
        json!([{
            "job_request_id": self.request, "identifier": "job1", "action": "a", "run_command": "", "status": status,
            "status_code": "", "status_message": "", "created_at": "2026-03-01T12:00:00Z", "updated_at": null,
            "started_at": null, "completed_at": null
        }])
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks for a page or the list, or sends a report that its job runs.
    async fn ask(&self, path: &str) -> Answer {
        let request = match path {
            JOBS => self.client.post(self.url(path)).json(&self.report("running")),
            _ => self.client.get(self.url(path)),
        };
        let asked = Instant::now();
        let answer = request.header("Authorization", &self.token).send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status: answer.status().as_u16(),
            kind: header("Content-Type").unwrap_or_default(),
            retry_after: header("Retry-After"),
            body: answer.text().await.unwrap(),
            took: asked.elapsed(),
        }
    }

    async fn expect(&self, path: &str, status: u16) -> Answer {
        let answer = self.ask(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        answer
    }
}

/// How often each status was answered.
type Statuses = BTreeMap<u16, i64>;

/// Callers who ask one thing after another until they are stopped; what they were answered is kept.
struct Load {
    stop: watch::Sender<bool>,
    callers: JoinSet<Statuses>,
}

impl Load {
    fn start(caller: &Caller) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut callers = JoinSet::new();
        for path in [LIST, JOBS, PAGE, "/", LIST, JOBS, PAGE, "/status/tpp/"] {
            let (caller, stopped) = (caller.clone(), stopped.clone());
            callers.spawn(async move {
                let mut answered = Statuses::new();
                while !*stopped.borrow() {
                    *answered.entry(caller.ask(path).await.status).or_default() += 1;
                }
                answered
            });
        }
        Self { stop, callers }
    }

    /// What all of them together were answered.
    async fn stop(self) -> Statuses {
        self.stop.send(true).unwrap();
        let mut all = Statuses::new();
        for (status, times) in self.callers.join_all().await.into_iter().flatten() {
            *all.entry(status).or_default() += times;
        }
        all
    }
}

/// The connections that the program has at this moment, ended by the server.
async fn end_connections(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'jobserver' AND pid <> pg_backend_pid()",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn the_database_goes_away_under_load_and_comes_back(pool: PgPool) {
    let proxy = DatabaseProxy::start();
    let program = server(&pool).through(&proxy);
    let site = program.start(&["serve", "0"], "listening on").await;
    let caller = Caller::of(&pool, site.address()).await;
    for path in [LIST, JOBS, PAGE, READY] {
        caller.expect(path, 200).await;
    }
    let events = caller.url(&format!("{}events/", caller.page));
    let followed = caller
        .client
        .get(events)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();

    let load = Load::start(&caller);
    proxy.cut().await;
    let (list, jobs, page, ready, health) = tokio::join!(
        caller.expect(LIST, 503),
        caller.expect(JOBS, 503),
        caller.expect(PAGE, 503),
        caller.expect(READY, 503),
        // The process is well, so the platform must not end it.
        caller.expect("/health-check/", 200),
    );
    for told in [&list, &jobs] {
        assert_eq!(told.kind, "application/json");
        let detail: Value = serde_json::from_str(&told.body).unwrap();
        assert!(detail["detail"].as_str().unwrap().contains("database"), "{}", told.body);
    }
    assert!(page.kind.starts_with("text/html"), "{}", page.kind);
    assert!(page.body.contains("cannot reach its database"), "{}", page.body);
    for told in [&list, &jobs, &page, &ready] {
        assert_eq!(told.retry_after.as_deref(), Some("30"));
        // Some clients hang up after 5 seconds without an answer.
        assert!(told.took < Duration::from_secs(5), "{:?}", told.took);
    }
    assert_eq!(health.body, "");

    proxy.restore();
    for path in [LIST, JOBS, PAGE, "/", READY] {
        caller.expect(path, 200).await;
    }
    let answered = load.stop().await;
    assert_eq!(answered.keys().copied().collect::<Vec<_>>(), [200, 503], "{answered:?}");
    let stored: Vec<(String, String)> = sqlx::query_as("SELECT identifier, status FROM job")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(stored, [("job1".to_owned(), "running".to_owned())]);

    // Whoever followed the run all the while sees its end: the stream is over when the request is.
    let over = caller
        .client
        .post(caller.url(JOBS))
        .header("Authorization", &caller.token)
        .json(&caller.report("succeeded"));
    assert_eq!(over.send().await.unwrap().status().as_u16(), 200);
    let events = tokio::time::timeout(Duration::from_secs(30), followed.text())
        .await
        .expect("changes are heard again")
        .unwrap();
    assert!(events.contains("event:change"), "{events}");
}

#[sqlx::test]
async fn connections_that_the_server_ended_are_replaced(pool: PgPool) {
    let site = server(&pool).start(&["serve", "0"], "listening on").await;
    let caller = Caller::of(&pool, site.address()).await;
    caller.expect(LIST, 200).await;
    let load = Load::start(&caller);
    let mut ended = 0;
    for _ in 0..3 {
        let ended_now = end_connections(&pool).await;
        assert!(ended_now > 0);
        ended += ended_now;
        // Each of them fails one request at most, so one more than that many are not all refused.
        let mut is_served = false;
        for _ in 0..=ended_now {
            is_served |= caller.ask(JOBS).await.status == 200;
        }
        assert!(is_served);
    }
    let mut answered = load.stop().await;
    assert!(answered.remove(&200).is_some());
    let refused = answered.remove(&503).unwrap_or_default();
    assert!(refused <= ended, "{refused} of {ended}");
    assert!(answered.is_empty(), "{answered:?}");
}
