//! What the page of a job shows.

use serde::Serialize;
use time::OffsetDateTime;

use super::usage::{History, Metric, metrics};
use crate::core::jobs::Runtime;
use crate::core::jobs::detail::JobDetail;
use crate::core::jobs::earlier::EarlierRun;
use crate::core::jobs::status_codes::{Meaning, NONZERO_EXIT, meaning};
use crate::web::pages::job_request::{log_path, missing_updates};
use crate::web::view::honeycomb::{self, Window};
use crate::web::view::{Banner, CancelButton, Comparison, Copyable, Link, Moment, Status, Time, encode_segment};

#[derive(Debug, Serialize)]
pub struct JobView {
    pub title: String,
    pub live_url: Option<String>,
    pub action: String,
    pub job_request: Link,
    pub workspace: Link,
    pub user: Link,
    pub backend: String,
    pub created: Time,
    pub status: Status,
    pub cancellation_note: Option<&'static str>,
    pub runtime: Option<String>,
    pub updated: Option<Time>,
    pub alerts: Vec<Banner>,
    pub cancel: Option<CancelButton>,
    pub status_code: Option<String>,
    pub status_message: Option<String>,
    /// Whether there is anything to say about how it stands.
    pub says: bool,
    pub means: Option<MeaningView>,
    pub log_hint: Option<LogHint>,
    pub run_command: Option<String>,
    pub identifier: Copyable,
    pub branch: Link,
    pub commit: Option<Copyable>,
    pub commit_href: Option<String>,
    pub metrics: Vec<Metric>,
    pub history: Option<History>,
    pub timeline: Vec<Moment>,
    pub comparison: Comparison,
    pub monitoring: Vec<Link>,
}

#[derive(Debug, Serialize)]
pub struct LogHint {
    pub text: String,
    pub path: Option<Copyable>,
    pub href: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct MeaningView {
    pub means: &'static str,
    pub next: &'static str,
    pub documentation: Option<&'static str>,
}

impl From<Meaning> for MeaningView {
    fn from(meaning: Meaning) -> Self {
        Self {
            means: meaning.means,
            next: meaning.next,
            documentation: meaning.documentation,
        }
    }
}

/// Who looks, and what they may see and do.
pub struct Viewer<'a> {
    pub can_cancel: bool,
    pub sees_metrics: bool,
    pub csrf: &'a str,
    /// The base of telemetry links, for staff.
    pub honeycomb: Option<&'a url::Url>,
    pub now: OffsetDateTime,
}

pub fn view(detail: &JobDetail, before: &[EarlierRun], title: String, viewer: &Viewer<'_>) -> JobView {
    let (job, place) = (&detail.job, &detail.place);
    let request_href = place.request_href(detail.request_id);
    let href = format!("{request_href}{}/", encode_segment(&job.identifier));
    let is_over = job.is_completed();
    let runtime = if is_over {
        job.runtime()
    } else {
        Runtime::between(job.started_at, Some(viewer.now))
    };
    let is_being_cancelled = detail.is_cancelled && !is_over;
    JobView {
        title,
        live_url: (!is_over).then(|| format!("{href}events/")),
        action: job.action.clone(),
        job_request: Link::new(detail.request_id.to_string(), request_href),
        workspace: place.workspace_link(),
        user: place.user_link(),
        backend: place.backend_name.clone(),
        created: Time::new(detail.created_at),
        status: Status::of_job(&job.status),
        cancellation_note: detail.is_cancelled.then_some("Cancellation has been asked for"),
        runtime: (!runtime.is_zero()).then(|| runtime.words()),
        updated: job.updated_at.map(Time::new),
        alerts: alerts(detail, is_being_cancelled, viewer.now),
        cancel: viewer.can_cancel.then(|| CancelButton {
            action: format!("{href}cancel/"),
            csrf: viewer.csrf.to_owned(),
            enabled: !is_over && !detail.is_cancelled,
            reason: match (is_over, detail.is_cancelled) {
                (true, _) => Some("It has finished."),
                (false, true) => Some("Cancellation has been asked for."),
                (false, false) => None,
            },
            label: "Cancel",
            question: "Stop this job? What it has done so far is lost.".to_owned(),
            confirm: "Cancel this job".to_owned(),
        }),
        status_code: non_empty(&job.status_code),
        status_message: non_empty(&job.status_message),
        says: !job.status_message.is_empty() || meaning(&job.status_code).is_some(),
        means: meaning(&job.status_code).map(MeaningView::from),
        log_hint: (job.status_code == NONZERO_EXIT).then(|| LogHint {
            text: "The log is inside the backend, in the workspace's folder. Look at it in Airlock:".to_owned(),
            path: Some(Copyable::new(log_path(&job.action), "Copy the path")),
            href: None,
        }),
        run_command: non_empty(&detail.run_command),
        identifier: Copyable::new(job.identifier.clone(), "Copy the identifier"),
        branch: place.branch_link(),
        commit: Copyable::commit(&place.sha),
        commit_href: (!place.sha.is_empty()).then(|| place.tree_href()),
        metrics: if viewer.sees_metrics {
            metrics(detail, before)
        } else {
            Vec::new()
        },
        history: History::new(detail, before, viewer.sees_metrics),
        timeline: timeline(detail),
        comparison: Comparison::new(
            place,
            detail.previous.as_ref(),
            detail.previous_succeeded.as_ref(),
            |earlier| {
                (
                    format!(
                        "Since the previous run of this action, in request {}",
                        earlier.request_id
                    ),
                    format!("Since its last run that succeeded, in request {}", earlier.request_id),
                )
            },
            "This action has not run before in this workspace on this backend.",
        ),
        monitoring: monitoring(detail, viewer),
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn alerts(detail: &JobDetail, is_being_cancelled: bool, now: OffsetDateTime) -> Vec<Banner> {
    let mut alerts = Vec::new();
    if detail.job.is_missing_updates(now)
        && let Some(at) = detail.job.updated_at
    {
        alerts.push(missing_updates("this job", now - at));
    }
    if is_being_cancelled {
        alerts.push(Banner::warning(
            "Being cancelled.",
            "The backend has been asked to stop this job. That can take a minute.",
        ));
    }
    alerts
}

fn timeline(detail: &JobDetail) -> Vec<Moment> {
    let job = &detail.job;
    let mut timeline = vec![
        Moment::new("Created", Some(detail.created_at)),
        Moment::new("Started", job.started_at),
    ];
    // A job that ended without having started is not still to start.
    timeline.retain(|moment| moment.done || !job.is_completed());
    timeline.push(match job.is_completed() {
        true if job.is("failed") => Moment::new("Failed", job.completed_at),
        true => Moment::new("Finished", job.completed_at),
        false => Moment {
            done: false,
            ..Moment::text("Now", Status::of_job(&job.status).label)
        },
    });
    let runtime = job.runtime();
    if !runtime.is_zero() {
        timeline.push(Moment::text("Runtime", runtime.words()));
    }
    if job.updated_at.is_some() {
        timeline.push(Moment::new("Last news", job.updated_at));
    }
    timeline
}

fn monitoring(detail: &JobDetail, viewer: &Viewer<'_>) -> Vec<Link> {
    let Some(base) = viewer.honeycomb else {
        return Vec::new();
    };
    let job = &detail.job;
    let window = Window::new(detail.created_at, job.completed_at, job.is_completed());
    let trace = detail.trace_id().map(|id| honeycomb::trace(base, id, window));
    trace
        .into_iter()
        .chain([
            honeycomb::metrics(base, &job.identifier, window),
            honeycomb::job_request(base, &detail.request_identifier, window),
            honeycomb::earlier_runs(base, &detail.place.workspace_name, &job.action),
        ])
        .collect()
}
