//! What somebody wants to be told by mail.

use std::borrow::Cow;

use serde::Serialize;

use super::{HREF, Known, Section, refused};
use crate::core::error::FieldErrors;
use crate::core::people::notify::{self, Choice as Chosen, Notify};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::guards::User;
use crate::web::pages::answer::Answer;
use crate::web::responders::Outcome;
use crate::web::view::Choices;

#[derive(Debug, Serialize)]
pub struct NotificationsView {
    /// Where mail goes; `None` when no address is known.
    pub email: Option<String>,
    pub choices: Choices,
}

pub(super) async fn save(user: &User<'_>, db: &Database, form: &CsrfForm) -> Outcome<Answer> {
    let Some(notify) = Notify::named(form.text("notify")) else {
        let errors = FieldErrors::one("notify", "Choose what you want to be told about.");
        return refused(user, db, Section::Notifications, form, errors).await;
    };
    let told = if notify::choose(db, &user.user, notify).await? {
        format!("Saved. {}", what_is_told(notify))
    } else {
        format!("Nothing changed. {}", what_is_told(notify))
    };
    Ok(Answer::told(HREF, "success", told))
}

pub(super) fn view(known: &Known<'_>) -> NotificationsView {
    let errors = known.errors(Section::Notifications);
    // What was sent and is no choice leaves nothing chosen.
    let notify = errors.is_empty().then_some(known.chosen.notify);
    let options = Notify::ALL.map(|option| {
        let name = option.name().to_owned();
        (name, label(option).to_owned(), notify == Some(option))
    });
    let mut choices = Choices::new("notify", "What you are told about", options)
        .help("This is for job requests where you ask to be told. You say so when you run jobs.")
        .error(errors);
    for (choice, option) in choices.options.iter_mut().zip(Notify::ALL) {
        choice.help = Some(help(option));
    }
    NotificationsView {
        email: known.chosen.email.clone(),
        choices,
    }
}

fn label(notify: Notify) -> &'static str {
    match notify {
        Notify::EachJob => "Each job",
        Notify::WholeRequest => "The whole job request",
        Notify::Failures => "Failures only",
        Notify::Nothing => "Nothing",
    }
}

fn help(notify: Notify) -> &'static str {
    match notify {
        Notify::EachJob => "A mail when a job has succeeded or failed. Jobs that finish together share one mail.",
        Notify::WholeRequest => "One mail, once all jobs of the request are over.",
        Notify::Failures => "A mail when a job has failed, and none for those that succeed.",
        Notify::Nothing => "No mail about jobs, even for job requests where you asked for it.",
    }
}

/// What somebody is told who chose this, as a sentence.
fn what_is_told(notify: Notify) -> &'static str {
    match notify {
        Notify::EachJob => "You get a mail when a job has succeeded or failed.",
        Notify::WholeRequest => "You get one mail once all jobs of a request are over.",
        Notify::Failures => "You get a mail when a job has failed.",
        Notify::Nothing => "You get no mail about jobs.",
    }
}

/// What follows from the choice for a form that asks whether to tell somebody.
pub fn hint(chosen: &Chosen) -> Cow<'static, str> {
    match (&chosen.email, chosen.notify) {
        (None, _) => "You have no e-mail address here, so no mail can be sent to you.".into(),
        (Some(_), Notify::Nothing) => "In your settings you chose to get no mail about jobs, so none is sent.".into(),
        (Some(email), notify) => format!("{} It goes to {email}.", what_is_told(notify)).into(),
    }
}
