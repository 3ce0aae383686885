//! Users: all of them, each whole, what they may do, and new ones.

mod account;
mod bulk;
mod create;
mod detail;
mod list;
mod orgs;
mod roles;
mod sections;

use rocket::{Route, routes};
use sqlx::PgConnection;

use super::cell::Cell;
use super::guard::{Staff, StaffMay};
use crate::core::access::{ManageUsers, Permission};
use crate::core::people::directory::{self, Person};
use crate::core::people::roles::Granter;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::encode_segment;

type May<'r> = StaffMay<'r, ManageUsers>;

/// Where the list is.
pub(super) const HREF: &str = "/staff/users/";

pub fn routes() -> Vec<Route> {
    routes![
        list::list,
        bulk::change,
        create::reader,
        create::create_reader,
        create::invited,
        create::create_invited,
        detail::detail,
        detail::save,
        account::activate,
        account::deactivate,
        account::invite,
        account::end_session,
        account::end_sessions,
        account::revoke_token,
        roles::page,
        roles::save,
        roles::clear,
        orgs::page,
        orgs::save,
    ]
}

/// The page of one, by username.
pub fn href(username: &str) -> String {
    format!("{HREF}{}/", encode_segment(username))
}

/// Somebody's name, which leads to their page for who may open it.
pub fn user_cell(staff: &Staff<'_>, username: &str, fullname: &str) -> Cell {
    let cell = if staff.holds(Permission::UserManage) {
        Cell::link(fullname, href(username))
    } else {
        Cell::text(fullname)
    };
    cell.note(username)
}

/// Who gives and takes here.
pub(super) fn granter(may: &May<'_>) -> Granter {
    Granter::Person(may.can.clone())
}

/// Somebody, or the answer that there is nobody of that name.
async fn found(conn: &mut PgConnection, username: &str) -> Outcome<Person> {
    let person = directory::person(conn, username).await?;
    person.ok_or_else(|| Failure::not_found("User"))
}
