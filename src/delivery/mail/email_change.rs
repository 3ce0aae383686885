//! The mails about another e-mail address: to the new one, which is to be confirmed, and to the one from before.

use serde::Serialize;

use super::{Templates, short_line};
use crate::core::outbox::{EmailChanged, EmailConfirm, Letter};
use crate::core::ports::Mail;
use crate::delivery::Place;

/// The most characters of a name.
const LONGEST: usize = 100;

#[derive(Debug, Serialize)]
struct Confirm<'a> {
    name: String,
    username: String,
    email: &'a str,
    link: String,
    until: &'a str,
}

#[derive(Debug, Serialize)]
struct Changed {
    name: String,
    username: String,
    is_removed: bool,
    by_staff: bool,
    settings: String,
}

impl Templates {
    /// `link` is the address that confirms.
    pub fn email_confirm(
        &self,
        letter: &Letter,
        place: &Place,
        facts: &EmailConfirm,
        link: String,
    ) -> Result<Mail, String> {
        let view = Confirm {
            name: short_line(&facts.name, LONGEST),
            username: short_line(&facts.username, LONGEST),
            email: &letter.recipient,
            link,
            until: &facts.until,
        };
        let subject = format!("Confirm your e-mail address for {}", place.site_name);
        self.mail(letter, place, "email_confirm", &subject, &view)
    }

    pub(super) fn email_changed(&self, letter: &Letter, place: &Place, facts: &EmailChanged) -> Result<Mail, String> {
        let view = Changed {
            name: short_line(&facts.name, LONGEST),
            username: short_line(&facts.username, LONGEST),
            is_removed: facts.is_removed,
            by_staff: facts.by_staff,
            settings: place.absolute("/settings/"),
        };
        let what = if facts.is_removed { "removed" } else { "changed" };
        let subject = format!("Your e-mail address for {} was {what}", place.site_name);
        self.mail(letter, place, "email_changed", &subject, &view)
    }
}
