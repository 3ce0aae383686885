//! When work is due. All times are UTC.

use std::fmt;

use time::{Duration, OffsetDateTime, Weekday};

/// How often work is done, as `jobserver runjobs` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Minutely,
    QuarterHourly,
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

impl Period {
    pub const ALL: [Self; 6] = [
        Self::Minutely,
        Self::QuarterHourly,
        Self::Hourly,
        Self::Daily,
        Self::Weekly,
        Self::Monthly,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Minutely => "minutely",
            Self::QuarterHourly => "quarter_hourly",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }
}

/// The times at which work is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    EveryMinute,
    /// At 0, 10, 20, 30, 40 and 50 minutes past; for `jobserver runjobs`, work of every quarter of an hour.
    EveryTenMinutes,
    /// At 0, 15, 30 and 45 minutes past.
    EveryQuarterOfAnHour,
    Hourly {
        minute: u8,
    },
    Daily {
        hour: u8,
        minute: u8,
    },
    Weekly {
        day: Weekday,
        hour: u8,
        minute: u8,
    },
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 1970 began with a Thursday.
const EPOCH_DAY: i64 = 3;

impl When {
    pub fn period(self) -> Period {
        match self {
            Self::EveryMinute => Period::Minutely,
            Self::EveryTenMinutes | Self::EveryQuarterOfAnHour => Period::QuarterHourly,
            Self::Hourly { .. } => Period::Hourly,
            Self::Daily { .. } => Period::Daily,
            Self::Weekly { .. } => Period::Weekly,
        }
    }

    /// Seconds from one time to the next, and from the beginning of 1970 to one of them.
    fn rhythm(self) -> (i64, i64) {
        let at = |hour: u8, minute: u8| i64::from(hour) * HOUR + i64::from(minute) * MINUTE;
        match self {
            Self::EveryMinute => (MINUTE, 0),
            Self::EveryTenMinutes => (10 * MINUTE, 0),
            Self::EveryQuarterOfAnHour => (15 * MINUTE, 0),
            Self::Hourly { minute } => (HOUR, at(0, minute)),
            Self::Daily { hour, minute } => (DAY, at(hour, minute)),
            Self::Weekly { day, hour, minute } => {
                let days = i64::from(day.number_days_from_monday()) - EPOCH_DAY;
                (7 * DAY, days * DAY + at(hour, minute))
            }
        }
    }

    /// The latest of the times that is not after `now`.
    pub fn latest(self, now: OffsetDateTime) -> OffsetDateTime {
        let (length, first) = self.rhythm();
        let since = (now.unix_timestamp() - first).rem_euclid(length);
        let whole = now.replace_nanosecond(0).unwrap_or(now);
        whole.saturating_sub(Duration::seconds(since))
    }

    /// The first of the times after `now`.
    pub fn next(self, now: OffsetDateTime) -> OffsetDateTime {
        self.latest(now).saturating_add(Duration::seconds(self.rhythm().0))
    }

    /// When work is really due that is stored as due at `due`. A clock that was wrong for a while, or a
    /// schedule that has changed, must not postpone work for long: what is later than the next two times
    /// is due at the next. The second is allowed, so that work which was done too early, while the clock
    /// was ahead, is not done twice.
    pub fn bounded(self, due: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
        let next = self.next(now);
        if due > self.next(next) { next } else { due }
    }
}

/// Five fields, as in a crontab.
impl When {
    /// For people, in UTC.
    pub fn words(&self) -> String {
        match self {
            Self::EveryMinute => "every minute".to_owned(),
            Self::EveryTenMinutes => "every ten minutes".to_owned(),
            Self::EveryQuarterOfAnHour => "every quarter of an hour".to_owned(),
            Self::Hourly { minute } => format!("hourly, {minute} minutes past"),
            Self::Daily { hour, minute } => format!("daily at {hour:02}:{minute:02}"),
            Self::Weekly { day, hour, minute } => format!("{day}s at {hour:02}:{minute:02}"),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryMinute => write!(f, "* * * * *"),
            Self::EveryTenMinutes => write!(f, "*/10 * * * *"),
            Self::EveryQuarterOfAnHour => write!(f, "*/15 * * * *"),
            Self::Hourly { minute } => write!(f, "{minute} * * * *"),
            Self::Daily { hour, minute } => write!(f, "{minute} {hour} * * *"),
            Self::Weekly { day, hour, minute } => {
                write!(f, "{minute} {hour} * * {}", day.number_days_from_sunday())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const DAILY: When = When::Daily { hour: 3, minute: 17 };
    const MONDAYS: When = When::Weekly {
        day: Weekday::Monday,
        hour: 8,
        minute: 0,
    };

    #[test]
    fn every_rhythm_has_its_times() {
        // A Tuesday.
        let now = datetime!(2026-11-24 23:59:59.5 UTC);
        for (when, latest, next, crontab) in [
            (
                When::EveryMinute,
                datetime!(2026-11-24 23:59 UTC),
                datetime!(2026-11-25 00:00 UTC),
                "* * * * *",
            ),
            (
                When::EveryTenMinutes,
                datetime!(2026-11-24 23:50 UTC),
                datetime!(2026-11-25 00:00 UTC),
                "*/10 * * * *",
            ),
            (
                When::EveryQuarterOfAnHour,
                datetime!(2026-11-24 23:45 UTC),
                datetime!(2026-11-25 00:00 UTC),
                "*/15 * * * *",
            ),
            (
                When::Hourly { minute: 20 },
                datetime!(2026-11-24 23:20 UTC),
                datetime!(2026-11-25 00:20 UTC),
                "20 * * * *",
            ),
            (
                DAILY,
                datetime!(2026-11-24 03:17 UTC),
                datetime!(2026-11-25 03:17 UTC),
                "17 3 * * *",
            ),
            (
                MONDAYS,
                datetime!(2026-11-23 08:00 UTC),
                datetime!(2026-11-30 08:00 UTC),
                "0 8 * * 1",
            ),
        ] {
            assert_eq!(when.latest(now), latest, "{when:?}");
            assert_eq!(when.next(now), next, "{when:?}");
            assert_eq!(when.to_string(), crontab);
        }
    }

    #[test]
    fn a_time_is_its_own_latest_and_never_its_own_next() {
        let due = datetime!(2026-11-24 03:17 UTC);
        assert_eq!(DAILY.latest(due), due);
        assert_eq!(DAILY.next(due), datetime!(2026-11-25 03:17 UTC));
        let before = due - Duration::microseconds(1);
        assert_eq!(DAILY.latest(before), datetime!(2026-11-23 03:17 UTC));
        assert_eq!(DAILY.next(before), due);
    }

    #[test]
    fn sundays_and_years_long_gone_are_no_exception() {
        let sundays = When::Weekly {
            day: Weekday::Sunday,
            hour: 0,
            minute: 0,
        };
        assert_eq!(sundays.to_string(), "0 0 * * 0");
        assert_eq!(
            sundays.next(datetime!(1969-12-31 12:00 UTC)),
            datetime!(1970-01-04 00:00 UTC)
        );
    }

    #[test]
    fn a_clock_that_was_ahead_neither_repeats_work_nor_postpones_it_for_long() {
        let now = datetime!(2026-11-24 12:00 UTC);
        let tomorrow = datetime!(2026-11-25 03:17 UTC);
        // As it should be, and overdue.
        assert_eq!(DAILY.bounded(tomorrow, now), tomorrow);
        let missed = datetime!(2026-11-01 03:17 UTC);
        assert_eq!(DAILY.bounded(missed, now), missed);
        // The clock was a day ahead: tomorrow's work is done.
        let after_tomorrow = datetime!(2026-11-26 03:17 UTC);
        assert_eq!(DAILY.bounded(after_tomorrow, now), after_tomorrow);
        // It was years ahead.
        assert_eq!(DAILY.bounded(datetime!(2036-11-26 03:17 UTC), now), tomorrow);
    }

    #[test]
    fn periods_are_known_by_their_names() {
        for period in Period::ALL {
            assert_eq!(Period::named(period.name()), Some(period));
        }
        assert_eq!(Period::named("yearly"), None);
    }
}
