//! `POST /api/v2/airlock/events/`: what is answered and kept, what is written to be sent, and what is
//! sent.

mod answers;
mod delivery;
mod repeats;
mod trackers;
mod troubles;

use serde_json::{Value, json};

use crate::support::{Answer, Backend, KeptIssue, Site};

const PATH: &str = "/api/v2/airlock/events/";
/// Where issues go when nobody says otherwise, and what the workspaces' channel is.
const REPO: &str = "test-org/test-output-checking";
const CHANNEL: &str = "opensafely-outputs";
const OK: &str = r#"{"status":"ok"}"#;

/// With the workspace `ws`, `ada` who asks for releases and `olga` who checks outputs.
async fn site(pool: sqlx::PgPool) -> Site {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.user("olga").await;
    let labels = [
        "internal",
        "external",
        "Pending review",
        "Under review",
        "With requester",
    ];
    site.post().issues.offer_labels(REPO, &labels);
    site
}

/// An event of the request `01JREQ`, by `olga`.
fn event(event_type: &str) -> Value {
    json!({
        "event_type": event_type, "workspace": "ws", "request": "01JREQ", "request_author": "ada", "user": "olga",
        "updates": null
    })
}

/// An event with other values.
fn event_with(event_type: &str, values: Value) -> Value {
    let mut event = event(event_type);
    for (name, value) in values.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

async fn tell(backend: &Backend, event: &Value) -> Answer {
    let answer = backend.post(PATH, event).await.expect(201);
    assert_eq!(answer.body, OK);
    answer
}

/// What waits to be sent or was sent: kind and recipient, in order.
async fn written(site: &Site) -> Vec<(String, String)> {
    sqlx::query_as("SELECT kind, recipient FROM message ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

async fn events_kept(site: &Site) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM airlock_event")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

/// Lets everything that waits for another attempt be due.
async fn hurry(site: &Site) {
    sqlx::query("UPDATE message SET next_attempt_at = now() WHERE state = 'waiting'")
        .execute(site.db.pool())
        .await
        .unwrap();
}

/// Kind and state of every message, in order.
async fn states(site: &Site) -> Vec<(String, String)> {
    sqlx::query_as("SELECT kind, state FROM message ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

/// The only issue of a repository.
#[track_caller]
fn only_issue(site: &Site, repo: &str) -> KeptIssue {
    let mut issues = site.post().issues.of(repo);
    assert_eq!(issues.len(), 1, "{issues:?}");
    issues.remove(0)
}

/// A comment or a body without its mark.
fn shown(body: &str) -> &str {
    body.split("\n\n<!-- jobserver:").next().unwrap_or(body)
}
