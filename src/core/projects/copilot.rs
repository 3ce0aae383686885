//! Co-pilot support: some people help a project for a time, and are told when that time is nearly over.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::store::copilot::support_that_ends;
use super::title;
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::outbox::{self, Content, CopilotWindow, CopilotWindows, Draft};

/// How many days before its end a project's support is told.
const NOTICE_DAYS: i32 = 5;

/// A day for people: `3 December 2026`.
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:long] [year]");

/// What came of looking for support that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// None ends soon.
    Nothing,
    Projects(usize),
    /// Slack was told this week already.
    Before(usize),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "No project's co-pilot support ends within {NOTICE_DAYS} days."),
            Self::Projects(count) => write!(
                f,
                "Slack is told of projects whose co-pilot support ends soon: {count}."
            ),
            Self::Before(count) => write!(
                f,
                "Projects whose co-pilot support ends soon: {count}. Slack was told this week already, so nothing is sent."
            ),
        }
    }
}

/// Tells `channel` of the projects whose support ends within five days, in one message, soonest first. Once a
/// week at most, however often it is asked for.
///
/// # Errors
/// When the database does not answer; nothing is told then.
pub async fn tell_of_windows(db: &Db, channel: &str) -> Result<Told> {
    let mut tx = db.begin().await?;
    let ending = support_that_ends(&mut tx, NOTICE_DAYS).await?;
    let Some(first) = ending.first() else {
        return Ok(Told::Nothing);
    };
    let once = dedupe_key(first.now);
    let count = ending.len();
    let windows = ending
        .into_iter()
        .take(CopilotWindows::MOST)
        .map(|project| {
            Ok(CopilotWindow {
                project: project.slug,
                name: title(project.number.as_deref(), &project.name),
                ends_on: day(project.ends_at)?,
                in_days: Some((project.ends_at.date() - project.now.date()).whole_days()),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let content = Content::CopilotWindows(CopilotWindows {
        more: count - windows.len(),
        windows,
    });
    let cause = "schedule:notify_impending_copilot_support_windows";
    let sent = outbox::send(&mut tx, Draft::new(content, channel, cause).once(once)).await?;
    tx.commit().await?;
    Ok(match sent {
        Some(_) => Told::Projects(count),
        None => Told::Before(count),
    })
}

/// The same for all of a week, which begins on Monday.
fn dedupe_key(now: OffsetDateTime) -> String {
    let (year, week, _) = now.to_iso_week_date();
    format!("copilot_windows:{year}-W{week:02}")
}

fn day(at: OffsetDateTime) -> Result<String> {
    at.format(DAY)
        .map_err(|error| Error::Internal(format!("a day cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_week_begins_on_monday_and_belongs_to_the_year_of_its_thursday() {
        assert_eq!(dedupe_key(datetime!(2026-11-23 00:00 UTC)), "copilot_windows:2026-W48");
        assert_eq!(dedupe_key(datetime!(2026-11-29 23:59 UTC)), "copilot_windows:2026-W48");
        assert_eq!(dedupe_key(datetime!(2027-01-03 12:00 UTC)), "copilot_windows:2026-W53");
        assert_eq!(dedupe_key(datetime!(2027-01-04 12:00 UTC)), "copilot_windows:2027-W01");
    }

    #[test]
    fn days_are_written_for_people() {
        assert_eq!(day(datetime!(2026-12-03 23:59 UTC)).unwrap(), "3 December 2026");
    }
}
