//! Statements as spans. sqlx tells of each when it is over: its first words, how long it took and how many
//! rows it gave. Values are bound, so they are not in its text; the text is not sent all the same.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer;

const TARGET: &str = "sqlx::query";

/// Turns statements within a trace into spans of it.
pub(super) fn layer<S: Subscriber + for<'s> tracing_subscriber::registry::LookupSpan<'s>>(
    tracer: SdkTracer,
) -> impl Layer<S> + Send + Sync {
    // sqlx asks first whether anybody listens, by what is no event yet.
    Statements(tracer)
        .with_filter(FilterFn::new(|metadata| metadata.target() == TARGET).with_max_level_hint(Level::TRACE))
}

struct Statements(SdkTracer);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let parent = Context::current();
        if !parent.has_active_span() {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        let end = SystemTime::now();
        let start = end.checked_sub(told.elapsed).unwrap_or(end);
        let summary = told.summary.unwrap_or_else(|| "statement".to_owned());
        let mut attributes = vec![
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.query.summary", summary.clone()),
        ];
        if let Some(rows) = told.rows {
            attributes.push(KeyValue::new("db.response.returned_rows", rows));
        }
        let mut span = self
            .0
            .span_builder(summary)
            .with_kind(SpanKind::Client)
            .with_start_time(start)
            .with_attributes(attributes)
            .start_with_context(&self.0, &parent);
        span.end_with_timestamp(end);
    }
}

#[derive(Default)]
struct Told {
    summary: Option<String>,
    elapsed: Duration,
    rows: Option<i64>,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            self.summary = Some(value.trim_end_matches(" …").to_owned());
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = i64::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
