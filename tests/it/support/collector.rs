//! A collector of traces and metrics, and a Sentry: what they are sent, read as they would read it. And
//! servers that a program may be pointed at instead, which are no help at all.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// How long what has to come may take; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A span as a test looks at it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub trace: String,
    pub id: String,
    /// Empty for the first of a trace.
    pub parent: String,
    pub name: String,
    pub kind: SpanKind,
    pub failed: bool,
    pub attributes: BTreeMap<String, String>,
    /// The spans of other traces that it is linked to.
    pub links: Vec<String>,
    pub events: Vec<BTreeMap<String, String>>,
}

impl Seen {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// A collector, which takes everything.
pub struct Collector {
    server: MockServer,
    received: mpsc::UnboundedReceiver<Request>,
    spans: Vec<Seen>,
    figures: Vec<Vec<u8>>,
    /// Every byte it was sent, for looking for what should not be there.
    pub bytes: Vec<u8>,
    pub resource: BTreeMap<String, String>,
    pub headers: Vec<String>,
}

struct Inbox(mpsc::UnboundedSender<Request>);

impl Respond for Inbox {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        // A test that is over no longer looks.
        let _ = self.0.send(request.clone());
        ResponseTemplate::new(200)
    }
}

async fn inbox() -> (MockServer, mpsc::UnboundedReceiver<Request>) {
    let server = MockServer::start().await;
    let (sender, received) = mpsc::unbounded_channel();
    Mock::given(any()).respond_with(Inbox(sender)).mount(&server).await;
    (server, received)
}

async fn next(received: &mut mpsc::UnboundedReceiver<Request>, what: &str) -> Request {
    tokio::time::timeout(PATIENCE, received.recv())
        .await
        .unwrap_or_else(|_| panic!("{what} does not come"))
        .unwrap()
}

impl Collector {
    pub async fn start() -> Self {
        let (server, received) = inbox().await;
        Self {
            server,
            received,
            spans: Vec::new(),
            figures: Vec::new(),
            bytes: Vec::new(),
            resource: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// The whole trace that has a span like this, once the span that begins the trace has come.
    pub async fn trace(&mut self, is_it: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        loop {
            if let Some(found) = self.spans.iter().find(|span| is_it(span)) {
                let trace: Vec<Seen> = self
                    .spans
                    .iter()
                    .filter(|span| span.trace == found.trace)
                    .cloned()
                    .collect();
                if trace.iter().any(|span| span.parent.is_empty()) {
                    return trace;
                }
            }
            self.take("a span").await;
        }
    }

    /// The values of a metric's points: attributes, and a number (a histogram's is its count).
    pub async fn metric(&mut self, name: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        loop {
            let points: Vec<_> = self.figures.iter().flat_map(|body| points(body, name)).collect();
            if !points.is_empty() {
                return points;
            }
            self.take(name).await;
        }
    }

    /// All that has been sent by a program that has ended.
    pub fn rest(&mut self) -> &[Seen] {
        while let Ok(request) = self.received.try_recv() {
            self.note(&request);
        }
        &self.spans
    }

    async fn take(&mut self, what: &str) {
        let request = next(&mut self.received, what).await;
        self.note(&request);
    }

    fn note(&mut self, request: &Request) {
        self.bytes.extend_from_slice(&request.body);
        self.headers.extend(
            request
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())),
        );
        if request.url.path() == "/v1/metrics" {
            self.figures.push(request.body.clone());
            return;
        }
        assert_eq!(request.url.path(), "/v1/traces");
        let export = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
        for of_resource in export.resource_spans {
            self.resource = attributes(of_resource.resource.unwrap().attributes);
            for of_scope in of_resource.scope_spans {
                self.spans.extend(of_scope.spans.into_iter().map(seen));
            }
        }
    }
}

fn seen(span: Span) -> Seen {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    Seen {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        kind: span.kind(),
        failed: span
            .status
            .as_ref()
            .is_some_and(|status| status.code() == StatusCode::Error),
        links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
        events: span
            .events
            .into_iter()
            .map(|event| attributes(event.attributes))
            .collect(),
        name: span.name,
        attributes: attributes(span.attributes),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|pair| (pair.key, pair.value.map(text).unwrap_or_default()))
        .collect()
}

fn text(value: AnyValue) -> String {
    match value.value {
        Some(Any::StringValue(text)) => text,
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::DoubleValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        other => format!("{other:?}"),
    }
}

fn points(body: &[u8], name: &str) -> Vec<(BTreeMap<String, String>, f64)> {
    use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
    let export = ExportMetricsServiceRequest::decode(body).unwrap();
    let mut points = Vec::new();
    let metrics = export
        .resource_metrics
        .into_iter()
        .flat_map(|of_resource| of_resource.scope_metrics)
        .flat_map(|of_scope| of_scope.metrics)
        .filter(|metric| metric.name == name);
    for metric in metrics {
        match metric.data {
            Some(Data::Histogram(histogram)) => points.extend(
                histogram
                    .data_points
                    .into_iter()
                    .map(|point| (attributes(point.attributes), point.count as f64)),
            ),
            Some(Data::Gauge(opentelemetry_proto::tonic::metrics::v1::Gauge { data_points }))
            | Some(Data::Sum(opentelemetry_proto::tonic::metrics::v1::Sum { data_points, .. })) => {
                points.extend(data_points.into_iter().map(|point| {
                    let value = match point.value {
                        Some(Value::AsDouble(value)) => value,
                        Some(Value::AsInt(value)) => value as f64,
                        None => f64::NAN,
                    };
                    (attributes(point.attributes), value)
                }));
            }
            other => panic!("{other:?}"),
        }
    }
    points
}

/// A Sentry, which takes everything.
pub struct Sentry {
    server: MockServer,
    received: mpsc::UnboundedReceiver<Request>,
}

impl Sentry {
    pub async fn start() -> Self {
        let (server, received) = inbox().await;
        Self { server, received }
    }

    pub fn dsn(&self) -> String {
        self.server.uri().replacen("http://", "http://s3cret-public-key@", 1) + "/7"
    }

    /// The next item of that type (`event`, `check_in`), and the envelope's text.
    pub async fn item(&mut self, wanted: &str) -> (Value, String) {
        loop {
            let request = next(&mut self.received, wanted).await;
            assert_eq!(request.url.path(), "/api/7/envelope/");
            let text = String::from_utf8(request.body).unwrap();
            let mut lines = text.lines().skip(1);
            while let (Some(header), Some(payload)) = (lines.next(), lines.next()) {
                let header: Value = serde_json::from_str(header).unwrap();
                if header["type"] == wanted {
                    return (serde_json::from_str(payload).unwrap(), text);
                }
            }
        }
    }
}

/// A server that lets everybody in and never says anything.
pub struct Silent {
    address: String,
    connections: watch::Receiver<usize>,
    door: tokio::task::JoinHandle<()>,
}

impl Silent {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (count, connections) = watch::channel(0);
        let door = tokio::spawn(async move {
            let mut held: Vec<TcpStream> = Vec::new();
            loop {
                held.push(listener.accept().await.unwrap().0);
                count.send_replace(held.len());
            }
        });
        Self {
            address,
            connections,
            door,
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends when somebody waits for it to speak.
    pub async fn holds_somebody(&mut self) {
        tokio::time::timeout(PATIENCE, self.connections.wait_for(|count| *count > 0))
            .await
            .expect("somebody comes")
            .unwrap();
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.door.abort();
    }
}
