//! A job's page, and cancelling it.

mod usage;
mod view;

use rocket::response::Redirect;
use rocket::response::stream::{Event, EventStream};
use rocket::{Shutdown, get, post};
use time::OffsetDateTime;

use crate::core::jobs::ERROR_ACTION;
use crate::core::jobs::actions::{Cancelled, cancel_job};
use crate::core::jobs::store::detail as store;
use crate::core::jobs::store::earlier::runs_before;
use crate::telemetry;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{User, Visit};
use crate::web::message::Told;
use crate::web::pages::answer::Answer;
use crate::web::pages::{job_request, places};
use crate::web::responders::{Failure, Outcome, found};
use crate::web::view::encode_segment;

/// Shows a job, or leads to the full address of one that was named by a part of its identifier.
#[get("/<project>/<workspace>/<id>/<identifier>")]
pub async fn page(
    visit: Visit<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
    identifier: &str,
) -> Outcome<Answer> {
    places::check_names(project, workspace)?;
    check_identifier(identifier)?;
    let mut conn = db.read().await?;
    let job = store::job_detail(&mut conn, project, workspace, id, identifier)
        .await?
        .ok_or_else(|| Failure::not_found("Job"))?;
    if job.job.identifier != identifier {
        let full = encode_segment(&job.job.identifier);
        return Ok(Answer::redirect(format!("/{project}/{workspace}/{id}/{full}/")));
    }
    let before = runs_before(&mut conn, identifier).await?;
    drop(conn);
    if let Some(traceparent) = job.traceparent() {
        telemetry::traces::link(traceparent, "job");
    }
    let place = &job.place;
    let title = if job.job.action == ERROR_ACTION {
        "Jobs could not be created".to_owned()
    } else {
        job.job.action.clone()
    };
    let chrome = visit
        .chrome(format!("Job {title}"))
        .preview(
            format!("Job {title}"),
            format!("Of job request {id} in the workspace {}", place.workspace_name),
        )
        .crumb("Project", place.project_link().label, place.project_link().href)
        .crumb("Workspace", place.workspace_link().label, place.workspace_link().href)
        .crumb("Job request", id.to_string(), place.request_href(id))
        .here("Action", title.clone());
    let chrome = if job.job.is_completed() {
        chrome
    } else {
        chrome.script(&visit, "live")
    };
    let viewer = view::Viewer {
        can_cancel: job_request::can_cancel(&visit.actor, id, place.created_by_id(), place.project_id).is_some(),
        sees_metrics: visit.actor.has_any_role(),
        csrf: &chrome.csrf,
        honeycomb: visit
            .actor
            .may_enter_staff_area()
            .then_some(&visit.app.settings.web.honeycomb_url),
        now: OffsetDateTime::now_utc(),
    };
    let view = view::view(&job, &before, title, &viewer);
    Ok(visit.render("pages/job", chrome, &view).into())
}

/// Runners choose identifiers; the one character that cannot be stored is in none of them.
fn check_identifier(identifier: &str) -> Outcome<()> {
    if identifier.is_empty() || identifier.contains('\0') {
        return Err(Failure::not_found("Job"));
    }
    Ok(())
}

#[post("/<project>/<workspace>/<id>/<identifier>/cancel", data = "<_form>")]
pub async fn cancel(
    user: User<'_>,
    db: &Database,
    project: &str,
    workspace: &str,
    id: i32,
    identifier: &str,
    _form: CsrfForm,
) -> Outcome<Told> {
    check_identifier(identifier)?;
    let can = job_request::prove(&user, db, project, workspace, id).await?;
    let back = format!("/{project}/{workspace}/{id}/{}/", encode_segment(identifier));
    Ok(match cancel_job(db, &can, identifier).await? {
        Cancelled::Actions(actions) => Told::new(
            back,
            "success",
            format!("The backend is asked to cancel {}.", actions.join(", ")),
        ),
        Cancelled::NothingLeft => Told::new(back, "info", "There was nothing left to cancel."),
        Cancelled::Unreachable => Told::new(back, "danger", job_request::UNREACHABLE),
    })
}

/// A job changes when its request does; 404 when it is not that request's.
#[get("/<project>/<workspace>/<id>/<identifier>/events")]
pub async fn events<'r>(
    visit: Visit<'r>,
    db: &'r Database,
    project: &str,
    workspace: &str,
    id: i32,
    identifier: &str,
    end: Shutdown,
) -> Outcome<EventStream![Event + 'r]> {
    check_identifier(identifier)?;
    let place = store::place_of_job(&mut *db.read().await?, identifier).await?;
    if place.is_none_or(|(_, _, request)| request != id) {
        return Err(Failure::not_found("Job"));
    }
    job_request::follow(&visit, db, project, workspace, id, end).await
}

/// The short address of a job.
#[get("/jobs/<identifier>")]
pub async fn short_link(db: &Database, identifier: &str) -> Outcome<Redirect> {
    check_identifier(identifier)?;
    let (project, workspace, id) = store::place_of_job(&mut *db.read().await?, identifier)
        .await?
        .ok_or_else(|| Failure::not_found("Job"))?;
    let identifier = encode_segment(identifier);
    Ok(found(format!("/{project}/{workspace}/{id}/{identifier}/")))
}
