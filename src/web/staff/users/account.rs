//! Somebody's account: whether it is open, who may become them, where they are signed in, the tokens they have.

use rocket::post;

use super::{May, found, granter, href};
use crate::core::error::{Error, FieldErrors};
use crate::core::people::tokens::{self, Revoker};
use crate::core::people::{deactivation, invitations, sessions};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::staff::invitations::invite_page;
use crate::web::view::counted;

#[post("/staff/users/<username>/deactivate", data = "<_form>")]
pub async fn deactivate(may: May<'_>, db: &Database, username: &str, _form: CsrfForm) -> Outcome<Answer> {
    let to = href(username);
    Ok(match deactivation::deactivate(db, username, &may.can.by()).await {
        Ok(Some(ended)) => {
            let ended = i64::try_from(ended).unwrap_or(i64::MAX);
            let told = format!(
                "{username} is deactivated; {} ended.",
                counted(ended, "session was", "sessions were").to_lowercase()
            );
            Answer::told(to, "success", told)
        }
        Ok(None) => Answer::told(to, "info", format!("{username} was deactivated before.")),
        Err(Error::Conflict(why)) => Answer::told(to, "danger", why),
        Err(error) => return Err(Failure(error)),
    })
}

#[post("/staff/users/<username>/activate", data = "<_form>")]
pub async fn activate(may: May<'_>, db: &Database, username: &str, _form: CsrfForm) -> Outcome<Answer> {
    let is_new = deactivation::activate(db, username, &may.can.by()).await?;
    let told = if is_new {
        format!("{username} can sign in again, with the rights they had.")
    } else {
        format!("{username} was active before.")
    };
    Ok(Answer::told(href(username), "success", told))
}

/// Invites a GitHub account to be somebody who is a user already.
#[post("/staff/users/<username>/invite", data = "<form>")]
pub async fn invite(may: May<'_>, db: &Database, username: &str, form: CsrfForm) -> Outcome<Answer> {
    let person = found(&mut *db.read().await?, username).await?;
    let to = href(&person.username);
    let login = form.text("login");
    Ok(
        match invitations::invite(db, &granter(&may), &person.username, login).await {
            Ok(true) => Answer::told(
                to,
                "success",
                format!("The GitHub account {login} is invited to be {username}."),
            ),
            Ok(false) => Answer::told(to, "info", format!("{login} was invited before.")),
            Err(Error::Conflict(why)) => {
                invite_page(&may, login, &person.username, &FieldErrors::one("login", why)).into()
            }
            Err(Error::Invalid(errors)) => invite_page(&may, login, &person.username, &errors).into(),
            Err(error) => return Err(Failure(error)),
        },
    )
}

/// Ends one session, and says nothing of whose it is when it is somebody else's.
#[post("/staff/users/<username>/sessions/<id>/revoke", data = "<_form>")]
pub async fn end_session(may: May<'_>, db: &Database, username: &str, id: i64, _form: CsrfForm) -> Outcome<Answer> {
    let person = found(&mut *db.read().await?, username).await?;
    sessions::revoke_of(db, &granter(&may), (person.id, &person.username), id).await?;
    Ok(Answer::told(href(username), "success", "That browser is signed out."))
}

/// Ends every session, and takes back what else would let somebody in.
#[post("/staff/users/<username>/sessions/revoke-all", data = "<_form>")]
pub async fn end_sessions(may: May<'_>, db: &Database, username: &str, _form: CsrfForm) -> Outcome<Answer> {
    let person = found(&mut *db.read().await?, username).await?;
    let ended = sessions::end_all(db, Some(&person.username), &may.can.by()).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    let told = format!("{} ended.", counted(ended, "session was", "sessions were"));
    Ok(Answer::told(href(username), "success", told))
}

#[post("/staff/users/<username>/tokens/<id>/revoke", data = "<_form>")]
pub async fn revoke_token(may: May<'_>, db: &Database, username: &str, id: i32, _form: CsrfForm) -> Outcome<Answer> {
    let person = found(&mut *db.read().await?, username).await?;
    let granter = granter(&may);
    let told = match tokens::revoke(db, Revoker::OtherOf(&granter, person.id), id).await {
        Ok(()) => format!("Personal access token {id} is revoked: it no longer works."),
        Err(Error::Conflict(_)) => format!("Personal access token {id} was revoked before."),
        Err(error) => return Err(Failure(error)),
    };
    Ok(Answer::told(href(username), "success", told))
}
