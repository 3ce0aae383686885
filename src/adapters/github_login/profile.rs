//! What GitHub's API says about somebody who signs in, read with the caution that a stranger's own words
//! need.

use serde::Deserialize;

use super::super::http::{Answer, one_line};
use crate::core::people::email::is_address;
use crate::core::ports::{Identity, IdentityError};

/// The longest name and login that are kept, in characters.
const MAX_NAME: usize = 150;

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    #[serde(default)]
    primary: bool,
    /// Without it, nobody vouches for the address.
    #[serde(default)]
    verified: bool,
}

/// The person of these answers to `/user` and `/user/emails`.
pub(super) fn read(user: &Answer, emails: &Answer) -> Result<Identity, IdentityError> {
    let unreadable = |what: &str| IdentityError::Unreadable(what.to_owned());
    if matches!(user.status.as_u16(), 401 | 403) {
        return Err(IdentityError::CodeRefused(format!(
            "the token does not open the profile: status {}",
            user.status.as_u16()
        )));
    }
    if !user.status.is_success() {
        return Err(unreadable(&format!("the profile has status {}", user.status.as_u16())));
    }
    let user: User = user
        .json()
        .ok_or_else(|| unreadable("a profile without id and login"))?;
    let login = user.login.trim();
    if user.id == 0 || login.is_empty() || login.chars().count() > MAX_NAME || login.chars().any(char::is_control) {
        return Err(unreadable("a profile whose id or login cannot be"));
    }
    Ok(Identity {
        uid: user.id.to_string(),
        login: login.to_owned(),
        name: user
            .name
            .map(|name| one_line(&name).chars().take(MAX_NAME).collect::<String>())
            .filter(|name| !name.trim().is_empty()),
        email: email(emails)?,
    })
}

/// The verified address that is the primary one, else any verified one, else none. None also for who did
/// not let us see addresses.
fn email(answer: &Answer) -> Result<Option<String>, IdentityError> {
    if matches!(answer.status.as_u16(), 401 | 403 | 404) {
        return Ok(None);
    }
    let emails: Option<Vec<Email>> = answer.status.is_success().then(|| answer.json()).flatten();
    let emails = emails.ok_or_else(|| IdentityError::Unreadable("e-mail addresses that are no list".to_owned()))?;
    let mut verified: Vec<Email> = emails
        .into_iter()
        .filter(|email| email.verified && can_be_an_address(&email.email))
        .collect();
    verified.sort_by_key(|email| !email.primary);
    Ok(verified.into_iter().next().map(|email| email.email))
}

fn can_be_an_address(text: &str) -> bool {
    // Mail to these reaches nobody.
    let is_stand_in = text.to_ascii_lowercase().ends_with("@users.noreply.github.com");
    is_address(text) && !is_stand_in
}
