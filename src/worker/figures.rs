//! Figures for operators: how deliveries end, and what lies in the outbox.

use time::OffsetDateTime;

use crate::core::outbox::{Attempted, Figures, State};
use crate::telemetry::metrics::{OutboxFigures, observe_outbox, record_delivery};

/// Counts an attempt that ended.
pub(super) fn count(attempted: &Attempted) {
    if let Attempted::Ended {
        service,
        kind,
        state,
        took,
    } = attempted
    {
        let outcome = match state {
            State::Waiting => "later",
            other => other.name(),
        };
        record_delivery(service.name(), kind, outcome, took.as_secs_f64());
    }
}

/// Tells what waits and what is dead, of every service.
pub(super) fn tell(figures: &[Figures]) {
    let now = OffsetDateTime::now_utc();
    for figures in figures {
        let oldest = figures.oldest.map_or(0.0, |since| (now - since).as_seconds_f64());
        observe_outbox(OutboxFigures {
            service: figures.service.name(),
            waiting: figures.waiting.unsigned_abs(),
            oldest_seconds: oldest.max(0.0),
            dead_letters: figures.dead.unsigned_abs(),
        });
    }
}
