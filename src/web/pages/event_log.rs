//! The event log: every job request, for everybody; and older addresses of it.

mod filter;

use rocket::get;
use rocket::response::Redirect;
use serde::Serialize;

use self::filter::{Asked, FilterView, Meant};
use crate::core::jobs::store::lists::{ListedRequest, REQUESTS_PER_PAGE, all_backends, all_requests};
use crate::core::jobs::store::log::{MOST_MATCHES, requests_matching};
use crate::core::paging::{Listed, PageAsked};
use crate::web::database::Database;
use crate::web::guards::Visit;
use crate::web::pages::paged::{asked, pagination};
use crate::web::responders::{Outcome, found};
use crate::web::view::{Banner, JobRequestsTable, Link, Page, Pagination, Without};

#[derive(Serialize)]
pub struct EventLogView {
    pub hint: Option<Banner>,
    pub staff_links: Vec<Link>,
    pub filter: FilterView,
    /// The filter cannot be read as it is.
    pub is_unreadable: bool,
    /// How many fit, as people read it.
    pub count: String,
    /// There are more than can be paged through.
    pub is_cut: bool,
    pub table: JobRequestsTable,
    pub pagination: Pagination,
}

#[get("/event-log?<page>&<filter..>")]
pub async fn event_log(visit: Visit<'_>, db: &Database, page: Option<&str>, filter: Asked<'_>) -> Outcome<Page> {
    let asked = asked(page)?;
    let meant = filter.meant();
    let mut conn = db.read().await?;
    let backends = all_backends(&mut conn).await?;
    let listed = list(&mut conn, &meant, asked).await?;
    drop(conn);
    // Those beyond are neither counted nor shown.
    let is_whole = matches!(&meant, Meant::Filter(filter) if filter.is_empty());
    let is_cut = !is_whole && listed.total > MOST_MATCHES;
    let total = if is_cut { MOST_MATCHES } else { listed.total };
    let pagination = pagination(&visit, page, total, REQUESTS_PER_PAGE)?;
    let is_staff = visit.actor.may_enter_staff_area();
    let view = EventLogView {
        hint: (pagination.page == 1 && !is_staff).then(service_status),
        staff_links: if is_staff { staff_links(&visit) } else { Vec::new() },
        filter: filter.view(backends, visit.query()),
        is_unreadable: matches!(meant, Meant::Unreadable),
        count: if is_cut {
            format!("more than {}", pagination.total)
        } else {
            pagination.total.clone()
        },
        is_cut,
        table: JobRequestsTable::new("Job requests, the newest first", Without::Nothing, listed.rows),
        pagination,
    };
    let chrome = visit
        .chrome("Event log")
        .describe("Every job request, the newest first.");
    Ok(visit.render("pages/event_log", chrome, &view))
}

async fn list(conn: &mut sqlx::PgConnection, meant: &Meant, page: PageAsked) -> Outcome<Listed<ListedRequest>> {
    Ok(match meant {
        Meant::Filter(filter) if filter.is_empty() => all_requests(conn, page).await?,
        Meant::Filter(filter) => requests_matching(conn, filter, page).await?,
        Meant::Nothing | Meant::Unreadable => Listed {
            rows: Vec::new(),
            total: 0,
        },
    })
}

fn service_status() -> Banner {
    Banner {
        tone: "info",
        title: None,
        text: "Is something taking longer than usual?".to_owned(),
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
