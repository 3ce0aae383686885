//! The step between GitHub and the site for somebody whose name GitHub does not know.

use rocket::get;
use rocket::http::CookieJar;
use serde::Serialize;

use super::failed::Failed;
use super::github::{Uncached, known_browser};
use crate::core::error::FieldErrors;
use crate::core::people::identities::{self, Refusal, Unfinished};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::Visit;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::{FormError, Page, TextField, encode_segment, field_id};

/// The step's address, for a login that waits for a name.
pub fn href(token: &str) -> String {
    format!("/enter-your-name/?partial_token={}", encode_segment(token))
}

#[derive(Debug, Serialize)]
pub struct EnterNameView {
    pub errors: Vec<FormError>,
    pub login: String,
    pub partial_token: String,
    pub name: TextField,
}

#[get("/enter-your-name?<partial_token>")]
pub async fn form(
    visit: Visit<'_>,
    db: &Database,
    jar: &CookieJar<'_>,
    partial_token: Option<&str>,
) -> Outcome<Uncached> {
    if visit.signed_in().is_some() {
        return Ok(Answer::redirect("/").into());
    }
    let token = partial_token.unwrap_or_default();
    let browser = known_browser(&visit, jar).unwrap_or_default();
    match identities::unfinished(db, token, &browser).await? {
        Some(waiting) => Ok(page(&visit, &waiting, token, "", &FieldErrors::default()).into()),
        None => Ok(over(&visit)),
    }
}

/// The form once more, with what is wrong.
pub(super) async fn again(
    visit: &Visit<'_>,
    db: &Database,
    token: &str,
    browser: &str,
    form: &CsrfForm,
    errors: &FieldErrors,
) -> Outcome<Uncached> {
    match identities::unfinished(db, token, browser).await? {
        Some(waiting) => Ok(page(visit, &waiting, token, form.text("name"), errors).into()),
        None => Ok(over(visit)),
    }
}

fn over(visit: &Visit<'_>) -> Uncached {
    Failed::Refused(Refusal::NameStepOver).page(visit, "/").into()
}

fn page(visit: &Visit<'_>, waiting: &Unfinished, token: &str, name: &str, errors: &FieldErrors) -> Page {
    let mut chrome = visit
        .chrome("Enter your name")
        .with_form(visit)
        .with_errors(!errors.is_empty())
        .here("Page", "Enter your name");
    "/login/".clone_into(&mut chrome.login_href);
    let view = EnterNameView {
        errors: FormError::list(errors),
        login: waiting.identity.login.clone(),
        partial_token: token.to_owned(),
        name: TextField {
            id: field_id("name"),
            name: "name",
            label: "Your name",
            help: Some("As colleagues know you. Everybody can see it; you can change it in your settings."),
            value: name.to_owned(),
            error: errors.get("name").map(str::to_owned),
            required: true,
            kind: "text",
            autocomplete: Some("name"),
            code: false,
        },
    };
    visit.render("pages/enter_name", chrome, &view)
}
