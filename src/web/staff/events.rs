//! The record of who changed what: all of it, and that of one project, organisation, backend or person.

use rocket::get;
use time::Date;
use time::macros::format_description;

use super::cell::{Cell, Part};
use super::guard::{Staff, StaffMay};
use super::list::{Filter, List, ListAnswer, ListAsked};
use crate::core::access::{ManageBackends, ManageUsers, Permission};
use crate::core::audit::store::log::{EventFilter, MOST_EVENTS, Scope, events};
use crate::core::audit::{MODELS, Piece, Presented, Reader, kinds, presented};
use crate::core::people::store::user_by_username;
use crate::core::projects::store::orgs::org_by_slug;
use crate::core::projects::store::project_by_slug;
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{encode_segment, sentence};

/// How much of what was and is a page shows of each; an export has it whole.
const SHOWN: usize = 160;

#[get("/staff/events")]
pub async fn all(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let list = List::new("Events").lead("Everything that was ever changed, and by whom. Nothing here can be changed.");
    let list = list.filter(Filter::select("object", "Thing", options(MODELS)));
    answer(&staff, db, &Scope::Everything, list, &kinds()).await
}

#[get("/staff/projects/<slug>/audit-log")]
pub async fn of_project(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<ListAnswer> {
    let project = project_by_slug(&mut *db.read().await?, slug).await?;
    let project = project.ok_or_else(|| Failure::not_found("Project"))?;
    let list = List::new("Audit log of a project")
        .heading(format!("Audit log of {}", project.title()))
        .under("Projects", "/staff/projects/")
        .under(project.title(), format!("/staff/projects/{}/", project.slug));
    let kinds: Vec<&str> = kinds()
        .into_iter()
        .filter(|kind| kind.starts_with("project_"))
        .collect();
    answer(&staff, db, &Scope::Thing("jobserver.Project", project.id), list, &kinds).await
}

#[get("/staff/orgs/<slug>/audit-log")]
pub async fn of_org(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<ListAnswer> {
    let org = org_by_slug(&mut *db.read().await?, slug).await?;
    let org = org.ok_or_else(|| Failure::not_found("Organisation"))?;
    let list = List::new("Audit log of an organisation")
        .heading(format!("Audit log of {}", org.name))
        .under("Organisations", "/staff/orgs/")
        .under(org.name, format!("/staff/orgs/{}/", org.slug));
    let kinds: Vec<&str> = kinds().into_iter().filter(|kind| kind.starts_with("org_")).collect();
    answer(&staff, db, &Scope::Thing("jobserver.Org", org.id), list, &kinds).await
}

#[get("/staff/backends/<id>/audit-log")]
pub async fn of_backend(may: StaffMay<'_, ManageBackends>, db: &Database, id: i32) -> Outcome<ListAnswer> {
    let name = crate::core::jobs::store::backends::name_of(&mut *db.read().await?, id).await?;
    let name = name.ok_or_else(|| Failure::not_found("Backend"))?;
    let list = List::new("Audit log of a backend")
        .heading(format!("Audit log of {name}"))
        .under("Backends", "/staff/backends/")
        .under(name, format!("/staff/backends/{id}/"));
    let kinds: Vec<&str> = kinds()
        .into_iter()
        .filter(|kind| kind.starts_with("backend_"))
        .collect();
    answer(&may.staff, db, &Scope::Thing("jobserver.Backend", id), list, &kinds).await
}

#[get("/staff/users/<username>/audit-log")]
pub async fn of_user(may: StaffMay<'_, ManageUsers>, db: &Database, username: &str) -> Outcome<ListAnswer> {
    let user = user_by_username(&mut *db.read().await?, username).await?;
    let user = user.ok_or_else(|| Failure::not_found("User"))?;
    let list = List::new("Audit log of a person")
        .heading(format!("Audit log of {}", user.username))
        .under("Users", "/staff/users/")
        .under(
            user.username.clone(),
            format!("/staff/users/{}/", encode_segment(&user.username)),
        );
    let scope = Scope::User {
        id: user.id,
        username: user.username,
    };
    answer(&may.staff, db, &scope, list, &kinds()).await
}

async fn answer(
    staff: &Staff<'_>,
    db: &Database,
    scope: &Scope,
    list: List,
    offered: &[&'static str],
) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let offered = offered.iter().map(|kind| ((*kind).to_owned(), sentence(kind)));
    let mut list = list
        .filter(Filter::several("types", "What happened", offered.collect()))
        .filter(Filter::typed("actor", "Who did it", Some("users")))
        .filter(Filter::day("from", "From"))
        .filter(Filter::day("to", "To"))
        .columns(&["What happened", "Before", "After", "When"])
        .filed(&["Field"])
        .counted_to(MOST_EVENTS)
        .empty(
            "Nothing has been changed yet",
            "Every change appears here as it is made.",
        );
    let filter = EventFilter {
        actor: asked.one("actor").map(str::to_owned),
        kinds: asked.many("types"),
        model: asked.one("object").map(str::to_owned),
        from: asked.one("from").and_then(day),
        to: asked.one("to").and_then(day),
    };
    let strange = |name: &str| asked.one(name).is_some_and(|text| day(text).is_none());
    if strange("from") || strange("to") {
        list = list.note("A day that is none was left out: days are written like 2026-11-29.");
    }
    let mut conn = db.read().await?;
    let per_page = asked.per_page().min(MOST_EVENTS);
    let found = events(&mut conn, scope, &filter, asked.page(), per_page).await?;
    let sees_releases = staff.visit.actor.has_permission(Permission::ReleaseFileView, None);
    let reader = if sees_releases {
        Reader::SeesReleases
    } else {
        Reader::Other
    };
    for event in presented(&mut conn, found.rows, reader).await? {
        list.row(row(event));
    }
    list.answer(staff, &asked, found.total)
}

fn row(event: Presented) -> Vec<Cell> {
    let field = sentence(&event.field);
    let parts = event.sentence.into_iter().map(|Piece { text, place }| Part {
        text,
        href: place.and_then(|(model, key)| href(&model, &key)),
    });
    vec![
        Cell::parts(parts.collect()).note(field.as_str()),
        Cell::shortened(event.old, SHOWN),
        Cell::shortened(event.new, SHOWN),
        Cell::time(Some(event.at)),
        Cell::text(field),
    ]
}

/// The page of a thing in the staff area.
fn href(model: &str, key: &str) -> Option<String> {
    let key = encode_segment(key);
    Some(match model {
        "jobserver.Project" => format!("/staff/projects/{key}/"),
        "jobserver.Org" => format!("/staff/orgs/{key}/"),
        "jobserver.User" => format!("/staff/users/{key}/"),
        "jobserver.Workspace" => format!("/staff/workspaces/{key}/"),
        "jobserver.Backend" => format!("/staff/backends/{key}/"),
        // A repository's address is encoded twice: the server decodes a path once.
        "jobserver.Repo" => format!("/staff/repos/{}/", encode_segment(&key)),
        "jobserver.JobRequest" => format!("/staff/job-requests/{key}/"),
        "jobserver.SiteAlert" => format!("/staff/site-alerts/edit/{key}/"),
        "jobserver.Redirect" => format!("/staff/redirects/{key}/"),
        _ => return None,
    })
}

fn options(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
        .collect()
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}
