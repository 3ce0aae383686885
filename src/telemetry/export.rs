//! The way to the collector: OTLP over HTTP, with a runtime, a client and connections of its own. The
//! library's threads that send spans and metrics wait here; nothing that answers a request does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use opentelemetry::KeyValue;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;
use url::Url;

use super::TelemetryError;
use crate::config::{OtelSettings, TelemetrySettings};

/// How long one export may take, with everything. Whoever hangs for longer is given up.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most that is read of a collector's answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Where things are sent, and by whom.
pub(super) struct Export {
    endpoint: Url,
    courier: Arc<Courier>,
    runtime: Runtime,
}

impl Export {
    /// Ready to send to the collector of the settings; nothing without one.
    ///
    /// # Errors
    /// When a header cannot be one, or the machine gives no thread.
    pub(super) fn new(settings: &OtelSettings) -> Result<Option<Self>, TelemetryError> {
        let Some(endpoint) = settings.endpoint.clone() else {
            return Ok(None);
        };
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .default_headers(headers(settings)?)
            .build()
            .map_err(|error| TelemetryError::HttpClient(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()
            .map_err(TelemetryError::Thread)?;
        let courier = Arc::new(Courier {
            client,
            handle: runtime.handle().clone(),
            is_failing: AtomicBool::new(false),
        });
        Ok(Some(Self {
            endpoint,
            courier,
            runtime,
        }))
    }

    pub(super) fn spans(&self) -> Result<SpanExporter, TelemetryError> {
        SpanExporter::builder()
            .with_http()
            .with_endpoint(self.address("v1/traces"))
            .with_timeout(TIMEOUT)
            .with_shared_http_client(self.courier.clone())
            .build()
            .map_err(|error| TelemetryError::Exporter(error.to_string()))
    }

    pub(super) fn metrics(&self) -> Result<MetricExporter, TelemetryError> {
        MetricExporter::builder()
            .with_http()
            .with_endpoint(self.address("v1/metrics"))
            .with_timeout(TIMEOUT)
            .with_shared_http_client(self.courier.clone())
            .build()
            .map_err(|error| TelemetryError::Exporter(error.to_string()))
    }

    /// The setting is the base below which each signal has its path.
    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.endpoint.as_str().trim_end_matches('/'))
    }

    /// Leaves what is still on its way alone.
    pub(super) fn end(self) {
        self.runtime.shutdown_background();
    }
}

fn headers(settings: &OtelSettings) -> Result<HeaderMap, TelemetryError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let bad = || TelemetryError::Header(name.clone());
        let key = HeaderName::try_from(name).map_err(|_| bad())?;
        let mut value = HeaderValue::try_from(value.expose_secret()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

/// What and who everything is sent of and by.
pub(super) fn resource(settings: &TelemetrySettings) -> Resource {
    let mut builder = Resource::builder()
        .with_service_name(settings.otel.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if let Some(revision) = &settings.revision {
        builder = builder.with_attribute(KeyValue::new("vcs.ref.head.revision", revision.clone()));
    }
    builder.build()
}

/// Sends for threads that have no runtime.
#[derive(Debug)]
struct Courier {
    client: reqwest::Client,
    handle: tokio::runtime::Handle,
    is_failing: AtomicBool,
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.handle.spawn(async move { send(&client, request).await }).await;
        let result = sent.map_err(HttpError::from).and_then(|sent| sent);
        self.note(&result);
        result
    }
}

impl Courier {
    /// Says once that nothing gets through any more, and once that it does again.
    fn note(&self, result: &Result<Response<Bytes>, HttpError>) {
        let why = match result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answers {}", response.status())),
            Err(error) => Some(super::whole_story(error.as_ref())),
        };
        match (why, self.is_failing.load(Ordering::Relaxed)) {
            (Some(why), false) => {
                self.is_failing.store(true, Ordering::Relaxed);
                tracing::warn!("the telemetry collector takes nothing: {why}; trying on");
            }
            (None, true) => {
                self.is_failing.store(false, Ordering::Relaxed);
                tracing::info!("the telemetry collector is back");
            }
            _ => {}
        }
    }
}

async fn send(client: &reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = std::mem::take(answer.headers_mut());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err("its answer is too large".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(Bytes::from(body))?)
}
