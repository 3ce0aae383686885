//! Making a project.

use rocket::{get, post};
use time::OffsetDateTime;

use super::cell::Cell;
use super::field::Field;
use super::form::{Form, FormPage};
use super::guard::StaffMay;
use super::htmx::Made;
use super::on_the_way::{Carried, new_org};
use super::projects::{find, href};
use super::thing::{Section, Thing};
use super::words::{addresses_changed, on_site, person_label};
use super::{htmx, query};
use crate::core::access::{CreateProjects, Permission};
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::staff::lists::{self, OrgChoice, Person};
use crate::core::projects::staff::{NewNumber, NewProject, actions};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{Link, Page};

/// The button that leads to making an organisation, and what of the form comes along, there and back.
const NEW_ORG: &str = "new_org";
const CARRIED: &str = "name,number,next_number,copilot";

/// What was typed.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    number: String,
    takes_next: bool,
    org: String,
    copilot: String,
}

#[get("/staff/projects/create")]
pub async fn form(may: StaffMay<'_, CreateProjects>, db: &Database) -> Outcome<Page> {
    let fields = query::fields(may.staff.visit.query());
    let chosen = fields.iter().rev().find(|(name, _)| name == "org-slug");
    let orgs = lists::org_choices(&mut *db.read().await?).await?;
    let org = chosen.and_then(|(_, slug)| orgs.iter().find(|org| org.slug == *slug));
    let typed = match Carried::of(&fields) {
        Some(carried) => Typed {
            name: carried.text("name"),
            number: carried.text("number"),
            takes_next: !carried.text("next_number").is_empty(),
            copilot: carried.text("copilot"),
            org: String::new(),
        },
        None => Typed::default(),
    };
    let typed = Typed {
        org: org.map(|org| org.id.to_string()).unwrap_or_default(),
        ..typed
    };
    page(&may, db, &typed, &FieldErrors::default()).await
}

#[post("/staff/projects/create", data = "<form>")]
pub async fn create(may: StaffMay<'_, CreateProjects>, db: &Database, form: CsrfForm) -> Outcome<Made> {
    let typed = Typed {
        name: form.text("name").to_owned(),
        number: form.text("number").to_owned(),
        takes_next: form.flag("next_number"),
        org: form.text("orgs").to_owned(),
        copilot: form.text("copilot").to_owned(),
    };
    if form.has(NEW_ORG) {
        let on_the_way = new_org(&may.staff, "/staff/projects/create/", NEW_ORG, CARRIED);
        return Ok(Answer::redirect(on_the_way.with_what_is_typed(&form)).into());
    }
    let number = match typed.number.as_str() {
        _ if typed.takes_next => NewNumber::Next,
        "" => NewNumber::None,
        number => NewNumber::Given(number.to_owned()),
    };
    let new = NewProject {
        name: typed.name.clone(),
        number,
        // What is no number is nobody's.
        org_ids: vec![typed.org.parse().unwrap_or(0)],
        copilot_id: copilot_id(&typed.copilot),
        application_url: String::new(),
    };
    let channel = &may.staff.visit.app.settings.slack.channels.copilot_support;
    match actions::create(db, &may.can, &new, channel).await {
        Ok(slug) => {
            addresses_changed(&may.staff).await;
            let to = htmx::next_with(&may.staff.visit, &form, "project-slug", &slug);
            let created = || format!("{}created/", href(&slug));
            Ok(match to {
                to if htmx::is_htmx(&may.staff.visit) => Made::redirect(to.unwrap_or_else(created)),
                Some(to) => Answer::told(to, "success", format!("The project {} is there.", typed.name)).into(),
                None => Answer::redirect(created()).into(),
            })
        }
        Err(Error::Invalid(errors)) => Ok(page(&may, db, &typed, &errors).await?.into()),
        Err(error) => Err(error.into()),
    }
}

/// Nobody, or somebody; what is no number is nobody who could be chosen.
pub(super) fn copilot_id(typed: &str) -> Option<i32> {
    (!typed.is_empty()).then(|| typed.parse().unwrap_or(0))
}

pub(super) fn next_words(next: Option<String>) -> String {
    match next {
        Some(next) => format!("The next number is {next}."),
        None => "There is no next number: enter one that is free.".to_owned(),
    }
}

pub(super) fn org_field_options(orgs: &[OrgChoice]) -> Vec<(String, String)> {
    orgs.iter().map(|org| (org.id.to_string(), org.name.clone())).collect()
}

pub(super) fn copilot_options(people: &[Person]) -> Vec<(String, String)> {
    let nobody = (String::new(), "Nobody".to_owned());
    let people = people.iter().map(|person| {
        let label = person_label(&person.username, &person.fullname);
        (person.id.to_string(), label)
    });
    std::iter::once(nobody).chain(people).collect()
}

async fn page(may: &StaffMay<'_, CreateProjects>, db: &Database, typed: &Typed, errors: &FieldErrors) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let orgs = lists::org_choices(&mut conn).await?;
    let copilots = lists::copilots(&mut conn, None).await?;
    let next = lists::next_number(&mut conn).await?;
    drop(conn);
    let mut options = vec![(String::new(), "Choose one".to_owned())];
    options.extend(org_field_options(&orgs));
    let mut form = Form::new("Create project")
        .errors(errors)
        .cancel(
            htmx::back(&may.staff.visit, &["org-slug", "project-slug"])
                .unwrap_or_else(|| "/staff/projects/".to_owned()),
        )
        .field(
            Field::text("name", "Name", &typed.name)
                .required()
                .help("Everybody sees it. The project's address is made of it."),
        )
        .field(
            Field::text("number", "Number", &typed.number)
                .code()
                .help("Digits, or a number such as POS-2026-3001. It can be given later."),
        )
        .field(
            Field::tick("next_number", "Take the next number", typed.takes_next)
                .help("One more than the highest, whatever stands above."),
        )
        .field(
            Field::select("orgs", "Organisation", options, &typed.org)
                .required()
                .help("The one that leads it. Others are added later."),
        )
        .field(
            Field::select("copilot", "Co-pilot", copilot_options(&copilots), &typed.copilot)
                .help("Who helps it from the start. A project with a POS number has one."),
        );
    let staff = &may.staff;
    if htmx::is_htmx(&staff.visit) {
        return Ok(htmx::fragment(staff, "New project", form));
    }
    if staff.holds(Permission::OrgCreate) {
        form = form.elsewhere(new_org(staff, "/staff/projects/create/", NEW_ORG, CARRIED));
    }
    let today = OffsetDateTime::now_utc().date();
    let page = FormPage::new("New project")
        .under("Projects", "/staff/projects/")
        .lead(format!(
            "It will be ongoing from today, {today}, created by {}. {}",
            may.can.username(),
            next_words(next)
        ))
        .link(Link::new("New interactive project", super::projects_add::PATH))
        .form(form);
    Ok(page.render(staff))
}

#[get("/staff/projects/<project>/created")]
pub async fn created(may: StaffMay<'_, CreateProjects>, db: &Database, project: &str) -> Outcome<Page> {
    let project = find(db, project).await?;
    let page = href(&project.slug);
    let facts = lists::facts(&mut *db.read().await?, project.id).await?;
    let slack = match facts.copilot_username {
        Some(copilot) => format!("Slack's co-pilot channel is told, and that {copilot} helps it."),
        None => "It has no co-pilot, so nobody is told.".to_owned(),
    };
    // What somebody may not do is not offered to them: it is said who may.
    let data = match may.staff.holds(Permission::DataPermissionManage) {
        true => Cell::link("Data permissions", format!("{page}data-permissions/"))
            .note("If patients who opted out are to be counted, that is asked for and recorded there."),
        false => Cell::text("A Service Administrator grants it")
            .note("If patients who opted out are to be counted, ask one of them for it."),
    };
    let members = match may.staff.holds(Permission::UserEditProjectRoles) {
        true => Cell::link("Add members", format!("{page}add-member/")),
        false => Cell::text("Tech Support or a Service Administrator adds members"),
    };
    let steps = vec![
        (
            "It is public now",
            Cell::link(project.title(), format!("/{}/", project.slug)),
        ),
        ("Who works on it", members),
        ("What data it may use", data),
        ("Who is told", Cell::text(slack)),
    ];
    Ok(Thing::new("New project", project.title())
        .under("Projects", "/staff/projects/")
        .under(project.title(), page.clone())
        .notice("success", "The project is there", "This is what usually comes next.")
        .action(Link::new("Go to the project", page))
        .action(on_site(format!("/{}/", project.slug)))
        .section(Section::new("Next steps").facts(steps))
        .render(&may.staff))
}
