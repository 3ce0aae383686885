//! Signing in, for now by a one-time link that an operator's command prints, and signing out.

use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::response::{Flash, Redirect};
use rocket::{get, post};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::answer::Answer;
use crate::core::people::{self, actions, store};
use crate::core::sealed::token_hash;
use crate::telemetry;
use crate::web::App;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{SESSION_COOKIE, Visit, safe_next};
use crate::web::responders::{Failure, Outcome, found};
use crate::web::view::{Page, Time};

#[derive(Serialize)]
pub struct LoginView {
    pub support_email: String,
}

#[get("/login?<next>")]
pub fn login(visit: Visit<'_>, next: Option<&str>) -> Answer {
    if visit.signed_in().is_some() {
        return Answer::redirect(safe_next(next));
    }
    let chrome = visit.chrome("Sign in").here("Page", "Sign in");
    let view = LoginView {
        support_email: visit.app.settings.web.support_email.clone(),
    };
    visit.render("pages/login", chrome, &view).into()
}

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

/// Shows whom the link signs in and asks for a click: programs that look at links do not use it up.
#[get("/login-link/<token>")]
pub async fn login_link(visit: Visit<'_>, db: &Database, token: &str) -> Outcome<Page> {
    let link = store::login_link(&mut *db.read().await?, &token_hash(token)).await?;
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
    token: &str,
    _form: CsrfForm,
) -> Outcome<Flash<Redirect>> {
    let link = SecretString::from(token);
    let session = match actions::sign_in_with_link(db, &link).await {
        Ok(session) => session,
        Err(crate::core::error::Error::NotFound(_)) => {
            telemetry::traces::exception("LoginLinkRefused", "the login link no longer works");
            let again = found(format!("/login-link/{token}/"));
            return Ok(Flash::new(
                again,
                "danger",
                "This link no longer works. Ask for a new one.",
            ));
        }
        Err(error) => return Err(Failure(error)),
    };
    // Whoever was signed in here before is not any more.
    if let Some(previous) = cookies.get(SESSION_COOKIE) {
        actions::sign_out(db, &SecretString::from(previous.value().to_owned())).await?;
    }
    cookies.add(session_cookie(visit.app, session.token.expose_secret().to_owned()));
    Ok(Flash::new(
        found("/"),
        "success",
        format!("You are signed in as {}.", session.username),
    ))
}

/// The session's cookie. Lax, so that following a link from an e-mail or coming back from GitHub
/// finds the visitor signed in.
fn session_cookie(app: &App, token: String) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.settings.web.base_url.scheme() == "https")
        .max_age(people::SESSION_LIFETIME)
        .build()
}

#[post("/logout", data = "<_form>")]
pub async fn logout(db: &Database, cookies: &CookieJar<'_>, _form: CsrfForm) -> Outcome<Redirect> {
    if let Some(cookie) = cookies.get(SESSION_COOKIE) {
        actions::sign_out(db, &SecretString::from(cookie.value().to_owned())).await?;
        cookies.remove(Cookie::build(SESSION_COOKIE).path("/"));
    }
    Ok(found("/"))
}
