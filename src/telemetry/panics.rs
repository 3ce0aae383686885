//! A panic is an error like others: one line in the log, with the request it happened in, and a report when
//! errors are reported. Rocket catches panics of handlers and answers 500.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

/// From now on panics are logged instead of written to standard error.
pub(super) fn log() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let what = panic.payload_as_str().unwrap_or("a panic without words");
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(target: "jobserver::panic", location, backtrace, "a part of the program panicked: {what}");
}
