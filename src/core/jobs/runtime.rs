//! How long something ran.

use time::{Duration, OffsetDateTime};

/// A running time in whole seconds, never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Runtime(u64);

impl Runtime {
    /// From start to end; nothing when either is missing or the clock went backwards.
    pub fn between(started_at: Option<OffsetDateTime>, completed_at: Option<OffsetDateTime>) -> Self {
        match (started_at, completed_at) {
            (Some(start), Some(end)) => Self::from(end - start),
            _ => Self(0),
        }
    }

    pub fn from_seconds(seconds: f64) -> Self {
        Self(if seconds.is_finite() && seconds > 0.0 {
            seconds as u64
        } else {
            0
        })
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn seconds(self) -> u64 {
        self.0
    }

    /// `HH:MM:SS`, with as many digits of hours as it takes; `-` for nothing.
    pub fn clock(self) -> String {
        if self.is_zero() {
            return "-".to_owned();
        }
        format!("{:02}:{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60, self.0 % 60)
    }

    /// As people say it: the two largest parts, `4 min 12 s`, `2 h 5 min`, `3 days 1 h`.
    pub fn words(self) -> String {
        let (days, hours, minutes, seconds) = (self.0 / 86400, self.0 / 3600 % 24, self.0 / 60 % 60, self.0 % 60);
        let plural = if days == 1 { "day" } else { "days" };
        match (days, hours, minutes, seconds) {
            (0, 0, 0, s) => format!("{s} s"),
            (0, 0, m, 0) => format!("{m} min"),
            (0, 0, m, s) => format!("{m} min {s} s"),
            (0, h, 0, _) => format!("{h} h"),
            (0, h, m, _) => format!("{h} h {m} min"),
            (d, 0, _, _) => format!("{d} {plural}"),
            (d, h, _, _) => format!("{d} {plural} {h} h"),
        }
    }
}

impl From<Duration> for Runtime {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.whole_seconds()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn runtimes_read_as_people_say_them() {
        for (seconds, clock, words) in [
            (0, "-", "0 s"),
            (59, "00:00:59", "59 s"),
            (252, "00:04:12", "4 min 12 s"),
            (3600, "01:00:00", "1 h"),
            (7500, "02:05:00", "2 h 5 min"),
            (90000, "25:00:00", "1 day 1 h"),
            (720000, "200:00:00", "8 days 8 h"),
        ] {
            let runtime = Runtime::from(Duration::seconds(seconds));
            assert_eq!((runtime.clock().as_str(), runtime.words().as_str()), (clock, words));
        }
    }

    #[test]
    fn a_clock_that_went_backwards_means_nothing() {
        let (early, late) = (datetime!(2026-01-01 0:00 UTC), datetime!(2026-01-01 1:00 UTC));
        assert!(Runtime::between(Some(late), Some(early)).is_zero());
        assert!(Runtime::between(Some(early), None).is_zero());
        assert_eq!(Runtime::between(Some(early), Some(late)).seconds(), 3600);
        assert!(Runtime::from_seconds(f64::NAN).is_zero());
    }
}
