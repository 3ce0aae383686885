//! What people who are signed in are told on every page: the staff's own alerts, and whose database is being
//! maintained. Each process keeps it in memory and looks again every few seconds, so that no page asks for it.

pub mod actions;
mod edit;
mod store;

pub use edit::{ListedAlert, change, listed, listed_one};

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

/// How loud an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Danger,
    Info,
    Success,
    Warning,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::Danger, Self::Info, Self::Success, Self::Warning];

    /// As stored; also the tone in which it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
        }
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|level| level.name() == name).ok_or(())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An alert of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAlert {
    pub id: i32,
    /// May be empty.
    pub title: String,
    /// May contain HTML; pages show only what is harmless of it.
    pub message: String,
    pub level: Level,
    /// Shown from then on; `None`: at once.
    pub starts_at: Option<OffsetDateTime>,
    /// Not shown from then on; `None`: until it is removed.
    pub ends_at: Option<OffsetDateTime>,
}

impl SiteAlert {
    /// Whether it is shown at `now`.
    pub fn is_shown(&self, now: OffsetDateTime) -> bool {
        self.starts_at.is_none_or(|starts_at| starts_at <= now) && self.ends_at.is_none_or(|ends_at| now < ends_at)
    }
}

/// Everything there is to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    /// Those that are shown or will be, newest first.
    pub alerts: Vec<SiteAlert>,
    /// The names of the active backends whose database is being maintained, by name.
    pub maintained: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn an_alert_is_shown_from_its_beginning_until_its_end() {
        let (starts, ends) = (datetime!(2026-11-25 10:00 UTC), datetime!(2026-11-25 12:00 UTC));
        let alert = SiteAlert {
            id: 1,
            title: String::new(),
            message: "m".to_owned(),
            level: Level::Info,
            starts_at: Some(starts),
            ends_at: Some(ends),
        };
        for (now, shown) in [
            (datetime!(2026-11-25 09:59:59 UTC), false),
            (starts, true),
            (datetime!(2026-11-25 11:59:59 UTC), true),
            (ends, false),
        ] {
            assert_eq!(alert.is_shown(now), shown, "{now}");
        }
        let always = SiteAlert {
            starts_at: None,
            ends_at: None,
            ..alert
        };
        assert!(always.is_shown(starts));
    }

    #[test]
    fn levels_are_known_by_their_names() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        assert_eq!("error".parse::<Level>(), Err(()));
    }
}
