//! The event log: every job request, for everybody; and older addresses of it.

use rocket::get;
use rocket::response::Redirect;
use serde::Serialize;

use crate::core::jobs::store::lists::{REQUESTS_PER_PAGE, all_requests};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::paged::{asked, pagination};
use crate::web::responders::{Outcome, found};
use crate::web::view::{Banner, JobRequestsTable, Link, Page, Pagination, Without};

#[derive(Serialize)]
pub struct EventLogView {
    pub hint: Option<Banner>,
    pub staff_links: Vec<Link>,
    pub table: JobRequestsTable,
    pub pagination: Pagination,
}

#[get("/event-log?<page>")]
pub async fn event_log(visit: Visit<'_>, db: &Database, page: Option<&str>) -> Outcome<Page> {
    let listed = all_requests(&mut *db.read().await?, asked(page)?).await?;
    let pagination = pagination(&visit, page, listed.total, REQUESTS_PER_PAGE)?;
    let is_staff = visit.actor.may_enter_staff_area();
    let view = EventLogView {
        hint: (pagination.page == 1 && !is_staff).then(service_status),
        staff_links: if is_staff { staff_links(&visit) } else { Vec::new() },
        table: JobRequestsTable::new("Job requests, the newest first", Without::Nothing, listed.rows),
        pagination,
    };
    let chrome = visit
        .chrome("Event log")
        .describe("Every job request, the newest first.");
    Ok(visit.render("pages/event_log", chrome, &view))
}

fn service_status() -> Banner {
    Banner {
        tone: "info",
        title: None,
        text: "Nothing moves for longer than you expect?".to_owned(),
        href: Some("https://status.opensafely.org/".to_owned()),
        link_text: Some("See the service status".to_owned()),
    }
}

fn staff_links(visit: &Visit<'_>) -> Vec<Link> {
    let search = visit.staff_href("/staff/job-requests/");
    search
        .map(|href| Link::new("Search as staff", href))
        .into_iter()
        .chain([Link::new("Honeycomb", visit.app.settings.web.honeycomb_url.as_str())])
        .collect()
}

#[get("/event-list")]
pub fn event_list() -> Redirect {
    found("/event-log/")
}

#[get("/jobs")]
pub fn jobs(visit: Visit<'_>) -> Redirect {
    match visit.query() {
        Some(query) if !query.is_empty() => found(format!("/event-log/?{query}")),
        _ => found("/event-log/"),
    }
}
