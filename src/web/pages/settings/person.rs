//! Name and e-mail address.

use serde::Serialize;

use super::{HREF, Known, Section, refused};
use crate::core::error::Error;
use crate::core::people::email_change;
use crate::core::people::profile::{self, EmailSaved, Input, Saved};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::{Client, User};
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{TextField, Time, field_id};

#[derive(Debug, Serialize)]
pub struct PersonView {
    pub username: String,
    pub fullname: TextField,
    pub email: TextField,
    pub has_email: bool,
    /// The one that is to be confirmed.
    pub asked: Option<AskedView>,
}

#[derive(Debug, Serialize)]
pub struct AskedView {
    pub email: String,
    pub until: Time,
    /// Where mail goes meanwhile.
    pub present: Option<String>,
}

pub(super) async fn save(user: &User<'_>, db: &Database, client: Client<'_>, form: &CsrfForm) -> Outcome<Answer> {
    let input = Input {
        fullname: form.text("fullname"),
        email: form.text("email"),
    };
    match profile::save(db, &user.user, input, client.who_says(&user.user.username)).await {
        Ok(saved) => Ok(told(input, &saved)),
        Err(Error::Invalid(errors)) => refused(user, db, Section::Person, form, errors).await,
        Err(error) => Err(Failure(error)),
    }
}

fn told(input: Input<'_>, saved: &Saved) -> Answer {
    let mut text = if saved.is_renamed {
        format!("Saved. Your name is {} now.", input.fullname)
    } else {
        String::new()
    };
    let email = match saved.email {
        EmailSaved::Same => "",
        EmailSaved::Asked => &format!(
            "A link was sent to {}. The address is used once you have opened the link and confirmed it.",
            input.email
        ),
        EmailSaved::Removed => "Saved. Your e-mail address was removed, so you get no more mail.",
    };
    match (text.is_empty(), email.is_empty()) {
        (true, true) => text.push_str("Nothing was changed: you entered the same name and address as before."),
        (true, false) => text.push_str(email),
        (false, true) => {}
        (false, false) => {
            text.push(' ');
            text.push_str(email.trim_start_matches("Saved. "));
        }
    }
    Answer::told(HREF, "success", text)
}

pub(super) async fn cancel_email(user: &User<'_>, db: &Database) -> Outcome<Answer> {
    let told = if email_change::cancel(db, &user.user).await? {
        "The change of your address was cancelled. The link that was sent no longer works."
    } else {
        "There was nothing to cancel: no address is waiting to be confirmed."
    };
    Ok(Answer::told(HREF, "success", told))
}

pub(super) fn view(known: &Known<'_>) -> PersonView {
    let profile = &known.profile;
    let sent = known.refused(Section::Person);
    let field = |name: &'static str, stored: &str| {
        let value = sent.map_or(stored, |(form, _)| form.text(name)).to_owned();
        let error = known.errors(Section::Person).get(name).map(str::to_owned);
        (value, error)
    };
    let (fullname, fullname_error) = field("fullname", &profile.fullname);
    let (email, email_error) = field("email", profile.email.as_deref().unwrap_or_default());
    PersonView {
        username: profile.username.clone(),
        fullname: TextField {
            id: field_id("fullname"),
            name: "fullname",
            label: "Name",
            help: Some("As others see it here."),
            value: fullname,
            error: fullname_error,
            required: true,
            kind: "text",
            autocomplete: Some("name"),
            code: false,
        },
        email: TextField {
            id: field_id("email"),
            name: "email",
            label: "E-mail address",
            help: Some("Where mail to you goes. A new address is used once you have confirmed it."),
            value: email,
            error: email_error,
            // Whoever has another way in than by mail may have none.
            required: !profile.has_github,
            kind: "email",
            autocomplete: Some("email"),
            code: false,
        },
        has_email: profile.email.is_some(),
        asked: profile.asked.as_ref().map(|asked| AskedView {
            email: asked.email.clone(),
            until: Time::new(asked.expires_at),
            present: profile.email.clone(),
        }),
    }
}
