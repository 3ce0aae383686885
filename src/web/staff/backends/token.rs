//! The token of a backend: another one is issued, and shown on the page that answers, which is kept nowhere.

use rocket::{get, post};
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use super::{HREF, href};
use crate::core::access::ManageBackends;
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::backends::managing::{self, BackendDetail, OVERLAPS, Rotated};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::cell::Cell;
use crate::web::staff::field::Field;
use crate::web::staff::form::{Form, FormPage};
use crate::web::staff::guard::StaffMay;
use crate::web::staff::thing::{Section, Thing};
use crate::web::view::{Link, Page, relative};

type May<'r> = StaffMay<'r, ManageBackends>;

/// The one page that shows a token.
pub(super) fn once(may: &May<'_>, id: i32, name: &str, token: &str, old_until: Option<OffsetDateTime>) -> Page {
    let mut section = Section::new("Token")
        .lead("Its programs send this with every call, as the whole of the Authorization header.")
        .secret(token, "Copy the token");
    if let Some(until) = old_until {
        section = section.facts(vec![("The old one works until", Cell::time(Some(until)))]);
    }
    Thing::new("Token", format!("Token of {name}"))
        .under("Backends", HREF)
        .under(name, href(id))
        .notice(
            "warning",
            "Copy this token now",
            "It stands on this page alone: no page shows it again. Whoever has it can act as this backend.",
        )
        .section(section)
        .action(Link::new("I have copied it", href(id)))
        .render(&may.staff)
}

fn ask_page(may: &May<'_>, backend: &BackendDetail, chosen: &str, seen: &str, errors: &FieldErrors) -> Page {
    let overlaps = OVERLAPS
        .iter()
        .map(|(seconds, words)| (seconds.to_string(), (*words).to_owned()));
    let mut form = Form::new("Issue a new token")
        .field(
            Field::radios(
                "overlap",
                "Does the token in use go on working?",
                overlaps.collect(),
                chosen,
            )
            .help("While two tokens work, the one that the backend last used signs its links."),
        )
        .seen(seen)
        .errors(errors)
        .cancel(href(backend.id));
    form = form.danger();
    let mut page = FormPage::new(format!("New token for {}", backend.name))
        .under("Backends", HREF)
        .under(&*backend.name, href(backend.id))
        .lead("The new token is shown once. Until the backend has it, it can neither fetch jobs nor report them.");
    if backend.old_token_until.is_some() {
        let what_stops = match backend.token_last_used_at {
            Some(_) => "It stops now, whatever you choose below: two tokens at most work at a time.",
            None => "It is the one in use: the present one was never used, and stops now whatever you choose below.",
        };
        page = page.notice(
            "warning",
            "An older token still works beside the present one",
            what_stops,
        );
    }
    page.form(form).render(&may.staff)
}

#[get("/staff/backends/<id>/rotate-token")]
pub async fn ask(may: May<'_>, db: &Database, id: i32) -> Outcome<Page> {
    let backend = managing::detail(&mut *db.read().await?, id).await?;
    let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
    let seen = backend.token_version();
    Ok(ask_page(&may, &backend, "0", &seen, &FieldErrors::default()))
}

#[post("/staff/backends/<id>/rotate-token", data = "<form>")]
pub async fn rotate(may: May<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Page> {
    let backend = managing::detail(&mut *db.read().await?, id).await?;
    let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
    let chosen = match form.text("overlap") {
        "" => "0",
        chosen => chosen,
    };
    // What is no number is none of those that can be chosen.
    let overlap = chosen.parse().unwrap_or(-1);
    let seen = form.text("seen");
    match managing::rotate_token(db, &may.staff.visit.app.sealer, &may.can, id, overlap, seen).await {
        Ok(Rotated::To(token, until)) => Ok(once(&may, id, &backend.name, token.expose_secret(), until)),
        Ok(Rotated::Overtaken(by, at)) => {
            let backend = managing::detail(&mut *db.read().await?, id).await?;
            let backend = backend.ok_or_else(|| Failure::not_found("Backend"))?;
            let told = format!(
                "{} issued a token {}, after you opened this form; yours issued none. Issue another only if nobody has \
                 that one: it would stop.",
                by.unwrap_or_else(|| "Somebody".to_owned()),
                relative(OffsetDateTime::now_utc() - at),
            );
            let errors = FieldErrors::one("overlap", told);
            Ok(ask_page(&may, &backend, chosen, &backend.token_version(), &errors))
        }
        Err(Error::Invalid(errors)) => Ok(ask_page(&may, &backend, chosen, seen, &errors)),
        Err(error) => Err(Failure(error)),
    }
}

#[post("/staff/backends/<id>/end-old-token", data = "<_form>")]
pub async fn end_old(may: May<'_>, db: &Database, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    let answer = if managing::end_old_token(db, &may.can, id).await? {
        Answer::told(href(id), "success", "The old token works no more.")
    } else {
        Answer::told(href(id), "info", "There was no old token that still worked.")
    };
    Ok(answer)
}
