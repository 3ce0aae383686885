//! Calls to other services, as spans of the trace they belong to. The other side is told which request and
//! which trace a call belongs to (`X-Request-Id`, `traceparent`), so that its logs can be found by ours.
//!
//! A span names the host and a template of the path, never the path: what stands in it may be anything.

use std::future::Future;

use opentelemetry::trace::TraceContextExt as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{RequestBuilder, Response};
use tracing::field::Empty;
use tracing::{Instrument as _, Span, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{request, traces};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Sends a request and gives the answer, whatever its status. `template` is the path with names in place of
/// what changes: `/repos/{owner}/{repo}/issues`.
///
/// # Errors
/// As [`RequestBuilder::send`].
pub async fn send(request: RequestBuilder, template: &str) -> reqwest::Result<Response> {
    let (client, request) = request.build_split();
    let mut request = request?;
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let call = Call::new(request.method().as_str(), &host, template);
    call.tell(request.headers_mut());
    let result = call.make(client.execute(request)).await;
    call.ended(result.as_ref().ok().map(|answer| answer.status().as_u16()));
    result
}

/// One call, for clients that make their requests themselves: [`Call::tell`] before it is sent,
/// [`Call::make`] to wait for the answer, [`Call::ended`] with its status.
#[derive(Debug)]
pub struct Call {
    span: Span,
}

impl Call {
    pub fn new(method: &str, host: &str, template: &str) -> Self {
        if !traces::wanted().calls {
            return Self { span: Span::none() };
        }
        let span = trace_span!(
            target: traces::TARGET,
            "call",
            otel.name = format!("{method} {template}"),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method,
            http.response.status_code = Empty,
            server.address = host,
            url.template = template,
            error.type = Empty,
        );
        Self { span }
    }

    /// Adds the headers by which the other side can name the request and the trace.
    pub fn tell(&self, headers: &mut HeaderMap) {
        if let Some(id) = request::current_id().and_then(|id| HeaderValue::try_from(id).ok()) {
            headers.insert(REQUEST_ID, id);
        }
        if self.span.is_disabled() {
            return;
        }
        let context = self.span.context();
        let span = context.span();
        let traceparent = request::traceparent(span.span_context());
        if span.span_context().is_valid()
            && let Ok(value) = HeaderValue::try_from(traceparent)
        {
            headers.insert(TRACEPARENT, value);
        }
    }

    pub fn make<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        work.instrument(self.span.clone())
    }

    /// `None` when there was no answer.
    pub fn ended(&self, status: Option<u16>) {
        match status {
            Some(status) => {
                self.span.record("http.response.status_code", i64::from(status));
                if status >= 400 {
                    self.span.record("error.type", status.to_string());
                    self.span.record("otel.status_code", "ERROR");
                }
            }
            None => {
                self.span.record("error.type", "no_answer");
                self.span.record("otel.status_code", "ERROR");
            }
        }
    }
}
