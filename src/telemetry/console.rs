//! Spans on standard output, one JSON object a line, for developing without a collector.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Map, Value, json};

/// Writes spans instead of sending them.
#[derive(Debug)]
pub(super) struct Console;

impl SpanExporter for Console {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut out = std::io::stdout().lock();
        for span in batch {
            writeln!(out, "{}", line(&span)).map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
        }
        Ok(())
    }
}

fn line(span: &SpanData) -> Value {
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let started = span
        .start_time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let attributes: Map<String, Value> = span
        .attributes
        .iter()
        .map(|attribute| (attribute.key.to_string(), json!(attribute.value.to_string())))
        .collect();
    json!({
        "span": span.name,
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": span.parent_span_id.to_string(),
        "started": started.as_secs_f64(),
        "milliseconds": milliseconds(took),
        "attributes": attributes,
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
