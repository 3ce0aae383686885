//! What somebody is trusted with everywhere.

use rocket::{get, post};

use super::{HREF, May, found, granter, href};
use crate::core::access::{Permission, Place, Role};
use crate::core::error::{Error, FieldErrors};
use crate::core::people::administrators::{LAST_ONE, is_last};
use crate::core::people::directory::{self, InProject, Person};
use crate::core::people::roles::{self, Cleared, version_of};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::safe_next_or;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::cell::{Ask, Cell};
use crate::web::staff::field::{Field, Tick};
use crate::web::staff::form::{Form, Overtaken};
use crate::web::staff::thing::{Section, Thing};
use crate::web::view::{Page, counted, encode_next, encode_segment};

/// What is said to whoever may clear roles everywhere, but none in projects.
const KEPT: &str = "Roles in projects stay: you may not change those.";

fn roles_href(username: &str) -> String {
    format!("{}roles/", href(username))
}

/// A role as people call it; a name that is no role's any more as it is.
pub(super) fn title(stored: &str) -> String {
    stored
        .parse::<Role>()
        .map_or_else(|()| stored.to_owned(), |role| role.title().to_owned())
}

fn titles(stored: &[String]) -> String {
    if stored.is_empty() {
        return "no role".to_owned();
    }
    stored.iter().map(|name| title(name)).collect::<Vec<_>>().join(", ")
}

/// Those that can be given, and what is held besides: a role that is not given any more is not lost by saving others.
fn ticks(held: &[String], chosen: &[String]) -> Vec<Tick> {
    let is_chosen = |name: &str| chosen.iter().any(|chosen| chosen == name);
    let mut ticks: Vec<Tick> = Role::grantable(Place::Everywhere)
        .map(|role| Tick {
            value: role.name().to_owned(),
            label: role.title().to_owned(),
            help: Some(role.description()),
            checked: is_chosen(role.name()),
        })
        .collect();
    let others = held
        .iter()
        .filter(|name| !ticks.iter().any(|tick| tick.value == **name));
    let others: Vec<Tick> = others
        .map(|name| Tick {
            value: name.clone(),
            label: title(name),
            help: Some("Held from before; it is not given any more."),
            checked: is_chosen(name),
        })
        .collect();
    ticks.extend(others);
    ticks
}

/// The page on its way back to whoever typed.
struct Typed<'a> {
    chosen: &'a [String],
    seen: String,
    errors: FieldErrors,
    /// How it stands, when somebody else has changed it meanwhile.
    now: Option<Vec<String>>,
    /// Nobody else can let others in: not all may be cleared.
    is_last: bool,
}

fn render(may: &May<'_>, person: &Person, projects: Vec<InProject>, typed: Typed<'_>) -> Page {
    let is_last = typed.is_last;
    let mut form = Form::new("Save the roles")
        .field(Field::checkboxes("roles", "Roles", ticks(&person.roles, typed.chosen)))
        .seen(typed.seen)
        .errors(&typed.errors)
        .cancel(href(&person.username));
    if let Some(now) = typed.now {
        form = form.overtaken(Overtaken {
            now: vec![("Roles".to_owned(), titles(&now))],
            ..Overtaken::default()
        });
    }
    let held = projects.iter().filter(|project| !project.roles.is_empty()).count();
    let held = i64::try_from(held).unwrap_or(i64::MAX);
    let mut thing = Thing::new("Roles", format!("Roles of {}", person.fullname))
        .under("Users", HREF)
        .under(&*person.fullname, href(&person.username))
        .section(
            Section::new("Everywhere")
                .lead("They count in every project and in the staff area. Whoever gives them is in the record.")
                .form(form),
        )
        .section(in_projects(may, person, projects));
    let may_edit_projects = may.staff.holds(Permission::UserEditProjectRoles);
    if is_last {
        thing = thing.notice("info", "These roles cannot all be taken away", LAST_ONE);
    } else if !person.roles.is_empty() || held > 0 && may_edit_projects {
        let ask = Ask::new("Clear all roles", format!("{}clear/", roles_href(&person.username))).text(clearing(
            person,
            held,
            may_edit_projects,
        ));
        thing = thing.ask(ask);
    }
    if may.can.user_id() == person.id {
        thing = thing.notice(
            "info",
            "These are your own roles",
            "You can give some up, but not give yourself any: ask somebody else who looks after users.",
        );
    }
    thing.render(&may.staff)
}

/// What somebody loses whose roles are all cleared, of whom `held` projects gave some.
fn clearing(person: &Person, held: i64, may_edit_projects: bool) -> String {
    let mut lost = Vec::new();
    if !person.roles.is_empty() {
        let roles = i64::try_from(person.roles.len()).unwrap_or(i64::MAX);
        lost.push(counted(roles, "role everywhere", "roles everywhere").to_lowercase());
    }
    if held > 0 && may_edit_projects {
        lost.push(format!(
            "the roles in {}",
            counted(held, "project", "projects").to_lowercase()
        ));
    }
    let rest = match held {
        0 => String::new(),
        _ if !may_edit_projects => format!(" {KEPT}"),
        1 => " They stay a member of the project.".to_owned(),
        _ => " They stay a member of each project.".to_owned(),
    };
    format!("{} loses {}.{rest}", person.fullname, lost.join(" and "))
}

fn in_projects(may: &May<'_>, person: &Person, projects: Vec<InProject>) -> Section {
    let may_edit = may.staff.holds(Permission::UserEditProjectRoles);
    let back = encode_next(&roles_href(&person.username));
    let projects = projects.into_iter().filter(|project| !project.roles.is_empty());
    let rows = projects.map(|project| {
        let slug = encode_segment(&project.slug);
        let change = if may_edit {
            let href = format!(
                "/staff/projects/{slug}/members/{}/edit/?next={back}",
                project.membership_id
            );
            Cell::link("Edit", href)
        } else {
            Cell::none()
        };
        vec![
            Cell::link(project.name, format!("/staff/projects/{slug}/")).note(project.number.unwrap_or_default()),
            Cell::text(titles(&project.roles)),
            change,
        ]
    });
    Section::new("In projects").table(
        &["Project", "Roles", "Change"],
        rows.collect(),
        "No role in any project.",
    )
}

#[get("/staff/users/<username>/roles")]
pub async fn page(may: May<'_>, db: &Database, username: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let person = found(&mut conn, username).await?;
    let projects = directory::projects_of(&mut conn, person.id).await?;
    let is_last = is_last(&mut conn, person.id).await?;
    drop(conn);
    let typed = Typed {
        chosen: &person.roles,
        seen: version_of(&person.roles),
        errors: FieldErrors::default(),
        now: None,
        is_last,
    };
    Ok(render(&may, &person, projects, typed))
}

#[post("/staff/users/<username>/roles", data = "<form>")]
pub async fn save(may: May<'_>, db: &Database, username: &str, form: CsrfForm) -> Outcome<Answer> {
    let mut conn = db.read().await?;
    let person = found(&mut conn, username).await?;
    let projects = directory::projects_of(&mut conn, person.id).await?;
    let is_last = is_last(&mut conn, person.id).await?;
    drop(conn);
    let mut chosen: Vec<String> = form.all("roles").map(str::to_owned).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let seen = form.text("seen").to_owned();
    let to = roles_href(&person.username);
    let (seen, errors, now) = match roles::set_names(db, &granter(&may), person.id, chosen.clone(), &seen).await {
        Ok(Saved::Done) => {
            let told = format!("The roles of {} are saved.", person.fullname);
            return Ok(Answer::told(to, "success", told));
        }
        Ok(Saved::Unchanged) => return Ok(Answer::told(to, "info", "Nothing was changed.")),
        Ok(Saved::Overtaken(now)) => (version_of(&now), FieldErrors::default(), Some(now)),
        Err(Error::Invalid(errors)) => (seen, errors, None),
        Err(Error::NotAllowed(why)) => (seen, FieldErrors::one("roles", why), None),
        Err(error) => return Err(Failure(error)),
    };
    let typed = Typed {
        chosen: &chosen,
        seen,
        errors,
        now,
        is_last,
    };
    Ok(render(&may, &person, projects, typed).into())
}

#[post("/staff/users/<username>/roles/clear?<next>", data = "<_form>")]
pub async fn clear(
    may: May<'_>,
    db: &Database,
    username: &str,
    next: Option<&str>,
    _form: CsrfForm,
) -> Outcome<Answer> {
    let person = found(&mut *db.read().await?, username).await?;
    let own = roles_href(&person.username);
    let to = safe_next_or(next, &own);
    Ok(match roles::clear_all(db, &granter(&may), person.id).await {
        Ok(Cleared {
            places: 0,
            leaves_projects,
        }) => {
            let told = if leaves_projects {
                format!("{} held no role outside projects. {KEPT}", person.fullname)
            } else {
                format!("{} held no role.", person.fullname)
            };
            Answer::told(to, "info", told)
        }
        Ok(cleared) => {
            let places = counted(i64::try_from(cleared.places).unwrap_or(i64::MAX), "place", "places");
            let told = if cleared.leaves_projects {
                format!(
                    "{} held roles in {places}, and holds none there now. {KEPT}",
                    person.fullname
                )
            } else {
                format!("{} held roles in {places}, and holds none now.", person.fullname)
            };
            Answer::told(to, "success", told)
        }
        Err(Error::Invalid(errors)) => Answer::told(to, "danger", errors.get("roles").unwrap_or_default()),
        Err(error) => return Err(Failure(error)),
    })
}
