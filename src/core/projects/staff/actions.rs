//! Making projects and changing them.

use sqlx::PgConnection;

use super::{NewNumber, NewProject, ProjectForm, Stored, changes, store};
use crate::core::access::{CanEverywhere, CreateProjects, EnterStaffArea};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result, violated_constraint};
use crate::core::names::slugify;
use crate::core::outbox::{self, Content, Draft, ProjectCreated};
use crate::core::projects::numbers::NO_NEXT;
use crate::core::projects::title;
use crate::core::redirects::Target;
use crate::core::redirects::actions::{moved, taken};
use crate::core::versions::{Saved, is_overtaken};
use crate::core::workspaces::interactive;

/// Makes a project, which its one organisation leads; returns its slug. With a co-pilot, Slack's `channel` is told.
///
/// # Errors
/// `Invalid` with a message beside each field.
pub async fn create(db: &Db, can: &CanEverywhere<CreateProjects>, new: &NewProject, channel: &str) -> Result<String> {
    let mut errors = new.check();
    let mut tx = db.begin().await?;
    check_copilot(&mut tx, new.copilot_id, None, &mut errors).await?;
    let (_, slug) = make(&mut tx, can, new, errors, channel).await?;
    tx.commit().await?;
    Ok(slug)
}

/// Makes a project together with its interactive workspace, whose repository the worker makes in the account `github_org`;
/// returns the project's slug. The first of its organisations by name leads, and whoever is active may be its co-pilot.
/// Slack's `channel` is told.
///
/// # Errors
/// `Invalid` with a message beside each field.
pub async fn create_interactive(
    db: &Db,
    can: &CanEverywhere<CreateProjects>,
    new: &NewProject,
    channel: &str,
    github_org: &str,
) -> Result<String> {
    let mut errors = new.check_interactive();
    let mut tx = db.begin().await?;
    if let Some(copilot) = new.copilot_id
        && !store::is_active(&mut tx, copilot).await?
    {
        errors.add("copilot", "Choose somebody whose account is active.");
    }
    let (id, slug) = make(&mut tx, can, new, errors, channel).await?;
    interactive::add(&mut tx, (id, &slug), github_org, can.user_id(), &can.by()).await?;
    tx.commit().await?;
    Ok(slug)
}

/// Stores a project, with its events and the message to Slack. `errors` is what was found wrong with it before.
async fn make(
    tx: &mut PgConnection,
    can: &CanEverywhere<CreateProjects>,
    new: &NewProject,
    mut errors: FieldErrors,
    channel: &str,
) -> Result<(i32, String)> {
    let slug = slugify(&new.name);
    let by = can.by();
    let number = match &new.number {
        NewNumber::None => None,
        NewNumber::Given(number) => Some(number.clone()),
        NewNumber::Next => {
            store::take_turns_with_numbers(tx).await?;
            let next = store::next_number(tx).await?;
            if next.is_none() {
                errors.add("number", NO_NEXT);
            }
            next
        }
    };
    let given = number.as_deref().unwrap_or_default();
    check_free(tx, None, ("name", &new.name), ("name", &slug), given, &mut errors).await?;
    let mut org_ids = new.org_ids.clone();
    org_ids.sort_unstable();
    org_ids.dedup();
    let orgs = store::orgs_by_name(tx, &org_ids).await?;
    if (orgs.is_empty() || orgs.len() != org_ids.len()) && errors.get("orgs").is_none() {
        errors.add("orgs", "Choose the organisation that leads the project.");
    }
    errors.into_result()?;
    let row = store::NewRow {
        name: &new.name,
        slug: &slug,
        number: number.as_deref(),
        copilot_id: new.copilot_id,
        application_url: &new.application_url,
        by_id: can.user_id(),
    };
    let id = store::insert(tx, &row)
        .await
        .map_err(|error| taken_meanwhile(error, "name"))?;
    let subject = Subject::project(id);
    let event = Event::new("project_created", &by, subject).within(subject);
    audit::record(tx, &event.of_user(can.user_id(), can.username())).await?;
    for (place, (org_id, _)) in orgs.iter().enumerate() {
        store::add_org(tx, id, *org_id, place == 0, can.user_id()).await?;
    }
    let after = ProjectForm {
        name: new.name.clone(),
        slug: slug.clone(),
        number: number.clone().unwrap_or_default(),
        application_url: new.application_url.clone(),
        copilot_id: new.copilot_id,
        ..ProjectForm::default()
    };
    let org_changes = store::OrgChanges {
        lead: orgs.first().map(|first| (None, Some(first.clone()))),
        added: orgs,
        removed: Vec::new(),
    };
    changes::record(tx, id, &ProjectForm::default(), &after, &org_changes, &by).await?;
    taken(tx, &address(&slug), &by).await?;
    if new.copilot_id.is_some() {
        tell_copilots(tx, new, id, &slug, number.as_deref(), &by, channel).await?;
    }
    Ok((id, slug))
}

async fn tell_copilots(
    tx: &mut PgConnection,
    new: &NewProject,
    id: i32,
    slug: &str,
    number: Option<&str>,
    by: &By,
    channel: &str,
) -> Result<()> {
    let copilot = store::username(tx, new.copilot_id).await?;
    let content = Content::ProjectCreated(ProjectCreated {
        project: slug.to_owned(),
        title: title(number, &new.name),
        by: by.name.clone(),
        copilot,
    });
    outbox::send(tx, Draft::new(content, channel, format!("project:{id}"))).await?;
    Ok(())
}

/// Changes a project: only what differs is written. `seen` is the [`ProjectForm::version`] that the form showed, and
/// `found` what was wrong with what was typed before it became a [`ProjectForm`]: all is told at once. Which
/// organisation was chosen first counts, see `ProjectForm::lead`.
///
/// # Errors
/// `NotFound("Project")`; `Invalid` with a message beside each field.
pub async fn edit(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    id: i32,
    form: &ProjectForm,
    seen: &str,
    found: FieldErrors,
) -> Result<Saved<Box<Stored>>> {
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("Project"))?;
    let mut after = form.clone();
    let mut errors = after.check(&before.form);
    let has_strange_text = !found.is_empty();
    errors.add_all(found);
    if errors.get("orgs").is_none() {
        match after.lead(before.form.lead_id) {
            Ok(lead) => after.lead_id = Some(lead),
            Err(wrong) => errors.add_all(wrong),
        }
    }
    after.org_ids.sort_unstable();
    after.org_ids.dedup();
    if after == before.form && !has_strange_text {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &before.form.version()) {
        return Ok(Saved::Overtaken(Box::new(before)));
    }
    let number = if after.number == before.form.number {
        ""
    } else {
        &after.number
    };
    check_free(
        &mut tx,
        Some(id),
        ("name", &after.name),
        ("slug", &after.slug),
        number,
        &mut errors,
    )
    .await?;
    check_copilot(&mut tx, after.copilot_id, before.form.copilot_id, &mut errors).await?;
    if store::org_names(&mut tx, &after.org_ids).await?.len() != after.org_ids.len() {
        errors.add("orgs", "Choose organisations that exist.");
    }
    errors.into_result()?;
    let by = can.by();
    store::update(&mut tx, id, &after, can.user_id())
        .await
        .map_err(|error| taken_meanwhile(error, "slug"))?;
    let orgs = store::set_orgs(&mut tx, id, &before.form, &after, can.user_id()).await?;
    changes::record(&mut tx, id, &before.form, &after, &orgs, &by).await?;
    let (old_url, new_url) = (address(&before.form.slug), address(&after.slug));
    moved(&mut tx, Target::Project(id), &old_url, &new_url, &by).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

fn address(slug: &str) -> String {
    format!("/{slug}/")
}

/// That nobody else has the name, the slug or the number; the first two with the fields where a message stands.
async fn check_free(
    tx: &mut PgConnection,
    but_id: Option<i32>,
    (name_field, name): (&'static str, &str),
    (slug_field, slug): (&'static str, &str),
    number: &str,
    errors: &mut FieldErrors,
) -> Result<()> {
    let used = store::used(tx, but_id, name, slug, number).await?;
    if used.name {
        errors.add(name_field, NAME_TAKEN);
    }
    if used.slug && errors.get(slug_field).is_none() {
        errors.add(slug_field, slug_taken(slug_field));
    }
    if used.number {
        let next = store::next_number(tx).await?;
        errors.add(
            "number",
            match next {
                Some(next) => format!("Another project has this number. The next that is free is {next}."),
                None => "Another project has this number.".to_owned(),
            },
        );
    }
    Ok(())
}

/// That somebody helps who may enter the staff area; who helped before may go on, whatever became of them.
async fn check_copilot(
    tx: &mut PgConnection,
    copilot_id: Option<i32>,
    before: Option<i32>,
    errors: &mut FieldErrors,
) -> Result<()> {
    let Some(id) = copilot_id.filter(|_| copilot_id != before) else {
        return Ok(());
    };
    if !store::can_be_copilot(tx, id).await? {
        errors.add("copilot", "Choose somebody who may enter the staff area.");
    }
    Ok(())
}

const NAME_TAKEN: &str = "Another project has this name.";

/// In the words of the field where it is told: a new project's address is made of its name.
fn slug_taken(field: &str) -> &'static str {
    match field {
        "slug" => "Another project has this address. Choose another.",
        _ => "Another project has a name so like this one that its address would be the same. Choose another.",
    }
}

/// Another took it between the look and the write.
fn taken_meanwhile(error: sqlx::Error, slug_field: &'static str) -> Error {
    let (field, message) = match violated_constraint(&error) {
        Some("project_name_unique") => ("name", NAME_TAKEN),
        Some("project_slug_unique") => (slug_field, slug_taken(slug_field)),
        Some("project_number_unique") => ("number", "Another project has just got this number."),
        _ => return error.into(),
    };
    Error::Invalid(FieldErrors::one(field, message))
}
