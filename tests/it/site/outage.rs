//! PostgreSQL goes away under load and comes back: the program says so meanwhile, and goes on by itself.

use std::collections::BTreeSet;
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

/// Somebody who asks over HTTP.
#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    address: String,
    token: String,
    request: String,
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
        let (_, request) = world.request(Request::default()).await;
        Self {
            client: http_client(),
            address,
            token: world.backend("tpp").await,
            request,
        }
    }

    fn report(&self) -> Value {
        json!([{
            "job_request_id": self.request, "identifier": "job1", "action": "a", "run_command": "", "status": "running",
            "status_code": "", "status_message": "", "created_at": "2026-03-01T12:00:00Z", "updated_at": null,
            "started_at": null, "completed_at": null
        }])
    }

    async fn ask(&self, path: &str) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let request = match path {
            JOBS => self.client.post(url).json(&self.report()),
            _ => self.client.get(url),
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

/// Callers who ask one thing after another until they are stopped; what they were answered is kept.
struct Load {
    stop: watch::Sender<bool>,
    callers: JoinSet<BTreeSet<u16>>,
}

impl Load {
    fn start(caller: &Caller) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut callers = JoinSet::new();
        for path in [LIST, JOBS, PAGE, "/", LIST, JOBS, PAGE, "/status/tpp/"] {
            let (caller, stopped) = (caller.clone(), stopped.clone());
            callers.spawn(async move {
                let mut answered = BTreeSet::new();
                while !*stopped.borrow() {
                    answered.insert(caller.ask(path).await.status);
                }
                answered
            });
        }
        Self { stop, callers }
    }

    /// Every status that anybody was answered.
    async fn stop(self) -> BTreeSet<u16> {
        self.stop.send(true).unwrap();
        self.callers.join_all().await.into_iter().flatten().collect()
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
    for path in [LIST, JOBS, PAGE, "/ready"] {
        caller.expect(path, 200).await;
    }

    let load = Load::start(&caller);
    proxy.cut().await;
    for path in [LIST, JOBS] {
        let told = caller.expect(path, 503).await;
        assert_eq!(told.kind, "application/json");
        assert_eq!(told.retry_after.as_deref(), Some("30"));
        let detail: Value = serde_json::from_str(&told.body).unwrap();
        assert!(detail["detail"].as_str().unwrap().contains("database"), "{}", told.body);
        // Some clients hang up after 5 seconds.
        assert!(told.took < Duration::from_secs(5), "{path}: {:?}", told.took);
    }
    let told = caller.expect(PAGE, 503).await;
    assert!(told.kind.starts_with("text/html"), "{}", told.kind);
    assert_eq!(told.retry_after.as_deref(), Some("30"));
    assert!(told.body.contains("cannot reach its database"), "{}", told.body);
    // The process is well, so the platform must not kill it; but it cannot serve.
    caller.expect("/health-check/", 200).await;
    caller.expect("/ready", 503).await;

    proxy.restore();
    for path in [LIST, JOBS, PAGE, "/", "/ready"] {
        caller.expect(path, 200).await;
    }
    assert_eq!(load.stop().await, BTreeSet::from([200, 503]));
    let stored: Vec<(String, String)> = sqlx::query_as("SELECT identifier, status FROM job")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(stored, [("job1".to_owned(), "running".to_owned())]);
}

#[sqlx::test]
async fn connections_that_the_server_ended_are_replaced(pool: PgPool) {
    let program = server(&pool);
    let site = program.start(&["serve", "0"], "listening on").await;
    let caller = Caller::of(&pool, site.address()).await;
    caller.expect(LIST, 200).await;
    let load = Load::start(&caller);
    for _ in 0..3 {
        caller.expect(PAGE, 200).await;
        assert!(end_connections(&pool).await > 0);
        // Whoever was being served is told; whoever comes next is served.
        let mut statuses = BTreeSet::new();
        while !statuses.contains(&200) {
            statuses.insert(caller.ask(JOBS).await.status);
        }
        assert!(statuses.is_subset(&BTreeSet::from([200, 503])), "{statuses:?}");
    }
    let answered = load.stop().await;
    assert!(answered.is_subset(&BTreeSet::from([200, 503])), "{answered:?}");
}
