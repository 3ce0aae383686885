//! What the run-jobs page shows.

use serde::Serialize;

use crate::core::error::FieldErrors;
use crate::core::jobs::running::{NotRunnable, Runnable};
use crate::core::jobs::store::run_form::{LatestRequest, OfferedBackend};
use crate::core::jobs::{RUN_ALL, Runtime};
use crate::core::people::notify;
use crate::core::ports::Codelists;
use crate::core::workspaces::Workspace;
use crate::web::pages::settings;
use crate::web::view::{
    Banner, Choices, Copyable, FormError, Link, Status, Time, branch_link, count_of, option_id, repo_link,
};

#[derive(Debug, Serialize)]
pub struct RunJobsView {
    pub workspace: Link,
    pub branch: Link,
    pub commit: Option<Copyable>,
    pub repo: Option<Link>,
    pub logs_href: String,
    pub errors: Vec<FormError>,
    pub alerts: Vec<Banner>,
    pub problem: Option<Problem>,
    pub no_backend: Option<&'static str>,
    pub statuses_url: String,
    pub form_key: String,
    pub actions: Vec<ActionChoice>,
    pub actions_error: Option<String>,
    pub backend: Choices,
    pub force: bool,
    pub notify: Choices,
    /// Where one chooses what one is told about.
    pub settings_href: &'static str,
    pub latest: Option<Latest>,
}

#[derive(Debug, Serialize)]
pub struct Problem {
    pub title: &'static str,
    pub detail: Option<String>,
    /// Waiting helps, and nothing in the repository needs changing.
    pub is_temporary: bool,
}

#[derive(Debug, Serialize)]
pub struct ActionChoice {
    pub id: String,
    pub name: String,
    pub checked: bool,
    pub is_run_all: bool,
    pub needs: Vec<String>,
    pub needs_count: String,
}

#[derive(Debug, Serialize)]
pub struct Latest {
    pub number: String,
    pub href: String,
    pub status: Status,
    pub created: Option<Time>,
    pub runtime: String,
    pub requested_actions: Vec<String>,
    pub jobs_count: String,
    pub jobs: Vec<LatestJobView>,
}

#[derive(Debug, Serialize)]
pub struct LatestJobView {
    pub action: String,
    pub status: Status,
    pub runtime: Option<String>,
    pub message: Option<String>,
}

/// What somebody filled in, or the form's own defaults.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    pub form_key: String,
    pub actions: Vec<String>,
    pub backend: Option<String>,
    pub force: bool,
    pub will_notify: bool,
}

/// The page before anything about the repository is known.
pub fn empty(
    workspace: &Workspace,
    backends: &[OfferedBackend],
    latest: Option<&LatestRequest>,
    chosen: &notify::Choice,
    filled: &Filled,
) -> RunJobsView {
    let is_chosen = |slug: &str| match &filled.backend {
        Some(chosen) => chosen == slug,
        None => backends.len() == 1,
    };
    let offered = backends.iter().map(|backend| {
        let is_chosen = is_chosen(&backend.slug);
        (backend.slug.clone(), backend.name.clone(), is_chosen)
    });
    let notify = [
        ("True".to_owned(), "Yes, by e-mail".to_owned(), filled.will_notify),
        ("False".to_owned(), "No".to_owned(), !filled.will_notify),
    ];
    RunJobsView {
        workspace: Link::new(workspace.name.clone(), workspace.href()),
        branch: branch_link(&workspace.repo_url, &workspace.branch),
        commit: None,
        repo: Some(repo_link(&workspace.repo_url)).filter(|repo| !repo.href.is_empty()),
        logs_href: format!("{}logs/", workspace.href()),
        errors: Vec::new(),
        alerts: Vec::new(),
        problem: None,
        no_backend: None,
        statuses_url: format!("/api/v2/workspaces/{}/statuses/", workspace.name),
        form_key: filled.form_key.clone(),
        actions: Vec::new(),
        actions_error: None,
        backend: Choices::new("backend", "Backend", offered).help("Where the jobs run."),
        force: filled.force,
        notify: Choices::new("will_notify", "Tell me when the jobs have finished", notify).help(settings::hint(chosen)),
        settings_href: settings::HREF,
        latest: latest.map(|latest| latest_view(workspace, latest)),
    }
}

impl RunJobsView {
    /// Nothing can be run, and why.
    pub fn with_problem(mut self, problem: &NotRunnable) -> Self {
        self.problem = Some(Problem {
            title: problem.title(),
            detail: Some(problem.to_string()),
            is_temporary: problem.is_temporary(),
        });
        self
    }

    /// The form for what was found in the repository.
    pub fn with_form(mut self, runnable: &Runnable, filled: &Filled, errors: &FieldErrors) -> Self {
        self.commit = Copyable::commit(runnable.commit.as_str());
        self.actions = runnable
            .pipeline
            .listing()
            .into_iter()
            .enumerate()
            .map(|(index, listed)| {
                let is_whole = listed.name == RUN_ALL && runnable.pipeline.action(RUN_ALL).is_none();
                let mut needs: Vec<String> = listed.needs.into_iter().map(str::to_owned).collect();
                if !is_whole {
                    needs.sort();
                }
                ActionChoice {
                    id: option_id("requested_actions", index),
                    name: listed.name.to_owned(),
                    checked: filled.actions.iter().any(|name| name == listed.name),
                    is_run_all: listed.name == RUN_ALL,
                    needs_count: count_of(needs.len(), "action"),
                    needs,
                }
            })
            .collect();
        self.actions_error = errors.get("requested_actions").map(str::to_owned);
        self.backend = self.backend.error(errors);
        self.errors = FormError::list(errors);
        if runnable.codelists == Codelists::OutOfDate {
            self.alerts.push(Banner {
                tone: "warning",
                title: Some("The codelists are out of date.".into()),
                text: "Actions that read the database cannot be run until the codelists in the repository are updated."
                    .into(),
                href: Some("https://docs.opensafely.org/codelist-updates/".into()),
                link_text: Some("How to update them".into()),
            });
        }
        self
    }
}

fn latest_view(workspace: &Workspace, latest: &LatestRequest) -> Latest {
    let jobs: Vec<LatestJobView> = latest
        .jobs
        .iter()
        .map(|job| {
            let runtime = Runtime::from_seconds(job.seconds.unwrap_or_default());
            LatestJobView {
                action: job.action.clone(),
                status: Status::of_job(&job.status),
                runtime: (!runtime.is_zero()).then(|| runtime.words()),
                message: crate::web::pages::job_request::job_message(
                    &job.status,
                    &job.status_code,
                    &job.status_message,
                ),
            }
        })
        .collect();
    let seconds: f64 = latest
        .jobs
        .iter()
        .map(|job| job.seconds.unwrap_or_default().max(0.0))
        .sum();
    Latest {
        number: latest.id.to_string(),
        href: format!("{}{}/", workspace.href(), latest.id),
        status: Status::from(latest.status),
        created: latest.created_at.map(Time::new),
        runtime: Runtime::from_seconds(seconds).words(),
        requested_actions: latest.requested_actions.clone(),
        jobs_count: count_of(jobs.len(), "job"),
        jobs,
    }
}
