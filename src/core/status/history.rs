//! What samples come to.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::State;
use super::store::Bin;

/// What a sample stands for.
pub const SLOT: Duration = Duration::minutes(10);
/// Samples in a day.
pub const DAY_SLOTS: usize = 144;
/// Hours in seven days.
pub const WEEK_HOURS: usize = 168;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub state: State,
    /// Jobs that waited.
    pub pending: i32,
}

/// An hour's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    pub samples: i64,
    pub missing: i64,
    pub maintenance: i64,
}

impl Hour {
    /// The worst that was seen.
    pub fn state(self) -> State {
        if self.missing > 0 {
            State::Missing
        } else if self.maintenance > 0 {
            State::Maintenance
        } else {
            State::InContact
        }
    }
}

/// A time in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    pub from: OffsetDateTime,
    /// `None` when it goes on.
    pub to: Option<OffsetDateTime>,
}

/// A backend's last day and last seven days, the present ten minutes and hour being the last. What nobody sampled
/// is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub day: Vec<Option<Seen>>,
    pub day_from: OffsetDateTime,
    pub week: Vec<Option<Hour>>,
    pub week_from: OffsetDateTime,
    now: OffsetDateTime,
}

/// When the last day and the last seven days began, whole samples and whole hours.
pub fn windows(now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
    let day = end_of(now, SLOT) - SLOT * DAY_SLOTS as i32;
    let week = end_of(now, Duration::HOUR) - Duration::HOUR * WEEK_HOURS as i32;
    (day, week)
}

/// The end of the piece of time of this length that `now` is in.
fn end_of(now: OffsetDateTime, length: Duration) -> OffsetDateTime {
    let into = Duration::seconds(now.unix_timestamp().rem_euclid(length.whole_seconds()));
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now - into + length
}

/// The history of each backend that has samples, by slug.
pub fn histories(bins: Vec<Bin>, now: OffsetDateTime) -> HashMap<String, History> {
    let mut all = HashMap::new();
    for bin in bins {
        let history = all.entry(bin.slug.clone()).or_insert_with(|| History::unknown(now));
        history.take(&bin);
    }
    all
}

impl History {
    /// Of a backend that nobody sampled.
    pub fn unknown(now: OffsetDateTime) -> Self {
        let (day_from, week_from) = windows(now);
        Self {
            day: vec![None; DAY_SLOTS],
            day_from,
            week: vec![None; WEEK_HOURS],
            week_from,
            now,
        }
    }

    fn take(&mut self, bin: &Bin) {
        let (from, length) = if bin.is_hour {
            (self.week_from, Duration::HOUR)
        } else {
            (self.day_from, SLOT)
        };
        // A sample of the future, taken while the clock was wrong, has no place.
        let Ok(place) = usize::try_from((bin.at - from).whole_seconds().div_euclid(length.whole_seconds())) else {
            return;
        };
        let hour = Hour {
            samples: bin.samples,
            missing: bin.missing,
            maintenance: bin.maintenance,
        };
        if bin.is_hour {
            if let Some(slot) = self.week.get_mut(place) {
                *slot = Some(hour);
            }
        } else if let Some(slot) = self.day.get_mut(place) {
            *slot = Some(Seen {
                state: hour.state(),
                pending: bin.pending,
            });
        }
    }

    /// The share of the samples of the last seven days in which it was in contact, in tenths of a per cent, never
    /// rounded up; `None` when there is no sample.
    pub fn contact_per_mille(&self) -> Option<i64> {
        let known = self.known();
        let missing: i64 = self.week.iter().flatten().map(|hour| hour.missing).sum();
        (known > 0).then(|| (known - missing) * 1000 / known)
    }

    fn known(&self) -> i64 {
        self.week.iter().flatten().map(|hour| hour.samples).sum()
    }

    /// How much of the last seven days nobody sampled; the present ten minutes may still be.
    pub fn not_known(&self) -> Duration {
        let over = end_of(self.now, SLOT) - SLOT - self.week_from;
        let expected = over.whole_seconds() / SLOT.whole_seconds();
        let present = i64::from(self.day.last().is_some_and(Option::is_some));
        SLOT * i32::try_from((expected - (self.known() - present)).max(0)).unwrap_or(i32::MAX)
    }

    /// The times of the last day in this state, oldest first.
    pub fn spells(&self, state: State) -> Vec<Spell> {
        let is_so = |seen: &Option<Seen>| seen.is_some_and(|seen| seen.state == state);
        let last_known = self.day.iter().rposition(Option::is_some);
        let mut spells = Vec::new();
        let mut begun = None;
        for (place, seen) in self.day.iter().enumerate() {
            match (begun, is_so(seen)) {
                (None, true) => begun = Some(place),
                (Some(from), false) => {
                    // The worker may be late with the present sample.
                    let goes_on = seen.is_none()
                        && place + 1 >= self.day.len()
                        && last_known.is_some_and(|last| last + 1 == place);
                    spells.push(self.spell(from, (!goes_on).then_some(place)));
                    begun = None;
                }
                _ => {}
            }
        }
        if let Some(from) = begun {
            spells.push(self.spell(from, None));
        }
        spells
    }

    fn spell(&self, from: usize, to: Option<usize>) -> Spell {
        let at = |place: usize| self.day_from + SLOT * i32::try_from(place).unwrap_or_default();
        Spell {
            from: at(from),
            to: to.map(at),
        }
    }

    /// The most jobs that waited in the last day; `None` when it has no sample.
    pub fn most_pending(&self) -> Option<i32> {
        self.day.iter().flatten().map(|seen| seen.pending).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:34:56.7 UTC);

    fn sample(at: OffsetDateTime, missing: bool, maintenance: bool) -> [Bin; 2] {
        let bin = Bin {
            slug: "tpp".to_owned(),
            at,
            is_hour: false,
            samples: 1,
            missing: missing.into(),
            maintenance: maintenance.into(),
            pending: 3,
        };
        let hour = Bin {
            at: at.replace_minute(0).unwrap(),
            is_hour: true,
            ..bin.clone()
        };
        [bin, hour]
    }

    fn history(bins: impl IntoIterator<Item = [Bin; 2]>) -> History {
        let bins = bins.into_iter().flatten().collect();
        histories(bins, NOW).remove("tpp").unwrap()
    }

    #[test]
    fn the_last_day_and_week_end_with_the_present() {
        let (day, week) = windows(NOW);
        assert_eq!(day, datetime!(2026-11-24 12:40 UTC));
        assert_eq!(week, datetime!(2026-11-18 13:00 UTC));
        let history = history([sample(datetime!(2026-11-25 12:30 UTC), false, false)]);
        assert_eq!((history.day.len(), history.week.len()), (144, 168));
        assert!(history.day[143].is_some() && history.week[167].is_some());
        // Before the window, and in a future that a wrong clock made.
        for at in [datetime!(2026-11-10 00:00 UTC), datetime!(2026-12-25 12:40 UTC)] {
            let history = super::tests::history([sample(at, true, true)]);
            assert_eq!(history.contact_per_mille(), None);
            assert_eq!(history.most_pending(), None);
        }
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        let minutes = |n: i32| datetime!(2026-11-25 12:30 UTC) - SLOT * n;
        // One an hour, so that no two stand for the same hour.
        let all = |missing: i32, of: i32| {
            history((0..of).map(|n| sample(minutes(n * 6), n < missing, false))).contact_per_mille()
        };
        assert_eq!(all(0, 100), Some(1000));
        assert_eq!(all(1, 3), Some(666));
        assert_eq!(all(3, 3), Some(0));
    }

    #[test]
    fn what_nobody_looked_at_is_not_known() {
        let none = History::unknown(NOW);
        // The present ten minutes are not over: seven days but 25 minutes, less them.
        assert_eq!(none.not_known(), Duration::days(7) - Duration::minutes(30));
        let one = history([sample(datetime!(2026-11-25 12:30 UTC), false, false)]);
        assert_eq!(one.not_known(), none.not_known());
        let earlier = history([sample(datetime!(2026-11-25 12:20 UTC), false, false)]);
        assert_eq!(earlier.not_known(), none.not_known() - SLOT);
    }

    #[test]
    fn spells_are_told_with_their_end_unless_they_go_on() {
        let at = |minute: i64| datetime!(2026-11-25 04:00 UTC) + Duration::minutes(minute);
        let night = history([
            sample(at(0), false, false),
            sample(at(10), true, false),
            sample(at(20), true, true),
            sample(at(30), false, true),
        ]);
        let spell = |from: i64, to: i64| Spell {
            from: at(from),
            to: Some(at(to)),
        };
        assert_eq!(night.spells(State::Missing), [spell(10, 30)]);
        assert_eq!(night.spells(State::Maintenance), [spell(30, 40)]);
        let from = datetime!(2026-11-25 12:20 UTC);
        let goes_on = Spell { from, to: None };
        let now_sampled = history([sample(from, true, false), sample(from + SLOT, true, false)]);
        assert_eq!(now_sampled.spells(State::Missing), [goes_on]);
        // The present sample is still to be taken.
        let late = history([sample(from, true, false)]);
        assert_eq!(late.spells(State::Missing), [goes_on]);
        // Two are lacking: nobody knows whether it goes on.
        let stopped = history([sample(from - SLOT, true, false)]);
        assert_eq!(stopped.spells(State::Missing)[0].to, Some(from));
    }
}
