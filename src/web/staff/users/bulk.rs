//! What is done with several users at once, from their list. Whoever does it is left out of it, and is asked first unless
//! they were told with how many.

use rocket::post;

use super::{HREF, May, granter};
use crate::core::error::Error;
use crate::core::people::store::pick::{self, Picked};
use crate::core::people::{deactivation, memberships};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::bulk::{back, is_sure};
use crate::web::view::counted;

/// The most that are changed at once: more than a page of the list has.
const MOST: usize = 100;

/// What is said, and how.
type Said = (&'static str, String);

#[post("/staff/users?<act>", data = "<form>")]
pub async fn change(may: May<'_>, db: &Database, act: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let mut ids: Vec<i32> = form.all("users").filter_map(|id| id.parse().ok()).take(MOST).collect();
    let own = may.can.user_id();
    let is_self_ticked = ids.contains(&own);
    ids.retain(|id| *id != own);
    let asked = match act {
        Some("deactivate") => Some(super::list::deactivate()),
        Some("add-to-org") => Some(super::list::add_to_org(Vec::new())),
        _ => None,
    };
    if let Some(bulk) = asked.filter(|_| !ids.is_empty() && !is_sure(&form, "users")) {
        let given: Vec<String> = ids.iter().map(i32::to_string).collect();
        let people = pick::people(&mut *db.read().await?, &given).await?;
        let people = people.iter().filter(|person| ids.contains(&person.id));
        let rows = people.map(Picked::label).collect();
        return Ok(bulk.ask(&may.staff, &form, HREF, ("users", &ids), rows).into());
    }
    let (tone, text) = match (act, ids.is_empty()) {
        (Some("deactivate" | "add-to-org"), true) if is_self_ticked => ("warning", "Nothing was done.".to_owned()),
        (_, true) if !is_self_ticked => ("warning", "Tick somebody first.".to_owned()),
        (Some("deactivate"), _) => deactivate(&may, db, &ids).await?,
        (Some("add-to-org"), _) => add_to_org(&may, db, form.text("org"), &ids).await?,
        _ => ("warning", "Choose what to do with them.".to_owned()),
    };
    let left_out = match act {
        Some("deactivate") if is_self_ticked => " You were left out: you cannot deactivate yourself.",
        Some("add-to-org") if is_self_ticked => " You were left out: you cannot add yourself to an organisation.",
        _ => "",
    };
    let tone = if left_out.is_empty() || tone == "danger" {
        tone
    } else {
        "warning"
    };
    Ok(Answer::told(back(&form, HREF), tone, text + left_out))
}

async fn deactivate(may: &May<'_>, db: &Database, ids: &[i32]) -> Outcome<Said> {
    let done = deactivation::deactivate_all(db, ids, &may.can.by()).await?;
    let users = i64::try_from(done.users).unwrap_or(i64::MAX);
    let sessions = i64::try_from(done.sessions).unwrap_or(i64::MAX);
    let mut told = format!(
        "{} deactivated; {} ended.",
        counted(users, "user was", "users were"),
        counted(sessions, "session was", "sessions were").to_lowercase()
    );
    for (username, why) in &done.refused {
        told += &format!(" {username} stays active: {why}");
    }
    let tone = if done.refused.is_empty() { "success" } else { "warning" };
    Ok((tone, told))
}

async fn add_to_org(may: &May<'_>, db: &Database, org: &str, ids: &[i32]) -> Outcome<Said> {
    match memberships::add_to_org(db, &granter(may), org, ids).await {
        Ok(added) => {
            let before = i64::try_from(ids.len().saturating_sub(added)).unwrap_or(i64::MAX);
            let added = i64::try_from(added).unwrap_or(i64::MAX);
            let mut told = format!("{} added to {org}.", counted(added, "user was", "users were"));
            if before > 0 {
                told += &format!(" {} there before.", counted(before, "was", "were"));
            }
            Ok(("success", told))
        }
        Err(Error::NotAllowed(why)) => Ok(("danger", why.to_string())),
        Err(Error::Invalid(errors)) => {
            let why = errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join(" ");
            Ok(("danger", why))
        }
        Err(error) => Err(Failure(error)),
    }
}
