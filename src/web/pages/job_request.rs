//! A job request's page, and cancelling it.

pub mod again;
mod compared;
mod failed;
mod graph;
mod lanes;
mod pipeline;
mod progress;
mod view;

use rocket::response::Redirect;
use rocket::response::stream::{Event, EventStream};
use rocket::{Shutdown, get, post};
use time::OffsetDateTime;

use crate::core::access::{Actor, CanCancel, RunJobs};
use crate::core::jobs::actions::{Cancelled, cancel_job_request};
use crate::core::jobs::detail::{ListedJob, RequestDetail};
use crate::core::jobs::store::run_form::backends_of_user;
use crate::core::jobs::store::{detail as store, earlier};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, Visit};
use crate::web::live;
use crate::web::message::Told;
use crate::web::pages::places;
use crate::web::responders::{Failure, Outcome, found};
use crate::web::view::{Page, count_of};
pub use failed::{job_message, log_path};
pub use view::missing_updates;

#[get("/<project>/<workspace>/<id>")]
pub async fn page(visit: Visit<'_>, db: &Database, project: &str, workspace: &str, id: i32) -> Outcome<Page> {
    places::check_names(project, workspace)?;
    let mut conn = db.read().await?;
    let request = store::request_detail(&mut conn, project, workspace, id)
        .await?
        .ok_or_else(|| Failure::not_found("JobRequest"))?;
    let jobs = store::jobs_of_request(&mut conn, id).await?;
    let last_times = earlier::last_times(&mut conn, id).await?;
    let earlier_definition = match &request.previous_succeeded {
        Some(success) => earlier::definition_of(&mut conn, success.request_id).await?,
        None => String::new(),
    };
    let may_ask_again = may_ask_again(&visit, &mut conn, &request, &jobs).await?;
    drop(conn);

    let place = &request.place;
    let chrome = visit
        .chrome(format!("Job request {id}"))
        .preview(
            format!("Job request {id}"),
            format!(
                "{} in the workspace {}",
                count_of(request.requested_actions.len(), "requested action"),
                place.workspace_name
            ),
        )
        .crumb("Project", place.project_link().label, place.project_link().href)
        .crumb("Workspace", place.workspace_link().label, place.workspace_link().href)
        .here("Job request", id.to_string());
    let chrome = if request.status.is_active() {
        chrome.script(&visit, "live")
    } else {
        chrome
    };
    let viewer = view::Viewer {
        can_cancel: can_cancel(&visit.actor, id, place.created_by_id(), place.project_id),
        csrf: &chrome.csrf,
        honeycomb: visit
            .actor
            .may_enter_staff_area()
            .then_some(&visit.app.settings.web.honeycomb_url),
        now: OffsetDateTime::now_utc(),
    };
    let around = view::Around {
        last_times: &last_times,
        earlier_definition: &earlier_definition,
        again: may_ask_again
            .then(|| again::Again::new(&request, &jobs, &chrome.csrf))
            .flatten(),
    };
    let view = view::view(&request, &jobs, around, &viewer);
    Ok(visit.render("pages/job_request", chrome, &view))
}

/// Whether the visitor may ask for what failed once more: the form that asks would let them.
async fn may_ask_again(
    visit: &Visit<'_>,
    conn: &mut sqlx::PgConnection,
    request: &RequestDetail,
    jobs: &[ListedJob],
) -> Outcome<bool> {
    let Some(user) = visit.signed_in() else {
        return Ok(false);
    };
    if request.workspace_is_archived
        || !request.backend_is_active
        || user.can::<RunJobs>(request.place.project_id).is_err()
        || again::actions(request, jobs).is_empty()
    {
        return Ok(false);
    }
    let settings = &visit.app.settings;
    let is_switched_off = settings.web.disable_creating_jobs;
    let backends = backends_of_user(conn, user.id, is_switched_off, settings.rap.controller.is_some()).await?;
    Ok(backends
        .iter()
        .any(|backend| backend.slug == request.place.backend_slug))
}

/// The proof that the visitor may cancel, when they may: what decides about the button and the form.
pub fn can_cancel(actor: &Actor, id: i32, created_by_id: Option<i32>, project_id: i32) -> Option<CanCancel> {
    CanCancel::prove(actor.signed_in()?, id, created_by_id, project_id).ok()
}

#[post("/<project>/<workspace>/<id>/cancel", data = "<_form>")]
pub async fn cancel(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
    _form: CsrfForm,
) -> Outcome<Told> {
    let can = prove(&user, db, project, workspace, id).await?;
    let back = format!("/{project}/{workspace}/{id}/");
    Ok(match cancel_job_request(db, &can).await? {
        Cancelled::Actions(actions) => {
            let text = format!("The backend is asked to cancel {}.", named(&actions));
            Told::new(back, "success", text)
        }
        Cancelled::NothingLeft => Told::new(back, "info", "There was nothing left to cancel."),
        Cancelled::Unreachable => Told::new(back, "danger", UNREACHABLE),
    })
}

/// What is said when the backend cannot be told to cancel anything.
pub const UNREACHABLE: &str =
    "What runs these jobs cannot be reached at the moment, so nothing was cancelled. Try again in a minute.";

/// The actions by name while there are few, else how many.
fn named(actions: &[String]) -> String {
    match actions {
        few if few.len() <= 5 => few.join(", "),
        many => count_of(many.len(), "action"),
    }
}

/// The right to cancel the request that an address names; 404 when the address is not the request's.
pub async fn prove(user: &User<'_>, db: &Database, project: &str, workspace: &str, id: i32) -> Outcome<CanCancel> {
    places::check_names(project, workspace)?;
    let request = store::request_in_place(&mut *db.read().await?, project, workspace, id)
        .await?
        .ok_or_else(|| Failure::not_found("JobRequest"))?;
    Ok(CanCancel::prove(
        &user.user,
        id,
        request.created_by_id,
        request.project_id,
    )?)
}

/// Tells an open page when to look again, until the request is over.
#[get("/<project>/<workspace>/<id>/events")]
pub async fn events<'r>(
    visit: Visit<'r>,
    db: &'r Database,
    project: &str,
    workspace: &str,
    id: i32,
    end: Shutdown,
) -> Outcome<EventStream![Event + 'r]> {
    follow(&visit, db, project, workspace, id, end).await
}

/// The events of the request that an address names; 404 when there is none.
pub async fn follow<'r>(
    visit: &Visit<'r>,
    db: &'r Database,
    project: &str,
    workspace: &str,
    id: i32,
    end: Shutdown,
) -> Outcome<EventStream![Event + 'r]> {
    places::check_names(project, workspace)?;
    // Listening begins before looking, so that nothing falls between the two.
    let changes = visit.app.live.subscribe();
    let request = store::request_in_place(&mut *db.read().await?, project, workspace, id)
        .await?
        .ok_or_else(|| Failure::not_found("JobRequest"))?;
    Ok(live::follow(changes, db, id, request.status.is_completed(), end))
}

/// The short address of a job request.
#[get("/job-requests/<id>")]
pub async fn short_link(db: &Database, id: i32) -> Outcome<Redirect> {
    let (project, workspace) = store::place_of_request(&mut *db.read().await?, id)
        .await?
        .ok_or_else(|| Failure::not_found("JobRequest"))?;
    Ok(found(format!("/{project}/{workspace}/{id}/")))
}
