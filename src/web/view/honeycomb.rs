//! Links to the telemetry of jobs, for staff. Only addresses are made here; nothing is called.
//!
//! What runners send is in the datasets of their own, which a question to the whole environment covers; what
//! this site sends is in the dataset named after it.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::Link;

/// The span of time that a link looks at: from a minute before to a minute after, or to an hour from
/// now while it goes on.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    start: i64,
    end: i64,
}

impl Window {
    pub fn new(created_at: OffsetDateTime, completed_at: Option<OffsetDateTime>, is_over: bool) -> Self {
        let end = match completed_at {
            Some(at) => at + Duration::minutes(1),
            None if is_over => OffsetDateTime::now_utc(),
            None => OffsetDateTime::now_utc() + Duration::hours(1),
        };
        Self {
            start: (created_at - Duration::minutes(1)).unix_timestamp(),
            end: end.unix_timestamp(),
        }
    }
}

fn link(base: &Url, label: &str, query: &Value, flags: &[&str]) -> Link {
    let mut url = base.clone();
    url.query_pairs_mut().append_pair("query", &query.to_string());
    let mut href = url.to_string();
    for flag in flags {
        href.push('&');
        href.push_str(flag);
    }
    Link::new(label, href)
}

fn equals(column: &str, value: &str) -> Value {
    json!({"column": column, "op": "=", "value": value})
}

/// The trace of one job.
pub fn trace(base: &Url, trace_id: &str, window: Window) -> Link {
    let mut url = base.clone();
    url.set_path(&format!("{}/trace", url.path().trim_end_matches('/')));
    url.query_pairs_mut()
        .append_pair("trace_id", trace_id)
        .append_pair("trace_start_ts", &window.start.to_string())
        .append_pair("trace_end_ts", &window.end.to_string());
    Link::new("Trace in Honeycomb", url)
}

/// What one job used.
pub fn metrics(base: &Url, identifier: &str, window: Window) -> Link {
    let query = json!({
        "start_time": window.start, "end_time": window.end, "granularity": 0,
        "breakdowns": ["name"],
        "calculations": [{"op": "MAX", "column": "cpu_percentage"}, {"op": "MAX", "column": "memory_used"}],
        "filters": [equals("name", "METRICS"), equals("job", identifier)],
        "filter_combination": "AND", "orders": [], "havings": [], "limit": 1000,
    });
    link(
        base,
        "Metrics in Honeycomb",
        &query,
        &["useStackedGraphs", "omitMissingValues"],
    )
}

/// All jobs of one job request.
pub fn job_request(base: &Url, identifier: &str, window: Window) -> Link {
    let query = json!({
        "start_time": window.start, "end_time": window.end, "granularity": 0,
        "breakdowns": ["job.id", "name"],
        "calculations": [{"op": "CONCURRENCY"}],
        "filters": [equals("scope", "ticks"), equals("job.request", identifier)],
        "filter_combination": "AND", "orders": [{"op": "CONCURRENCY", "order": "descending"}],
        "havings": [], "limit": 1000,
    });
    link(
        base,
        "Job request in Honeycomb",
        &query,
        &["useStackedGraphs", "omitMissingValues"],
    )
}

/// Four weeks, in seconds.
const RANGE: u32 = 28 * 24 * 60 * 60;

/// Earlier runs of an action of a workspace.
pub fn earlier_runs(base: &Url, workspace: &str, action: &str) -> Link {
    let query = json!({
        "time_range": RANGE, "granularity": 0, "breakdowns": [],
        "calculations": [{"op": "HEATMAP", "column": "duration_minutes"}],
        "filters": [
            equals("scope", "jobs"), equals("job.workspace", workspace), equals("job.action", action),
            equals("name", "EXECUTING"),
        ],
        "filter_combination": "AND", "orders": [], "havings": [], "limit": 1000,
    });
    link(base, "Earlier runs of this action in Honeycomb", &query, &[])
}

/// The dataset of what Job Server itself sends.
const OWN_DATASET: &str = "datasets/job-server";

/// How long the jobs of a workspace took, by the spans that Job Server sends of each job that changed.
pub fn workspace(base: &Url, workspace: &str) -> Link {
    let mut base = base.clone();
    base.set_path(&format!("{}/{OWN_DATASET}", base.path().trim_end_matches('/')));
    let query = json!({
        "time_range": RANGE, "granularity": 0, "breakdowns": ["status"],
        "calculations": [{"op": "HEATMAP", "column": "current_runtime"}],
        "filters": [
            equals("name", "update_job"), equals("workspace_name", workspace),
            json!({"column": "completed", "op": "=", "value": true}),
            json!({"column": "status_change", "op": "=", "value": true}),
        ],
        "filter_combination": "AND", "orders": [], "havings": [], "limit": 100,
    });
    link(&base, "Runtimes in Honeycomb", &query, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const BASE: &str = "https://ui.honeycomb.io/team/environments/production";

    fn base() -> Url {
        BASE.parse().unwrap()
    }

    fn window() -> Window {
        let created = datetime!(2026-03-01 12:00 UTC);
        Window::new(created, Some(created + Duration::hours(1)), true)
    }

    /// The question in a link, and the rest of the link.
    fn question(link: &Link) -> (Value, String) {
        let url: Url = link.href.parse().unwrap();
        let query = url.query_pairs().find(|(name, _)| name == "query").unwrap().1;
        // Compact: no space is between the parts.
        assert!(!query.contains(": ") && !query.contains(", "), "{query}");
        let flags: Vec<String> = url
            .query_pairs()
            .filter(|(name, _)| name != "query")
            .map(|(name, value)| format!("{name}{value}"))
            .collect();
        (
            serde_json::from_str(&query).unwrap(),
            format!("{} {}", url.path(), flags.join(" ")),
        )
    }

    fn common(query: &Value) {
        assert_eq!(query["granularity"], 0);
        assert_eq!(query["filter_combination"], "AND");
        assert_eq!(query["havings"], json!([]));
    }

    #[test]
    fn a_trace_is_looked_for_around_the_time_of_its_job() {
        let trace = trace(&base(), "0af7651916cd43dd8448eb211c80319c", window());
        assert_eq!(
            trace.href,
            format!(
                "{BASE}/trace?trace_id=0af7651916cd43dd8448eb211c80319c\
                 &trace_start_ts=1772366340&trace_end_ts=1772370060"
            )
        );
    }

    #[test]
    fn a_window_ends_now_or_in_an_hour_when_its_end_is_unknown() {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let created = datetime!(2026-03-01 12:00 UTC);
        let near = |end: i64, expected: i64| assert!((expected..=expected + 5).contains(&end), "{end} {expected}");
        near(Window::new(created, None, true).end, now);
        near(Window::new(created, None, false).end, now + 3600);
        assert_eq!(Window::new(created, None, false).start, 1_772_366_340);
    }

    #[test]
    fn what_a_job_used_is_asked_by_its_identifier() {
        let (query, rest) = question(&metrics(&base(), "abc\"&", window()));
        common(&query);
        assert_eq!(rest, "/team/environments/production useStackedGraphs omitMissingValues");
        assert_eq!(query["breakdowns"], json!(["name"]));
        assert_eq!(
            query["calculations"][0],
            json!({"op": "MAX", "column": "cpu_percentage"})
        );
        assert_eq!(query["calculations"][1], json!({"op": "MAX", "column": "memory_used"}));
        assert_eq!(query["filters"][0], equals("name", "METRICS"));
        assert_eq!(query["filters"][1], equals("job", "abc\"&"));
        assert_eq!(query["limit"], 1000);
        assert_eq!(
            (&query["start_time"], &query["end_time"]),
            (&json!(1_772_366_340), &json!(1_772_370_060))
        );
    }

    #[test]
    fn all_jobs_of_a_request_are_asked_together() {
        let (query, _) = question(&job_request(&base(), "abc", window()));
        common(&query);
        assert_eq!(query["breakdowns"], json!(["job.id", "name"]));
        assert_eq!(query["calculations"], json!([{"op": "CONCURRENCY"}]));
        assert_eq!(query["orders"], json!([{"op": "CONCURRENCY", "order": "descending"}]));
        assert_eq!(
            query["filters"],
            json!([equals("scope", "ticks"), equals("job.request", "abc")])
        );
        assert_eq!(query["end_time"], 1_772_370_060);
    }

    #[test]
    fn earlier_runs_are_those_of_four_weeks() {
        let (query, rest) = question(&earlier_runs(&base(), "my-workspace", "extract"));
        common(&query);
        assert_eq!(rest, "/team/environments/production ");
        assert_eq!(query["time_range"], 2_419_200);
        assert_eq!(
            query["calculations"],
            json!([{"op": "HEATMAP", "column": "duration_minutes"}])
        );
        let filters = json!([
            equals("scope", "jobs"),
            equals("job.workspace", "my-workspace"),
            equals("job.action", "extract"),
            equals("name", "EXECUTING"),
        ]);
        assert_eq!(query["filters"], filters);
        assert!(query.get("start_time").is_none());
    }

    #[test]
    fn a_workspace_is_asked_for_in_our_own_dataset() {
        let (query, rest) = question(&workspace(&base(), "my-workspace"));
        common(&query);
        assert_eq!(rest, "/team/environments/production/datasets/job-server ");
        assert_eq!(query["time_range"], 2_419_200);
        assert_eq!(query["limit"], 100);
        assert_eq!(query["breakdowns"], json!(["status"]));
        assert_eq!(
            query["calculations"],
            json!([{"op": "HEATMAP", "column": "current_runtime"}])
        );
        assert_eq!(query["filters"][0], equals("name", "update_job"));
        assert_eq!(query["filters"][1], equals("workspace_name", "my-workspace"));
        assert_eq!(
            query["filters"][3],
            json!({"column": "status_change", "op": "=", "value": true})
        );
    }
}
