//! Where the staff area begins: a search over everything, what there is, and, on a new installation, what to do first.

use rocket::get;
use serde::Serialize;

use super::bar::{Bar, PARTS};
use super::cell::Cell;
use super::guard::Staff;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::steps::{Step, steps};
use crate::core::access::Permission;
use crate::core::releases::store::waiting::waiting_for;
use crate::core::search::staff::{MOST_OF_A_KIND, StaffHit, StaffKind, search, search_kind};
use crate::core::upkeep::setup::setup;
use crate::web::database::Database;
use crate::web::responders::Outcome;
use crate::web::view::{Link, counted, encode_segment, thousands};

#[derive(Debug, Serialize)]
struct HomeView {
    bar: Bar,
    q: String,
    is_searched: bool,
    found: Vec<Found>,
    groups: Vec<Group>,
    steps: Option<Vec<Step>>,
    steps_left: usize,
    /// How many requests to publish outputs wait for who looks, and where they are.
    waiting: Option<Link>,
}

/// What was found of one kind.
#[derive(Debug, Serialize)]
struct Found {
    title: &'static str,
    count: String,
    hits: Vec<Link>,
    /// All of the kind, when there are more than are shown.
    more: Option<String>,
}

#[derive(Debug, Serialize)]
struct Group {
    label: &'static str,
    parts: Vec<PartView>,
}

#[derive(Debug, Serialize)]
struct PartView {
    label: &'static str,
    href: &'static str,
    about: &'static str,
}

/// The longest text that is searched for.
const LONGEST: usize = 200;

/// Of which kind everything is asked for.
const KIND: &str = "kind";

#[get("/staff?<q>&<kind>")]
pub async fn home(staff: Staff<'_>, db: &Database, q: Option<&str>, kind: Option<&str>) -> Outcome<ListAnswer> {
    if kind.is_some() {
        let asked = ListAsked::read(&staff.visit)?;
        if let (Some(q), Some(kind)) = (asked.q(), asked.one(KIND)) {
            return all_of(&staff, db, &asked, q, kind).await;
        }
    }
    let mut conn = db.read().await?;
    let q: String = q.unwrap_or_default().trim().chars().take(LONGEST).collect();
    let found = if q.is_empty() || q.contains('\0') {
        Vec::new()
    } else {
        grouped(search(&mut conn, &q).await?, &q, &staff)
    };
    let standing = setup(&mut conn).await?;
    let waiting = waiting_for(&mut conn, &staff.user).await?.total;
    let steps = (!standing.is_done()).then(|| steps(&standing, &staff));
    let view = HomeView {
        bar: Bar::of(&staff),
        is_searched: !q.is_empty(),
        q,
        found,
        groups: groups(&staff),
        steps_left: standing.left().1,
        steps,
        waiting: (waiting > 0).then(|| {
            let words = counted(waiting, "request to publish outputs", "requests to publish outputs");
            Link::new(words, "/#waiting")
        }),
    };
    let chrome = staff
        .visit
        .chrome("Staff area")
        .here("Page", "Staff area")
        .script(&staff.visit, "staff");
    Ok(ListAnswer::Page(Box::new(staff.visit.render(
        "staff/home",
        chrome,
        &view,
    ))))
}

/// Everything of one kind that the search finds. Of a kind that there is not, or whose pages are not for the viewer,
/// nothing.
async fn all_of(staff: &Staff<'_>, db: &Database, asked: &ListAsked, q: &str, kind: &str) -> Outcome<ListAnswer> {
    let may = |kind: &StaffKind| about(*kind).2.is_none_or(|permission| staff.holds(permission));
    let kinds = StaffKind::ALL.into_iter().filter(may);
    let options = kinds.map(|kind| (kind.word().to_owned(), about(kind).0.to_owned()));
    let mut list = List::new("Search")
        .lead("Everything of one kind with what you typed in one of its fields.")
        .search("A user, project, workspace, organisation or backend")
        .filter(Filter::select(KIND, "Kind", options.collect()))
        .columns(&["Found"]);
    let Some(kind) = StaffKind::named(kind).filter(may) else {
        return list.answer(staff, asked, 0);
    };
    let found = search_kind(&mut *db.read().await?, q, kind, asked.page(), asked.per_page()).await?;
    let pages = about(kind).1;
    for hit in found.rows {
        let href = format!("{pages}{}/", encode_segment(&hit.key));
        list.row(vec![Cell::link(hit.label, href)]);
    }
    list.answer(staff, asked, found.total)
}

fn groups(staff: &Staff<'_>) -> Vec<Group> {
    let groups = PARTS.iter().map(|(label, parts)| Group {
        label,
        parts: parts
            .iter()
            .filter(|part| part.takes.is_none_or(|permission| staff.holds(permission)))
            .map(|part| PartView {
                label: part.label,
                href: part.href,
                about: part.about,
            })
            .collect(),
    });
    groups.filter(|group: &Group| !group.parts.is_empty()).collect()
}

/// The title of a kind, its list, what stands before an address's key, and the permission that its pages take.
fn about(kind: StaffKind) -> (&'static str, &'static str, Option<Permission>) {
    match kind {
        StaffKind::Backend => ("Backends", "/staff/backends/", Some(Permission::BackendManage)),
        StaffKind::Org => ("Organisations", "/staff/orgs/", None),
        StaffKind::Project => ("Projects", "/staff/projects/", None),
        StaffKind::User => ("Users", "/staff/users/", Some(Permission::UserManage)),
        StaffKind::Workspace => ("Workspaces", "/staff/workspaces/", None),
    }
}

fn grouped(hits: Vec<StaffHit>, q: &str, staff: &Staff<'_>) -> Vec<Found> {
    let mut found: Vec<(StaffKind, Found)> = Vec::new();
    for hit in hits {
        let (title, list, takes) = about(hit.kind);
        if takes.is_some_and(|permission| !staff.holds(permission)) {
            continue;
        }
        let link = Link::new(hit.label, format!("{list}{}/", encode_segment(&hit.key)));
        match found.last_mut() {
            Some((kind, group)) if *kind == hit.kind => group.hits.push(link),
            _ => {
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("q", q)
                    .append_pair(KIND, hit.kind.word())
                    .finish();
                let group = Found {
                    title,
                    count: thousands(hit.total),
                    hits: vec![link],
                    more: (hit.total > MOST_OF_A_KIND).then(|| format!("/staff/?{query}")),
                };
                found.push((hit.kind, group));
            }
        }
    }
    found.into_iter().map(|(_, group)| group).collect()
}
