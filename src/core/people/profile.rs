//! A person's name and e-mail address, as they keep them themselves.

mod store;

use time::OffsetDateTime;

pub use store::profile;

use super::attempts::{self, Trial, Who};
use super::{email, email_change};
use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{FieldErrors, Result};
use crate::core::names::{NOT_READABLE, is_readable};

/// The longest name, in characters.
const LONGEST_NAME: usize = 150;

/// What a person's own page shows of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub username: String,
    pub fullname: String,
    /// The confirmed one; `None` when mail cannot reach them.
    pub email: Option<String>,
    /// Whether there is a way in that needs no mail.
    pub has_github: bool,
    /// The newest, while it can be confirmed.
    pub asked: Option<AskedEmail>,
}

/// An address that is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedEmail {
    pub id: i64,
    pub email: String,
    pub expires_at: OffsetDateTime,
}

/// A form that was sent; both without blanks at their ends.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub fullname: &'a str,
    /// Empty for none.
    pub email: &'a str,
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub is_renamed: bool,
    pub email: EmailSaved,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailSaved {
    Same,
    /// It counts once it is confirmed: a link was sent there.
    Asked,
    Removed,
}

/// Saves name and address. A new address is asked for a confirmation first, see [`email_change::ask`]; taking
/// the address away works at once, and whoever reads its mail is told. Nothing is said here of whether somebody
/// else has that address: whoever asks need not be who reads its mail. Audited.
///
/// # Errors
/// `Invalid` with the field `fullname` or `email`, nothing is saved then; `TooMany` when the address was asked
/// to be changed too often.
pub async fn save(db: &Db, user: &SignedIn, input: Input<'_>, who: Who<'_>) -> Result<Saved> {
    let before = profile(&mut *db.read().await?, user.id).await?;
    check(input, &before)?;
    let is_other = before.email.as_deref().unwrap_or_default() != input.email;
    if is_other && !input.email.is_empty() {
        attempts::take(db, Trial::EmailChange, who).await?;
    }
    let mut tx = db.begin().await?;
    let by = By::user(user.id, user.username.clone());
    let old = store::lock(&mut tx, user.id).await?;
    let is_renamed = old.fullname != input.fullname;
    if is_renamed {
        store::set_fullname(&mut tx, user.id, input.fullname).await?;
        let event = Event::new("user_updated", &by, Subject::user(user.id))
            .change("fullname", old.fullname, input.fullname)
            .of_user(user.id, &user.username);
        audit::record(&mut tx, &event).await?;
    }
    let email = match (old.email, input.email) {
        (Some(old), new) if old == new => EmailSaved::Same,
        (None, "") => EmailSaved::Same,
        (Some(old), "") => {
            email_change::remove(&mut tx, user, &old).await?;
            EmailSaved::Removed
        }
        (_, new) => {
            email_change::ask(&mut tx, user, new).await?;
            EmailSaved::Asked
        }
    };
    tx.commit().await?;
    Ok(Saved { is_renamed, email })
}

fn check(input: Input<'_>, before: &Profile) -> Result<()> {
    let mut errors = FieldErrors::default();
    if input.fullname.is_empty() {
        errors.add("fullname", "Enter your name.");
    } else if input.fullname.chars().count() > LONGEST_NAME {
        errors.add(
            "fullname",
            format!("Enter a name of at most {LONGEST_NAME} characters."),
        );
    } else if !is_readable(input.fullname) && input.fullname != before.fullname {
        errors.add("fullname", NOT_READABLE);
    }
    if input.email.is_empty() {
        if before.email.is_some() && !before.has_github {
            errors.add(
                "email",
                "Enter an e-mail address: you have no other way to sign in than a link by mail.",
            );
        }
    } else if !email::is_address(input.email) {
        errors.add("email", "Enter an e-mail address, like ada@example.org.");
    }
    errors.into_result()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::error::Error;

    fn wrong(fullname: &str, email: &str, has_github: bool) -> Vec<String> {
        let before = Profile {
            username: "ada".to_owned(),
            fullname: "Ada".to_owned(),
            email: Some("ada@example.org".to_owned()),
            has_github,
            asked: None,
        };
        match check(Input { fullname, email }, &before) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.iter().map(|(field, _)| field.to_owned()).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_name_is_a_line_and_an_address_may_go_when_there_is_another_way_in() {
        assert!(wrong("Ada Lovelace", "ada@example.com", false).is_empty());
        assert!(wrong(&"ä".repeat(150), "", true).is_empty());
        assert_eq!(wrong("", "x", true), ["fullname", "email"]);
        assert_eq!(wrong(&"a".repeat(151), "ada@example.org", true), ["fullname"]);
        assert_eq!(wrong("Ada\u{7}", "", false), ["fullname", "email"]);
    }
}
