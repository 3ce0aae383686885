//! How far a job request has come, as bars.

use serde::Serialize;

use crate::core::jobs::detail::Summary;
use crate::web::view::count_of;

#[derive(Debug, Serialize)]
pub struct Progress {
    pub text: String,
    pub segments: Vec<Segment>,
    pub parts: Vec<Part>,
}

/// A stretch of a bar, in per cent of its length.
#[derive(Debug, Serialize)]
pub struct Segment {
    pub tone: &'static str,
    pub x: String,
    pub width: String,
}

#[derive(Debug, Serialize)]
pub struct Part {
    pub label: String,
    pub percent: String,
}

impl Segment {
    pub fn new(tone: &'static str, x: f64, width: f64) -> Self {
        Self {
            tone,
            x: format!("{x:.2}%"),
            width: format!("{width:.2}%"),
        }
    }
}

impl Progress {
    pub fn new(summary: &Summary) -> Self {
        let known = summary.succeeded + summary.failed + summary.running + summary.pending;
        let counts = [
            ("success", summary.succeeded, "succeeded"),
            ("danger", summary.failed, "failed"),
            ("running", summary.running, "running"),
            ("waiting", summary.pending, "pending"),
            ("neutral", summary.total - known.min(summary.total), "in another state"),
        ];
        let percent = |count: usize| count as f64 * 100.0 / summary.total.max(1) as f64;
        let mut before = 0;
        let mut segments = Vec::new();
        let mut parts = Vec::new();
        for (tone, count, word) in counts.into_iter().filter(|(_, count, _)| *count > 0) {
            segments.push(Segment::new(tone, percent(before), percent(count)));
            parts.push(Part {
                label: format!("{count} {word}"),
                percent: format!("{:.0}%", percent(count)),
            });
            before += count;
        }
        Self {
            text: format!("{} of {} done", summary.completed, count_of(summary.total, "job")),
            segments,
            parts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_follow_each_other_and_fill_the_bar() {
        let summary = Summary {
            total: 3,
            succeeded: 1,
            failed: 1,
            running: 1,
            completed: 2,
            ..Summary::default()
        };
        let progress = Progress::new(&summary);
        assert_eq!(progress.text, "2 of 3 jobs done");
        let ends: Vec<(&str, &str)> = progress
            .segments
            .iter()
            .map(|s| (s.x.as_str(), s.width.as_str()))
            .collect();
        assert_eq!(ends, [("0.00%", "33.33%"), ("33.33%", "33.33%"), ("66.67%", "33.33%")]);
        assert_eq!(progress.parts[1].label, "1 failed");
    }
}
