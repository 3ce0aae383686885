//! The one-time link that an operator's command prints.

use rocket::http::CookieJar;
use rocket::{get, post};
use secrecy::SecretString;
use serde::Serialize;

use super::enter;
use crate::core::people::attempts::{self, Trial};
use crate::core::people::{actions, store};
use crate::core::sealed::token_hash;
use crate::telemetry;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, Visit};
use crate::web::message::Told;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, Time};

#[derive(Serialize)]
pub struct LoginLinkView {
    pub problem: Option<Problem>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub action: Option<String>,
    pub expires: Option<Time>,
}

#[derive(Serialize)]
pub struct Problem {
    pub title: &'static str,
    pub text: &'static str,
}

/// Shows whom the link signs in and asks for a click: programs that look at links do not use it up. Looking for
/// links is counted like using them.
#[get("/login-link/<token>")]
pub async fn login_link(visit: Visit<'_>, db: &Database, client: Client<'_>, token: &str) -> Outcome<Page> {
    let link = store::login_link(&mut *db.read().await?, &token_hash(token)).await?;
    if link.is_none() {
        attempts::wrong(db, Trial::LoginLink, client.who()).await?;
    }
    let view = match link {
        Some(link) => LoginLinkView {
            problem: None,
            name: Some(link.fullname),
            username: Some(link.username),
            action: Some(format!("/login-link/{token}/")),
            expires: Some(Time::new(link.expires_at)),
        },
        None => LoginLinkView {
            problem: Some(Problem {
                title: "This link does not work",
                text: "It was used already, is older than an hour, or was not copied whole. Ask whoever gave it to you for a new one.",
            }),
            name: None,
            username: None,
            action: None,
            expires: None,
        },
    };
    let chrome = visit.chrome("Sign in").with_form(&visit).here("Page", "Sign in");
    Ok(visit.render("pages/login_link", chrome, &view))
}

#[post("/login-link/<token>", data = "<_form>")]
pub async fn use_login_link(
    visit: Visit<'_>,
    db: &Database,
    cookies: &CookieJar<'_>,
    client: Client<'_>,
    token: &str,
    _form: CsrfForm,
) -> Outcome<Told> {
    attempts::take(db, Trial::LoginLink, client.who()).await?;
    let link = SecretString::from(token);
    let session = match actions::sign_in_with_link(db, &link, client.place()).await {
        Ok(session) => session,
        Err(crate::core::error::Error::NotFound(_)) => {
            telemetry::traces::exception("LoginLinkRefused", "the login link no longer works");
            let again = format!("/login-link/{token}/");
            return Ok(Told::new(
                again,
                "danger",
                "This link no longer works. Ask for a new one.",
            ));
        }
        Err(error) => return Err(Failure(error)),
    };
    enter(visit.app, db, cookies, &session).await?;
    Ok(Told::new(
        "/",
        "success",
        format!("You are signed in as {}.", session.username),
    ))
}
