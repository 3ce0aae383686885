//! The clients: runners that report until they are answered, and Airlock.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::programs::Machine;
use crate::{JOBS, Plan, Promises};

pub const REPO: &str = "ebmdatalab/opensafely-output-review";

/// What was answered with success.
#[derive(Debug, Default)]
pub struct Promised {
    /// Identifiers of jobs that are over.
    pub jobs: BTreeSet<String>,
    /// Release requests of which all events are taken over.
    pub releases: BTreeSet<String>,
    /// Calls that were not answered, or not with success, and were made again.
    pub repeated: usize,
}

const RUNNERS: usize = 6;

pub async fn report_everything(machine: &Arc<Machine>, token: &str, plan: &Plan) -> Promised {
    let promises = Promises::default();
    let requests = plan.completions.div_ceil(JOBS);
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..RUNNERS {
        let client = Client::new(machine.port, token, promises.clone());
        let next = next.clone();
        clients.push(tokio::spawn(async move {
            loop {
                let request = next.fetch_add(1, Ordering::Relaxed);
                if request >= requests {
                    return;
                }
                client.run_request(request).await;
                if request % 100 == 99 {
                    println!("{} of {requests} job requests are reported", request + 1);
                }
            }
        }));
    }
    let airlock = Client::new(machine.port, token, promises.clone());
    let releases = plan.releases;
    clients.push(tokio::spawn(async move {
        for release in 0..releases {
            airlock.check_release(release).await;
        }
    }));
    for client in clients {
        if let Err(error) = client.await {
            eprintln!("a client broke: {error}");
        }
    }
    std::mem::take(&mut *lock(&promises))
}

fn lock(promises: &Mutex<Promised>) -> std::sync::MutexGuard<'_, Promised> {
    promises.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
    promises: Promises,
}

impl Client {
    fn new(port: u16, token: &str, promises: Promises) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap_or_default();
        Self {
            http,
            api: format!("http://127.0.0.1:{port}/api/v2"),
            token: token.to_owned(),
            promises,
        }
    }

    /// Reports a job request until each of its jobs is over, one more with every report.
    async fn run_request(&self, request: usize) {
        for over in 1..=JOBS {
            let body: Vec<Value> = (0..JOBS).map(|job| report(request, job, job < over)).collect();
            self.until_taken("jobs/", &Value::from(body), |answer| answer["status"] == "success")
                .await;
            lock(&self.promises).jobs.insert(identifier(request, over - 1));
        }
    }

    /// A release request is asked for, sent back, asked for again, and released.
    async fn check_release(&self, release: usize) {
        let request = format!("01SOAK{release:020}");
        for event in ["submitted", "returned", "resubmitted", "reviewed", "released"] {
            let body = json!({
                "event_type": format!("request_{event}"), "workspace": "soak", "request": request,
                "request_author": "soaker", "user": "soaker", "updates": [{"update": format!("{event} it")}],
            });
            self.until_taken("airlock/events/", &body, |answer| answer["status"] == "ok")
                .await;
        }
        lock(&self.promises).releases.insert(request);
    }

    /// Sends the same again and again until it is answered with success, as the real clients do.
    async fn until_taken(&self, to: &str, body: &Value, taken: impl Fn(&Value) -> bool) {
        loop {
            let call = self
                .http
                .post(format!("{}/{to}", self.api))
                .header("authorization", &self.token)
                .json(body)
                .send();
            if let Ok(answer) = call.await
                && answer.status().is_success()
                && answer.json().await.is_ok_and(|answer: Value| taken(&answer))
            {
                return;
            }
            lock(&self.promises).repeated += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

pub fn identifier(request: usize, job: usize) -> String {
    format!("soak-{request:05}-{job:02}x")
}

fn report(request: usize, job: usize, over: bool) -> Value {
    let identifier = identifier(request, job);
    json!({
        "job_request_id": format!("request-{request}"),
        "identifier": identifier,
        "action": identifier,
        "run_command": "python:latest python analysis/model.py",
        "status": if over { "succeeded" } else { "running" },
        "status_code": if over { "succeeded" } else { "executing" },
        "status_message": "",
        "created_at": "2026-11-24T10:00:00Z",
        "updated_at": "2026-11-24T10:05:00Z",
        "started_at": "2026-11-24T10:00:30Z",
        "completed_at": if over { json!("2026-11-24T10:05:00Z") } else { Value::Null },
    })
}
