//! Figures for operators, sent to the collector of the traces every [`INTERVAL`]. While no collector is set,
//! every function here returns at once.
//!
//! | name | kind | unit | attributes |
//! |---|---|---|---|
//! | `http.server.request.duration` | histogram | s | `http.request.method`, `http.route`, `http.response.status_code` |
//! | `jobserver.outbox.deliveries` | counter | | `service`, `kind`, `outcome` |
//! | `jobserver.outbox.delivery.duration` | histogram | s | `service`, `kind`, `outcome` |
//! | `jobserver.outbox.waiting` | gauge | messages | `service` |
//! | `jobserver.outbox.oldest` | gauge | s | `service` |
//! | `jobserver.outbox.dead_letters` | gauge | messages | `service` |

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, MeterProvider as _};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

/// How often figures are sent.
pub const INTERVAL: Duration = Duration::from_secs(30);

/// What lies in the outbox for one service at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutboxFigures<'a> {
    /// `mail`, `slack` or `github`.
    pub service: &'a str,
    /// Messages that are still to be delivered, those that wait for another try among them.
    pub waiting: u64,
    /// The age of the oldest of them in seconds; 0 when there is none.
    pub oldest_seconds: f64,
    /// Messages that nobody tries to deliver any more.
    pub dead_letters: u64,
}

struct Instruments {
    provider: SdkMeterProvider,
    requests: Histogram<f64>,
    deliveries: Counter<u64>,
    delivery_time: Histogram<f64>,
    waiting: Gauge<u64>,
    oldest: Gauge<f64>,
    dead_letters: Gauge<u64>,
}

static INSTRUMENTS: OnceLock<Instruments> = OnceLock::new();

/// From a page out of memory to a call that is about to be given up.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// From now on figures are sent.
pub(super) fn start(exporter: MetricExporter, resource: Resource) {
    let reader = PeriodicReader::builder(exporter).with_interval(INTERVAL).build();
    let provider = SdkMeterProvider::builder()
        .with_reader(reader)
        .with_resource(resource)
        .build();
    let meter = provider.meter("jobserver");
    let seconds = |name: &'static str, what: &'static str| {
        meter
            .f64_histogram(name)
            .with_unit("s")
            .with_description(what)
            .with_boundaries(SECONDS.to_vec())
            .build()
    };
    let instruments = Instruments {
        requests: seconds(
            "http.server.request.duration",
            "How long requests take, until their answer has a status",
        ),
        delivery_time: seconds(
            "jobserver.outbox.delivery.duration",
            "How long attempts at a delivery take",
        ),
        deliveries: meter
            .u64_counter("jobserver.outbox.deliveries")
            .with_description("Attempts at a delivery, by how they ended")
            .build(),
        waiting: meter
            .u64_gauge("jobserver.outbox.waiting")
            .with_description("Messages that are still to be delivered")
            .build(),
        oldest: meter
            .f64_gauge("jobserver.outbox.oldest")
            .with_unit("s")
            .with_description("The age of the oldest message that is still to be delivered")
            .build(),
        dead_letters: meter
            .u64_gauge("jobserver.outbox.dead_letters")
            .with_description("Messages that nobody tries to deliver any more")
            .build(),
        provider,
    };
    // Telemetry is started once; `init` makes sure of it.
    let _ = INSTRUMENTS.set(instruments);
}

/// Counts an attempt at a delivery. `kind` is the message's kind, `outcome` one of a few words, such as
/// `delivered`, `later`, `dead`.
pub fn record_delivery(service: &str, kind: &str, outcome: &str, seconds: f64) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let attributes = [
            KeyValue::new("service", service.to_owned()),
            KeyValue::new("kind", kind.to_owned()),
            KeyValue::new("outcome", outcome.to_owned()),
        ];
        instruments.deliveries.add(1, &attributes);
        instruments.delivery_time.record(seconds, &attributes);
    }
}

/// Whether anybody asks for figures: what is not asked for need not be counted.
pub fn are_wanted() -> bool {
    INSTRUMENTS.get().is_some()
}

/// Tells what lies in the outbox. The worker does so every 15 seconds, for every service each time: a figure
/// that is not told again stays as it was.
pub fn observe_outbox(figures: OutboxFigures<'_>) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let attributes = [KeyValue::new("service", figures.service.to_owned())];
        instruments.waiting.record(figures.waiting, &attributes);
        instruments.oldest.record(figures.oldest_seconds, &attributes);
        instruments.dead_letters.record(figures.dead_letters, &attributes);
    }
}

/// Counts a request. `route` is the route's template; requests that no route fits are counted as one.
pub(super) fn record_request(method: &'static str, route: Option<&str>, status: u16, took: Duration) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let attributes = [
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.unwrap_or("none").to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        instruments.requests.record(took.as_secs_f64(), &attributes);
    }
}

/// Sends the last figures.
pub(super) fn flush(bound: Duration) {
    if let Some(instruments) = INSTRUMENTS.get() {
        // What went wrong was told when it went wrong first.
        let _ = instruments.provider.shutdown_with_timeout(bound);
    }
}
