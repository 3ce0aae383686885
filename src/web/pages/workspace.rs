//! A workspace's page, and the small changes made from it.

mod actions;
pub mod edit;
mod view;

use rocket::{get, post};

pub use edit::purpose_field;

use crate::core::access::{ArchiveWorkspaces, Permission, ToggleNotifications};
use crate::core::ids::RepoUrl;
use crate::core::jobs::store::{last_runs, lists, run_form};
use crate::core::paging::PageAsked;
use crate::core::releases::store::lists::outputs_of_workspace;
use crate::core::workspaces::actions as changes;
use crate::core::workspaces::facts::{Facts, Visibility};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, Visit};
use crate::web::message::Told;
use crate::web::pages::places;
use crate::web::responders::Outcome;
use crate::web::view::Page;

/// Job requests that the page shows.
const RECENT: usize = 5;

#[get("/<project>/<workspace>")]
pub async fn page(visit: Visit<'_>, db: &Database, project: &str, workspace: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let workspace = places::workspace(&mut conn, project, workspace).await?;
    let id = workspace.project_id;
    let may_run = visit.actor.has_permission(Permission::JobRun, Some(id));
    let has_backend = match visit.signed_in() {
        Some(user) if may_run => {
            let is_switched_off = visit.app.settings.web.disable_creating_jobs;
            let has_controller = visit.app.settings.rap.controller.is_some();
            !run_form::backends_of_user(&mut conn, user.id, is_switched_off, has_controller)
                .await?
                .is_empty()
        }
        _ => false,
    };
    let filter = lists::RequestFilter::default();
    let mut recent = lists::requests_of_workspace(&mut conn, workspace.id, &filter, PageAsked::Number(1))
        .await?
        .rows;
    // Without a job request there is neither an action that ran nor a pipeline.
    let actions = if recent.is_empty() {
        None
    } else {
        let runs = last_runs::last_runs(&mut conn, workspace.id).await?;
        let definition = last_runs::newest_definition(&mut conn, workspace.id).await?;
        actions::actions(&workspace, &runs, definition.as_deref())
    };
    recent.truncate(RECENT);
    let outputs = outputs_of_workspace(&mut conn, workspace.id, visit.actor.id()).await?;
    drop(conn);

    let repo = workspace.repo_url.parse::<RepoUrl>().ok();
    let visibility = match repo {
        Some(repo) => {
            let facts = Facts::new(db, &*visit.app.code_host, visit.app.settings.github.timeout);
            facts.visibility(std::slice::from_ref(&repo)).await?.remove(&repo)
        }
        None => None,
    };
    let is_member = visit.actor.is_member_of(id);
    let is_private = visibility
        .as_ref()
        .is_some_and(|known| known.value == Visibility::Private);
    let first_job = if is_member && is_private {
        last_runs::first_job(&mut *db.read().await?, id).await?
    } else {
        None
    };
    let viewer = view::Viewer {
        has_any_role: visit.actor.has_any_role(),
        may_run,
        has_backend,
        is_member,
        sees_level_4: outputs.has_level_4 && visit.actor.has_permission(Permission::UnreleasedOutputsView, Some(id)),
        sees_drafts: visit.actor.has_permission(Permission::ReleaseFileView, Some(id)),
        may_publish: visit.actor.has_permission(Permission::SnapshotPublish, Some(id)),
        may_edit: visit.actor.has_permission(Permission::WorkspaceCreate, Some(id)),
        may_archive: visit.actor.has_permission(Permission::WorkspaceArchive, Some(id)),
        may_toggle_notifications: visit
            .actor
            .has_permission(Permission::WorkspaceToggleNotifications, Some(id)),
        honeycomb: visit
            .actor
            .may_enter_staff_area()
            .then_some(&visit.app.settings.web.honeycomb_url),
    };
    let found = view::Found {
        visibility: visibility.as_ref(),
        recent,
        actions,
        first_job,
        outputs,
    };
    let view = view::view(&workspace, found, &viewer);
    let chrome = visit
        .chrome(workspace.name.clone())
        .preview(
            workspace.name.clone(),
            format!("A workspace of the project {}", workspace.project_title()),
        )
        .crumb("Project", workspace.project_title(), workspace.project_href())
        .here("Workspace", workspace.name.clone());
    Ok(visit.render("pages/workspace", chrome, &view))
}

#[post("/<project>/<workspace>/archive-toggle", data = "<form>")]
pub async fn archive_toggle(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    form: CsrfForm,
) -> Outcome<Told> {
    let workspace = places::workspace(&mut *db.read().await?, project, workspace).await?;
    let can = user.user.can::<ArchiveWorkspaces>(workspace.project_id)?;
    let is_archived = form.flag("is_archived");
    changes::set_archived(db, &can, workspace.id, is_archived).await?;
    let text = if is_archived {
        format!(
            "The workspace {} is archived. It runs no jobs any more.",
            workspace.name
        )
    } else {
        format!(
            "The workspace {} is out of the archive. It can run jobs again.",
            workspace.name
        )
    };
    Ok(Told::new(workspace.project_href(), "success", text))
}

#[post("/<project>/<workspace>/notifications-toggle", data = "<form>")]
pub async fn notifications_toggle(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    form: CsrfForm,
) -> Outcome<Told> {
    let workspace = places::workspace(&mut *db.read().await?, project, workspace).await?;
    let can = user.user.can::<ToggleNotifications>(workspace.project_id)?;
    let should_notify = form.flag("should_notify");
    changes::set_should_notify(db, &can, workspace.id, should_notify).await?;
    let text = if should_notify {
        "Whoever runs jobs here is told by e-mail when they have finished, unless they choose otherwise."
    } else {
        "Nobody is told by e-mail when jobs have finished, unless they choose to be."
    };
    Ok(Told::new(workspace.href(), "success", text))
}
