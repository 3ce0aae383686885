//! The single-use token: signing in with it from inside a secure environment.

use rocket::http::CookieJar;
use rocket::post;
use secrecy::SecretString;

use super::enter;
use super::view::{NOT_FROM_HERE, TOKEN_REFUSED, Tried, next_of, page_at};
use crate::core::error::FieldErrors;
use crate::core::jobs::backends::backend_at;
use crate::core::people::login_token;
use crate::telemetry;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, Visit, safe_next};
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;

#[post("/login-with-token", data = "<form>")]
pub async fn sign_in(
    visit: Visit<'_>,
    db: &Database,
    jar: &CookieJar<'_>,
    client: Client<'_>,
    form: CsrfForm,
) -> Outcome<Answer> {
    let next = match form.text("next") {
        "" => next_of(visit.query()),
        next => safe_next(Some(next)).into_owned(),
    };
    let refused = |why: &'static str| Tried {
        next: next.clone(),
        errors: FieldErrors::one("", why),
        user: form.text("user"),
        ..Tried::default()
    };
    let Some(backend) = backend_at(db, client.address).await? else {
        return Ok(page_at(&visit, None, refused(NOT_FROM_HERE)).into());
    };
    let token = SecretString::from(form.text("token"));
    let tried = login_token::sign_in(db, form.text("user"), &token, &backend.name, client.place()).await?;
    let Ok(session) = tried else {
        telemetry::traces::exception("LoginTokenRefused", "a single-use token was refused");
        return Ok(page_at(&visit, Some(&backend), refused(TOKEN_REFUSED)).into());
    };
    enter(visit.app, db, jar, &session).await?;
    let welcome = format!("You are signed in as {}. The token no longer works.", session.username);
    Ok(Answer::told(next, "success", welcome))
}
