//! Every job request: finding it, looking at it, stopping it.

use rocket::{get, post};

use super::bulk;
use super::cell::{Ask, Cell};
use super::guard::Staff;
use super::list::{Bulk, Filter, List, ListAnswer, ListAsked};
use super::named::{history, org_link, person, project_link, workspace_link};
use super::thing::{Section, Thing};
use crate::core::access::CanCancel;
use crate::core::jobs::JobRequestStatus;
use crate::core::jobs::actions::{Cancelled, can_still_cancel, cancel_job_request};
use crate::core::jobs::staff::{MOST_AT_ONCE, cancel_job_requests};
use crate::core::jobs::store::detail::jobs_of_request;
use crate::core::jobs::store::staff::{MOST_MATCHES, StaffFilter, StaffListed, choices};
use crate::core::jobs::store::staff::{StaffRequest, named_requests, request_for_staff, requests_for_staff};
use crate::core::projects::title;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, Status, count_of, repo_link};

const LIST: &str = "/staff/job-requests/";

#[get("/staff/job-requests")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let text = |name: &str| asked.one(name).map(str::to_owned);
    let filter = StaffFilter {
        q: text("q"),
        backends: asked.many("backends"),
        orgs: asked.many("orgs"),
        project: text("project"),
        user: text("user"),
        workspace: text("workspace"),
    };
    let mut conn = db.read().await?;
    let (backends, orgs) = choices(&mut conn).await?;
    let found = requests_for_staff(&mut conn, &filter, asked.page(), asked.per_page()).await?;
    drop(conn);
    let mut list = List::new("Job requests")
        .lead("Everything that was ever asked for, newest first.")
        .search("User, workspace, project, organisation, number, identifier")
        .search_help(
            "Any part of a name, number or identifier is found; of a job's identifier how it begins, from four \
             characters on. #12 is job request 12 alone.",
        )
        .filter(Filter::several("backends", "Backends", backends))
        .filter(Filter::several("orgs", "Organisations", orgs))
        .filter(Filter::typed("project", "Project", Some("projects")))
        .filter(Filter::typed("user", "Username", Some("users")))
        .filter(Filter::typed("workspace", "Workspace", Some("workspaces")))
        .columns(&[
            "Job request",
            "Status",
            "Created by",
            "Workspace",
            "Project",
            "Backend",
            "Created",
        ])
        .filed(&["Identifier"])
        .empty(
            "No job request yet",
            "Researchers ask for jobs on the page of a workspace.",
        )
        .bulk("requests", cancel_bulk());
    if filter != StaffFilter::default() {
        list = list.counted_to(MOST_MATCHES);
    }
    for request in found.rows {
        let cells = row(&staff, &request);
        match status_of(&request.status).is_active() {
            true => list.row_ticked(request.id.to_string(), cells),
            false => list.row(cells),
        }
    }
    list.answer(&staff, &asked, found.total)
}

fn cancel_bulk() -> Bulk {
    Bulk {
        label: "Cancel",
        action: "/staff/job-requests/cancel/".to_owned(),
        verb: "Cancel",
        one: "job request",
        many: "job requests",
        text: "Everything of them that is not over is cancelled. Jobs that run are stopped; what they have done is lost.",
        choose: None,
        is_danger: true,
    }
}

fn row(staff: &Staff<'_>, request: &StaffListed) -> Vec<Cell> {
    let title = title(request.project_number.as_deref(), &request.project_name);
    vec![
        Cell::link(request.id.to_string(), format!("{LIST}{}/", request.id)).note_code(request.identifier.as_str()),
        status_cell(status_of(&request.status)),
        person(staff, request.username.as_deref(), request.fullname.as_deref()),
        Cell::links([workspace_link(&request.workspace)]),
        Cell::links([project_link(&request.project_slug, title)]),
        Cell::text(request.backend.as_str()),
        Cell::time(request.created_at),
        Cell::text(request.identifier.as_str()),
    ]
}

fn status_of(name: &str) -> JobRequestStatus {
    name.parse().unwrap_or(JobRequestStatus::Unknown)
}

fn status_cell(status: JobRequestStatus) -> Cell {
    Cell::status(status.into())
}

#[get("/staff/job-requests/<id>")]
pub async fn detail(staff: Staff<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let request = request_for_staff(&mut conn, id).await?;
    let request = request.ok_or_else(|| Failure::not_found("Job request"))?;
    let jobs = jobs_of_request(&mut conn, id).await?;
    let history = history(&mut conn, "jobserver.JobRequest", id).await?;
    drop(conn);
    let unfinished: Vec<String> = jobs
        .iter()
        .filter(|job| !job.is_completed())
        .map(|job| job.action.clone())
        .collect();
    let site_href = request.place.request_href(id);
    let rows = jobs.iter().map(|job| {
        vec![
            Cell::link(job.action.as_str(), format!("{site_href}{}/", job.identifier)),
            Cell::status(Status::of_job(&job.status)).note(job.status_message.as_str()),
            Cell::code(job.identifier.as_str()),
            Cell::time(job.started_at),
            Cell::time(job.completed_at),
        ]
    });
    let count = i64::try_from(jobs.len()).unwrap_or(i64::MAX);
    let jobs_section = Section::new("Jobs").count(count).table(
        &["Action", "Status", "Identifier", "Started", "Completed"],
        rows.collect(),
        "The backend has made no jobs of it yet.",
    );
    let mut thing = facts(&staff, &request).action(Link::new("View on site", site_href.clone()));
    if can_still_cancel(request.status, &unfinished, &request.cancelled_actions) {
        thing = thing.ask(cancel_ask(&request, &unfinished));
    }
    Ok(thing.section(jobs_section).section(history).render(&staff))
}

fn cancel_ask(request: &StaffRequest, unfinished: &[String]) -> Ask {
    let backend = &request.place.backend_name;
    let text = match unfinished.len() {
        0 => format!("{backend} has made no jobs of it yet; it is told to make none."),
        count => format!(
            "{backend} is told to stop {}. Jobs that run are stopped; what they have done is lost. Jobs that are over \
             stay as they are.",
            count_of(count, "job")
        ),
    };
    Ask::new("Cancel", format!("{LIST}{}/cancel/", request.id))
        .text(text)
        .button("Cancel the job request")
}

fn facts(staff: &Staff<'_>, request: &StaffRequest) -> Thing {
    let place = &request.place;
    let creator = place.created_by.as_ref();
    let commit = match (place.sha.get(..7), repo_link(&place.repo_url).href.as_str()) {
        (Some(short), repo) if !repo.is_empty() => Cell::link(short, format!("{repo}/commit/{}", place.sha)),
        (short, _) => Cell::code(short.unwrap_or_default()),
    };
    let backend = if staff.holds(crate::core::access::Permission::BackendManage) {
        Cell::link(
            place.backend_name.as_str(),
            format!("/staff/backends/{}/", request.backend_id),
        )
    } else {
        Cell::text(place.backend_name.as_str())
    };
    let org = place.org.as_ref().map(|(name, slug)| org_link(slug, name.as_str()));
    let project = title(place.project_number.as_deref(), &place.project_name);
    let mut thing = Thing::new("Job request", format!("Job request {}", request.id))
        .under("Job requests", LIST)
        .fact("Status", status_cell(request.status))
        .fact("Identifier", Cell::code(request.identifier.as_str()))
        .fact(
            "Created by",
            person(
                staff,
                creator.map(|(_, username, _)| username.as_str()),
                creator.map(|(_, _, name)| name.as_str()),
            ),
        )
        .fact("Created", Cell::time(request.created_at))
        .fact("Commit", commit)
        .fact("Requested actions", Cell::text(request.requested_actions.join(", ")))
        .fact("Cancelled actions", Cell::text(request.cancelled_actions.join(", ")))
        .fact("Run what is done already", Cell::yes_no(request.force_run_dependencies))
        .fact("Organisation", Cell::links(org))
        .fact("Project", Cell::links([project_link(&place.project_slug, project)]))
        .fact("Workspace", Cell::links([workspace_link(&place.workspace_name)]))
        .fact("Backend", backend);
    if let Some(message) = &request.status_message {
        thing = thing.fact("Message", Cell::text(message.as_str()));
    }
    thing
}

#[post("/staff/job-requests/<id>/cancel", data = "<_form>")]
pub async fn cancel(staff: Staff<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    let cancelled = cancel_job_request(db, &CanCancel::as_staff(&staff.can, id)).await?;
    let (tone, text) = match cancelled {
        Cancelled::Actions(actions) => (
            "success",
            format!("The backend is told to stop {}.", count_of(actions.len(), "action")),
        ),
        Cancelled::NothingLeft => (
            "info",
            "Everything was over or cancelled before. Nothing was changed.".to_owned(),
        ),
        Cancelled::Unreachable => (
            "danger",
            "The RAP controller, which runs these jobs, is not connected, so it cannot be told to stop them. Nothing \
             was changed; try again in a minute."
                .to_owned(),
        ),
    };
    Ok(Answer::told(format!("{LIST}{id}/"), tone, text))
}

/// Cancels those that were ticked.
#[post("/staff/job-requests/cancel", data = "<form>", rank = 1)]
pub async fn cancel_ticked(staff: Staff<'_>, db: &Database, form: CsrfForm) -> Outcome<Answer> {
    let ids: Vec<i32> = form.all("requests").filter_map(|id| id.parse().ok()).collect();
    let to = bulk::back(&form, LIST);
    if ids.is_empty() {
        return Ok(Answer::told(to, "warning", "Tick the job requests to cancel first."));
    }
    if !bulk::is_sure(&form, "requests") {
        let named = named_requests(&mut *db.read().await?, &ids).await?;
        let rows = named.iter().map(|request| {
            let by = request.username.as_deref().unwrap_or("nobody");
            format!("{} in {} by {by}", request.id, request.workspace)
        });
        let page = cancel_bulk().ask(&staff, &form, LIST, ("requests", &ids), rows.collect());
        return Ok(page.into());
    }
    let done = cancel_job_requests(db, &staff.can, &ids).await?;
    let mut text = format!("Cancelled: {}.", count_of(done.cancelled, "job request"));
    if done.nothing_left > 0 {
        text += &format!(" Over or cancelled before: {}.", done.nothing_left);
    }
    if done.failed > 0 {
        text += &format!(" Could not be cancelled: {}.", done.failed);
    }
    if ids.len() > MOST_AT_ONCE {
        text += &format!(" Only the first {MOST_AT_ONCE} were looked at.");
    }
    let tone = match (done.failed, done.cancelled) {
        (0, 0) => "info",
        (0, _) => "success",
        _ => "warning",
    };
    Ok(Answer::told(to, tone, text))
}
