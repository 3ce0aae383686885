//! Who works on a project, and as what.

use rocket::{get, post};

use super::cell::{Ask, Cell};
use super::field::{Field, Tick};
use super::form::{Form, FormPage, Overtaken};
use super::guard::StaffMay;
use super::people::{self, PeoplePicker};
use super::projects::{find, href, removal, roles_text};
use super::thing::{Section, Thing};
use super::words::{person_href, person_label};
use crate::core::access::{EditProjectRoles, Permission, Place, Role};
use crate::core::error::{Error, FieldErrors};
use crate::core::people::store::pick::Circle;
use crate::core::projects::Project;
use crate::core::projects::members::actions::{self, Granter, roles_version};
use crate::core::projects::staff::lists::{self, Member, Membership};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::safe_next_or;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, encode_next};

type May<'r> = StaffMay<'r, EditProjectRoles>;

#[get("/staff/projects/<project>/add-member")]
pub async fn add_form(may: May<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let project = find(db, project).await?;
    Ok(add_page(
        &may,
        &project,
        &PeoplePicker::outside(Circle::Project(project.id)),
        &[],
        &FieldErrors::default(),
        Vec::new(),
    ))
}

#[post("/staff/projects/<project>/add-member", data = "<form>")]
pub async fn add(may: May<'_>, db: &Database, project: &str, form: CsrfForm) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let people = PeoplePicker::read(
        &mut *db.read().await?,
        &form,
        "users",
        Some(Circle::Project(project.id)),
    )
    .await?;
    let typed: Vec<String> = form.all("roles").map(str::to_owned).collect();
    let mut errors = FieldErrors::default();
    if people.has_strange_text() {
        errors.add(
            "users",
            "Nobody has exactly this username. Choose from those who were found.",
        );
    }
    if let Some(why) = people.refused() {
        errors.add("users", why);
    }
    if people.looks() || !errors.is_empty() {
        return Ok(add_page(&may, &project, &people, &typed, &errors, Vec::new()).into());
    }
    let ids = people.ids();
    match add_all(&may, db, &project, &ids, &typed).await {
        Ok(()) => {
            let said = match ids.len() {
                1 => format!("One person now works on {}.", project.title()),
                count => format!("{count} people now work on {}.", project.title()),
            };
            Ok(Answer::told(href(&project.slug), "success", said))
        }
        Err(error) => {
            let errors = beside(error, "users")?;
            // Who works on it already may be meant to do so with other roles.
            let members = lists::memberships_of(&mut *db.read().await?, project.id, &ids).await?;
            Ok(add_page(&may, &project, &people, &typed, &errors, members).into())
        }
    }
}

async fn add_all(may: &May<'_>, db: &Database, project: &Project, ids: &[i32], typed: &[String]) -> Result<(), Error> {
    let roles = Role::chosen(typed, Place::Project).map_err(Error::Invalid)?;
    actions::add(db, &granter(may, project)?, project.id, ids, &roles).await
}

fn granter(may: &May<'_>, project: &Project) -> Result<Granter, Error> {
    Ok(Granter::Person(may.staff.user.can::<EditProjectRoles>(project.id)?))
}

/// What stands beside a field; the rest is a failure.
fn beside(error: Error, field: &'static str) -> Outcome<FieldErrors> {
    match error {
        Error::Invalid(errors) => Ok(errors),
        Error::Conflict(what) => Ok(FieldErrors::one(field, what)),
        Error::NotAllowed(why) => Ok(FieldErrors::one(field, why)),
        error => Err(error.into()),
    }
}

/// The roles of projects, to tick.
fn role_ticks(checked: impl Fn(&str) -> bool) -> Vec<Tick> {
    let roles = Role::grantable(Place::Project);
    roles
        .map(|role| Tick {
            value: role.name().to_owned(),
            label: role.title().to_owned(),
            help: Some(role.description()),
            checked: checked(role.name()),
        })
        .collect()
}

/// `members` are those of the chosen who work on it already.
fn add_page(
    may: &May<'_>,
    project: &Project,
    people: &PeoplePicker,
    typed: &[String],
    errors: &FieldErrors,
    members: Vec<Membership>,
) -> Page {
    let page = href(&project.slug);
    let form = Form::new("Add members")
        .errors(errors)
        .cancel(&page)
        .field(Field::people("users", "People", people).required())
        .field(
            Field::checkboxes(
                "roles",
                "Roles",
                role_ticks(|name| typed.iter().any(|typed| typed == name)),
            )
            .help("What all of them may do here. It can be none."),
        );
    let new_user = people::invite_href(&format!("{page}add-member/"));
    let mut form_page = FormPage::new("Add members")
        .under("Projects", "/staff/projects/")
        .under(project.title(), page.clone())
        .form(form);
    if may.staff.holds(Permission::UserManage) {
        form_page = form_page.link(Link::new("New user", new_user));
    }
    for member in members {
        let label = person_label(&member.username, &member.fullname);
        let edit = format!("{page}members/{}/edit/", member.id);
        form_page = form_page.link(Link::new(format!("Edit roles of {label}"), edit));
    }
    form_page.render(&may.staff)
}

async fn member(db: &Database, project: &Project, id: i32) -> Outcome<Member> {
    let found = lists::member(&mut *db.read().await?, project.id, id).await?;
    found.ok_or_else(|| Failure::not_found("Member"))
}

/// What the form of a member's roles shows.
struct Shown {
    checked: Vec<String>,
    errors: FieldErrors,
    seen: String,
    overtaken: Option<Overtaken>,
}

#[get("/staff/projects/<project>/members/<id>/edit?<next>")]
pub async fn edit_form(may: May<'_>, db: &Database, project: &str, id: i32, next: Option<&str>) -> Outcome<Page> {
    let project = find(db, project).await?;
    let member = member(db, &project, id).await?;
    let shown = Shown {
        checked: member.roles.clone(),
        errors: FieldErrors::default(),
        seen: roles_version(&member.roles),
        overtaken: None,
    };
    Ok(edit_page(&may, &project, &member, next, shown))
}

#[post("/staff/projects/<project>/members/<id>/edit?<next>", data = "<form>")]
pub async fn edit(
    may: May<'_>,
    db: &Database,
    project: &str,
    id: i32,
    next: Option<&str>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let member = member(db, &project, id).await?;
    let typed: Vec<String> = form.all("roles").map(str::to_owned).collect();
    let seen = form.text("seen");
    let label = person_label(&member.username, &member.fullname);
    let page = href(&project.slug);
    let shown = match change(&may, db, &project, id, &typed, seen).await {
        Ok(Saved::Done) => {
            let said = format!("The roles of {label} are saved.");
            return Ok(Answer::told(safe_next_or(next, &page), "success", said));
        }
        Ok(Saved::Unchanged) => {
            let said = format!("{label} has these roles already.");
            return Ok(Answer::told(safe_next_or(next, &page), "info", said));
        }
        Ok(Saved::Overtaken(now)) => Shown {
            checked: typed,
            errors: FieldErrors::default(),
            seen: roles_version(&now),
            overtaken: Some(Overtaken {
                now: vec![("Roles".to_owned(), roles_text(&now))],
                ..Overtaken::default()
            }),
        },
        Err(error) => Shown {
            checked: typed,
            errors: beside(error, "roles")?,
            seen: seen.to_owned(),
            overtaken: None,
        },
    };
    Ok(edit_page(&may, &project, &member, next, shown).into())
}

async fn change(
    may: &May<'_>,
    db: &Database,
    project: &Project,
    id: i32,
    typed: &[String],
    seen: &str,
) -> Result<Saved<Vec<String>>, Error> {
    let roles = Role::chosen(typed, Place::Project).map_err(Error::Invalid)?;
    actions::change_roles(db, &granter(may, project)?, project.id, id, &roles, seen).await
}

fn edit_page(may: &May<'_>, project: &Project, member: &Member, next: Option<&str>, shown: Shown) -> Page {
    let page = href(&project.slug);
    let one = format!("{page}members/{}/", member.id);
    let back = safe_next_or(next, &page).into_owned();
    let query = match next {
        Some(_) => format!("?next={}", encode_next(&back)),
        None => String::new(),
    };
    let mut form = Form::new("Save roles")
        .action(format!("{one}edit/{query}"))
        .errors(&shown.errors)
        .seen(&shown.seen)
        .cancel(&back)
        .field(Field::checkboxes(
            "roles",
            "Roles",
            role_ticks(|name| shown.checked.iter().any(|checked| checked == name)),
        ));
    if let Some(overtaken) = shown.overtaken {
        form = form.overtaken(overtaken);
    }
    let is_offered = |role: &String| Role::grantable(Place::Project).any(|offered| offered.name() == role);
    let others: Vec<String> = member.roles.iter().filter(|role| !is_offered(role)).cloned().collect();
    let label = person_label(&member.username, &member.fullname);
    let ask = Ask::new("Remove from the project", format!("{one}remove/{query}"))
        .text(removal(member, project))
        .button("Remove from the project");
    let mut thing = Thing::new("Member", label)
        .under("Projects", "/staff/projects/")
        .under(project.title(), page)
        .fact(
            "Username",
            Cell::link(member.username.clone(), person_href(&member.username)),
        )
        .fact(
            "GitHub account",
            Cell::text(member.github_login.clone().unwrap_or_default()),
        )
        .fact("E-mail address", Cell::text(member.email.clone().unwrap_or_default()))
        .fact("Member since", Cell::time(Some(member.joined_at)))
        .ask(ask)
        .section(Section::new("Roles in this project").form(form));
    if !others.is_empty() {
        thing = thing.notice(
            "info",
            "Other roles are held too",
            format!(
                "{} is not granted in projects any more. It stays as it is.",
                roles_text(&others)
            ),
        );
    }
    thing.render(&may.staff)
}

#[post("/staff/projects/<project>/members/<id>/remove?<next>", data = "<_form>")]
pub async fn remove(
    may: May<'_>,
    db: &Database,
    project: &str,
    id: i32,
    next: Option<&str>,
    _form: CsrfForm,
) -> Outcome<Answer> {
    let project = find(db, project).await?;
    let member = member(db, &project, id).await?;
    actions::remove(db, &granter(&may, &project)?, project.id, id).await?;
    let label = person_label(&member.username, &member.fullname);
    let said = format!("{label} no longer works on {}.", project.title());
    let page = href(&project.slug);
    Ok(Answer::told(safe_next_or(next, &page), "success", said))
}
