//! What fields suggest while something is typed: fragments of pages, for scripts. Without scripts nobody asks.

use rocket::get;
use rocket::response::content::RawHtml;

use super::guard::Staff;
use super::htmx::asked_from;
use super::people::invite_href;
use super::query;
use crate::core::access::Permission;
use crate::core::people::store::pick;
use crate::core::search::staff::{Suggested, suggestions};
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};

/// Options for a filter that is typed into. Whatever the field is called, its text is the first in the address.
#[get("/staff/suggest/<kind>", rank = 2)]
pub async fn options(staff: Staff<'_>, db: &Database, kind: &str) -> Outcome<RawHtml<String>> {
    let kind = Suggested::named(kind).ok_or_else(|| Failure::not_found("Page"))?;
    let fields = query::fields(staff.visit.query());
    let typed = fields.first().map(|(_, value)| searched(value)).unwrap_or_default();
    if typed.is_empty() {
        return Ok(RawHtml(String::new()));
    }
    let found = suggestions(&mut *db.read().await?, kind, &typed).await?;
    let options = found.into_iter().map(|found| {
        let (value, label) = (escaped(&found.value), escaped(&found.label));
        format!("<option value=\"{value}\">{label}</option>")
    });
    Ok(RawHtml(options.collect()))
}

/// People to tick, for a form that chooses some: those of the field `find_people`, without those who are ticked
/// already and those who belong to what `not_in` names, under the name that `as` gives.
#[get("/staff/suggest/people", rank = 1)]
pub async fn people(staff: Staff<'_>, db: &Database) -> Outcome<RawHtml<String>> {
    let fields = query::fields(staff.visit.query());
    let value = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    };
    let typed = searched(value(super::people::TYPED).unwrap_or_default());
    let name = value("as").unwrap_or("users");
    let but = value("not_in").and_then(pick::Circle::named);
    if typed.is_empty() {
        return Ok(RawHtml(String::new()));
    }
    let found = pick::people_like(&mut *db.read().await?, &typed, but).await?;
    let is_ticked = |id: i32| {
        fields
            .iter()
            .any(|(field, value)| field == name && *value == id.to_string())
    };
    let mut ticks = String::new();
    for person in found.iter().filter(|person| !is_ticked(person.id)) {
        ticks += &format!(
            "<label class=\"choice\"><input type=\"checkbox\" name=\"{}\" value=\"{}\"><span>{}</span></label>",
            escaped(name),
            person.id,
            escaped(&person.label())
        );
    }
    if ticks.is_empty() {
        ticks += "<p class=\"quiet\">Nobody active is called that.";
        if let Some(href) = inviting(&staff) {
            ticks += &format!(" <a href=\"{}\">Invite them</a>", escaped(&href));
        }
        ticks += "</p>";
    }
    Ok(RawHtml(ticks))
}

/// Where whoever is not found is invited, and the way back to the page that looks, for who may do that.
fn inviting(staff: &Staff<'_>) -> Option<String> {
    let back = asked_from(&staff.visit).unwrap_or_else(|| "/staff/users/".to_owned());
    staff.holds(Permission::UserManage).then(|| invite_href(&back))
}

/// What is worth searching for.
fn searched(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(100).collect()
}

fn escaped(text: &str) -> String {
    rocket_dyn_templates::handlebars::html_escape(text)
}
