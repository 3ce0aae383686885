//! What the run-jobs page shows.

use serde::Serialize;

use super::filled::Filled;
use super::plan::{PlanView, Statuses};
use super::rows::{ActionChoice, rows};
use crate::core::error::FieldErrors;
use crate::core::jobs::running::{NotRunnable, Runnable, stale_actions};
use crate::core::jobs::store::last_runs::LastRun;
use crate::core::jobs::store::run_form::{LatestRequest, OfferedBackend};
use crate::core::jobs::{Pipeline, Runtime};
use crate::core::people::notify;
use crate::core::ports::Codelists;
use crate::core::workspaces::Workspace;
use crate::web::pages::settings;
use crate::web::view::{
    Banner, Choices, Copyable, FormError, Graph, Link, Status, Time, ToldOfAction, branch_link, count_of, repo_link,
};

/// From this many rows on there is a field to find one.
const LONG: usize = 12;

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
    /// There are so many that a field to find one helps.
    pub is_long: bool,
    pub is_stale: bool,
    pub plan: PlanView,
    pub graph: Option<Graph>,
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

/// The page before anything about the repository is known.
pub fn empty(
    workspace: &Workspace,
    backends: &[OfferedBackend],
    latest: Option<&LatestRequest>,
    chosen: &notify::Choice,
    filled: &Filled,
) -> RunJobsView {
    let chosen_id = chosen_backend(backends, filled).map(|backend| backend.id);
    let offered = backends.iter().map(|backend| {
        let is_chosen = chosen_id == Some(backend.id);
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
        is_long: false,
        is_stale: false,
        plan: PlanView::default(),
        graph: None,
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

    /// The form for what was found in the repository; `runs` is what became of each action last.
    pub fn with_form(
        mut self,
        runnable: &Runnable,
        backends: &[OfferedBackend],
        runs: &[LastRun],
        filled: &Filled,
        errors: &FieldErrors,
    ) -> Self {
        let pipeline = &runnable.pipeline;
        self.commit = Copyable::commit(runnable.commit.as_str());
        self.is_stale = runnable.codelists == Codelists::OutOfDate;
        self.actions = rows(pipeline, backends, runs, &filled.actions, self.is_stale);
        self.is_long = self.actions.len() > LONG;
        let backend = chosen_backend(backends, filled);
        let statuses = backend
            .map(|backend| Statuses::on(backend.id, runs))
            .unwrap_or_default();
        let stale = if self.is_stale {
            stale_actions(pipeline, &filled.actions, filled.force, &statuses.by_action())
        } else {
            Vec::new()
        };
        let known = backend.map(|backend| (backend.slug.as_str(), &statuses));
        self.plan = PlanView::of_choice(pipeline, &filled.actions, filled.force, known, stale);
        self.graph = Graph::of(pipeline, |action| {
            let row = self.actions.iter().find(|row| row.name == action);
            ToldOfAction {
                status: statuses.get(action).map(|run| Status::of_job(&run.status)),
                href: row.map(|row| format!("#{}", row.id)),
                is_selected: row.is_some_and(|row| row.checked),
            }
        });
        self.actions_error = errors.get("requested_actions").map(str::to_owned);
        self.backend = self.backend.error(errors);
        self.errors = FormError::list(errors);
        if runnable.codelists == Codelists::OutOfDate {
            self.alerts.push(Banner {
                tone: "warning",
                title: Some("The codelists are out of date.".into()),
                text: stale_text(pipeline),
                href: Some("https://docs.opensafely.org/codelist-updates/".into()),
                link_text: Some("How to update them".into()),
            });
        }
        self
    }
}

/// The backend that was chosen, when it is on offer; the only one when nobody chose.
fn chosen_backend<'a>(backends: &'a [OfferedBackend], filled: &Filled) -> Option<&'a OfferedBackend> {
    match (&filled.backend, backends) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(slug), _) => backends.iter().find(|backend| &backend.slug == slug),
    }
}

/// The most actions that a sentence names.
const MOST_NAMED: usize = 10;

fn stale_text(pipeline: &Pipeline) -> String {
    let names: Vec<&str> = pipeline.database_actions().map(|action| action.name.as_str()).collect();
    let which = match names.len() {
        0 => return "No action of this pipeline reads the database, so everything can be run.".to_owned(),
        1..=MOST_NAMED => names.join(", "),
        many => format!("{} and {} more", names[..MOST_NAMED].join(", "), many - MOST_NAMED),
    };
    format!(
        "Actions that read the database cannot be run until the codelists in the repository are updated: {which}. \
         The rest can."
    )
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
