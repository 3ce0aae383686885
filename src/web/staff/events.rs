//! The record of who changed what: all of it, and that of one project, organisation, backend or person.

mod file;

use rocket::get;
use time::Date;
use time::macros::format_description;

use super::cell::{Cell, Part};
use super::guard::{Staff, StaffMay};
use super::list::{Filter, List, ListAnswer, ListAsked};
use crate::core::access::{ManageBackends, ManageUsers, Permission};
use crate::core::audit::store::log::{EventFilter, MOST_EVENTS, Scope, events, username};
use crate::core::audit::{MODELS, Piece, Presented, Reader, kinds_of, presented, title};
use crate::core::people::store::user_by_username;
use crate::core::projects::store::orgs::org_by_slug;
use crate::core::projects::store::project_by_slug;
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{encode_segment, sentence};

/// How much of what was and is a page shows of each; the file has it whole.
const SHOWN: usize = 160;

#[get("/staff/events")]
pub async fn all(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let list = List::new("Events").lead("Everything that was ever changed, and by whom. Nothing here can be changed.");
    let mut things = options(MODELS);
    let asked = ListAsked::read(&staff.visit)?;
    // One thing: its kind and its id.
    let one = asked.one("object").and_then(|object| object.split_once(':'));
    let one = one.filter(|(model, id)| !model.is_empty() && !id.is_empty());
    let scope = match one {
        Some((model, id)) => {
            let kind = things.iter().find(|(known, _)| known == model);
            let label = format!("{} {id}", kind.map_or(model, |(_, label)| label));
            things.insert(0, (format!("{model}:{id}"), label));
            scope_of(db, model, id).await?
        }
        None => Scope::Everything,
    };
    let list = list.filter(Filter::select("object", "Thing", things));
    answer(&staff, db, scope, list, one.map_or("", |(model, _)| model)).await
}

/// The events of one thing; of somebody, by their number, those that are in their log.
async fn scope_of(db: &Database, model: &str, id: &str) -> Outcome<Scope> {
    let user_id = id.parse().ok().filter(|_| model == "jobserver.User");
    Ok(match user_id {
        Some(id) => Scope::User {
            id,
            username: username(&mut *db.read().await?, id).await?.unwrap_or_default(),
        },
        None => Scope::Thing(model.to_owned(), id.to_owned()),
    })
}

#[get("/staff/projects/<slug>/audit-log")]
pub async fn of_project(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<ListAnswer> {
    let project = project_by_slug(&mut *db.read().await?, slug).await?;
    let project = project.ok_or_else(|| Failure::not_found("Project"))?;
    let list = List::new("Audit log of a project")
        .heading(format!("Audit log of {}", project.title()))
        .under("Projects", "/staff/projects/")
        .under(project.title(), format!("/staff/projects/{}/", project.slug));
    answer(
        &staff,
        db,
        Scope::thing("jobserver.Project", project.id),
        list,
        "jobserver.Project",
    )
    .await
}

#[get("/staff/orgs/<slug>/audit-log")]
pub async fn of_org(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<ListAnswer> {
    let org = org_by_slug(&mut *db.read().await?, slug).await?;
    let org = org.ok_or_else(|| Failure::not_found("Organisation"))?;
    let list = List::new("Audit log of an organisation")
        .heading(format!("Audit log of {}", org.name))
        .under("Organisations", "/staff/orgs/")
        .under(org.name, format!("/staff/orgs/{}/", org.slug));
    answer(&staff, db, Scope::thing("jobserver.Org", org.id), list, "jobserver.Org").await
}

#[get("/staff/backends/<id>/audit-log")]
pub async fn of_backend(may: StaffMay<'_, ManageBackends>, db: &Database, id: i32) -> Outcome<ListAnswer> {
    let name = crate::core::jobs::store::backends::name_of(&mut *db.read().await?, id).await?;
    let name = name.ok_or_else(|| Failure::not_found("Backend"))?;
    let list = List::new("Audit log of a backend")
        .heading(format!("Audit log of {name}"))
        .under("Backends", "/staff/backends/")
        .under(name, format!("/staff/backends/{id}/"));
    answer(
        &may.staff,
        db,
        Scope::thing("jobserver.Backend", id),
        list,
        "jobserver.Backend",
    )
    .await
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
    answer(&may.staff, db, scope, list, "jobserver.User").await
}

async fn answer(staff: &Staff<'_>, db: &Database, scope: Scope, list: List, model: &str) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let mut offered: Vec<_> = kinds_of(model)
        .into_iter()
        .map(|kind| (kind.to_owned(), title(kind)))
        .collect();
    offered.sort_by(|one, other| one.1.cmp(&other.1));
    let mut list = list
        .filter(Filter::several("types", "What happened", offered))
        .filter(Filter::typed("actor", "Who did it", Some("users")))
        .filter(Filter::day("from", "From"))
        .filter(Filter::day("to", "To"))
        .columns(&["What happened", "Before", "After", "When"])
        .counted_to(MOST_EVENTS)
        .empty(
            "Nothing has been changed yet",
            "Every change appears here as it is made.",
        );
    let is_everything = matches!(scope, Scope::Everything);
    let filter = EventFilter {
        actor: asked.one("actor").map(str::to_owned),
        kinds: asked.many("types"),
        model: asked.one("object").filter(|_| is_everything).map(str::to_owned),
        from: asked.one("from").and_then(day),
        to: asked.one("to").and_then(day),
    };
    let reader = match staff.visit.actor.has_permission(Permission::ReleaseFileView, None) {
        true => Reader::SeesReleases,
        false => Reader::Other,
    };
    if asked.is_csv() {
        let pieces = file::pieces(staff.visit.app.db.clone(), scope, filter, reader);
        return Ok(ListAnswer::csv_in_pieces(list.title(), pieces));
    }
    let strange = |name: &str| asked.one(name).is_some_and(|text| day(text).is_none());
    if strange("from") || strange("to") {
        list = list.note("A day that is none was left out: days are written like 2026-11-29.");
    }
    let mut conn = db.read().await?;
    let found = events(&mut conn, &scope, &filter, asked.page(), asked.per_page()).await?;
    if found.total > MOST_EVENTS {
        list = list.note("The file that is exported has all of them.");
    }
    for event in presented(&mut conn, found.rows, reader).await? {
        list.row(row(event));
    }
    list.answer(staff, &asked, found.total)
}

fn row(event: Presented) -> Vec<Cell> {
    let parts = event.sentence.into_iter().map(|Piece { text, place }| Part {
        text,
        href: place.and_then(|(model, key)| href(&model, &key)),
    });
    vec![
        Cell::parts(parts.collect()).note(sentence(&event.field)),
        Cell::shortened(event.old, SHOWN),
        Cell::shortened(event.new, SHOWN),
        Cell::time(Some(event.at)),
    ]
}

/// The page of a thing in the staff area.
pub(super) fn href(model: &str, key: &str) -> Option<String> {
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
