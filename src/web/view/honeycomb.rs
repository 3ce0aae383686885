//! Links to the telemetry of jobs, for staff. Only addresses are made here; nothing is called.

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

/// How long the jobs of a workspace took.
pub fn workspace(base: &Url, workspace: &str) -> Link {
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
    link(base, "Runtimes in Honeycomb", &query, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn links_carry_their_query_and_window() {
        let base: Url = "https://ui.honeycomb.io/team/environments/production".parse().unwrap();
        let created = datetime!(2026-03-01 12:00 UTC);
        let window = Window::new(created, Some(created + Duration::hours(1)), true);
        let trace = trace(&base, "0af7651916cd43dd8448eb211c80319c", window);
        assert_eq!(
            trace.href,
            "https://ui.honeycomb.io/team/environments/production/trace?trace_id=0af7651916cd43dd8448eb211c80319c\
             &trace_start_ts=1772366340&trace_end_ts=1772370060"
        );
        let request: Url = job_request(&base, "abc\"&", window).href.parse().unwrap();
        let query = request.query_pairs().find(|(name, _)| name == "query").unwrap().1;
        let query: Value = serde_json::from_str(&query).unwrap();
        assert_eq!(query["filters"][1]["value"], "abc\"&");
        assert_eq!(query["end_time"], 1_772_370_060);
    }
}
