//! Log lines on standard output: for people, or one JSON object a line.
//!
//! Rocket logs through the `log` crate and brings a logger of its own, which gives way to one that is there
//! already. Its lines then come through ours, from warnings upwards, as its line per request has no request
//! id; the web part writes that line.
//!
//! Secrets stay out of the logs by type, and what comes in by accident is taken out of the finished line: the settings hold them in types whose `Debug` is a mask. What is
//! said of a request is chosen field by field, and neither a cookie, a header nor a query is among it.

use std::io::{self, Write};
use std::sync::Arc;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use super::TelemetryError;
use super::scrub::Scrubber;
use crate::config::{LogFormat, LogLevel, TelemetrySettings};

/// The layer that writes lines, without its filter.
pub(super) fn lines<S, W>(settings: &TelemetrySettings, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let writer = Clean {
        scrubber: Arc::new(Scrubber::of_lines(&settings.sentry.hidden)),
        writer,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match (settings.log_format, settings.log_timestamps) {
        (LogFormat::Json, true) => lines.json().flatten_event(true).with_span_list(false).boxed(),
        (LogFormat::Json, false) => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .without_time()
            .boxed(),
        (LogFormat::Text, true) => lines.with_ansi(false).boxed(),
        (LogFormat::Text, false) => lines.with_ansi(false).without_time().boxed(),
    }
}

/// The second net: what came into a line by accident (a database that repeats what it was told, say) leaves it
/// before it is written.
struct Clean<W> {
    scrubber: Arc<Scrubber>,
    writer: W,
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Clean<W> {
    type Writer = CleanLines<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        CleanLines {
            scrubber: self.scrubber.clone(),
            writer: self.writer.make_writer(),
        }
    }
}

/// Each write is of one whole line.
struct CleanLines<W> {
    scrubber: Arc<Scrubber>,
    writer: W,
}

impl<W: Write> Write for CleanLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let clean = self.scrubber.text(&String::from_utf8_lossy(bytes));
        self.writer.write_all(clean.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Rocket's own chatter is left out, but for the module that explains why a launch failed: it says
/// what happened as an error and the details as information. That no route fits a request, and which
/// catcher answers it, is nothing to warn of: the access line tells its status.
///
/// Handlebars tells every value that a template looks at, also a token in a form, so it is heard from warnings on
/// however loud the rest is.
const QUIET: &str = "rocket=warn,rocket::server::_=off,rocket::error=info,handlebars=warn";

/// Libraries speak up from warnings on, our own code from the level of the settings on. A filter
/// of the operator's own replaces both, but Rocket and Handlebars stay at warnings unless they are named there.
pub(super) fn filter(settings: &TelemetrySettings) -> Result<EnvFilter, TelemetryError> {
    let directives = match &settings.log_filter {
        Some(filter) => format!("{QUIET},{filter}"),
        None => {
            let ours = match settings.log_level {
                LogLevel::Error => "error",
                LogLevel::Warn => "warn",
                LogLevel::Info => "info",
                LogLevel::Debug => "debug",
                LogLevel::Trace => "trace",
            };
            let (others, rocket) = match settings.log_level {
                LogLevel::Error => ("error", "rocket=error,rocket::server::_=off"),
                _ => ("warn", QUIET),
            };
            format!("{others},{rocket},jobserver={ours}")
        }
    };
    Ok(EnvFilter::try_new(directives)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::config::{SecretUrl, Settings};
    use crate::telemetry::subscriber;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn settings() -> TelemetrySettings {
        Settings::for_tests("postgres://db/jobserver").unwrap().telemetry
    }

    /// What is written while `speak` runs under these settings.
    fn written(settings: &TelemetrySettings, speak: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(settings, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, speak);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn speak() {
        tracing::info!(target: "jobserver::jobs", job = "abc", "ours, info");
        tracing::debug!(target: "jobserver::jobs", "ours, debug");
        tracing::info!(target: "hyper::client", "library, info");
        tracing::warn!(target: "hyper::client", "library, warn");
        tracing::info!(target: "rocket::server", "rocket, info");
        tracing::warn!(target: "rocket::server", "rocket, warn");
        tracing::info!(target: "rocket::error::_", "rocket, why");
        tracing::error!(target: "rocket::server::_", "rocket, no route");
    }

    #[test]
    fn our_lines_start_at_info_and_libraries_at_warn() {
        let out = written(&settings(), speak);
        for said in ["ours, info", "library, warn", "rocket, warn", "rocket, why"] {
            assert!(out.contains(said), "{said} is not in {out}");
        }
        assert_eq!(out.lines().count(), 4, "{out}");
    }

    #[test]
    fn the_level_and_the_filter_are_honoured() {
        let loud = TelemetrySettings {
            log_level: LogLevel::Debug,
            ..settings()
        };
        assert!(written(&loud, speak).contains("ours, debug"));
        let quiet = TelemetrySettings {
            log_level: LogLevel::Error,
            ..settings()
        };
        assert_eq!(written(&quiet, speak), "");
        let filtered = TelemetrySettings {
            log_filter: Some("info".into()),
            ..settings()
        };
        let out = written(&filtered, speak);
        assert!(out.contains("library, info") && !out.contains("rocket, info"), "{out}");
        let named = TelemetrySettings {
            log_filter: Some("rocket=info".into()),
            ..settings()
        };
        let out = written(&named, speak);
        assert!(out.contains("rocket, info") && !out.contains("ours"), "{out}");
        let bad = TelemetrySettings {
            log_filter: Some("jobserver=loud".into()),
            ..settings()
        };
        assert!(matches!(subscriber(&bad, io::sink), Err(TelemetryError::Filter(_))));
    }

    #[test]
    fn json_lines_are_flat_objects_with_a_time_only_for_debug() {
        let mut json = TelemetrySettings {
            log_format: LogFormat::Json,
            ..settings()
        };
        let line = |settings: &TelemetrySettings| -> serde_json::Value {
            let out = written(settings, || tracing::info!(target: "jobserver::x", job = 7, "hello"));
            serde_json::from_str(&out).unwrap()
        };
        let value = line(&json);
        assert_eq!(value["level"], "INFO");
        assert_eq!(value["target"], "jobserver::x");
        assert_eq!(value["message"], "hello");
        assert_eq!(value["job"], 7);
        assert!(value.get("timestamp").is_none());
        json.log_timestamps = true;
        assert!(line(&json)["timestamp"].is_string());
    }

    #[test]
    fn a_secret_that_is_logged_is_a_mask() {
        let url = SecretUrl::new(url::Url::parse("postgres://a:hunter2@db/x").unwrap());
        let key = secrecy::SecretString::from("hunter2");
        let out = written(&settings(), || {
            tracing::info!(target: "jobserver::x", ?url, %url, ?key, "settings");
        });
        assert!(out.contains("********") && out.contains("REDACTED"), "{out}");
        assert!(!out.contains("hunter2"), "{out}");
    }

    #[test]
    fn what_others_blurt_out_is_taken_out_of_the_line() {
        let mut settings = settings();
        settings.sentry.hidden = vec!["a-long-secret-of-ours".into(), "hello".into()];
        for log_format in [LogFormat::Text, LogFormat::Json] {
            settings.log_format = log_format;
            let out = written(&settings, || {
                let cause = "no: a-long-secret-of-ours, sessionid=abc123; Authorization: abc123";
                tracing::error!(target: "jobserver::x", cause, "hello");
                tracing::error!(target: "jobserver::x", "GET /login-link/abc123/ failed");
            });
            assert!(!out.contains("a-long-secret") && !out.contains("abc123"), "{out}");
            // Short values of settings are words.
            assert!(out.contains("hello") && out.contains("sessionid=*****"), "{out}");
            assert_eq!(out.lines().count(), 2, "{out}");
            if log_format == LogFormat::Json {
                let mut lines = out.lines().map(serde_json::from_str::<serde_json::Value>);
                assert!(lines.all(|line| line.is_ok()), "{out}");
            }
        }
    }
}
