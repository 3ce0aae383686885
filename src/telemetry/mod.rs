//! What the program tells those who look after it: logs, traces, metrics, and reports of errors.
//!
//! - Log lines are always written, to standard output (`logs`).
//! - Traces and metrics go to a collector when `OTEL_EXPORTER_OTLP_ENDPOINT` is set (`export`, [`traces`],
//!   [`metrics`], [`outgoing`]).
//! - Errors and check-ins of schedules go to Sentry when `SENTRY_DSN` is set (`reports`, [`check_ins`]).
//!
//! - [`request`] is what all of them know of the request that is being answered.
//!
//! None of them can stop or slow a request: each puts what it has to say into a short queue that threads of
//! its own empty, and drops it when the queue is full. At the end of the process they get [`LAST_WORDS`] to
//! send what is left, and no more.
//!
//! Started before the runtime and before Rocket: Sentry's threads find the client in the first one's, and
//! Rocket brings a logger that gives way to one that is there.

pub mod check_ins;
mod console;
mod export;
mod logs;
pub mod metrics;
pub mod outgoing;
mod panics;
mod reports;
pub mod request;
mod scrub;
mod sql;
pub mod traces;

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_log::{AsLog as _, LogTracer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt as _};

use self::export::Export;
use self::traces::whole_story;
use crate::config::TelemetrySettings;

/// How long the end of the process may wait for collectors and for Sentry, all together.
pub const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("RUST_LOG is not a log filter such as warn,jobserver=debug: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("telemetry was started already")]
    AlreadyStarted(#[from] SetGlobalDefaultError),
    #[error("telemetry was started already")]
    StartedTwice,
    #[error("another part of the program took the log before telemetry was started")]
    LogTaken(#[from] tracing_log::log_tracer::SetLoggerError),
    #[error("SENTRY_DSN is not a Sentry address, such as https://key@sentry.example.org/1")]
    SentryAddress,
    #[error("no HTTP client can be made: {0}")]
    HttpClient(String),
    #[error("OTEL_EXPORTER_OTLP_HEADERS has a header that HTTP does not allow: {0}")]
    Header(String),
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {0}")]
    Exporter(String),
    #[error("no thread can be started: {0}")]
    Thread(#[source] io::Error),
}

/// Keep it until the program ends: dropping it sends what is still held back, for [`LAST_WORDS`] at most.
#[must_use = "telemetry ends when the guard is dropped"]
pub struct TelemetryGuard {
    export: Option<Export>,
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        within(LAST_WORDS, &[traces::flush, metrics::flush, reports::flush]);
        if let Some(export) = self.export.take() {
            export.end();
        }
        // Nobody is left to be told of a failure.
        let _ = io::stdout().flush();
    }
}

/// Does everything at once, each in a thread of its own, and waits so long at most. What is not done by then
/// is left alone: it ends with the process.
fn within(bound: Duration, work: &[fn(Duration)]) {
    let end = Instant::now() + bound;
    let (done, all_done) = mpsc::channel();
    let mut awaited = 0;
    for work in work.iter().copied() {
        let done = done.clone();
        let thread = std::thread::Builder::new().name("last words".into()).spawn(move || {
            work(bound);
            let _ = done.send(());
        });
        awaited += usize::from(thread.is_ok());
    }
    for _ in 0..awaited {
        let left = end.saturating_duration_since(Instant::now());
        if all_done.recv_timeout(left).is_err() {
            return;
        }
    }
}

/// Starts telemetry. Call it once, before Rocket is built and before any runtime is started.
///
/// # Errors
/// On a filter or an address that cannot be read, and when it was started already.
pub fn init(settings: &TelemetrySettings) -> Result<TelemetryGuard, TelemetryError> {
    let filter = logs::filter(settings)?;
    // What no directive of the filter lets through is not even handed over by `log`.
    let from_log = filter.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let mut layers: Layers = vec![
        request::layer().boxed(),
        logs::lines(settings, io::stdout).with_filter(filter).boxed(),
    ];
    if reports::start(&settings.sentry, release(settings))? {
        layers.push(reports::layer().boxed());
    }
    let export = start_export(settings, &mut layers)?;
    tracing::subscriber::set_global_default(Registry::default().with(layers))?;
    LogTracer::builder().with_max_level(from_log.as_log()).init()?;
    panics::log();
    Ok(TelemetryGuard { export })
}

type Layers = Vec<Box<dyn Layer<Registry> + Send + Sync>>;

/// Traces and metrics, as far as somebody is there to take them.
fn start_export(settings: &TelemetrySettings, layers: &mut Layers) -> Result<Option<Export>, TelemetryError> {
    let export = Export::new(&settings.otel)?;
    if export.is_none() && !settings.otel.console {
        return Ok(None);
    }
    let resource = export::resource(settings);
    let mut provider = traces::provider(resource.clone());
    if let Some(export) = &export {
        provider = provider.sending_by(export.spans()?);
        metrics::start(export.metrics()?, resource);
    }
    if settings.otel.console {
        provider = provider.sending_by(console::Console);
    }
    let wanted = traces::Wanted::by(&settings.otel);
    let tracer = provider.start(wanted).ok_or(TelemetryError::StartedTwice)?;
    layers.push(traces::layer(tracer.clone()).boxed());
    if wanted.statements {
        layers.push(sql::layer(tracer).boxed());
    }
    Ok(export)
}

/// The version, and the commit when it is known: `jobserver@0.1.0+abc123`.
fn release(settings: &TelemetrySettings) -> String {
    let version = concat!("jobserver@", env!("CARGO_PKG_VERSION"));
    match &settings.revision {
        Some(revision) => format!("{version}+{revision}"),
        None => version.to_owned(),
    }
}

/// For tests: log lines go through the test harness's capture, so that a failed test shows its
/// own. May be called by every test.
pub fn init_for_tests() {
    let filter = EnvFilter::new("warn,jobserver=debug,rocket=warn");
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_test_writer()
        .finish();
    // All but the first call find it done.
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        let _ = LogTracer::init();
    }
}

/// The log lines that `init` writes, and nothing else, with a writer of one's choice.
///
/// # Errors
/// On a filter that cannot be read.
pub fn subscriber<W>(
    settings: &TelemetrySettings,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = logs::filter(settings)?;
    Ok(Registry::default().with(logs::lines(settings, writer).with_filter(filter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_waits_for_what_is_quick_and_not_for_what_hangs() {
        fn quick(_: Duration) {}
        fn hangs(_: Duration) {
            loop {
                std::thread::park();
            }
        }
        let began = Instant::now();
        within(Duration::from_secs(60), &[quick, quick]);
        assert!(began.elapsed() < Duration::from_secs(30));
        within(Duration::from_millis(20), &[hangs, quick]);
    }
}
