//! What is known of the request that is being answered, wherever in the program it is needed: log lines,
//! spans, reports and outgoing calls name it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Value;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt as _};
use sentry::{Hub, SentryFutureExt as _};
use tracing::field::{Empty, Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Instrument as _, Span, error_span, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan as _;
use tracing_subscriber::{Layer, Registry, layer};

use super::{metrics, reports, traces};

/// Of the span around everything that is logged of a request.
const TARGET: &str = "jobserver::request";

tokio::task_local! {
    static CURRENT: Arc<RequestScope>;
}

/// A request, from its first byte until its answer has a status.
#[derive(Debug)]
pub struct RequestScope {
    id: String,
    method: &'static str,
    spans: Mutex<Spans>,
    /// Reports of errors know the request by it; nothing when none are made.
    hub: Option<Arc<Hub>>,
}

#[derive(Debug, Clone)]
struct Spans {
    /// What log lines show around them.
    said: Span,
    /// The beginning of the request's trace; a disabled span when it has none.
    traced: Span,
}

/// What is known of a request when it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub id: &'a str,
    pub method: &'static str,
    /// The `traceparent` that came with it: linked to, never believed.
    pub traceparent: Option<&'a str>,
    /// Whether it is worth a trace: answers that cost nothing are not.
    pub is_of_interest: bool,
}

impl RequestScope {
    pub fn open(arrival: Arrival<'_>) -> Arc<Self> {
        let said = error_span!(
            target: TARGET,
            parent: None,
            "request",
            request_id = arrival.id,
            user_id = Empty,
            backend = Empty,
            job_requests = Empty,
        );
        let traced = if arrival.is_of_interest && traces::wanted().requests {
            trace_span!(target: traces::TARGET, parent: &said, "request", otel.kind = "server", request_id = arrival.id)
        } else {
            Span::none()
        };
        if let Some(context) = arrival.traceparent.and_then(traces::remote) {
            traced.add_link(context);
        }
        Arc::new(Self {
            id: arrival.id.to_owned(),
            method: arrival.method,
            spans: Mutex::new(Spans { said, traced }),
            hub: reports::hub_of_request(arrival.id, arrival.method),
        })
    }

    /// Does a part of the work on the request: its guards, its handler, the making of its answer.
    pub async fn run<T>(self: &Arc<Self>, route: &str, work: impl Future<Output = T>) -> T {
        let Spans { said, traced } = self.spans();
        let work = CURRENT
            .scope(Arc::clone(self), work)
            .instrument(traced)
            .instrument(said);
        match &self.hub {
            Some(hub) => {
                reports::set_route(hub, route);
                work.bind_hub(Arc::clone(hub)).await
            }
            None => work.await,
        }
    }

    /// The answer has a status. `route` is the route's template, without what stood in its place.
    pub fn close(&self, route: Option<&str>, status: u16, took: Duration) {
        let nothing = Spans {
            said: Span::none(),
            traced: Span::none(),
        };
        let Spans { traced, .. } =
            std::mem::replace(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner), nothing);
        metrics::record_request(self.method, route, status, took);
        if traced.is_disabled() {
            return;
        }
        traced.set_attribute("http.request.method", self.method);
        traced.set_attribute("http.response.status_code", i64::from(status));
        if let Some(route) = route {
            traced.set_attribute("http.route", route.to_owned());
            let name = format!("{} {route}", self.method);
            traced.context().span().update_name(name);
        } else {
            traced.context().span().update_name(self.method);
        }
        if status >= 500 {
            traced.set_status(Status::error(""));
        }
    }

    fn spans(&self) -> Spans {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells the present request who asks it.
pub fn signed_in(id: i32, username: &str) {
    let _ = CURRENT.try_with(|scope| {
        let spans = scope.spans();
        spans.said.record("user_id", id);
        spans.traced.set_attribute("user.id", i64::from(id));
        if let Some(hub) = &scope.hub {
            reports::set_user(hub, id, username);
        }
    });
}

/// Tells the present request which backend asks it.
pub fn asked_by_backend(slug: &str) {
    let _ = CURRENT.try_with(|scope| {
        let spans = scope.spans();
        spans.said.record("backend", slug);
        spans.traced.set_attribute("backend", slug.to_owned());
    });
}

/// Tells the present request which job requests it is about: the first few that a report names.
pub fn about_job_requests<'a>(identifiers: impl IntoIterator<Item = &'a str>) {
    let _ = CURRENT.try_with(|scope| {
        let identifiers = first_few(identifiers).join(",");
        if identifiers.is_empty() {
            return;
        }
        let spans = scope.spans();
        spans.said.record("job_requests", identifiers.as_str());
        spans.traced.set_attribute("job_requests", identifiers);
    });
}

/// Sets an attribute of the present request's span, for traces only.
pub fn set_attribute(name: &'static str, value: impl Into<Value>) {
    with_span(|span| span.set_attribute(name, value));
}

/// Job requests that are told of one request.
const NAMED: usize = 20;
/// Characters told of one identifier: clients choose them.
const LONGEST: usize = 64;

fn first_few<'a>(identifiers: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut named: Vec<&str> = Vec::new();
    for identifier in identifiers {
        // A report is grouped, so mostly the last one is it.
        if !named.iter().rev().any(|known| *known == identifier) {
            named.push(identifier);
            if named.len() == NAMED {
                break;
            }
        }
    }
    named
        .into_iter()
        .map(|identifier| identifier.chars().take(LONGEST).collect())
        .collect()
}

/// Does something with the present request's span of its trace, when it has one.
pub(super) fn with_span(work: impl FnOnce(&Span)) {
    let _ = CURRENT.try_with(|scope| {
        let traced = scope.spans().traced;
        if !traced.is_disabled() {
            work(&traced);
        }
    });
}

/// The id of the present request. A client that works in a task of its own has left the request's task, and
/// takes only the span with it.
pub(super) fn current_id() -> Option<String> {
    CURRENT.try_with(|scope| scope.id.clone()).ok().or_else(id_by_span)
}

fn id_by_span() -> Option<String> {
    Span::current().with_subscriber(|(id, subscriber)| {
        let span = subscriber.downcast_ref::<Registry>()?.span(id)?;
        span.scope()
            .find_map(|span| span.extensions().get::<RequestId>().map(|id| id.0.clone()))
    })?
}

struct RequestId(String);

/// Keeps the id of each request with its span.
pub(super) fn layer() -> impl Layer<Registry> + Send + Sync {
    Ids.with_filter(FilterFn::new(|metadata| {
        metadata.is_span() && metadata.target() == TARGET
    }))
}

struct Ids;

impl Layer<Registry> for Ids {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, Registry>) {
        let mut found = None;
        attributes.record(&mut IdVisitor(&mut found));
        if let (Some(found), Some(span)) = (found, context.span(id)) {
            span.extensions_mut().insert(RequestId(found));
        }
    }
}

struct IdVisitor<'a>(&'a mut Option<String>);

impl Visit for IdVisitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "request_id" {
            *self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The present span of the present trace, as others are told it.
pub(super) fn traceparent(context: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags().to_u8()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_first_few_job_requests_once() {
        let report = ["a", "a", "b", "a", "b"];
        assert_eq!(first_few(report), ["a", "b"]);
        let many: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        assert_eq!(first_few(many.iter().map(String::as_str)).len(), NAMED);
        let long = "x".repeat(500);
        assert_eq!(first_few([long.as_str()])[0].len(), LONGEST);
    }

    #[tokio::test]
    async fn outside_of_a_request_there_is_nothing_to_tell() {
        assert_eq!(current_id(), None);
        signed_in(1, "ada");
        let scope = RequestScope::open(Arrival {
            id: "abcdef12",
            method: "GET",
            traceparent: None,
            is_of_interest: true,
        });
        let id = scope.run("/", async { current_id() }).await;
        assert_eq!(id.as_deref(), Some("abcdef12"));
        scope.close(Some("/"), 200, Duration::from_millis(1));
    }
}
