//! What a job used, and how it compares with the earlier runs of its action, as charts.

use serde::Serialize;

use crate::core::jobs::Runtime;
use crate::core::jobs::detail::JobDetail;
use crate::core::jobs::earlier::{EarlierRun, against};
use crate::web::view::{Link, Status, Time, count_of, encode_segment, thousands};

/// A measure of one job: its mean within its peak.
#[derive(Debug, Serialize)]
pub struct Metric {
    pub label: &'static str,
    pub mean: String,
    pub peak: String,
    /// Widths in per cent of the largest peak of all runs shown.
    pub mean_width: Option<String>,
    pub peak_width: Option<String>,
    pub note: Option<&'static str>,
}

/// The runs of one action over time.
#[derive(Debug, Serialize)]
pub struct History {
    pub charts: Vec<Chart>,
    /// The same as a table, the newest first.
    pub runs: Vec<RunRow>,
    pub shows_metrics: bool,
    pub against: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Chart {
    pub title: &'static str,
    /// The largest value, which the highest column stands for.
    pub most: String,
    /// All values in words.
    pub label: String,
    pub width: usize,
    pub columns: Vec<Column>,
}

#[derive(Debug, Serialize)]
pub struct Column {
    pub x: usize,
    pub y: String,
    pub height: String,
    pub title: String,
    pub is_this: bool,
    pub is_failed: bool,
}

#[derive(Debug, Serialize)]
pub struct RunRow {
    pub request: Link,
    pub status: Status,
    pub started: Option<Time>,
    pub runtime: String,
    pub memory: String,
    pub processor: String,
    pub is_this: bool,
}

const COLUMN: usize = 14;
const GAP: usize = 4;
const HEIGHT: f64 = 64.0;

/// A run as the charts see it.
struct Point {
    name: String,
    is_failed: bool,
    is_this: bool,
    runtime: Option<f64>,
    memory: Option<f64>,
    processor: Option<f64>,
}

pub fn megabytes(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{} MB", thousands(value as i64)))
}

pub fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{}%", value as i64))
}

/// Mean and peak of memory and processor; `-` for what was not measured.
pub fn metrics(detail: &JobDetail, before: &[EarlierRun]) -> Vec<Metric> {
    let metric = |label, mean, peak, words: fn(Option<f64>) -> String| {
        let (mean, peak) = (detail.metric(mean), (detail.metric(peak), peak));
        let most = before
            .iter()
            .filter_map(|run| run.metric(peak.1))
            .fold(peak.0.unwrap_or(0.0), f64::max);
        let width = |value: Option<f64>| {
            value
                .filter(|_| most > 0.0)
                .map(|v| format!("{:.1}%", (v * 100.0 / most).clamp(0.0, 100.0)))
        };
        Metric {
            label,
            mean: words(mean),
            peak: words(peak.0),
            mean_width: width(mean),
            peak_width: width(peak.0),
            note: None,
        }
    };
    let mut processor = metric("Processor", "cpu_mean", "cpu_peak", percent);
    let is_parallel = ["cpu_mean", "cpu_peak"]
        .iter()
        .any(|name| detail.metric(name).is_some_and(|value| value as i64 > 100));
    processor.note = is_parallel.then_some("More than 100%: several cores");
    vec![metric("Memory", "mem_mb_mean", "mem_mb_peak", megabytes), processor]
}

impl History {
    /// `None` without an earlier run.
    pub fn new(detail: &JobDetail, before: &[EarlierRun], shows_metrics: bool) -> Option<Self> {
        if before.is_empty() {
            return None;
        }
        let job = &detail.job;
        let this = EarlierRun {
            identifier: job.identifier.clone(),
            job_request_id: detail.request_id,
            status: job.status.clone(),
            started_at: job.started_at,
            completed_at: if job.is_completed() { job.completed_at } else { None },
            metrics: detail.metrics.clone(),
        };
        let all: Vec<&EarlierRun> = std::iter::once(&this).chain(before).collect();
        let points: Vec<Point> = all
            .iter()
            .rev()
            .map(|run| point(run, std::ptr::eq(*run, &this), shows_metrics))
            .collect();
        let seconds = |value: f64| Runtime::from_seconds(value).words();
        let mut charts = vec![Chart::new("Runtime", &points, |point| point.runtime, seconds)];
        if shows_metrics {
            charts.push(Chart::new(
                "Peak memory",
                &points,
                |point| point.memory,
                |value| megabytes(Some(value)),
            ));
            charts.push(Chart::new(
                "Peak processor",
                &points,
                |point| point.processor,
                |value| percent(Some(value)),
            ));
        }
        let last_success = before.iter().find(|run| run.status.eq_ignore_ascii_case("succeeded"));
        let runtime = this.runtime();
        let against = last_success
            .filter(|_| job.is("succeeded") && !runtime.is_zero())
            .map(|last| format!("{} the last run that succeeded", against(runtime, last.runtime())));
        Some(Self {
            charts: charts.into_iter().flatten().collect(),
            runs: all
                .iter()
                .map(|run| row(detail, run, run.identifier == job.identifier, shows_metrics))
                .collect(),
            shows_metrics,
            against,
        })
    }
}

fn point(run: &EarlierRun, is_this: bool, shows_metrics: bool) -> Point {
    let runtime = run.runtime();
    Point {
        name: format!("request {}", run.job_request_id),
        is_failed: run.status.eq_ignore_ascii_case("failed"),
        is_this,
        runtime: (!runtime.is_zero()).then(|| runtime.seconds() as f64),
        memory: run.metric("mem_mb_peak").filter(|_| shows_metrics),
        processor: run.metric("cpu_peak").filter(|_| shows_metrics),
    }
}

fn row(detail: &JobDetail, run: &EarlierRun, is_this: bool, shows_metrics: bool) -> RunRow {
    let request = detail.place.request_href(run.job_request_id);
    let runtime = run.runtime();
    let shown = |value: Option<f64>| value.filter(|_| shows_metrics);
    RunRow {
        request: Link::new(
            format!("Request {}", run.job_request_id),
            format!("{request}{}/", encode_segment(&run.identifier)),
        ),
        status: Status::of_job(&run.status),
        started: run.started_at.map(Time::new),
        runtime: if runtime.is_zero() {
            "-".to_owned()
        } else {
            runtime.words()
        },
        memory: megabytes(shown(run.metric("mem_mb_peak"))),
        processor: percent(shown(run.metric("cpu_peak"))),
        is_this,
    }
}

impl Chart {
    /// `None` when there are fewer than two values: one alone compares with nothing.
    fn new(
        title: &'static str,
        points: &[Point],
        value: impl Fn(&Point) -> Option<f64>,
        words: impl Fn(f64) -> String,
    ) -> Option<Self> {
        let values: Vec<f64> = points
            .iter()
            .filter_map(&value)
            .filter(|value| value.is_finite() && *value > 0.0)
            .collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        if values.len() < 2 {
            return None;
        }
        let least = values.iter().copied().fold(most, f64::min);
        let columns = points.iter().enumerate().map(|(index, point)| {
            let value = value(point).filter(|value| value.is_finite() && *value > 0.0);
            // The smallest is still to be seen.
            let height = value.map_or(0.0, |value| (value * HEIGHT / most).max(2.0));
            let shown = value.map_or("not known".to_owned(), &words);
            Column {
                x: index * (COLUMN + GAP),
                y: format!("{:.1}", HEIGHT - height),
                height: format!("{height:.1}"),
                title: format!("{}: {shown}", point.name),
                is_this: point.is_this,
                is_failed: point.is_failed,
            }
        });
        Some(Self {
            title,
            most: words(most),
            label: format!(
                "{title} of {}, from {} to {}, the newest at the right",
                count_of(values.len(), "run"),
                words(least),
                words(most)
            ),
            width: points.len() * (COLUMN + GAP) - GAP,
            columns: columns.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: f64, is_this: bool) -> Point {
        Point {
            name: "request 1".to_owned(),
            is_failed: false,
            is_this,
            runtime: Some(value),
            memory: None,
            processor: None,
        }
    }

    #[test]
    fn columns_are_as_high_as_their_values() {
        let points = [
            point(30.0, false),
            point(60.0, false),
            point(f64::NAN, false),
            point(15.0, true),
        ];
        let words = |value: f64| Runtime::from_seconds(value).words();
        let chart = Chart::new("Runtime", &points, |point| point.runtime, words).unwrap();
        let heights: Vec<&str> = chart.columns.iter().map(|column| column.height.as_str()).collect();
        assert_eq!(heights, ["32.0", "64.0", "0.0", "16.0"]);
        assert_eq!(
            chart.label,
            "Runtime of 3 runs, from 15 s to 1 min, the newest at the right"
        );
        assert_eq!(chart.columns[2].title, "request 1: not known");
        assert!(Chart::new("Peak memory", &points, |point| point.memory, words).is_none());
    }
}
