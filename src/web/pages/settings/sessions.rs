//! Where somebody is signed in.

use rocket::http::CookieJar;
use rocket::post;
use serde::Serialize;

use super::{HREF, Known, browser};
use crate::core::people::sessions::{self, Method, OwnSession};
use crate::web::cookies::{self, Kind};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Time;

#[derive(Debug, Serialize)]
pub struct SessionsView {
    pub sessions: Vec<SessionView>,
    /// How many besides this one, as words; `None` when this is the only one.
    pub others: Option<String>,
    pub days: i64,
    pub idle_days: i64,
}

#[derive(Debug, Serialize)]
pub struct SessionView {
    pub browser: String,
    pub method: &'static str,
    pub address: Option<String>,
    pub since: Time,
    pub last_seen: Time,
    pub is_this: bool,
    pub revoke_href: String,
}

/// Ends one of one's own sessions.
#[post("/settings/sessions/<id>/revoke", data = "<_form>")]
pub async fn revoke(user: User<'_>, db: &Database, jar: &CookieJar<'_>, id: i64, _form: CsrfForm) -> Outcome<Answer> {
    sessions::revoke(db, &user.user, id).await?;
    if user.session_id() == Some(id) {
        cookies::forget(jar, Kind::Session, &user.visit.app.settings.web);
        return Ok(Answer::redirect("/"));
    }
    Ok(Answer::told(HREF, "success", "That browser is signed out."))
}

/// Ends all of one's own sessions but this one.
#[post("/settings/sessions/revoke-others", data = "<_form>")]
pub async fn revoke_others(user: User<'_>, db: &Database, _form: CsrfForm) -> Outcome<Answer> {
    let keep = user.session_id().ok_or_else(|| Failure::not_found("Session"))?;
    let told = match sessions::revoke_others(db, &user.user, keep).await? {
        0 => "You are signed in nowhere else.".to_owned(),
        1 => "One other browser is signed out.".to_owned(),
        others => format!("{others} other browsers are signed out."),
    };
    Ok(Answer::told(HREF, "success", told))
}

pub(super) fn view(known: &Known<'_>) -> SessionsView {
    let is_this = |session: &OwnSession| known.session_id == Some(session.id);
    let mut list: Vec<&OwnSession> = known.sessions.iter().collect();
    // This one first, the others as they come: the last used first.
    list.sort_by_key(|session| !is_this(session));
    let others = list.iter().filter(|session| !is_this(session)).count();
    SessionsView {
        sessions: list
            .into_iter()
            .map(|session| SessionView {
                browser: browser::name(&session.user_agent),
                method: method(session.method),
                address: session.address.clone(),
                since: Time::new(session.created_at),
                last_seen: Time::new(session.last_seen_at),
                is_this: is_this(session),
                revoke_href: format!("/settings/sessions/{}/revoke/", session.id),
            })
            .collect(),
        others: match others {
            0 => None,
            1 => Some("Sign out the other browser".to_owned()),
            others => Some(format!("Sign out all {others} other browsers")),
        },
        days: sessions::LIFETIME.whole_days(),
        idle_days: sessions::IDLE_LIFETIME.whole_days(),
    }
}

/// How somebody proved who they are, in words.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Github => "With GitHub",
        Method::Email => "With a link by mail",
        Method::Token => "With a single-use token",
        Method::Link => "With a link from an operator",
    }
}
