//! When somebody last looked at their home page, as their browser remembers it: what has failed since then is news.

use time::{Duration, OffsetDateTime};

use crate::core::access::SignedIn;
use crate::web::cookies::{self, Kind};
use crate::web::guards::Visit;

/// Looks that are nearer to each other belong to one visit, so that news stays news while a page is loaded again.
const ONE_VISIT: Duration = Duration::minutes(30);
/// How often a visit that goes on is noted.
const NOTED_EVERY: Duration = Duration::minutes(1);
/// How far back news goes for whom the browser does not know, and for whom it knows.
const WITHOUT: Duration = Duration::days(7);
const LONGEST: Duration = Duration::days(30);
/// How long a browser remembers.
const LIFETIME: Duration = Duration::days(90);

/// Since when things are news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// The end of the visit before this one.
    LastVisit(OffsetDateTime),
    /// Nobody knows of one.
    Days(OffsetDateTime),
}

impl Since {
    pub(super) fn at(self) -> OffsetDateTime {
        match self {
            Self::LastVisit(at) | Self::Days(at) => at,
        }
    }
}

/// Whose looks, in seconds since 1970: the last of the visit before this one, and the last of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    user_id: i32,
    before: Option<i64>,
    last: i64,
}

impl Looks {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let user_id = parts.next()?.parse().ok()?;
        let before = match parts.next()? {
            "" => None,
            seconds => Some(seconds.parse().ok()?),
        };
        let last = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { user_id, before, last })
    }

    fn text(self) -> String {
        let before = self.before.map(|seconds| seconds.to_string()).unwrap_or_default();
        format!("{}.{before}.{}", self.user_id, self.last)
    }
}

/// Notes that somebody looks, and tells since when things are news to them.
pub(super) fn look(visit: &Visit<'_>, user: &SignedIn) -> Since {
    let now = OffsetDateTime::now_utc();
    let known = cookies::get(visit.request, Kind::Looked).and_then(|text| Looks::parse(&text));
    let (looks, is_noted) = looked(known, user.id, now);
    if !is_noted {
        let cookie = cookies::make(Kind::Looked, &visit.app.settings.web, looks.text(), Some(LIFETIME));
        visit.request.cookies().add(cookie);
    }
    since(looks, now)
}

/// The looks with the present one, and whether the browser need not be told.
fn looked(known: Option<Looks>, user_id: i32, now: OffsetDateTime) -> (Looks, bool) {
    let now = now.unix_timestamp();
    // Another person's, or of a future that a wrong clock made.
    let Some(known) = known.filter(|looks| looks.user_id == user_id && looks.last <= now) else {
        let first = Looks {
            user_id,
            before: None,
            last: now,
        };
        return (first, false);
    };
    let since = now - known.last;
    if since > ONE_VISIT.whole_seconds() {
        let before = Some(known.last);
        (
            Looks {
                before,
                last: now,
                ..known
            },
            false,
        )
    } else if since >= NOTED_EVERY.whole_seconds() {
        (Looks { last: now, ..known }, false)
    } else {
        (known, true)
    }
}

fn since(looks: Looks, now: OffsetDateTime) -> Since {
    let before = looks
        .before
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    match before.filter(|before| *before <= now) {
        Some(before) => Since::LastVisit(before.max(now - LONGEST)),
        None => Since::Days(now - WITHOUT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

    fn after(known: Looks, pause: Duration) -> (Since, Looks) {
        let now = NOW + pause;
        let (looks, _) = looked(Some(known), 1, now);
        (since(looks, now), looks)
    }

    #[test]
    fn news_is_since_the_visit_before_and_stays_during_a_visit() {
        let (first, _) = looked(None, 1, NOW);
        assert_eq!(since(first, NOW), Since::Days(NOW - WITHOUT));
        let (reloaded, looks) = after(first, Duration::minutes(20));
        assert_eq!(reloaded, Since::Days(NOW + Duration::minutes(20) - WITHOUT));
        let (next_day, looks) = after(looks, Duration::hours(20));
        assert_eq!(next_day, Since::LastVisit(NOW + Duration::minutes(20)));
        let (again, _) = after(looks, Duration::hours(20) + Duration::minutes(5));
        assert_eq!(again, next_day);
    }

    #[test]
    fn what_is_somebody_elses_or_makes_no_sense_does_not_count() {
        let theirs = Looks {
            user_id: 2,
            before: Some(1),
            last: NOW.unix_timestamp() - 5,
        };
        assert_eq!(after(theirs, Duration::ZERO).0, Since::Days(NOW - WITHOUT));
        let future = Looks {
            user_id: 1,
            before: None,
            last: NOW.unix_timestamp() + 5,
        };
        assert_eq!(after(future, Duration::ZERO).1.last, NOW.unix_timestamp());
        for nonsense in ["", "1", "1.2", "1.2.3.4", "a..1", "1..x", "1..99999999999999999999"] {
            assert_eq!(Looks::parse(nonsense), None, "{nonsense}");
        }
        let ancient = Looks {
            user_id: 1,
            before: Some(0),
            last: NOW.unix_timestamp(),
        };
        assert_eq!(after(ancient, Duration::ZERO).0, Since::LastVisit(NOW - LONGEST));
    }

    proptest! {
        #[test]
        fn any_cookie_is_borne(text in "[0-9.-]{0,40}|\\PC{0,20}") {
            let (looks, _) = looked(Looks::parse(&text), 1, NOW);
            prop_assert!(since(looks, NOW).at() <= NOW);
            prop_assert_eq!(Looks::parse(&looks.text()), Some(looks));
        }
    }
}
