//! Which organisations somebody belongs to.

use rocket::{get, post};

use super::{HREF, May, found, granter, href};
use crate::core::error::{Error, FieldErrors};
use crate::core::people::directory::{self, OrgTick, Person};
use crate::core::people::memberships::{self, version_of};
use crate::core::versions::Saved;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::field::{Field, Tick};
use crate::web::staff::form::{Form, FormPage, Overtaken};
use crate::web::view::Page;

fn members(orgs: &[OrgTick]) -> Vec<i32> {
    orgs.iter().filter(|org| org.is_member).map(|org| org.id).collect()
}

fn render(
    may: &May<'_>,
    person: &Person,
    orgs: &[OrgTick],
    chosen: &[i32],
    seen: String,
    errors: &FieldErrors,
    now: Option<&[i32]>,
) -> Page {
    let ticks = orgs.iter().map(|org| Tick {
        value: org.id.to_string(),
        label: org.name.clone(),
        help: None,
        checked: chosen.contains(&org.id),
    });
    let mut form = Form::new("Save the organisations")
        .field(Field::checkboxes("orgs", "Organisations", ticks.collect()))
        .seen(seen)
        .errors(errors)
        .cancel(href(&person.username));
    if let Some(now) = now {
        let names = orgs
            .iter()
            .filter(|org| now.contains(&org.id))
            .map(|org| org.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "none".to_owned() } else { names };
        form = form.overtaken(Overtaken {
            now: vec![("Organisations".to_owned(), names)],
            ..Overtaken::default()
        });
    }
    FormPage::new(format!("Organisations of {}", person.fullname))
        .under("Users", HREF)
        .under(&*person.fullname, href(&person.username))
        .lead("Those that stay ticked keep the day since which they belong to them.")
        .form(form)
        .render(&may.staff)
}

#[get("/staff/users/<username>/set-orgs")]
pub async fn page(may: May<'_>, db: &Database, username: &str) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let person = found(&mut conn, username).await?;
    let orgs = directory::org_ticks(&mut conn, person.id).await?;
    drop(conn);
    let held = members(&orgs);
    Ok(render(
        &may,
        &person,
        &orgs,
        &held,
        version_of(&held),
        &FieldErrors::default(),
        None,
    ))
}

#[post("/staff/users/<username>/set-orgs", data = "<form>")]
pub async fn save(may: May<'_>, db: &Database, username: &str, form: CsrfForm) -> Outcome<Answer> {
    let mut conn = db.read().await?;
    let person = found(&mut conn, username).await?;
    let orgs = directory::org_ticks(&mut conn, person.id).await?;
    drop(conn);
    // What is no number is no organisation.
    let chosen: Vec<i32> = form.all("orgs").map(|id| id.parse().unwrap_or(0)).collect();
    let seen = form.text("seen");
    let to = href(&person.username);
    let page = |seen: String, errors: &FieldErrors, now: Option<&[i32]>| {
        render(&may, &person, &orgs, &chosen, seen, errors, now)
    };
    let page = match memberships::set_orgs_seen(db, &granter(&may), person.id, &chosen, seen).await {
        Ok(Saved::Done) => {
            let told = format!("The organisations of {} are saved.", person.fullname);
            return Ok(Answer::told(to, "success", told));
        }
        Ok(Saved::Unchanged) => return Ok(Answer::told(to, "info", "Nothing was changed.")),
        Ok(Saved::Overtaken(now)) => page(version_of(&now), &FieldErrors::default(), Some(&now)),
        Err(Error::Invalid(errors)) => page(seen.to_owned(), &errors, None),
        Err(Error::NotAllowed(why)) => page(seen.to_owned(), &FieldErrors::one("orgs", why), None),
        Err(error) => return Err(Failure(error)),
    };
    Ok(page.into())
}
