//! What is done with several users at once, from their list.

use rocket::post;

use super::{HREF, May, granter};
use crate::core::error::Error;
use crate::core::people::{deactivation, memberships};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::counted;

/// The most that are changed at once: more than a page of the list has.
const MOST: usize = 100;

#[post("/staff/users?<act>", data = "<form>")]
pub async fn change(may: May<'_>, db: &Database, act: Option<&str>, form: CsrfForm) -> Outcome<Answer> {
    let ids: Vec<i32> = form.all("users").filter_map(|id| id.parse().ok()).take(MOST).collect();
    if ids.is_empty() {
        return Ok(Answer::told(HREF, "warning", "Tick somebody first."));
    }
    match act {
        Some("deactivate") => deactivate(&may, db, &ids).await,
        Some("add-to-org") => add_to_org(&may, db, form.text("org"), &ids).await,
        _ => Ok(Answer::told(HREF, "warning", "Choose what to do with them.")),
    }
}

async fn deactivate(may: &May<'_>, db: &Database, ids: &[i32]) -> Outcome<Answer> {
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
    Ok(Answer::told(HREF, tone, told))
}

async fn add_to_org(may: &May<'_>, db: &Database, org: &str, ids: &[i32]) -> Outcome<Answer> {
    match memberships::add_to_org(db, &granter(may), org, ids).await {
        Ok(added) => {
            let before = i64::try_from(ids.len().saturating_sub(added)).unwrap_or(i64::MAX);
            let added = i64::try_from(added).unwrap_or(i64::MAX);
            let mut told = format!("{} added to {org}.", counted(added, "user was", "users were"));
            if before > 0 {
                told += &format!(" {} there before.", counted(before, "was", "were"));
            }
            Ok(Answer::told(HREF, "success", told))
        }
        Err(Error::NotAllowed(why)) => Ok(Answer::told(HREF, "danger", why)),
        Err(Error::Invalid(errors)) => {
            let why = errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join(" ");
            Ok(Answer::told(HREF, "danger", why))
        }
        Err(error) => Err(Failure(error)),
    }
}
