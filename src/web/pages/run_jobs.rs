//! Asking for jobs to be run.

mod filled;
mod plan;
mod rows;
mod view;

use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::{get, post};

use crate::core::access::{Can, RunJobs};
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::actions::{NewJobRequest, create_job_request};
use crate::core::jobs::pipeline::Policy;
use crate::core::jobs::running::{NotRunnable, Runnable, Sources, Wanted, stale_actions};
use crate::core::jobs::store::last_runs::{self, LastRun};
use crate::core::jobs::store::run_form::{self, LatestRequest, OfferedBackend};
use crate::core::people::notify;
use crate::core::ports::Codelists;
use crate::core::workspaces::Workspace;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, Visit};
use crate::web::pages::answer::Answer;
use crate::web::pages::places;
use crate::web::responders::Outcome;
use crate::web::view::{count_of, login_href};
use filled::Filled;
use plan::Statuses;

/// Who asks where, on what: all that is known without the code host.
struct Asked<'r> {
    visit: Visit<'r>,
    workspace: Workspace,
    can: Can<RunJobs>,
    backends: Vec<OfferedBackend>,
    policy: Policy,
    latest: Option<LatestRequest>,
    runs: Vec<LastRun>,
    chosen: notify::Choice,
    /// The rest of the address: a branch, tag or commit; empty for the branch's head.
    reference: String,
}

#[get("/<project>/<workspace>/run-jobs/<reference..>")]
pub async fn form(
    visit: Visit<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    reference: Segments<'_, Path>,
) -> Outcome<Answer> {
    let asked = match prepare(visit, db, project, workspace, &joined(reference)).await? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let filled = asked.filled();
    if asked.backends.is_empty() {
        return Ok(asked.without_backend(&filled));
    }
    let runnable = asked.runnable().await;
    Ok(asked.page(&runnable, &filled, &FieldErrors::default()))
}

#[post("/<project>/<workspace>/run-jobs/<reference..>", data = "<form>")]
pub async fn send(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    reference: Segments<'_, Path>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let asked = match prepare(user.visit, db, project, workspace, &joined(reference)).await? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let filled = Filled::of_form(&form);
    if asked.backends.is_empty() {
        return Ok(asked.without_backend(&filled));
    }
    let runnable = match asked.runnable().await {
        Ok(runnable) => runnable,
        problem => return Ok(asked.page(&problem, &filled, &FieldErrors::default())),
    };
    if form.has("show_plan") {
        return Ok(asked.page(&Ok(runnable), &filled, &FieldErrors::default()));
    }
    let (backend, mut errors) = check(&asked, &runnable, &filled);
    if let Some(backend) = backend
        && runnable.codelists == Codelists::OutOfDate
    {
        let last = Statuses::on(backend.id, &asked.runs).by_action();
        let stale = stale_actions(&runnable.pipeline, &filled.actions, filled.force, &last);
        if !stale.is_empty() {
            let message = format!(
                "The codelists are out of date, and these actions would read the database with them: {}.",
                stale.join(", ")
            );
            errors.add("requested_actions", message);
        }
    }
    let Some(backend) = backend.filter(|_| errors.is_empty()) else {
        return Ok(asked.page(&Ok(runnable), &filled, &errors));
    };
    let new = NewJobRequest {
        workspace_id: asked.workspace.id,
        backend_id: backend.id,
        transport: backend.transport,
        requested_actions: filled.actions,
        force_run_dependencies: filled.force,
        will_notify: filled.will_notify,
        sha: runnable.commit.to_string(),
        project_definition: runnable.definition,
        codelists_ok: runnable.codelists == Codelists::UpToDate,
        form_key: Some(filled.form_key).filter(|key| !key.is_empty()),
    };
    match create_job_request(db, &asked.can, &new).await {
        Ok(created) => {
            let text = format!(
                "Job request {} asks {} to run {}.",
                created.id,
                backend.name,
                count_of(new.requested_actions.len(), "action")
            );
            Ok(Answer::told(
                format!("{}logs/", asked.workspace.href()),
                "success",
                text,
            ))
        }
        Err(Error::Conflict(why)) => Ok(refused(&asked.workspace, &why)),
        Err(error) => Err(error.into()),
    }
}

fn joined(reference: Segments<'_, Path>) -> String {
    reference.collect::<Vec<_>>().join("/")
}

/// The checks that come before the repository is read, in their order.
async fn prepare<'r>(
    visit: Visit<'r>,
    db: &Database,
    project: &str,
    workspace: &str,
    reference: &str,
) -> Outcome<Result<Asked<'r>, Answer>> {
    // Who is not signed in learns nothing of what there is.
    let Some(user) = visit.signed_in() else {
        return Ok(Err(Answer::redirect(login_href(visit.path(), visit.query()))));
    };
    let mut conn = db.read().await?;
    let workspace = places::workspace(&mut conn, project, workspace).await?;
    let can = user.can::<RunJobs>(workspace.project_id)?;
    if workspace.is_archived {
        let why = "This workspace is archived, so no jobs can be run in it.";
        return Ok(Err(refused(&workspace, why)));
    }
    let is_switched_off = visit.app.settings.web.disable_creating_jobs;
    let has_controller = visit.app.settings.rap.controller.is_some();
    let backends = run_form::backends_of_user(&mut conn, user.id, is_switched_off, has_controller).await?;
    let policy = run_form::policy_of(&mut conn, &workspace).await?;
    let latest = run_form::latest_request(&mut conn, workspace.id).await?;
    let runs = last_runs::last_runs(&mut conn, workspace.id).await?;
    let chosen = notify::choice(&mut conn, user.id).await?;
    Ok(Ok(Asked {
        visit,
        workspace,
        can,
        backends,
        policy,
        latest,
        runs,
        chosen,
        reference: reference.to_owned(),
    }))
}

fn refused(workspace: &Workspace, why: &str) -> Answer {
    Answer::told(workspace.href(), "danger", why)
}

/// The backend chosen, and what is wrong with the rest of the form.
fn check<'a>(asked: &'a Asked<'_>, runnable: &Runnable, filled: &Filled) -> (Option<&'a OfferedBackend>, FieldErrors) {
    let mut errors = FieldErrors::default();
    if filled.actions.is_empty() {
        errors.add("requested_actions", "Choose at least one action.");
    } else if filled.actions.iter().any(|name| !runnable.pipeline.offers(name)) {
        errors.add(
            "requested_actions",
            "An action you chose is no longer in project.yaml. Choose from those below.",
        );
    }
    let slug = filled.backend.as_deref().unwrap_or_default();
    let backend = asked.backends.iter().find(|backend| backend.slug == slug);
    if backend.is_none() {
        let message = if slug.is_empty() {
            "Choose a backend."
        } else {
            "You cannot run jobs on that backend. Choose one of those below."
        };
        errors.add("backend", message);
    }
    (backend, errors)
}

impl Asked<'_> {
    /// A new form, with what the address chose; a backend that is not on offer is as none.
    fn filled(&self) -> Filled {
        let mut filled = Filled::of_query(self.visit.query(), self.workspace.should_notify);
        let backends = &self.backends;
        filled.backend = filled
            .backend
            .filter(|slug| backends.iter().any(|backend| &backend.slug == slug));
        filled
    }

    async fn runnable(&self) -> Result<Box<Runnable>, NotRunnable> {
        let app = self.visit.app;
        let wanted = if self.reference.is_empty() {
            Wanted::BranchHead(&self.workspace.branch)
        } else {
            Wanted::Reference(&self.reference)
        };
        let sources = Sources {
            host: &*app.code_host,
            codelists: &*app.codelists,
            call_timeout: app.settings.github.timeout,
        };
        sources.runnable(&self.workspace.repo_url, wanted, self.policy).await
    }

    fn empty_view(&self, filled: &Filled) -> view::RunJobsView {
        view::empty(
            &self.workspace,
            &self.backends,
            self.latest.as_ref(),
            &self.chosen,
            filled,
        )
    }

    fn page(&self, found: &Result<Box<Runnable>, NotRunnable>, filled: &Filled, errors: &FieldErrors) -> Answer {
        let view = self.empty_view(filled);
        self.render(match found {
            Ok(runnable) => view.with_form(runnable, &self.backends, &self.runs, filled, errors),
            Err(problem) => view.with_problem(problem),
        })
    }

    fn without_backend(&self, filled: &Filled) -> Answer {
        let mut view = self.empty_view(filled);
        view.no_backend = Some(if self.visit.app.settings.web.disable_creating_jobs {
            "Job creation is switched off on your backends at the moment, or you are a member of none. Try again later, or ask the support team."
        } else {
            "You are a member of no active backend. Ask the support team for access to one."
        });
        self.render(view)
    }

    fn render(&self, view: view::RunJobsView) -> Answer {
        let chrome = self.visit.chrome(format!("Run jobs: {}", self.workspace.name));
        let chrome = places::under_workspace(chrome, &self.workspace)
            .here("Page", "Run jobs")
            .with_errors(!view.errors.is_empty())
            .script(&self.visit, "run-jobs");
        self.visit.render("pages/run_jobs", chrome, &view).into()
    }
}
