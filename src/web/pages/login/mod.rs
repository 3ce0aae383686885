//! Signing in and out. Every way in ends in [`enter`].

pub mod email;
pub mod failed;
pub mod github;
pub mod link;
pub mod name;
pub mod token;
mod view;

use rocket::http::CookieJar;
use rocket::response::Redirect;
use rocket::{get, post};
use secrecy::{ExposeSecret, SecretString};

use self::view::Tried;
use super::answer::Answer;
use crate::core::error::Result;
use crate::core::people::sessions::{self, LIFETIME, NewSession};
use crate::web::App;
use crate::web::cookies::{self, Kind};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, Visit, safe_next};
use crate::web::responders::{Outcome, found};

/// The page's address.
pub const HREF: &str = "/login/";

#[get("/login")]
pub async fn login(visit: Visit<'_>, db: &Database, client: Client<'_>) -> Outcome<Answer> {
    let next = view::next_of(visit.query());
    if visit.signed_in().is_some() {
        return Ok(Answer::redirect(next));
    }
    let tried = Tried {
        next,
        ..Tried::default()
    };
    Ok(view::page(&visit, db, &client, tried).await?.into())
}

/// Gives the browser its new session. Whoever was signed in here before is not any more, and what a visitor
/// who was not signed in proved their forms with is forgotten.
pub async fn enter(app: &App, db: &Database, jar: &CookieJar<'_>, session: &NewSession) -> Result<()> {
    let web = &app.settings.web;
    let previous = jar.get(Kind::Session.name(web));
    let previous = previous.map(|cookie| SecretString::from(cookie.value().to_owned()));
    let token = session.token.expose_secret().to_owned();
    jar.add(cookies::make(Kind::Session, web, token, Some(LIFETIME)));
    cookies::forget(jar, Kind::Csrf, web);
    // What let them in is used up by now: they are in, whatever becomes of the session before.
    if let Some(previous) = previous
        && let Err(error) = sessions::sign_out(db, &previous).await
    {
        tracing::error!(%error, "the session before could not be ended");
    }
    Ok(())
}

/// Ends the session, if there is one, and goes to `next`: it may stand in the address or in the form.
#[post("/logout?<next>", data = "<form>")]
pub async fn logout(
    visit: Visit<'_>,
    db: &Database,
    jar: &CookieJar<'_>,
    next: Option<&str>,
    form: CsrfForm,
) -> Outcome<Redirect> {
    let web = &visit.app.settings.web;
    if let Some(cookie) = jar.get(Kind::Session.name(web)) {
        sessions::sign_out(db, &SecretString::from(cookie.value().to_owned())).await?;
    }
    for kind in [Kind::Session, Kind::Csrf] {
        if jar.get(kind.name(web)).is_some() {
            cookies::forget(jar, kind, web);
        }
    }
    let next = next.or_else(|| form.has("next").then(|| form.text("next")));
    Ok(found(safe_next(next)))
}
