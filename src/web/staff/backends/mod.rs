//! Backends: all of them, each whole, and what staff change of them.

mod detail;
mod edit;
mod members;
mod token;

use rocket::{Route, get, routes};

use super::cell::Cell;
use super::guard::StaffMay;
use super::list::{Filter, List, ListAnswer, ListAsked};
use crate::core::access::ManageBackends;
use crate::core::jobs::Transport;
use crate::core::jobs::backends::managing::{self, ListedBackend};
use crate::core::paging::Listed;
use crate::web::database::Database;
use crate::web::responders::Outcome;
use crate::web::view::Link;

/// Where the list is.
const HREF: &str = "/staff/backends/";

pub fn routes() -> Vec<Route> {
    routes![
        list,
        edit::add,
        edit::create,
        edit::edit,
        edit::save,
        detail::detail,
        detail::switch_maintenance,
        token::ask,
        token::rotate,
        token::end_old,
        members::add,
        members::remove,
    ]
}

/// The page of one.
fn href(id: i32) -> String {
    format!("{HREF}{id}/")
}

/// How jobs reach a backend, by what is stored.
fn transports() -> Vec<(String, String)> {
    [
        (Transport::Poll, "Its runner asks for them"),
        (Transport::Rap, "We call the RAP controller"),
    ]
    .map(|(transport, words)| (transport.name().to_owned(), words.to_owned()))
    .to_vec()
}

fn transport_words(stored: &str) -> String {
    let all = transports().into_iter();
    all.filter(|(name, _)| name == stored)
        .map(|(_, words)| words)
        .next()
        .unwrap_or_else(|| stored.to_owned())
}

#[get("/staff/backends")]
pub async fn list(may: StaffMay<'_, ManageBackends>, db: &Database) -> Outcome<ListAnswer> {
    let staff = &may.staff;
    let asked = ListAsked::read(&staff.visit)?;
    let filter = managing::Filter {
        q: asked.q(),
        is_active: asked.one("active").and_then(|value| match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }),
        transport: asked.one("transport"),
    };
    let found = match filter.is_active.is_none() && asked.one("active").is_some() {
        true => Listed::none(),
        false => managing::list(&mut *db.read().await?, filter, asked.page(), asked.per_page()).await?,
    };
    let yes_no = vec![
        ("yes".to_owned(), "Active".to_owned()),
        ("no".to_owned(), "Not active".to_owned()),
    ];
    let mut list = List::new("Backends")
        .lead("The secure environments where jobs run.")
        .search("Name or slug")
        .filter(Filter::select("active", "Active", yes_no))
        .filter(Filter::select("transport", "How jobs reach it", transports()))
        .columns(&["Name", "Slug", "Status", "How jobs reach it", "Last seen", "Members"])
        .filed(&["Late", "Test"])
        .action(Link::new("New backend", "/staff/backends/add/"))
        .empty(
            "No backend yet",
            "Create one to get the token that its programs show with every call.",
        );
    for backend in &found.rows {
        list.row(row(backend));
    }
    list.answer(staff, &asked, found.total)
}

fn row(backend: &ListedBackend) -> Vec<Cell> {
    let mut seen = Cell::time(backend.last_seen);
    if backend.is_late && backend.is_active {
        seen = seen.badge("waiting", "Late");
    }
    vec![
        Cell::link(&*backend.name, href(backend.id)),
        Cell::code(&*backend.slug),
        status(backend.is_active, backend.is_test),
        Cell::text(transport_words(&backend.transport)),
        seen,
        Cell::number(backend.members),
        Cell::yes_no(backend.is_late && backend.is_active),
        Cell::yes_no(backend.is_test),
    ]
}

fn status(is_active: bool, is_test: bool) -> Cell {
    let cell = if is_active {
        Cell::pill("success", "Active")
    } else {
        Cell::pill("neutral", "Not active")
    };
    if is_test { cell.badge("accent", "Test") } else { cell }
}
