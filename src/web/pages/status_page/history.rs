//! A backend's last day and last seven days: a strip of each, a line of what waited, and the same in words.

use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::in_words;
use crate::core::status::{DAY_SLOTS, History, SLOT, Spell, State, WEEK_HOURS};
use crate::web::view::thousands;

/// How many times of one kind are told in words.
const TOLD: usize = 3;
/// The height of the line's picture, and the room above and below the line.
const LINE_HEIGHT: f64 = 24.0;
const LINE_ROOM: f64 = 2.0;

/// What the status page shows of a backend's past.
#[derive(Debug, Serialize)]
pub struct HistoryView {
    pub day: Strip,
    pub week: Strip,
    pub day_words: Vec<String>,
    pub week_words: String,
    pub queue_words: Option<String>,
    /// The line of the jobs that waited, as an SVG path; `None` when there is none to draw.
    pub queue_path: Option<String>,
}

/// Pieces of time side by side, one unit wide each.
#[derive(Debug, Serialize)]
pub struct Strip {
    pub width: usize,
    pub parts: Vec<Part>,
}

/// Neighbours in the same state.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub x: usize,
    pub width: usize,
    /// The states differ by height too, not by colour alone.
    pub y: u8,
    pub height: u8,
    pub class: &'static str,
    pub title: String,
}

impl HistoryView {
    pub fn new(history: &History, pending: i64, now: OffsetDateTime) -> Self {
        let day = history.day.iter().map(|seen| seen.map(|seen| seen.state));
        let week = history.week.iter().map(|hour| hour.map(|hour| hour.state()));
        Self {
            day: strip(day, DAY_SLOTS, history.day_from, SLOT),
            week: strip(week, WEEK_HOURS, history.week_from, Duration::HOUR),
            day_words: day_words(history, now),
            week_words: week_words(history),
            queue_words: history.most_pending().map(|most| match most {
                0 => "No job waited in the last 24 hours.".to_owned(),
                most => format!(
                    "Jobs that waited in the last 24 hours: at most {}, now {}.",
                    thousands(most.into()),
                    thousands(pending)
                ),
            }),
            queue_path: queue_path(history),
        }
    }
}

fn strip(states: impl Iterator<Item = Option<State>>, width: usize, from: OffsetDateTime, unit: Duration) -> Strip {
    let states: Vec<Option<State>> = states.collect();
    let at = |place: usize| from + unit * i32::try_from(place).unwrap_or_default();
    let mut x = 0;
    let parts = states
        .chunk_by(|one, other| one == other)
        .map(|alike| {
            let (begun, length) = (x, alike.len());
            x += length;
            let (y, height, class, word) = look(alike.first().copied().flatten());
            Part {
                x: begun,
                width: length,
                y,
                height,
                class,
                title: format!("{} to {} UTC: {word}", moment(at(begun)), moment(at(x))),
            }
        })
        .collect();
    Strip { width, parts }
}

/// Where it is drawn in a strip of height 12, its class, and its word.
fn look(state: Option<State>) -> (u8, u8, &'static str, &'static str) {
    match state {
        Some(State::InContact) => (3, 9, "seen", "in contact"),
        Some(State::Maintenance) => (7, 5, "maintained", "database maintenance"),
        Some(State::Missing) => (0, 12, "missing", "missing"),
        None => (11, 1, "unknown", "not known"),
    }
}

const MOMENT: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [hour]:[minute]");
const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");

fn moment(at: OffsetDateTime) -> String {
    at.to_utc().format(MOMENT).unwrap_or_default()
}

/// `04:10 today`, `23:50 yesterday`.
fn clock(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let at = at.to_utc();
    let day = if at.date() == now.to_utc().date() {
        "today"
    } else {
        "yesterday"
    };
    format!("{} {day}", at.format(CLOCK).unwrap_or_default())
}

fn day_words(history: &History, now: OffsetDateTime) -> Vec<String> {
    let mut words = Vec::new();
    for (state, what) in [
        (State::Missing, "Missing"),
        (State::Maintenance, "Database maintenance"),
    ] {
        let spells = history.spells(state);
        let more = spells.len().saturating_sub(TOLD);
        words.extend(
            spells
                .iter()
                .rev()
                .take(TOLD)
                .map(|spell| spell_words(what, spell, now)),
        );
        if more > 0 {
            words.push(format!("{what} at {more} earlier times of the last 24 hours."));
        }
    }
    let known = history.day.iter().flatten().count();
    if words.is_empty() && known > 0 {
        words.push("Nothing out of the ordinary in the last 24 hours, as far as is known.".to_owned());
    }
    words
}

fn spell_words(what: &str, spell: &Spell, now: OffsetDateTime) -> String {
    let from = clock(spell.from, now);
    match spell.to {
        None => format!("{what} since {from}."),
        Some(to) if to.to_utc().date() == spell.from.to_utc().date() => {
            let (from, day) = from.split_once(' ').unwrap_or((&from, ""));
            let to = to.to_utc().format(CLOCK).unwrap_or_default();
            format!("{what} {from} to {to} {day}.")
        }
        Some(to) => format!("{what} from {from} to {}.", clock(to, now)),
    }
}

fn week_words(history: &History) -> String {
    let Some(share) = history.contact_per_mille() else {
        return "Nothing is known of the last 7 days yet. A sample is taken every ten minutes.".to_owned();
    };
    let share = match share % 10 {
        0 => format!("{}", share / 10),
        tenth => format!("{}.{tenth}", share / 10),
    };
    let not_known = history.not_known();
    let gap = if not_known < Duration::minutes(30) {
        String::new()
    } else {
        format!(
            ", leaving out {} that are not known",
            in_words(Duration::minutes(not_known.whole_minutes()))
        )
    };
    format!("In contact {share} % of the last 7 days{gap}.")
}

/// The most that waited is at the top; where nothing is known, the line is broken.
fn queue_path(history: &History) -> Option<String> {
    let most = history.most_pending().filter(|most| *most > 0)?;
    let y = |pending: i32| {
        let height = LINE_HEIGHT - 2.0 * LINE_ROOM;
        LINE_HEIGHT - LINE_ROOM - f64::from(pending) / f64::from(most) * height
    };
    let mut path = String::new();
    let mut is_drawing = false;
    for (x, seen) in history.day.iter().enumerate() {
        let Some(seen) = seen else {
            is_drawing = false;
            continue;
        };
        let y = y(seen.pending);
        if is_drawing {
            path.push_str(&format!("L{x}.5 {y:.1}"));
        } else {
            path.push_str(&format!("M{x} {y:.1}L{x}.5 {y:.1}"));
        }
        is_drawing = true;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::status::{Seen, histories, store::Bin};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-25 00:34 UTC);

    fn bin(at: OffsetDateTime, missing: i64, maintenance: i64, pending: i32) -> Vec<Bin> {
        [false, true]
            .map(|is_hour| Bin {
                slug: "tpp".to_owned(),
                at,
                is_hour,
                samples: 1,
                missing,
                maintenance,
                pending,
            })
            .into()
    }

    fn seen(bins: Vec<Vec<Bin>>) -> History {
        let mut all = histories(bins.concat(), NOW);
        all.remove("tpp").unwrap_or_else(|| History::unknown(NOW))
    }

    #[test]
    fn what_is_not_known_is_said_so_and_drawn_as_a_line() {
        let view = HistoryView::new(&seen(vec![]), 0, NOW);
        assert_eq!(view.day.parts.len(), 1);
        assert_eq!((view.day.parts[0].class, view.day.parts[0].width), ("unknown", 144));
        assert!(view.week_words.starts_with("Nothing is known of the last 7 days yet."));
        assert!(view.day_words.is_empty() && view.queue_path.is_none() && view.queue_words.is_none());
    }

    #[test]
    fn neighbours_alike_are_one_part_and_parts_fill_the_strip() {
        let at = |minutes: i64| datetime!(2026-11-24 23:30 UTC) + Duration::minutes(minutes);
        let history = seen((0..5).map(|n| bin(at(n * 10), i64::from(n > 2), 0, 2)).collect());
        let strip = HistoryView::new(&history, 2, NOW).day;
        let classes: Vec<_> = strip.parts.iter().map(|part| (part.class, part.width)).collect();
        assert_eq!(classes, [("unknown", 137), ("seen", 3), ("missing", 2), ("unknown", 2)]);
        assert_eq!(strip.parts[2].title, "25 Nov 00:00 to 25 Nov 00:20 UTC: missing");
        assert_eq!(strip.parts.iter().map(|part| part.width).sum::<usize>(), strip.width);
    }

    #[test]
    fn times_are_told_as_people_say_them() {
        let spell = |from, to| spell_words("Missing", &Spell { from, to }, NOW);
        let evening = datetime!(2026-11-24 23:30 UTC);
        assert_eq!(spell(evening, None), "Missing since 23:30 yesterday.");
        assert_eq!(
            spell(evening, Some(datetime!(2026-11-24 23:50 UTC))),
            "Missing 23:30 to 23:50 yesterday."
        );
        assert_eq!(
            spell(evening, Some(datetime!(2026-11-25 00:10 UTC))),
            "Missing from 23:30 yesterday to 00:10 today."
        );
    }

    #[test]
    fn many_times_are_counted_not_listed() {
        let at = |n: i64| datetime!(2026-11-24 12:00 UTC) + Duration::minutes(n * 20);
        let history = seen((0..10).map(|n| bin(at(n), 1, 0, 0)).collect());
        let words = HistoryView::new(&history, 0, NOW).day_words;
        assert_eq!(words.len(), TOLD + 1);
        assert_eq!(words[TOLD], "Missing at 7 earlier times of the last 24 hours.");
    }

    #[test]
    fn the_line_is_broken_where_nothing_is_known() {
        let at = |minutes: i64| datetime!(2026-11-25 00:00 UTC) + Duration::minutes(minutes);
        let history = seen(vec![bin(at(0), 0, 0, 0), bin(at(10), 0, 0, 4), bin(at(30), 0, 0, 2)]);
        assert_eq!(
            history.day[143],
            Some(Seen {
                state: State::InContact,
                pending: 2
            })
        );
        let view = HistoryView::new(&history, 2, NOW);
        assert_eq!(
            view.queue_path.as_deref(),
            Some("M140 22.0L140.5 22.0L141.5 2.0M143 12.0L143.5 12.0")
        );
        assert_eq!(
            view.queue_words.as_deref(),
            Some("Jobs that waited in the last 24 hours: at most 4, now 2.")
        );
    }
}
