//! How things are named and linked in cells of the area, and what was done to a thing before.

use sqlx::PgConnection;

use super::cell::{Cell, Part};
use super::guard::Staff;
use super::thing::Section;
use crate::core::access::Permission;
use crate::core::audit::store::log::{EventFilter, Scope, events};
use crate::core::audit::{Piece, Reader, presented};
use crate::core::error::Result;
use crate::core::paging::PageAsked;
use crate::web::view::{Link, encode_segment};

/// `Full name (username)`; the username alone of somebody without a name.
pub fn person_label(username: &str, fullname: &str) -> String {
    match fullname.trim() {
        "" => username.to_owned(),
        name => format!("{name} ({username})"),
    }
}

/// Somebody, with a link to their page for who may open it; a dash for nobody.
pub fn person(staff: &Staff<'_>, username: Option<&str>, fullname: Option<&str>) -> Cell {
    let Some(username) = username else { return Cell::none() };
    let label = person_label(username, fullname.unwrap_or_default());
    if staff.holds(Permission::UserManage) {
        Cell::link(label, format!("/staff/users/{}/", encode_segment(username)))
    } else {
        Cell::text(label)
    }
}

pub fn project_link(slug: &str, title: impl Into<String>) -> Link {
    Link::new(title, format!("/staff/projects/{}/", encode_segment(slug)))
}

pub fn workspace_link(name: &str) -> Link {
    Link::new(name, format!("/staff/workspaces/{}/", encode_segment(name)))
}

pub fn org_link(slug: &str, name: impl Into<String>) -> Link {
    Link::new(name, format!("/staff/orgs/{}/", encode_segment(slug)))
}

/// How many events a thing's page shows.
const EVENTS_SHOWN: i64 = 10;

/// What was done to a thing, newest first. Three statements.
///
/// # Errors
/// When the database does not answer.
pub async fn history(conn: &mut PgConnection, model: &'static str, id: i32) -> Result<Section> {
    history_of(conn, model, id, &[]).await
}

/// As [`history`], of events of these kinds alone.
///
/// # Errors
/// As [`history`].
pub async fn history_of(conn: &mut PgConnection, model: &'static str, id: i32, kinds: &[&str]) -> Result<Section> {
    let scope = Scope::thing(model, id);
    let filter = EventFilter {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..EventFilter::default()
    };
    let found = events(conn, &scope, &filter, PageAsked::Number(1), EVENTS_SHOWN).await?;
    let total = found.total;
    let rows = presented(conn, found.rows, Reader::Other).await?;
    let rows = rows.into_iter().map(|event| {
        let parts = event.sentence.into_iter();
        let parts = parts.map(|Piece { text, .. }| Part { text, href: None }).collect();
        let change = match (event.old.as_str(), event.new.as_str()) {
            ("", new) => new.to_owned(),
            (old, new) => format!("{old} → {new}"),
        };
        vec![
            Cell::parts(parts).note(event.field),
            Cell::shortened(change, 160),
            Cell::time(Some(event.at)),
        ]
    });
    Ok(Section::new("History").count(total).table(
        &["What happened", "Change", "When"],
        rows.collect(),
        "Nobody has changed anything here.",
    ))
}
