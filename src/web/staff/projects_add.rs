//! Making a project with an interactive workspace, on a page or within the form for a new user.

use rocket::{get, post};

use super::field::{Field, Tick};
use super::form::{Form, FormPage};
use super::guard::StaffMay;
use super::htmx::{self, Made};
use super::on_the_way::{Carried, new_org};
use super::people::PeoplePicker;
use super::projects::href;
use super::projects_create::next_words;
use super::query;
use super::words::addresses_changed;
use crate::core::access::{CreateProjects, Permission};
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::staff::lists;
use crate::core::projects::staff::{NewNumber, NewProject, actions};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page};

type May<'r> = StaffMay<'r, CreateProjects>;

pub(super) const PATH: &str = "/staff/projects/add/";
const TITLE: &str = "New interactive project";

/// The button that leads to making an organisation, and what of the form comes along, there and back.
const NEW_ORG: &str = "new_org";
const CARRIED: &str = "name,number,next_number,orgs,copilot,application_url";

/// What was typed.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    number: String,
    takes_next: bool,
    /// Ids.
    orgs: Vec<String>,
    copilot: PeoplePicker,
    application_url: String,
}

impl Typed {
    fn project(&self) -> NewProject {
        let number = match self.number.as_str() {
            _ if self.takes_next => NewNumber::Next,
            "" => NewNumber::None,
            number => NewNumber::Given(number.to_owned()),
        };
        // Who is one of several, or beside a name that is nobody's, is not chosen yet.
        let copilot_id = match self.copilot.ids()[..] {
            [id] if !self.copilot.has_strange_text() => Some(id),
            _ => None,
        };
        NewProject {
            name: self.name.clone(),
            number,
            // What is no number is nobody's.
            org_ids: self.orgs.iter().map(|org| org.parse().unwrap_or(0)).collect(),
            copilot_id,
            application_url: self.application_url.clone(),
        }
    }
}

#[get("/staff/projects/add")]
pub async fn form(may: May<'_>, db: &Database) -> Outcome<Page> {
    let fields = query::fields(may.staff.visit.query());
    let chosen = fields.iter().rev().find(|(name, _)| name == "org-slug");
    let orgs = lists::org_choices(&mut *db.read().await?).await?;
    let org = chosen.and_then(|(_, slug)| orgs.iter().find(|org| org.slug == *slug));
    let mut typed = match Carried::of(&fields) {
        Some(carried) => Typed {
            name: carried.text("name"),
            number: carried.text("number"),
            takes_next: !carried.text("next_number").is_empty(),
            orgs: carried.all("orgs"),
            copilot: PeoplePicker::of(&mut *db.read().await?, &carried.all("copilot")).await?,
            application_url: carried.text("application_url"),
        },
        None => Typed::default(),
    };
    typed.orgs.extend(org.map(|org| org.id.to_string()));
    page(&may, db, &typed, &FieldErrors::default()).await
}

#[post("/staff/projects/add", data = "<form>")]
pub async fn add(may: May<'_>, db: &Database, form: CsrfForm) -> Outcome<Made> {
    let typed = Typed {
        name: form.text("name").to_owned(),
        number: form.text("number").to_owned(),
        takes_next: form.flag("next_number"),
        orgs: form.all("orgs").map(str::to_owned).collect(),
        copilot: PeoplePicker::read(&mut *db.read().await?, &form, "copilot", None).await?,
        application_url: form.text("application_url").to_owned(),
    };
    if form.has(NEW_ORG) {
        let on_the_way = new_org(&may.staff, PATH, NEW_ORG, CARRIED);
        return Ok(Answer::redirect(on_the_way.with_what_is_typed(&form)).into());
    }
    if typed.copilot.looks() {
        return shown(&may, db, &typed, &FieldErrors::default()).await;
    }
    if let Some(why) = typed.copilot.refused() {
        return shown(&may, db, &typed, &FieldErrors::one("copilot", why)).await;
    }
    let settings = &may.staff.visit.app.settings;
    let (channel, org) = (
        &settings.slack.channels.copilot_support,
        &settings.github.interactive_org,
    );
    let slug = match actions::create_interactive(db, &may.can, &typed.project(), channel, org).await {
        Ok(slug) => slug,
        Err(Error::Invalid(errors)) => return shown(&may, db, &typed, &errors).await,
        Err(error) => return Err(error.into()),
    };
    addresses_changed(&may.staff).await;
    let visit = &may.staff.visit;
    if htmx::is_htmx(visit) {
        return Ok(Made::redirect(htmx::made(
            visit,
            &form,
            &href(&slug),
            "project-slug",
            &slug,
        )));
    }
    let to = htmx::next_with(visit, &form, "project-slug", &slug).unwrap_or_else(|| href(&slug));
    let text = format!(
        "The project {} is there, with its interactive workspace. The repository is on its way.",
        typed.name
    );
    Ok(Answer::told(to, "success", text).into())
}

async fn shown(may: &May<'_>, db: &Database, typed: &Typed, errors: &FieldErrors) -> Outcome<Made> {
    Ok(Answer::from(page(may, db, typed, errors).await?).into())
}

async fn page(may: &May<'_>, db: &Database, typed: &Typed, errors: &FieldErrors) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let orgs = lists::org_choices(&mut conn).await?;
    let next = lists::next_number(&mut conn).await?;
    drop(conn);
    let staff = &may.staff;
    let ticks = orgs.iter().map(|org| Tick {
        value: org.id.to_string(),
        label: org.name.clone(),
        help: None,
        checked: typed.orgs.contains(&org.id.to_string()),
    });
    let cancel = htmx::back(&staff.visit, &["org-slug", "project-slug"]);
    let mut form =
        Form::new("Create project")
            .errors(errors)
            .cancel(cancel.unwrap_or_else(|| "/staff/projects/".to_owned()))
            .field(Field::text("name", "Name", &typed.name).required().help(
                "Everybody sees it. The addresses of the project, its workspace and its repository are made of it.",
            ))
            .field(
                Field::text("number", "Number", &typed.number)
                    .code()
                    .help("Digits. It is left empty when the next is taken."),
            )
            .field(
                Field::tick("next_number", "Take the next number", typed.takes_next)
                    .help("One more than the highest, whatever stands above."),
            )
            .field(
                Field::checkboxes("orgs", "Organisations", ticks.collect())
                    .required()
                    .help("The first of them by name leads the project."),
            )
            .field(
                Field::people("copilot", "Co-pilot", &typed.copilot)
                    .required()
                    .help("One person who helps it from the start, whoever they are."),
            )
            .field(
                Field::url("application_url", "Address of the application", &typed.application_url)
                    .required()
                    .help("Where it was applied for."),
            );
    if htmx::is_htmx(&staff.visit) {
        return Ok(htmx::fragment(staff, TITLE, form));
    }
    if staff.holds(Permission::OrgCreate) {
        form = form.elsewhere(new_org(staff, PATH, NEW_ORG, CARRIED));
    }
    let org = &staff.visit.app.settings.github.interactive_org;
    let page = FormPage::new(TITLE)
        .under("Projects", "/staff/projects/")
        .lead(format!(
            "For people who ask for analyses on this site. It gets a workspace, and a repository in {org} at GitHub. \
             {}",
            next_words(next)
        ))
        .link(Link::new("New project without one", "/staff/projects/create/"))
        .form(form);
    Ok(page.render(staff))
}
