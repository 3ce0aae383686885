//! New users: readers of an interactive project, and people whose first login with GitHub is still to come.

use rocket::{get, post};

use super::{HREF, May, granter, href};
use crate::core::access::Permission;
use crate::core::error::{Error, FieldErrors};
use crate::core::people::newcomers::{self, Invited, ProjectChoice, Reader};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::safe_next_or;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::field::Field;
use crate::web::staff::form::{Elsewhere, Form, FormPage};
use crate::web::staff::query;
use crate::web::view::{Link, Page};

/// What is typed of a reader.
struct Typed<'a> {
    /// An id.
    project: String,
    name: &'a str,
    email: &'a str,
}

/// The button that leads to making a project. What is typed of somebody comes along, there and back.
const NEW_PROJECT: &str = "new_project";
/// What comes along.
const CARRIED: &str = "name,email";
const ADD_PROJECT: &str = "/staff/projects/add/";

/// This page, with where one is to go on to after it, and without what is chosen and typed in it.
fn here(may: &May<'_>) -> String {
    let fields = query::fields(may.staff.visit.query());
    query::with(
        &format!("{HREF}add/"),
        &fields,
        &["project-slug", "name", "email"],
        None,
    )
}

/// Where one came from, else the list.
fn back(may: &May<'_>) -> String {
    let fields = query::fields(may.staff.visit.query());
    let next = fields.iter().find(|(name, _)| name == "next");
    safe_next_or(next.map(|(_, next)| next.as_str()), HREF).into_owned()
}

/// The other form for somebody new, with where one is to go on to after it.
fn beside(may: &May<'_>, page: &str) -> String {
    let mut fields = query::fields(may.staff.visit.query());
    fields.retain(|(name, _)| name == "next");
    query::with(&format!("{HREF}{page}"), &fields, &[], None)
}

fn new_project(may: &May<'_>) -> Elsewhere {
    Elsewhere {
        name: NEW_PROJECT,
        label: "New interactive project",
        href: query::with(ADD_PROJECT, &[], &[], Some(("next", &here(may)))),
        carried: CARRIED,
    }
}

fn reader_page(may: &May<'_>, projects: &[ProjectChoice], typed: &Typed<'_>, errors: &FieldErrors) -> Page {
    let mut options = vec![(String::new(), "Choose a project".to_owned())];
    options.extend(projects.iter().map(|project| {
        let number = project
            .number
            .as_ref()
            .map(|number| format!("{number} - "))
            .unwrap_or_default();
        (project.id.to_string(), format!("{number}{}", project.name))
    }));
    let mut form = Form::new("Create the user")
        .field(
            Field::select("project", "Project", options, &typed.project)
                .required()
                .help("Projects with an interactive workspace. The user belongs to their organisations, too."),
        )
        .field(Field::text("name", "Name", typed.name).required())
        .field(
            Field::email("email", "E-mail address", typed.email)
                .required()
                .help("It becomes the username. A link that is sent there is how they sign in."),
        )
        .errors(errors)
        .cancel(back(may));
    if may.staff.holds(Permission::ProjectCreate) {
        form = form.elsewhere(new_project(may));
    }
    let mut page = FormPage::new("New interactive user")
        .under("Users", HREF)
        .lead("For somebody without a GitHub account, who asks for analyses and reads reports. They are told by mail.")
        .link(Link::new("Invite a GitHub user instead", beside(may, "create/")));
    if projects.is_empty() {
        page = page.notice(
            "info",
            "No project has an interactive workspace yet",
            "One is made with a new interactive project.",
        );
    }
    page.form(form).render(&may.staff)
}

#[get("/staff/users/add")]
pub async fn reader(may: May<'_>, db: &Database) -> Outcome<Page> {
    let projects = newcomers::interactive_projects(&mut *db.read().await?).await?;
    let fields = query::fields(may.staff.visit.query());
    let asked = fields.iter().find(|(name, _)| name == "project-slug");
    let chosen = asked.and_then(|(_, slug)| projects.iter().find(|project| project.slug == *slug));
    let carried = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let typed = Typed {
        project: chosen.map(|project| project.id.to_string()).unwrap_or_default(),
        name: carried("name"),
        email: carried("email"),
    };
    Ok(reader_page(&may, &projects, &typed, &FieldErrors::default()))
}

#[post("/staff/users/add?<next>", data = "<form>")]
pub async fn create_reader(may: May<'_>, db: &Database, next: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let typed = Typed {
        project: form.text("project").to_owned(),
        name: form.text("name"),
        email: form.text("email"),
    };
    if form.has(NEW_PROJECT) {
        return Ok(Answer::redirect(new_project(&may).with_what_is_typed(&form)));
    }
    let reader = Reader {
        project_id: typed.project.parse().ok(),
        name: typed.name.to_owned(),
        email: typed.email.to_owned(),
    };
    match newcomers::create_reader(db, &granter(&may), &reader).await {
        Ok(username) => {
            let page = href(&username);
            let told = format!("{} is a user now; a mail of welcome is on its way.", reader.name);
            Ok(Answer::told(safe_next_or(next, &page), "success", told))
        }
        Err(Error::Invalid(errors)) => {
            let projects = newcomers::interactive_projects(&mut *db.read().await?).await?;
            Ok(reader_page(&may, &projects, &typed, &errors).into())
        }
        Err(error) => Err(Failure(error)),
    }
}

fn invited_page(may: &May<'_>, invited: &Invited, errors: &FieldErrors) -> Page {
    let form = Form::new("Create and invite")
        .field(
            Field::text("login", "GitHub username", &*invited.login)
                .code()
                .required()
                .help("It becomes the username here. Whoever has this account at GitHub when it first signs in is let in."),
        )
        .field(Field::text("name", "Name", &*invited.name).required())
        .field(Field::email("email", "E-mail address", &*invited.email).help("Where jobs and releases are told of."))
        .errors(errors)
        .cancel(back(may));
    FormPage::new("Invite a GitHub user")
        .under("Users", HREF)
        .lead("They are a user at once: roles, organisations and backends can be given before they first sign in.")
        .link(Link::new("New interactive user instead", beside(may, "add/")))
        .form(form)
        .render(&may.staff)
}

#[get("/staff/users/create")]
pub async fn invited(may: May<'_>) -> Page {
    invited_page(&may, &Invited::default(), &FieldErrors::default())
}

#[post("/staff/users/create?<next>", data = "<form>")]
pub async fn create_invited(may: May<'_>, db: &Database, next: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let invited = Invited {
        login: form.text("login").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
    };
    match newcomers::create_invited(db, &granter(&may), &invited).await {
        Ok(username) => {
            let told = format!(
                "{} is a user now, and the GitHub account {username} is invited.",
                invited.name
            );
            let page = href(&username);
            Ok(Answer::told(safe_next_or(next, &page), "success", told))
        }
        Err(Error::Invalid(errors)) => Ok(invited_page(&may, &invited, &errors).into()),
        Err(error) => Err(Failure(error)),
    }
}
