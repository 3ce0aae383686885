//! Who may use a backend.

use rocket::post;

use super::{detail, href};
use crate::core::access::ManageBackends;
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::backends::managing;
use crate::core::people::store::pick::Circle;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::guard::StaffMay;
use crate::web::staff::people::PeoplePicker;

type May<'r> = StaffMay<'r, ManageBackends>;

#[post("/staff/backends/<id>/members/add", data = "<form>")]
pub async fn add(may: May<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let picker = PeoplePicker::read(&mut *db.read().await?, &form, "users", Some(Circle::Backend(id))).await?;
    if picker.looks() {
        return Ok(detail::page(&may, db, id, &picker, &FieldErrors::default())
            .await?
            .into());
    }
    let added = if picker.has_strange_text() {
        Err(Error::Invalid(FieldErrors::one("users", "Choose people who exist.")))
    } else if let Some(why) = picker.refused() {
        Err(Error::Invalid(FieldErrors::one("users", why)))
    } else {
        managing::add_members(db, &may.can, id, &picker.ids()).await
    };
    let errors = match added {
        Ok(added) => return Ok(Answer::told(href(id), "success", told(&added))),
        Err(Error::Invalid(errors)) => errors,
        Err(Error::NotAllowed(why)) => FieldErrors::one("users", why),
        Err(error) => return Err(Failure(error)),
    };
    Ok(detail::page(&may, db, id, &picker, &errors).await?.into())
}

fn told(added: &[String]) -> String {
    match added {
        [] => "They could use it before.".to_owned(),
        [one] => format!("{one} may use it now."),
        several => format!("{} people may use it now.", several.len()),
    }
}

#[post("/staff/backends/<id>/members/remove", data = "<form>")]
pub async fn remove(may: May<'_>, db: &Database, id: i32, form: CsrfForm) -> Outcome<Answer> {
    let username = form.text("username");
    let answer = if managing::remove_member(db, &may.can, id, username).await? {
        Answer::told(href(id), "success", format!("{username} may not use it any more."))
    } else {
        Answer::told(href(id), "info", "They could not use it before.")
    };
    Ok(answer)
}
