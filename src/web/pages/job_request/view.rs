//! What the page of a job request shows.

use serde::Serialize;
use time::OffsetDateTime;

use super::again::Again;
use super::compared::DifferenceView;
use super::failed::{FailedJob, failed_job, job_message};
use super::graph::graph;
use super::lanes::{Axis, AxisView, Lane};
use super::pipeline::PipelineView;
use super::progress::Progress;
use crate::core::access::CanCancel;
use crate::core::jobs::actions::can_still_cancel;
use crate::core::jobs::detail::{ListedJob, RequestDetail, Summary};
use crate::core::jobs::earlier::{LastTimes, against};
use crate::core::jobs::{JobRequestStatus, Runtime};
use crate::web::view::honeycomb::{self, Window};
use crate::web::view::{
    Banner, CancelButton, Comparison, Copyable, Graph, Link, Moment, Status, Time, count_of, encode_segment, relative,
};

#[derive(Debug, Serialize)]
pub struct JobRequestView {
    pub number: String,
    pub live_url: Option<String>,
    pub status: Status,
    pub status_note: Option<String>,
    pub workspace: Link,
    pub project: Link,
    pub org: Option<Link>,
    pub user: Link,
    pub backend: String,
    pub created: Option<Time>,
    pub links: Vec<Link>,
    pub cancel: Option<CancelButton>,
    pub progress: Option<Progress>,
    pub elapsed: Option<Fact>,
    pub queue: Option<Fact>,
    pub alerts: Vec<Banner>,
    pub failed: Vec<FailedJob>,
    pub failed_count: String,
    pub again: Option<Again>,
    pub axis: Option<AxisView>,
    pub jobs: Vec<JobRow>,
    pub graph: Option<Graph>,
    pub no_jobs: Empty,
    pub pipeline: Option<PipelineView>,
    pub is_test_backend: bool,
    pub timeline: Vec<Moment>,
    pub branch: Link,
    pub commit: Option<Copyable>,
    pub commit_href: Option<String>,
    pub force: &'static str,
    pub identifier: Copyable,
    pub requested_actions: Vec<String>,
    pub comparison: Comparison,
    pub difference: Option<DifferenceView>,
    pub monitoring: Vec<Link>,
}

#[derive(Debug, Serialize)]
pub struct Fact {
    pub label: String,
    pub text: String,
    pub note: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct JobRow {
    pub action: String,
    pub href: String,
    pub status: Status,
    pub message: Option<String>,
    pub runtime: Option<String>,
    /// Its runtime against that of the action's last success.
    pub against: Option<String>,
    pub started: Option<Time>,
    pub lane: Option<Lane>,
}

#[derive(Debug, Serialize)]
pub struct Empty {
    pub title: &'static str,
    pub text: &'static str,
}

/// Who looks: what they may do with it, and whether they are staff.
pub struct Viewer<'a> {
    pub can_cancel: Option<CanCancel>,
    pub csrf: &'a str,
    /// The base of telemetry links, for staff.
    pub honeycomb: Option<&'a url::Url>,
    pub now: OffsetDateTime,
}

/// What the request is compared with, and what can follow it.
pub struct Around<'a> {
    pub last_times: &'a LastTimes,
    /// `project.yaml` of the last request that succeeded.
    pub earlier_definition: &'a str,
    pub again: Option<Again>,
}

pub fn view(request: &RequestDetail, jobs: &[ListedJob], around: Around<'_>, viewer: &Viewer<'_>) -> JobRequestView {
    let place = &request.place;
    let href = place.request_href(request.id);
    let summary = Summary::of(jobs, request.status);
    let listed: &[ListedJob] = if summary.is_invalid { &[] } else { jobs };
    let job_href = |job: &ListedJob| format!("{href}{}/", encode_segment(&job.identifier));
    let failed: Vec<FailedJob> = listed
        .iter()
        .filter(|job| job.is("failed"))
        .map(|job| failed_job(job, job_href(job)))
        .collect();
    let axis = Axis::new(listed, summary.completed_at.unwrap_or(viewer.now));
    let times = around.last_times;
    JobRequestView {
        number: request.id.to_string(),
        live_url: request.status.is_active().then(|| format!("{href}events/")),
        status: Status::from(request.status),
        status_note: status_note(request, jobs, &summary),
        workspace: place.workspace_link(),
        project: place.project_link(),
        org: place.org_link(),
        user: place.user_link(),
        backend: place.backend_name.clone(),
        created: request.created_at.map(Time::new),
        links: repository_links(request),
        cancel: cancel_button(request, jobs, viewer, &href),
        progress: (!listed.is_empty()).then(|| Progress::new(&summary)),
        elapsed: elapsed(&summary, times.together(listed), viewer.now),
        queue: queue(request, &summary, viewer.now),
        alerts: alerts(request, &summary, viewer.now),
        failed_count: format!("{} of {}", failed.len(), count_of(listed.len(), "job")),
        failed,
        again: around.again,
        axis: axis.as_ref().map(Axis::view),
        graph: graph(request, listed, job_href),
        jobs: listed
            .iter()
            .map(|job| {
                let runtime = job.runtime();
                JobRow {
                    action: job.action.clone(),
                    href: job_href(job),
                    status: Status::of_job(&job.status),
                    message: job_message(&job.status, &job.status_code, &job.status_message),
                    runtime: (!runtime.is_zero()).then(|| runtime.words()),
                    against: times
                        .0
                        .get(&job.action)
                        .filter(|_| job.is("succeeded") && !runtime.is_zero())
                        .map(|then| format!("{} last time", against(runtime, *then))),
                    started: job.started_at.map(Time::new),
                    lane: axis.as_ref().map(|axis| axis.lane(job, viewer.now)),
                }
            })
            .collect(),
        no_jobs: no_jobs(request.status, summary.is_invalid),
        pipeline: PipelineView::new(&request.project_definition, place),
        is_test_backend: place.backend_is_test,
        timeline: timeline(request, &summary),
        branch: place.branch_link(),
        commit: Copyable::commit(&place.sha),
        commit_href: (!place.sha.is_empty()).then(|| place.tree_href()),
        force: if request.force_run_dependencies { "Yes" } else { "No" },
        identifier: Copyable::new(request.identifier.clone(), "Copy the identifier"),
        requested_actions: request.requested_actions.clone(),
        comparison: Comparison::new(
            place,
            request.previous.as_ref(),
            request.previous_succeeded.as_ref(),
            |earlier| {
                (
                    format!("Since the previous request, {}", earlier.request_id),
                    format!("Since the last one that succeeded, {}", earlier.request_id),
                )
            },
            "This is the first request of this workspace on this backend.",
        ),
        difference: DifferenceView::new(request, around.earlier_definition),
        monitoring: monitoring(request, &summary, viewer),
    }
}

fn status_note(request: &RequestDetail, jobs: &[ListedJob], summary: &Summary) -> Option<String> {
    if summary.is_invalid {
        let message = jobs.first().map(|job| job.status_message.clone()).unwrap_or_default();
        return Some(if message.is_empty() {
            "The backend could not make jobs of this request.".to_owned()
        } else {
            message
        });
    }
    if !jobs.is_empty() {
        return None;
    }
    match (&request.status_message, request.status) {
        (Some(message), _) if !message.is_empty() => Some(message.clone()),
        (_, JobRequestStatus::Unknown) if !request.cancelled_actions.is_empty() => {
            Some("It will be cancelled when the backend picks it up".to_owned())
        }
        (_, JobRequestStatus::Unknown) => Some("Waiting for the backend to pick it up".to_owned()),
        (_, JobRequestStatus::NothingToDo) => Some("All the actions asked for had already succeeded.".to_owned()),
        _ => None,
    }
}

fn repository_links(request: &RequestDetail) -> Vec<Link> {
    let place = &request.place;
    if !place.repo_url.starts_with("https://") {
        return Vec::new();
    }
    let label = if place.sha.is_empty() {
        "Repository"
    } else {
        "Repository at this commit"
    };
    vec![
        Link::new(label, place.tree_href()),
        Link::new("project.yaml", place.blob_href("project.yaml")),
    ]
}

fn cancel_button(request: &RequestDetail, jobs: &[ListedJob], viewer: &Viewer<'_>, href: &str) -> Option<CancelButton> {
    viewer.can_cancel.as_ref()?;
    let unfinished: Vec<String> = jobs
        .iter()
        .filter(|job| !job.is_completed())
        .map(|job| job.action.clone())
        .collect();
    let cancelled = &request.cancelled_actions;
    let left = unfinished.iter().filter(|action| !cancelled.contains(action)).count();
    let is_asked = jobs.is_empty() && !cancelled.is_empty();
    let enabled = can_still_cancel(request.status, &unfinished, cancelled) && !is_asked;
    let reason = match enabled {
        true => None,
        false if request.status.is_completed() => Some("It has finished."),
        false => Some("Cancellation has been asked for."),
    };
    let (question, confirm) = if jobs.is_empty() {
        (
            "Cancel this request before it starts? None of its actions will run.".to_owned(),
            "Cancel the request".to_owned(),
        )
    } else {
        (
            format!(
                "Stop {} that {} not finished? What has been done so far is lost. Jobs that have finished stay as they are.",
                count_of(left, "job"),
                if left == 1 { "has" } else { "have" }
            ),
            format!("Cancel {}", count_of(left, "job")),
        )
    };
    Some(CancelButton {
        action: format!("{href}cancel/"),
        csrf: viewer.csrf.to_owned(),
        enabled,
        reason,
        label: "Cancel",
        question,
        confirm,
    })
}

fn elapsed(summary: &Summary, times: Option<(Runtime, Runtime)>, now: OffsetDateTime) -> Option<Fact> {
    let started = summary.started_at?;
    let (label, until) = match summary.completed_at {
        Some(completed) => ("Took", completed),
        None => ("Running for", now),
    };
    let elapsed = Runtime::between(Some(started), Some(until));
    let together = (!summary.runtime.is_zero() && summary.runtime != elapsed)
        .then(|| format!("All jobs together: {}", summary.runtime.words()));
    let compared = times.map(|(now, then)| format!("the same jobs: {} last time", against(now, then)));
    let note = match (together, compared) {
        (Some(together), Some(compared)) => Some(format!("{together}; {compared}")),
        (one, other) => one.or(other),
    };
    Some(Fact {
        label: label.to_owned(),
        text: elapsed.words(),
        note,
    })
}

fn queue(request: &RequestDetail, summary: &Summary, now: OffsetDateTime) -> Option<Fact> {
    let is_cancelled = summary.total == 0 && !request.cancelled_actions.is_empty();
    if request.status.is_completed() || summary.started_at.is_some() || is_cancelled {
        return None;
    }
    Some(Fact {
        label: format!("Queue on {}", request.place.backend_name),
        text: match (request.ahead, request.jobs_ahead) {
            (0, _) => "Next in line".to_owned(),
            (requests, 0) => format!("{} ahead", count_of(as_count(requests), "job request")),
            (requests, jobs) => format!(
                "{} of {} ahead",
                count_of(as_count(jobs), "job"),
                count_of(as_count(requests), "request")
            ),
        },
        note: Some(match request.place.backend_last_seen {
            Some(at) => format!("Backend last seen {}", relative(now - at)),
            None => "Backend never seen yet".to_owned(),
        }),
    })
}

fn as_count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn alerts(request: &RequestDetail, summary: &Summary, now: OffsetDateTime) -> Vec<Banner> {
    let mut alerts = Vec::new();
    if summary.is_missing_updates(request.status, now)
        && let Some(at) = summary.last_updated_at
    {
        alerts.push(missing_updates("these jobs", now - at));
    }
    if request.status.is_active() && !request.cancelled_actions.is_empty() {
        alerts.push(Banner::warning(
            "Being cancelled.",
            format!(
                "The backend is asked to stop {}: {}. That can take a minute.",
                count_of(request.cancelled_actions.len(), "action"),
                request.cancelled_actions.join(", ")
            ),
        ));
    }
    alerts
}

/// The banner of a page whose backend has gone quiet.
pub fn missing_updates(what: &str, quiet_for: time::Duration) -> Banner {
    Banner {
        tone: "warning",
        title: Some(format!("No news for {}.", Runtime::from(quiet_for).words())),
        text: format!("The backend has not reported on {what} since then. It may be down."),
        href: Some("/status/".to_owned()),
        link_text: Some("See its status".to_owned()),
    }
}

fn no_jobs(status: JobRequestStatus, is_invalid: bool) -> Empty {
    let (title, text) = match status {
        _ if is_invalid => (
            "No jobs could be made",
            "What the backend said about it stands at the top of this page. Correct it in the repository, and run the jobs again.",
        ),
        JobRequestStatus::NothingToDo => (
            "No jobs were needed",
            "Everything asked for had already succeeded. Tick “Run everything again” on the run jobs page to run it all the same.",
        ),
        JobRequestStatus::Failed => (
            "No jobs were made",
            "The backend refused this request. Run the jobs again, or ask the support team.",
        ),
        JobRequestStatus::UnknownErrorCreatingJobs => (
            "It is not known whether there are jobs",
            "The backend's answer was lost. This page follows what becomes of it.",
        ),
        _ => (
            "No jobs yet",
            "The backend has not picked this request up yet. It asks for new ones every few seconds.",
        ),
    };
    Empty { title, text }
}

fn timeline(request: &RequestDetail, summary: &Summary) -> Vec<Moment> {
    let mut timeline = vec![
        Moment::new("Created", request.created_at),
        Moment::new("Started", summary.started_at),
        Moment::new("Finished", summary.completed_at),
    ];
    // What has ended without having started is not still to start.
    timeline.retain(|moment| moment.done || !request.status.is_completed());
    if !summary.runtime.is_zero() {
        timeline.push(Moment::text("Runtime of all jobs", summary.runtime.words()));
    }
    timeline
}

fn monitoring(request: &RequestDetail, summary: &Summary, viewer: &Viewer<'_>) -> Vec<Link> {
    let (Some(base), Some(created)) = (viewer.honeycomb, request.created_at) else {
        return Vec::new();
    };
    let window = Window::new(created, summary.completed_at, request.status.is_completed());
    vec![honeycomb::job_request(base, &request.identifier, window)]
}
