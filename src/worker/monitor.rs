//! Tells Sentry of the runs of schedules.

use crate::core::schedules::{Monitor, Schedule, Watch};
use crate::telemetry::check_ins::{self, CheckIn, Outcome};

/// A monitor at Sentry for each schedule; without `SENTRY_DSN` nobody is told.
#[derive(Debug, Clone, Copy)]
pub struct Sentry;

impl Monitor for Sentry {
    fn started(&self, schedule: &Schedule) -> Box<dyn Watch> {
        let crontab = schedule.when.to_string();
        let monitored = check_ins::Schedule {
            max_runtime: schedule.max_runtime,
            ..check_ins::Schedule::new(schedule.name, &crontab)
        };
        Box::new(Run(check_ins::start(&monitored)))
    }
}

#[derive(Debug)]
struct Run(CheckIn);

impl Watch for Run {
    fn finished(self: Box<Self>, succeeded: bool) {
        self.0.finish(Outcome::from(succeeded));
    }
}
