//! Asking again for just what failed or was cancelled.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rocket::post;
use serde::Serialize;

use crate::core::access::RunJobs;
use crate::core::error::Error;
use crate::core::jobs::actions::{NewJobRequest, create_job_request};
use crate::core::jobs::detail::{ListedJob, RequestDetail};
use crate::core::jobs::running::{Sources, Wanted, stale_actions};
use crate::core::jobs::store::{detail as store, run_form};
use crate::core::jobs::{ERROR_ACTION, JobRequestStatus};
use crate::core::ports::Codelists;
use crate::core::sealed::random_token;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::message::Told;
use crate::web::pages::places;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::count_of;

/// The button that does it, and the way to the form for whoever wants to choose.
#[derive(Debug, Serialize)]
pub struct Again {
    pub action: String,
    pub csrf: String,
    pub form_key: String,
    pub text: String,
    pub choose_href: String,
}

impl Again {
    /// `None` while the request goes on, and when there is nothing to ask for again.
    pub fn new(request: &RequestDetail, jobs: &[ListedJob], csrf: &str) -> Option<Self> {
        let actions = actions(request, jobs);
        if actions.is_empty() {
            return None;
        }
        Some(Self {
            action: format!("{}run-again/", request.place.request_href(request.id)),
            csrf: csrf.to_owned(),
            form_key: random_token(),
            text: format!("Run {} again", count_of(actions.len(), "action")),
            choose_href: choose_href(request, &actions),
        })
    }
}

/// What failed, and what was cancelled and has not succeeded, each once, in the order of the jobs; all that was
/// asked for when the request failed before it had any job.
pub fn actions(request: &RequestDetail, jobs: &[ListedJob]) -> Vec<String> {
    if request.status.is_active() || jobs.iter().any(|job| job.action == ERROR_ACTION) {
        return Vec::new();
    }
    if jobs.is_empty() && request.status == JobRequestStatus::Failed {
        return request.requested_actions.clone();
    }
    let mut actions: Vec<String> = Vec::new();
    let failed = jobs.iter().filter(|job| job.is("failed")).map(|job| &job.action);
    let cancelled = request
        .cancelled_actions
        .iter()
        .filter(|action| !jobs.iter().any(|job| &job.action == *action && job.is("succeeded")));
    for action in failed.chain(cancelled) {
        if !actions.contains(action) {
            actions.push(action.clone());
        }
    }
    actions
}

/// The most actions that an address names: more would make it longer than what is read.
const MOST_NAMED: usize = 100;

/// The form for asking, with these actions and the request's backend chosen.
pub fn choose_href(request: &RequestDetail, actions: &[String]) -> String {
    let place = &request.place;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut href = format!(
        "/{}/{}/run-jobs/?backend={}",
        place.project_slug,
        place.workspace_name,
        encoded(&place.backend_slug)
    );
    for action in actions.iter().take(MOST_NAMED) {
        href.push_str("&actions=");
        href.push_str(&encoded(action));
    }
    href
}

/// Asks for it: what the form that asks would do for the same actions, the newest commit of the branch and the same
/// backend. What stands in its way is said on that form, where something else can be chosen.
#[post("/<project>/<workspace>/<id>/run-again", data = "<form>")]
pub async fn run_again(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
    form: CsrfForm,
) -> Outcome<Told> {
    places::check_names(project, workspace)?;
    let mut conn = db.read().await?;
    let request = store::request_detail(&mut conn, project, workspace, id)
        .await?
        .ok_or_else(|| Failure::not_found("JobRequest"))?;
    let can = user.user.can::<RunJobs>(request.place.project_id)?;
    let workspace = places::workspace(&mut conn, project, workspace).await?;
    let jobs = store::jobs_of_request(&mut conn, id).await?;
    let app = user.visit.app;
    let is_switched_off = app.settings.web.disable_creating_jobs;
    let has_controller = app.settings.rap.controller.is_some();
    let backends = run_form::backends_of_user(&mut conn, user.user.id, is_switched_off, has_controller).await?;
    let policy = run_form::policy_of(&mut conn, &workspace).await?;
    let backend = backends
        .into_iter()
        .find(|backend| backend.slug == request.place.backend_slug);
    let last = match &backend {
        Some(backend) => run_form::last_statuses(&mut conn, workspace.id, backend.id).await?,
        None => HashMap::new(),
    };
    drop(conn);

    let back = request.place.request_href(id);
    let actions = actions(&request, &jobs);
    if actions.is_empty() {
        let text =
            "There is nothing to run again: nothing of this request failed or was cancelled, or it still goes on.";
        return Ok(Told::new(back, "info", text));
    }
    if workspace.is_archived {
        let text = "This workspace is archived, so no jobs can be run in it.";
        return Ok(Told::new(back, "danger", text));
    }
    let Some(backend) = backend else {
        let text = format!("You cannot run jobs on {} at the moment.", request.place.backend_name);
        return Ok(Told::new(back, "danger", text));
    };
    let choose = choose_href(&request, &actions);
    let sources = Sources {
        host: &*app.code_host,
        codelists: &*app.codelists,
        call_timeout: app.settings.github.timeout,
    };
    let wanted = Wanted::BranchHead(&workspace.branch);
    let runnable = match sources.runnable(&workspace.repo_url, wanted, policy).await {
        Ok(runnable) => runnable,
        Err(problem) => {
            return Ok(Told::new(
                choose,
                "danger",
                format!("Nothing was run. {}.", problem.title()),
            ));
        }
    };
    let gone: Vec<&str> = actions
        .iter()
        .map(String::as_str)
        .filter(|action| !runnable.pipeline.offers(action))
        .collect();
    if !gone.is_empty() {
        let text = format!(
            "Nothing was run, as project.yaml has no more {}. Choose from what it has now.",
            gone.join(", ")
        );
        return Ok(Told::new(choose, "warning", text));
    }
    let is_stale = runnable.codelists == Codelists::OutOfDate;
    if is_stale && !stale_actions(&runnable.pipeline, &actions, false, &last).is_empty() {
        let text = "Nothing was run: the codelists are out of date, and what failed reads the database with them. \
                    Update them in the repository first.";
        return Ok(Told::new(choose, "warning", text));
    }
    let key = form.text("form_key");
    let count = count_of(actions.len(), "action");
    let new = NewJobRequest {
        workspace_id: workspace.id,
        backend_id: backend.id,
        transport: backend.transport,
        requested_actions: actions,
        force_run_dependencies: false,
        will_notify: workspace.should_notify,
        sha: runnable.commit.to_string(),
        project_definition: runnable.definition,
        codelists_ok: !is_stale,
        form_key: (!key.is_empty() && key.len() <= MAX_FORM_KEY).then(|| key.to_owned()),
    };
    match create_job_request(db, &can, &new).await {
        Ok(created) => {
            let text = format!(
                "Job request {} asks {} to run {count} again, at commit {}.",
                created.id,
                backend.name,
                runnable.commit.short()
            );
            Ok(Told::new(request.place.request_href(created.id), "success", text))
        }
        Err(Error::Conflict(why)) => Ok(Told::new(back, "danger", why)),
        Err(error) => Err(error.into()),
    }
}

/// The longest form key that is remembered; ours are shorter.
const MAX_FORM_KEY: usize = 100;
