//! The link by which somebody confirms another e-mail address.

use rocket::{get, post};
use serde::Serialize;

use super::HREF;
use crate::core::error::Error;
use crate::core::people::attempts::{self, Trial};
use crate::core::people::{email_change, profile};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, User, Visit};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Page, Time, encode_segment, login_href};

#[derive(Debug, Serialize)]
pub struct ConfirmEmailView {
    pub username: String,
    pub problem: Option<Problem>,
    pub change: Option<ChangeView>,
}

#[derive(Debug, Serialize)]
pub struct Problem {
    pub title: &'static str,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct ChangeView {
    pub email: String,
    /// The one that it takes the place of.
    pub present: Option<String>,
    pub until: Time,
    pub action: String,
}

/// Shows whose address it will be and asks for a click: programs that look at links do not use it up. Looking
/// for links is counted like using them.
#[get("/settings/confirm-email/<link>")]
pub async fn page(visit: Visit<'_>, db: &Database, client: Client<'_>, link: &str) -> Outcome<Answer> {
    let Some(signed_in) = visit.signed_in().cloned() else {
        // Not back to here: the link would be kept where logins are.
        let to = login_href(HREF, None);
        return Ok(Answer::told(
            to,
            "info",
            "Sign in, then open the link in the mail again.",
        ));
    };
    let user = User { visit, user: signed_in };
    let change = match email_change::id_of_link(&user.visit.app.sealer, link) {
        Some(id) => {
            let profile = profile::profile(&mut *db.read().await?, user.user.id).await?;
            let asked = profile.asked.filter(|asked| asked.id == id);
            asked.map(|asked| ChangeView {
                email: asked.email,
                present: profile.email,
                until: Time::new(asked.expires_at),
                action: format!("/settings/confirm-email/{}/", encode_segment(link)),
            })
        }
        None => None,
    };
    if change.is_none() {
        attempts::wrong(db, Trial::LoginLink, client.who()).await?;
    }
    let problem = change.is_none().then(|| Problem {
        title: "This link does not work",
        text: format!(
            "It was used already, is older than a day, was cancelled or replaced by a newer one, was not copied whole, \
             or is for another account than {}, as which you are signed in.",
            user.user.username
        ),
    });
    Ok(render(&user, problem, change).into())
}

#[post("/settings/confirm-email/<link>", data = "<_form>")]
pub async fn confirm(
    user: User<'_>,
    db: &Database,
    client: Client<'_>,
    link: &str,
    _form: CsrfForm,
) -> Outcome<Answer> {
    attempts::take(db, Trial::LoginLink, client.who_says(&user.user.username)).await?;
    let id = email_change::id_of_link(&user.visit.app.sealer, link);
    let confirmed = match id {
        Some(id) => email_change::confirm(db, &user.user, id).await,
        None => Err(Error::NotFound("Change")),
    };
    match confirmed {
        Ok(email) => {
            let told = format!("Confirmed. Mail to you goes to {email} from now on.");
            Ok(Answer::told(HREF, "success", told))
        }
        Err(Error::NotFound(_)) => {
            let again = format!("/settings/confirm-email/{}/", encode_segment(link));
            Ok(Answer::told(
                again,
                "danger",
                "This link no longer works. Nothing was changed.",
            ))
        }
        Err(Error::Invalid(errors)) => {
            let text = errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join(" ");
            let problem = Problem {
                title: "This address cannot be yours",
                text: format!("{text} Nothing was changed. If both accounts are yours, write to the address below."),
            };
            Ok(render(&user, Some(problem), None).into())
        }
        Err(error) => Err(Failure(error)),
    }
}

fn render(user: &User<'_>, problem: Option<Problem>, change: Option<ChangeView>) -> Page {
    let chrome = user
        .visit
        .chrome("Confirm your e-mail address")
        .crumb("Page", "Settings", HREF)
        .here("Page", "Confirm your e-mail address")
        .with_errors(problem.is_some());
    let view = ConfirmEmailView {
        username: user.user.username.clone(),
        problem,
        change,
    };
    user.visit.render("pages/confirm_email", chrome, &view)
}
