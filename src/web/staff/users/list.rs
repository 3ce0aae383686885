//! The list of users.

use rocket::get;

use super::{HREF, May, href};
use crate::core::access::{Place, Role};
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::backends::managing;
use crate::core::paging::Listed;
use crate::core::people::directory::{self, ListedPerson, Missing};
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::cell::Cell;
use crate::web::staff::list::{Bulk, BulkChoice, Filter, List, ListAnswer, ListAsked};
use crate::web::view::{Link, SelectOption};

#[get("/staff/users")]
pub async fn list(may: May<'_>, db: &Database) -> Outcome<ListAnswer> {
    let staff = &may.staff;
    let asked = ListAsked::read(&staff.visit)?;
    let backend = match asked.one("backend").map(str::parse::<i64>) {
        None => None,
        // No backend has a number beyond what its column holds, and none is 0.
        Some(Ok(id)) => Some(i32::try_from(id).unwrap_or(0)),
        Some(Err(_)) => {
            let errors = FieldErrors::one("backend", "A backend is chosen by its number.");
            return Err(Failure(Error::Invalid(errors)));
        }
    };
    let filter = directory::Filter {
        q: asked.q(),
        backend,
        has_roles: yes_no(asked.one("any_roles")),
        role: asked.one("role"),
        missing: asked.one("missing").and_then(Missing::named),
        org: asked.one("org"),
        is_active: yes_no(asked.one("active")),
    };
    let mut conn = db.read().await?;
    let found = match filter.is_active.is_none() && asked.one("active").is_some() {
        true => Listed::none(),
        false => directory::list(&mut conn, filter, asked.page(), asked.per_page()).await?,
    };
    let (backends, orgs) = if asked.is_csv() {
        (Vec::new(), Vec::new())
    } else {
        (
            managing::choices(&mut conn).await?,
            directory::org_choices(&mut conn).await?,
        )
    };
    drop(conn);
    let backends = backends
        .into_iter()
        .map(|backend| (backend.id.to_string(), backend.name));
    let mut list = List::new("Users")
        .lead("Everybody who has an account, and what they may do.")
        .search("Name, username or e-mail address")
        .filter(Filter::select("role", "Role everywhere", roles()))
        .filter(Filter::select(
            "any_roles",
            "Any role",
            pairs(&[("yes", "With a role"), ("no", "Without any role")]),
        ))
        .filter(Filter::select("backend", "Backend", backends.collect()))
        .filter(Filter::typed("org", "Organisation", Some("orgs")))
        .filter(Filter::select(
            "missing",
            "Missing",
            Missing::ALL
                .map(|missing| (missing.name().to_owned(), sentence(missing)))
                .to_vec(),
        ))
        .filter(Filter::select(
            "active",
            "Account",
            pairs(&[("yes", "Active"), ("no", "Deactivated")]),
        ))
        .columns(&["Name", "E-mail", "Signs in with", "To look at", "Last sign-in"])
        .filed(&["Username"])
        .action(Link::new("Invite a GitHub user", format!("{HREF}create/")))
        .action(Link::new("New interactive user", format!("{HREF}add/")))
        .empty(
            "No users yet",
            "They appear once they have signed in, or when you create them.",
        )
        .bulk("users", deactivate())
        .bulk("users", add_to_org(orgs));
    for person in &found.rows {
        list.row_ticked(person.id.to_string(), row(person));
    }
    list.answer(staff, &asked, found.total)
}

fn yes_no(value: Option<&str>) -> Option<bool> {
    match value {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    }
}

fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
    let options = options.iter();
    options
        .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
        .collect()
}

fn roles() -> Vec<(String, String)> {
    Role::grantable(Place::Everywhere)
        .map(|role| (role.name().to_owned(), role.title().to_owned()))
        .collect()
}

/// `No backend`.
fn sentence(missing: Missing) -> String {
    crate::web::view::sentence(missing.words())
}

fn row(person: &ListedPerson) -> Vec<Cell> {
    let mut look = Cell::none();
    if !person.is_active {
        look = look.pill_too("neutral", "Deactivated");
    }
    for missing in person.missing() {
        look = look.pill_too("waiting", sentence(missing));
    }
    if !person.has_roles {
        look = look.pill_too("neutral", "No role");
    }
    vec![
        Cell::link(&*person.fullname, href(&person.username)).note(&*person.username),
        Cell::text(person.email.clone().unwrap_or_default()),
        Cell::text(if person.is_github { "GitHub" } else { "E-mail" }),
        look,
        Cell::time(person.last_login),
        Cell::text(&*person.username),
    ]
}

pub(super) fn deactivate() -> Bulk {
    Bulk {
        label: "Deactivate",
        action: format!("{HREF}?act=deactivate"),
        verb: "Deactivate",
        one: "user",
        many: "users",
        text: "They are signed out everywhere and cannot sign in until somebody activates them again. What they did \
               stays theirs.",
        choose: None,
        is_danger: true,
    }
}

pub(super) fn add_to_org(orgs: Vec<(String, String)>) -> Bulk {
    let options = orgs.into_iter().map(|(value, label)| SelectOption {
        value,
        label,
        selected: false,
    });
    Bulk {
        label: "Add to an organisation",
        action: format!("{HREF}?act=add-to-org"),
        verb: "Add",
        one: "user",
        many: "users",
        text: "They belong to it afterwards, besides those that they belong to already.",
        choose: Some(BulkChoice {
            name: "org",
            label: "Organisation",
            options: options.collect(),
        }),
        is_danger: false,
    }
}
