//! Changing a project.

use rocket::{get, post};
use time::Date;
use time::macros::format_description;

use super::field::{Field, Tick};
use super::form::{Form, FormPage, Overtaken};
use super::guard::Staff;
use super::projects::{find, href};
use super::projects_create::{copilot_id, copilot_options, org_field_options};
use super::words::{addresses_changed, overtaken};
use crate::core::error::{Error, FieldErrors};
use crate::core::projects::actions::STATUSES;
use crate::core::projects::staff::lists::{self, OrgChoice, Person};
use crate::core::projects::staff::{ProjectForm, Stored, actions};
use crate::core::projects::status_label;
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Page;

/// What the form of a project shows.
struct Shown {
    form: ProjectForm,
    /// As it was typed, which may be no day.
    day: String,
    errors: FieldErrors,
    seen: String,
    now: Option<Stored>,
}

#[get("/staff/projects/<project>/edit")]
pub async fn form(staff: Staff<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let stored = stored(db, project).await?;
    let shown = Shown {
        form: stored.form.clone(),
        day: day_of(&stored.form),
        errors: FieldErrors::default(),
        seen: stored.form.version(),
        now: None,
    };
    page(&staff, db, &stored, shown).await
}

#[post("/staff/projects/<project>/edit", data = "<form>")]
pub async fn save(staff: Staff<'_>, db: &Database, project: &str, form: CsrfForm) -> Outcome<Answer> {
    let stored = match stored(db, project).await {
        // Somebody else gave it another address while the form was open.
        Err(Failure(Error::NotFound(_))) => by_id(db, form.text("id")).await?,
        found => found?,
    };
    let day = form.text("copilot_support_ends_at").to_owned();
    let lines = |name: &str| form.text(name).replace("\r\n", "\n");
    let mut typed = ProjectForm {
        name: form.text("name").to_owned(),
        slug: form.text("slug").to_owned(),
        number: form.text("number").to_owned(),
        // What is no number is no organisation that could be chosen.
        org_ids: form.all("orgs").map(|id| id.parse().unwrap_or(0)).collect(),
        lead_id: copilot_id(form.text("lead")),
        application_url: form.text("application_url").to_owned(),
        copilot_id: copilot_id(form.text("copilot")),
        copilot_support_ends_on: None,
        copilot_notes: lines("copilot_notes"),
        status: form.text("status").to_owned(),
        status_description: lines("status_description"),
    };
    let seen = form.text("seen").to_owned();
    let mut found = FieldErrors::default();
    match Date::parse(&day, format_description!("[year]-[month]-[day]")) {
        Ok(read) => typed.copilot_support_ends_on = Some(read),
        Err(_) if day.is_empty() => (),
        Err(_) => found.add(
            "copilot_support_ends_at",
            "Enter a day, as in 2027-11-29, or leave it empty.",
        ),
    }
    let saved = actions::edit(db, &staff.can, stored.id, &typed, &seen, found).await;
    let shown = |errors, seen, now| Shown {
        form: typed.clone(),
        day: day.clone(),
        errors,
        seen,
        now,
    };
    let shown = match saved {
        Ok(Saved::Done) => {
            addresses_changed(&staff).await;
            return Ok(Answer::told(href(&typed.slug), "success", "The project is saved."));
        }
        Ok(Saved::Unchanged) => {
            let said = "Nothing was different, so nothing is changed.";
            return Ok(Answer::told(href(&typed.slug), "info", said));
        }
        Ok(Saved::Overtaken(now)) => shown(FieldErrors::default(), now.form.version(), Some(*now)),
        Err(Error::Invalid(errors)) => shown(errors, seen, None),
        Err(error) => return Err(error.into()),
    };
    Ok(page(&staff, db, &stored, shown).await?.into())
}

async fn stored(db: &Database, slug: &str) -> Outcome<Stored> {
    let project = find(db, slug).await?;
    let stored = lists::stored(&mut *db.read().await?, project.id).await?;
    stored.ok_or_else(|| Failure::not_found("Project"))
}

async fn by_id(db: &Database, id: &str) -> Outcome<Stored> {
    let not_found = || Failure::not_found("Project");
    let id = id.parse().map_err(|_| not_found())?;
    let stored = lists::stored(&mut *db.read().await?, id).await?;
    stored.ok_or_else(not_found)
}

fn day_of(form: &ProjectForm) -> String {
    form.copilot_support_ends_on
        .map(|day| day.to_string())
        .unwrap_or_default()
}

async fn page(staff: &Staff<'_>, db: &Database, stored: &Stored, shown: Shown) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let orgs = lists::org_choices(&mut conn).await?;
    let copilots = lists::copilots(&mut conn, stored.form.copilot_id).await?;
    drop(conn);
    let page = href(&stored.form.slug);
    let mut form = form_of(&shown, &orgs, &copilots)
        .hidden("id", stored.id.to_string())
        .cancel(&page);
    if let Some(now) = &shown.now {
        form = form.overtaken(differences(now, &shown, &orgs, &copilots));
    }
    Ok(FormPage::new(format!("Edit {}", stored.form.name))
        .under("Projects", "/staff/projects/")
        .under(stored.form.name.clone(), page)
        .form(form)
        .render(staff))
}

fn form_of(shown: &Shown, orgs: &[OrgChoice], copilots: &[Person]) -> Form {
    let typed = &shown.form;
    let id = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
    let ticks = orgs.iter().map(|org| Tick {
        value: org.id.to_string(),
        label: org.name.clone(),
        help: None,
        checked: typed.org_ids.contains(&org.id),
    });
    let mut leads = vec![(String::new(), "The one that leads it now, or the first".to_owned())];
    leads.extend(org_field_options(orgs));
    let statuses = STATUSES
        .iter()
        .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()));
    Form::new("Save")
        .errors(&shown.errors)
        .seen(&shown.seen)
        .field(Field::text("name", "Name", &typed.name).required())
        .field(
            Field::text("slug", "Slug", &typed.slug)
                .required()
                .code()
                .help("The last part of its address. Whoever asks for the old address is led to the new one."),
        )
        .field(
            Field::text("number", "Number", &typed.number)
                .code()
                .help("Digits, or a number such as POS-2026-3001."),
        )
        .field(Field::select("status", "Status", statuses.collect(), &typed.status).required())
        .field(
            Field::area("status_description", "About the status", &typed.status_description)
                .rows(4)
                .help("For example a link to the paper. Markdown can be used."),
        )
        .field(Field::checkboxes("orgs", "Organisations", ticks.collect()).required())
        .field(
            Field::select("lead", "Leading organisation", leads, &id(typed.lead_id))
                .help("One of those that are ticked. When the one that leads it now goes, the first of them does."),
        )
        .field(
            Field::url("application_url", "Address of the application", &typed.application_url)
                .help("Where it was applied for elsewhere."),
        )
        .field(Field::select(
            "copilot",
            "Co-pilot",
            copilot_options(copilots),
            &id(typed.copilot_id),
        ))
        .field(
            Field::date("copilot_support_ends_at", "Co-pilot support until", &shown.day)
                .help("Slack is told in the five days before."),
        )
        .field(
            Field::area("copilot_notes", "Notes of co-pilots", &typed.copilot_notes)
                .rows(4)
                .help("Only staff see them."),
        )
}

fn differences(now: &Stored, shown: &Shown, orgs: &[OrgChoice], copilots: &[Person]) -> Overtaken {
    let org = |id: i32| orgs.iter().find(|org| org.id == id).map(|org| org.name.clone());
    let org_names = |form: &ProjectForm| {
        let mut ids = form.org_ids.clone();
        ids.sort_unstable();
        ids.into_iter().filter_map(org).collect::<Vec<_>>().join(", ")
    };
    let lead = |form: &ProjectForm| form.lead_id.and_then(org).unwrap_or_default();
    let copilot = |form: &ProjectForm| {
        let found = copilots.iter().find(|person| Some(person.id) == form.copilot_id);
        found.map(|person| person.username.clone()).unwrap_or_default()
    };
    let (form, typed) = (&now.form, &shown.form);
    let both = |of: &dyn Fn(&ProjectForm) -> String| (of(form), of(typed));
    let parts = [
        ("Name", both(&|form| form.name.clone())),
        ("Slug", both(&|form| form.slug.clone())),
        ("Number", both(&|form| form.number.clone())),
        ("Status", both(&|form| status_label(&form.status).to_owned())),
        ("About the status", both(&|form| form.status_description.clone())),
        ("Organisations", both(&org_names)),
        ("Leading organisation", both(&lead)),
        ("Address of the application", both(&|form| form.application_url.clone())),
        ("Co-pilot", both(&copilot)),
        ("Co-pilot support until", both(&day_of)),
        ("Notes of co-pilots", both(&|form| form.copilot_notes.clone())),
    ];
    let parts: Vec<(&str, String, String)> = parts
        .into_iter()
        .map(|(label, (now, typed))| (label, now, typed))
        .collect();
    overtaken(Some(now.updated_by.clone()), Some(now.updated_at), &parts)
}
