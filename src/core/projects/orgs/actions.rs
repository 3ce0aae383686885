//! Making organisations and changing them.

use super::{MOST_GITHUB_ORGS, OrgForm, Stored, is_github_org, slug_of, store};
use crate::core::access::{CanEverywhere, CreateOrgs, EnterStaffArea};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result, violated_constraint};
use crate::core::redirects::Target;
use crate::core::redirects::actions::{moved, taken};
use crate::core::versions::{Saved, is_overtaken};

/// Makes an organisation; returns its slug.
///
/// # Errors
/// `Invalid` at `name`.
pub async fn create(db: &Db, can: &CanEverywhere<CreateOrgs>, name: &str) -> Result<String> {
    let (slug, mut errors) = slug_of(name);
    let by = can.by();
    let mut tx = db.begin().await?;
    let used = store::used(&mut tx, None, name, &slug).await?;
    check_free(&used, "name", &mut errors);
    errors.into_result()?;
    let id = store::insert(&mut tx, name, &slug, can.user_id())
        .await
        .map_err(|error| taken_by_another(error, "name"))?;
    let event = Event::new("org_created", &by, Subject::org(id)).change("name", "", name);
    audit::record(&mut tx, &event).await?;
    let event = Event::new("org_updated", &by, Subject::org(id));
    audit::record_changes(&mut tx, &event, &[("slug", "", &slug)]).await?;
    for name in store::github_orgs(&mut tx, id).await? {
        let event = Event::new("org_github_org_added", &by, Subject::org(id)).change("github_orgs", "", name);
        audit::record(&mut tx, &event).await?;
    }
    taken(&mut tx, &address(&slug), &by).await?;
    tx.commit().await?;
    Ok(slug)
}

/// Changes an organisation: only what differs is written. `seen` is the [`OrgForm::version`] that the form showed, and
/// `found` what was wrong with what was sent before it became an [`OrgForm`]: all is told at once.
///
/// # Errors
/// `NotFound("Org")`; `Invalid` with a message beside each field.
pub async fn edit(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    id: i32,
    form: &OrgForm,
    seen: &str,
    found: FieldErrors,
) -> Result<Saved<Box<Stored>>> {
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("Org"))?;
    if *form == before.form && found.is_empty() {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &before.form.version()) {
        return Ok(Saved::Overtaken(Box::new(before)));
    }
    let mut errors = form.check(&before.form);
    errors.add_all(found);
    let used = store::used(&mut tx, Some(id), &form.name, &form.slug).await?;
    check_free(&used, "slug", &mut errors);
    errors.into_result()?;
    store::update(&mut tx, id, form, can.user_id())
        .await
        .map_err(|error| taken_by_another(error, "slug"))?;
    let by = can.by();
    let changes: Vec<(&'static str, &str, &str)> = before
        .form
        .fields()
        .into_iter()
        .zip(form.fields())
        .map(|((name, old), (_, new))| (name, old, new))
        .collect();
    audit::record_changes(&mut tx, &Event::new("org_updated", &by, Subject::org(id)), &changes).await?;
    let (old_url, new_url) = (address(&before.form.slug), address(&form.slug));
    moved(&mut tx, Target::Org(id), &old_url, &new_url, &by).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// Adds an organisation of the code host to those that one works in.
///
/// # Errors
/// `NotFound("Org")`; `Invalid` at `name`, also for one that is there already, however it is spelt.
pub async fn add_github_org(db: &Db, can: &CanEverywhere<EnterStaffArea>, id: i32, name: &str) -> Result<()> {
    let invalid = |message: &str| Error::Invalid(FieldErrors::one("name", message));
    if !is_github_org(name) {
        return Err(invalid(
            "Enter the name of a GitHub organisation: letters, digits and single - between them, at most 39.",
        ));
    }
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("Org"))?;
    if before.github_orgs.iter().any(|held| held.eq_ignore_ascii_case(name)) {
        return Err(invalid("This GitHub organisation is there already."));
    }
    if before.github_orgs.len() >= MOST_GITHUB_ORGS {
        return Err(invalid(
            "There are as many GitHub organisations as one can have. Remove one first.",
        ));
    }
    let mut github_orgs = before.github_orgs;
    github_orgs.push(name.to_owned());
    store::update_github_orgs(&mut tx, id, &github_orgs, can.user_id()).await?;
    let by = can.by();
    let event = Event::new("org_github_org_added", &by, Subject::org(id)).change("github_orgs", "", name);
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes an organisation of the code host. Tells whether it was there.
///
/// # Errors
/// `NotFound("Org")`.
pub async fn remove_github_org(db: &Db, can: &CanEverywhere<EnterStaffArea>, id: i32, name: &str) -> Result<bool> {
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("Org"))?;
    if !before.github_orgs.iter().any(|held| held == name) {
        return Ok(false);
    }
    let rest: Vec<String> = before.github_orgs.into_iter().filter(|held| held != name).collect();
    store::update_github_orgs(&mut tx, id, &rest, can.user_id()).await?;
    let by = can.by();
    let event = Event::new("org_github_org_removed", &by, Subject::org(id)).change("github_orgs", name, "");
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}

fn address(slug: &str) -> String {
    format!("/orgs/{slug}/")
}

const NAME_TAKEN: &str = "Another organisation has this name.";

/// In the words of the field where it is told: a new organisation's address is made of its name.
fn slug_taken(field: &str) -> &'static str {
    match field {
        "slug" => "Another organisation has this address. Choose another.",
        _ => "Another organisation has a name so like this one that its address would be the same. Choose another.",
    }
}

/// That nobody else has the name or the slug; `slug_field` is where a message about the latter stands.
fn check_free(used: &store::Used, slug_field: &'static str, errors: &mut FieldErrors) {
    if used.name {
        errors.add("name", NAME_TAKEN);
    }
    if used.slug && errors.get(slug_field).is_none() {
        errors.add(slug_field, slug_taken(slug_field));
    }
}

/// Another took it between the look and the write.
fn taken_by_another(error: sqlx::Error, slug_field: &'static str) -> Error {
    let (field, message) = match violated_constraint(&error) {
        Some("org_name_unique") => ("name", NAME_TAKEN),
        Some("org_slug_unique") => (slug_field, slug_taken(slug_field)),
        _ => return error.into(),
    };
    Error::Invalid(FieldErrors::one(field, message))
}
