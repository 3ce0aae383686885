//! What the parts of a process tell through `telemetry`, without a web server around them: figures of the
//! outbox, check-ins of schedules, panics. Telemetry is started once in a process, so this is one test.

#[path = "../it/support/collector.rs"]
#[allow(dead_code)] // The other half is for tests of the whole program.
mod collector;

use std::collections::BTreeMap;

use collector::{Collector, Sentry};
use jobserver::config::{SecretUrl, Settings};
use jobserver::telemetry::traces::begin;
use jobserver::telemetry::{self, check_ins, metrics, outgoing};
use serde_json::{Value, json};
use tracing::Instrument as _;

#[rocket::async_test]
async fn figures_check_ins_panics_and_traces_of_work_reach_those_they_are_for() {
    let (mut collector, mut sentry) = (Collector::start().await, Sentry::start().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = Settings::for_tests("postgres://clerk:hunter2@db/jobserver")
        .unwrap()
        .telemetry;
    settings.otel.endpoint = Some(collector.url().parse().unwrap());
    settings.sentry.dsn = Some(SecretUrl::new(sentry.dsn().parse().unwrap()));
    settings.sentry.environment = "test".into();
    settings.revision = Some("abc123".into());
    assert!(!metrics::are_wanted());
    let guard = telemetry::init(&settings).unwrap();

    check_in(&mut sentry).await;
    break_off(&mut sentry).await;

    // Work that no request asked for is a trace of its own.
    let asked = wiremock::MockServer::start().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    async {
        let answer = outgoing::send(client.get(format!("{}/teams/secret", asked.uri())), "/teams/{}").await;
        assert_eq!(answer.unwrap().status(), 404);
    }
    .instrument(begin("deliver slack"))
    .await;
    let trace = collector.trace(|span| span.name == "deliver slack").await;
    let work = trace.iter().find(|span| span.parent.is_empty()).unwrap();
    let call = trace.iter().find(|span| span.name == "GET /teams/{}").unwrap();
    assert_eq!((call.parent.as_str(), call.failed), (work.id.as_str(), true));
    let told = &asked.received_requests().await.unwrap()[0];
    assert_eq!(
        told.headers["traceparent"],
        format!("00-{}-{}-01", call.trace, call.id).as_str()
    );
    assert!(!told.headers.contains_key("x-request-id"));

    assert!(metrics::are_wanted());
    metrics::record_delivery("slack", "new_user", "delivered", 0.2);
    metrics::record_delivery("slack", "new_user", "delivered", 0.3);
    metrics::record_delivery("mail", "job_finished", "later", 5.0);
    metrics::observe_outbox(metrics::OutboxFigures {
        service: "slack",
        waiting: 3,
        oldest_seconds: 12.5,
        dead_letters: 1,
    });
    // The last figures are sent when it ends.
    tokio::task::spawn_blocking(move || drop(guard)).await.unwrap();
    figures(&mut collector).await;
}

async fn check_in(sentry: &mut Sentry) {
    let check_in = check_ins::start(&check_ins::Schedule::new("clearsessions", "0 4 * * *"));
    let (begun, _) = sentry.item("check_in").await;
    let config = json!({
        "schedule": {"type": "crontab", "value": "0 4 * * *"}, "checkin_margin": 30, "max_runtime": 10,
        "timezone": "Etc/UTC", "failure_issue_threshold": 2, "recovery_threshold": 1,
    });
    assert_eq!(begun["monitor_config"], config);
    assert_eq!(begun["status"], "in_progress");
    assert_eq!(begun["monitor_slug"], "clearsessions");
    assert_eq!(begun["environment"], "test");
    check_in.finish(check_ins::Outcome::Ok);
    let (ended, _) = sentry.item("check_in").await;
    assert_eq!(ended["status"], "ok");
    assert_eq!(ended["check_in_id"], begun["check_in_id"]);
    assert!(ended["duration"].is_number());
}

/// Work that panics has failed, and the panic is reported.
async fn break_off(sentry: &mut Sentry) {
    let broken = tokio::spawn(async move {
        let _check_in = check_ins::start(&check_ins::Schedule::new("copilots", "0 7 * * 1"));
        panic!("no way to postgres://clerk:hunter2@db/jobserver");
    });
    assert!(broken.await.unwrap_err().is_panic());
    assert_eq!(sentry.item("check_in").await.0["status"], "in_progress");
    let (event, text) = sentry.item("event").await;
    // An event without a level is an error.
    assert_eq!(event.get("level"), None);
    assert_eq!(
        event["release"],
        concat!("jobserver@", env!("CARGO_PKG_VERSION"), "+abc123")
    );
    assert!(
        text.contains("a part of the program panicked: no way to *****"),
        "{text}"
    );
    assert!(!text.contains("hunter2") && !text.contains("clerk"), "{text}");
    assert_eq!(sentry.item("check_in").await.0["status"], Value::from("error"));
}

async fn figures(collector: &mut Collector) {
    let mut metrics = BTreeMap::new();
    for name in ["deliveries", "delivery.duration", "waiting", "oldest", "dead_letters"] {
        let points = collector.metric(&format!("jobserver.outbox.{name}")).await;
        metrics.insert(name, points);
    }
    for name in ["deliveries", "delivery.duration"] {
        let points = &metrics[name];
        assert_eq!(points.len(), 2, "{points:?}");
        let (attributes, count) = points
            .iter()
            .find(|(attributes, _)| attributes["service"] == "slack")
            .unwrap();
        assert_eq!((attributes["kind"].as_str(), *count), ("new_user", 2.0));
        assert_eq!(attributes["outcome"], "delivered");
    }
    for (name, expected) in [("waiting", 3.0), ("oldest", 12.5), ("dead_letters", 1.0)] {
        let [(attributes, value)] = metrics[name].as_slice() else {
            panic!("{:?}", metrics[name]);
        };
        assert_eq!((attributes["service"].as_str(), *value), ("slack", expected), "{name}");
    }
}
