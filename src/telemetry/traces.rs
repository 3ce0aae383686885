//! Traces: what the time of a request or of a delivery was spent on.
//!
//! A span of the `tracing` crate whose target is [`TARGET`] becomes a span of a trace; log lines and other
//! spans do not. Statements become spans by what sqlx tells of each (`sql`), calls to other services by
//! [`super::outgoing`].
//!
//! Every trace begins here. Who calls us may send a `traceparent`: the trace is linked to that one, and
//! nothing else follows from it, as anybody may send anything.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState, TracerProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanExporter,
};
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::Registry;

use crate::config::OtelSettings;

/// Spans with this target are parts of traces. One that has no parent begins a trace.
pub const TARGET: &str = "jobserver::trace";

/// Spans that wait to be sent; more are dropped.
const QUEUE: usize = 4096;
const BATCH: usize = 512;
/// How long a span waits for others at most.
const DELAY: Duration = Duration::from_secs(2);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Which kinds of span are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub requests: bool,
    pub statements: bool,
    pub calls: bool,
}

static WANTED: OnceLock<Wanted> = OnceLock::new();

impl Wanted {
    /// The names are those of the instrumentations that installations know.
    pub(super) fn by(settings: &OtelSettings) -> Self {
        let is_on = |names: &[&str]| {
            !settings
                .disabled_instrumentations
                .iter()
                .any(|off| names.contains(&off.to_ascii_lowercase().as_str()))
        };
        Self {
            requests: is_on(&["django", "rocket"]),
            statements: is_on(&["psycopg2", "psycopg", "sqlx"]),
            calls: is_on(&["requests", "reqwest"]),
        }
    }
}

/// What is wanted; nothing while traces are off.
pub(super) fn wanted() -> Wanted {
    WANTED.get().copied().unwrap_or(Wanted {
        requests: false,
        statements: false,
        calls: false,
    })
}

/// A provider that sends by the exporters it is given, each with a thread and a queue of its own.
pub(super) fn provider(resource: Resource) -> ProviderBuilder {
    let builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampler::AlwaysOn);
    ProviderBuilder(builder)
}

pub(super) struct ProviderBuilder(opentelemetry_sdk::trace::TracerProviderBuilder);

impl ProviderBuilder {
    pub(super) fn sending_by(self, exporter: impl SpanExporter + 'static) -> Self {
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        Self(self.0.with_span_processor(processor))
    }

    /// From now on traces are on; gives what makes spans.
    pub(super) fn start(self, wanted: Wanted) -> Option<SdkTracer> {
        let provider = self.0.build();
        let tracer = provider.tracer("jobserver");
        PROVIDER.set(provider).ok()?;
        WANTED.set(wanted).ok()?;
        Some(tracer)
    }
}

/// Turns spans of [`TARGET`] into spans of traces.
pub(super) fn layer(tracer: SdkTracer) -> impl Layer<Registry> + Send + Sync {
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(
            FilterFn::new(|metadata| metadata.is_span() && metadata.target() == TARGET)
                .with_max_level_hint(Level::TRACE),
        )
}

/// Sends what still waits.
pub(super) fn flush(bound: Duration) {
    if let Some(provider) = PROVIDER.get() {
        // What went wrong was told when it went wrong first.
        let _ = provider.shutdown_with_timeout(bound);
    }
}

/// Another trace's span, as a W3C `traceparent` names it: `00-<trace>-<span>-<flags>`.
pub(super) fn remote(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_known = version.len() == 2 && version != "ff" && trace.len() == 32 && span.len() == 16 && flags.len() == 2;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags),
        true,
        TraceState::NONE,
    );
    (is_known && context.is_valid()).then_some(context)
}

/// A span that begins a trace of work that no request asked for, such as a delivery. Run the work within it
/// (`work.instrument(begin("deliver slack"))`): its statements and calls are the trace's. `name` is one of a
/// few: nothing that changes each time.
pub fn begin(name: &str) -> Span {
    tracing::trace_span!(target: TARGET, parent: None, "work", otel.name = name)
}

/// Links the present request's trace to another one, such as the trace that a runner keeps of a job.
pub fn link(traceparent: &str, why: &'static str) {
    if !wanted().requests {
        return;
    }
    if let Some(context) = remote(traceparent) {
        let attributes = vec![KeyValue::new("link", why)];
        super::request::with_span(|span| span.add_link_with_attributes(context, attributes));
    }
}

/// Records on the present request's span that something was refused or failed. The message is one of the
/// program's own: nothing that somebody sent.
pub fn exception(kind: &'static str, message: &'static str) {
    if wanted().requests {
        let attributes = vec![
            KeyValue::new("exception.type", kind),
            KeyValue::new("exception.message", message),
        ];
        super::request::with_span(|span: &Span| span.add_event("exception", attributes));
    }
}

/// An error with what caused it, in one line.
pub(super) fn whole_story(error: &(dyn Error + 'static)) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        story.push_str(": ");
        story.push_str(&error.to_string());
        cause = error.source();
    }
    story
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, mpsc};

    use opentelemetry::trace::{Span as _, Tracer as _};
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::SpanData;

    use super::*;

    /// A collector that takes nothing until it is told to.
    #[derive(Debug)]
    struct Held {
        gate: Mutex<mpsc::Receiver<()>>,
        arrived: mpsc::SyncSender<()>,
        taken: Arc<AtomicUsize>,
    }

    impl SpanExporter for Held {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let _ = self.arrived.try_send(());
            // The gate is opened by being thrown away.
            let _ = self.gate.lock().unwrap().recv();
            self.taken.fetch_add(batch.len(), Ordering::SeqCst);
            Ok(())
        }
    }

    #[test]
    fn no_more_spans_wait_than_the_queue_holds() {
        let (open, gate) = mpsc::channel();
        let (arrived, arrival) = mpsc::sync_channel(1);
        let taken = Arc::new(AtomicUsize::new(0));
        let held = Held {
            gate: Mutex::new(gate),
            arrived,
            taken: Arc::clone(&taken),
        };
        let provider = provider(Resource::builder_empty().build()).sending_by(held).0.build();
        let tracer = provider.tracer("test");
        for _ in 0..BATCH {
            tracer.start("held").end();
        }
        arrival.recv().unwrap();
        // The collector hangs from here on; nobody waits for it.
        for _ in 0..3 * QUEUE {
            tracer.start("late").end();
        }
        assert_eq!(taken.load(Ordering::SeqCst), 0);
        drop(open);
        provider.shutdown().unwrap();
        let taken = taken.load(Ordering::SeqCst);
        assert!((QUEUE..=QUEUE + BATCH).contains(&taken), "{taken}");
    }

    #[test]
    fn a_traceparent_is_read_as_the_standard_writes_it() {
        let context = remote("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.span_id().to_string(), "b7ad6b7169203331");
        assert!(context.is_remote() && context.is_sampled());
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01",
            "00-äf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(remote(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn instrumentations_are_switched_off_by_the_names_that_installations_know() {
        let mut settings = crate::config::Settings::for_tests("postgres://db/jobserver")
            .unwrap()
            .telemetry
            .otel;
        let all = Wanted {
            requests: true,
            statements: true,
            calls: true,
        };
        assert_eq!(Wanted::by(&settings), all);
        for (name, expected) in [
            (
                "psycopg2",
                Wanted {
                    statements: false,
                    ..all
                },
            ),
            ("Requests", Wanted { calls: false, ..all }),
            ("django", Wanted { requests: false, ..all }),
            ("redis", all),
        ] {
            settings.disabled_instrumentations = vec![name.into()];
            assert_eq!(Wanted::by(&settings), expected, "{name}");
        }
    }
}
