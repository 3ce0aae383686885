//! Check-ins of schedules at Sentry: a monitor there raises the alarm when a schedule's work fails, hangs,
//! or is not done at all. Without `SENTRY_DSN` nothing happens.
//!
//! The first check-in of a schedule makes its monitor, with what [`Schedule`] says; there is nothing to set
//! up at Sentry. Sending is left to a thread of its own: neither [`start`] nor [`CheckIn::finish`] waits.

use std::time::{Duration, Instant};

use sentry::protocol::{EnvelopeItem, MonitorCheckIn, MonitorCheckInStatus, MonitorConfig, MonitorSchedule};
use sentry::types::Uuid;

use super::reports;

/// When a schedule's work is due, and when Sentry is to worry. Times are in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule<'a> {
    /// The monitor's name: the schedule's own, of lower-case letters, digits, `-` and `_`.
    pub slug: &'a str,
    /// Five fields, as in a crontab: `0 4 * * *`.
    pub crontab: &'a str,
    /// How late the work may begin; in whole minutes, one at least.
    pub margin: Duration,
    /// How long the work may take; in whole minutes, one at least.
    pub max_runtime: Duration,
    /// How many failures in a row are an incident.
    pub failure_threshold: u64,
    /// How many successes in a row end it.
    pub recovery_threshold: u64,
}

impl<'a> Schedule<'a> {
    /// What holds for almost every schedule: half an hour late, ten minutes long, and the second failure in
    /// a row is an incident.
    pub fn new(slug: &'a str, crontab: &'a str) -> Self {
        Self {
            slug,
            crontab,
            margin: Duration::from_mins(30),
            max_runtime: Duration::from_mins(10),
            failure_threshold: 2,
            recovery_threshold: 1,
        }
    }

    fn config(&self) -> MonitorConfig {
        let minutes = |time: Duration| Some((time.as_secs() / 60).max(1));
        MonitorConfig {
            schedule: MonitorSchedule::Crontab {
                value: self.crontab.to_owned(),
            },
            checkin_margin: minutes(self.margin),
            max_runtime: minutes(self.max_runtime),
            timezone: Some("Etc/UTC".to_owned()),
            failure_issue_threshold: Some(self.failure_threshold),
            recovery_threshold: Some(self.recovery_threshold),
        }
    }
}

/// How a schedule's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Error,
}

impl From<bool> for Outcome {
    /// `true` is success.
    fn from(succeeded: bool) -> Self {
        if succeeded { Self::Ok } else { Self::Error }
    }
}

/// Work that has begun. Dropped without [`CheckIn::finish`], by a panic or because the worker stops, it
/// counts as failed.
#[derive(Debug)]
#[must_use = "dropped, it reports a failure"]
pub struct CheckIn {
    /// Nothing once it is finished, or when nobody is told.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    id: Uuid,
    slug: String,
    started: Instant,
}

/// Tells that a schedule's work begins.
pub fn start(schedule: &Schedule<'_>) -> CheckIn {
    if !reports::is_on() {
        return CheckIn { open: None };
    }
    let open = Open {
        id: Uuid::from_u128(rand::random()),
        slug: schedule.slug.to_owned(),
        started: Instant::now(),
    };
    send(&open, MonitorCheckInStatus::InProgress, None, Some(schedule.config()));
    CheckIn { open: Some(open) }
}

impl CheckIn {
    /// Tells how the work ended, and how long it took.
    pub fn finish(mut self, outcome: Outcome) {
        self.conclude(match outcome {
            Outcome::Ok => MonitorCheckInStatus::Ok,
            Outcome::Error => MonitorCheckInStatus::Error,
        });
    }

    fn conclude(&mut self, status: MonitorCheckInStatus) {
        if let Some(open) = self.open.take() {
            let seconds = open.started.elapsed().as_secs_f64();
            send(&open, status, Some(seconds), None);
        }
    }
}

impl Drop for CheckIn {
    fn drop(&mut self) {
        self.conclude(MonitorCheckInStatus::Error);
    }
}

fn send(open: &Open, status: MonitorCheckInStatus, duration: Option<f64>, config: Option<MonitorConfig>) {
    reports::send(|environment| {
        EnvelopeItem::from(MonitorCheckIn {
            check_in_id: open.id,
            monitor_slug: open.slug.clone(),
            status,
            environment,
            duration,
            monitor_config: config,
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_is_told_minutes_and_never_none() {
        let config = Schedule::new("clearsessions", "0 4 * * *").config();
        assert_eq!(config.checkin_margin, Some(30));
        assert_eq!(config.max_runtime, Some(10));
        assert_eq!(config.failure_issue_threshold, Some(2));
        assert_eq!(config.recovery_threshold, Some(1));
        assert_eq!(config.timezone.as_deref(), Some("Etc/UTC"));
        let hasty = Schedule {
            margin: Duration::from_secs(5),
            ..Schedule::new("rap_status", "* * * * *")
        };
        assert_eq!(hasty.config().checkin_margin, Some(1));
    }

    #[test]
    fn without_sentry_nothing_is_told() {
        let check_in = start(&Schedule::new("clearsessions", "0 4 * * *"));
        assert!(check_in.open.is_none());
        check_in.finish(Outcome::from(true));
    }
}
