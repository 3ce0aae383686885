//! When each job waited and ran, on one axis for the whole request.

use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::progress::Segment;
use crate::core::jobs::Runtime;
use crate::core::jobs::detail::ListedJob;
use crate::web::view::Status;

/// The stretch of time that the lanes cover.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    start: OffsetDateTime,
    end: OffsetDateTime,
}

/// Where the axis begins and ends, for the head of the column.
#[derive(Debug, Serialize)]
pub struct AxisView {
    pub start: String,
    pub end: String,
}

/// A job's lane.
#[derive(Debug, Serialize)]
pub struct Lane {
    pub waited: Option<Segment>,
    pub ran: Option<Segment>,
    /// The same in words.
    pub told: String,
}

const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [hour]:[minute]");

impl Axis {
    /// `None` before anything was made. A long wait before the first start is cut to a quarter of the axis,
    /// so that what ran can be seen.
    pub fn new(jobs: &[ListedJob], end: OffsetDateTime) -> Option<Self> {
        let created = jobs.iter().map(|job| job.created_at).min()?;
        let start = match jobs.iter().filter_map(|job| job.started_at).min() {
            Some(started) if started < end => created.max(started - (end - started) / 3),
            _ => created,
        };
        (start < end).then_some(Self { start, end })
    }

    pub fn view(&self) -> AxisView {
        let is_one_day = self.start.to_offset(UtcOffset::UTC).date() == self.end.to_offset(UtcOffset::UTC).date();
        let format = if is_one_day { TIME } else { DAY_AND_TIME };
        let shown = |at: OffsetDateTime| at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default();
        AxisView {
            start: shown(self.start),
            end: shown(self.end),
        }
    }

    fn percent(&self, at: OffsetDateTime) -> f64 {
        let all = (self.end - self.start).as_seconds_f64();
        ((at - self.start).as_seconds_f64() * 100.0 / all).clamp(0.0, 100.0)
    }

    pub fn lane(&self, job: &ListedJob, now: OffsetDateTime) -> Lane {
        let is_over = job.is_completed();
        // A runner's clock may be behind ours.
        let waited_until = job.started_at.or(job.completed_at).unwrap_or(now).max(job.created_at);
        let from = self.percent(job.created_at);
        let until = self.percent(waited_until);
        let ran = job.started_at.and_then(|started| {
            let end = if is_over { job.completed_at? } else { now };
            let x = self.percent(started).min(99.0);
            // The shortest job is still to be seen.
            let width = (self.percent(end) - x).max(1.0);
            Some(Segment::new(Status::of_job(&job.status).tone, x, width))
        });
        Lane {
            waited: (until - from >= 0.5).then(|| Segment::new("queued", from, until - from)),
            told: told(job, waited_until - job.created_at, now),
            ran,
        }
    }
}

fn told(job: &ListedJob, waited: Duration, now: OffsetDateTime) -> String {
    let waited = Runtime::from(waited).words();
    match (job.started_at, job.is_completed()) {
        (None, false) => format!("Has waited {waited}"),
        (None, true) => format!("Waited {waited}, never ran"),
        (Some(started), false) => {
            let ran = Runtime::between(Some(started), Some(now)).words();
            format!("Waited {waited}, has run {ran}")
        }
        (Some(_), true) => format!("Waited {waited}, ran {}", job.runtime().words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn job(status: &str, waited: i64, ran: Option<i64>) -> ListedJob {
        let started = ran.map(|_| NOON + Duration::minutes(waited));
        ListedJob {
            identifier: "x".into(),
            action: "x".into(),
            status: status.into(),
            status_code: String::new(),
            status_message: String::new(),
            created_at: NOON,
            updated_at: None,
            started_at: started,
            completed_at: started.zip(ran).map(|(at, ran)| at + Duration::minutes(ran)),
        }
    }

    #[test]
    fn lanes_share_an_axis() {
        let jobs = [job("succeeded", 10, Some(10)), job("failed", 20, Some(20))];
        let end = NOON + Duration::minutes(40);
        let axis = Axis::new(&jobs, end).unwrap();
        assert_eq!(
            (axis.view().start.as_str(), axis.view().end.as_str()),
            ("12:00", "12:40")
        );
        let lane = axis.lane(&jobs[0], end);
        let (waited, ran) = (lane.waited.unwrap(), lane.ran.unwrap());
        assert_eq!((waited.x.as_str(), waited.width.as_str()), ("0.00%", "25.00%"));
        assert_eq!(
            (ran.tone, ran.x.as_str(), ran.width.as_str()),
            ("success", "25.00%", "25.00%")
        );
        assert_eq!(lane.told, "Waited 10 min, ran 10 min");
    }

    #[test]
    fn a_long_wait_leaves_room_for_what_ran() {
        let jobs = [job("succeeded", 60 * 48, Some(10))];
        let end = NOON + Duration::minutes(60 * 48 + 30);
        let axis = Axis::new(&jobs, end).unwrap();
        let lane = axis.lane(&jobs[0], end);
        assert_eq!(lane.ran.unwrap().x, "25.00%");
        assert_eq!(lane.told, "Waited 2 days, ran 10 min");
    }

    #[test]
    fn what_has_not_run_only_waited() {
        let end = NOON + Duration::minutes(5);
        let waiting = job("pending", 0, None);
        let axis = Axis::new(std::slice::from_ref(&waiting), end).unwrap();
        let lane = axis.lane(&waiting, end);
        assert!(lane.ran.is_none());
        assert_eq!(lane.told, "Has waited 5 min");
        assert!(Axis::new(&[], end).is_none());
        // A runner whose clock is ahead of ours.
        assert!(Axis::new(std::slice::from_ref(&waiting), NOON - Duration::minutes(1)).is_none());
    }
}
