//! The single-use token: three words, with which somebody signs in from inside a secure environment,
//! where GitHub cannot be reached. Made on the settings page, used once, within the hour.

mod actions;
mod secret;
mod store;

use secrecy::SecretString;
use time::{Duration, OffsetDateTime};

pub use actions::{Proven, make, prove, sign_in, use_up};
pub use store::{Standing, standing};

/// How long a token works.
pub const LIFETIME: Duration = Duration::hours(1);

/// After so many wrong tries a token works no more.
pub const MOST_FAILURES: i32 = 5;

/// How many slow hashes this process worked out: what a try costs. A test compares accounts that there are with
/// those that there are not.
pub fn hashes_worked_out() -> u64 {
    secret::worked_out()
}

/// A token that was just made, to be shown once.
#[derive(Debug)]
pub struct NewToken {
    /// Three lower-case words with a space between each.
    pub words: SecretString,
    pub expires_at: OffsetDateTime,
}

/// How what somebody typed is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As programs send it: letter case counts, in the token and in the address; of the token, spaces do not.
    Exact,
    /// As people type it: letter case does not count, nor do hyphens and white space in the token.
    Lenient,
}

impl Reading {
    /// The token without what does not count.
    fn normalised(self, token: &str) -> String {
        match self {
            Self::Exact => token.trim().replace(' ', ""),
            Self::Lenient => token
                .chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
                .flat_map(char::to_lowercase)
                .collect(),
        }
    }
}

/// Why somebody was not let in. Programs are told which it was; people are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    UnknownUser,
    /// One has it as a username, another as an address.
    SeveralUsers,
    Inactive(String),
    NoGithub(String),
    NoBackend(String),
    NoToken(String),
    Expired(String),
    Wrong(String),
}

impl Refused {
    /// The kind of refusal, for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown user",
            Self::SeveralUsers => "several users",
            Self::Inactive(_) => "inactive user",
            Self::NoGithub(_) => "no GitHub login",
            Self::NoBackend(_) => "no backend",
            Self::NoToken(_) => "no token set",
            Self::Expired(_) => "expired token",
            Self::Wrong(_) => "wrong token",
        }
    }
}

/// What is known of somebody who wants to use a token, or whose word a backend takes.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: i32,
    pub username: String,
    pub email: Option<String>,
    pub is_active: bool,
    pub has_github: bool,
    /// Whether they may use the backend that asks; any, when none does.
    pub has_backend: bool,
}

impl Candidate {
    /// Whether this is somebody who may work inside a secure environment.
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn is_eligible(&self) -> Result<(), Refused> {
        let username = || self.username.clone();
        if !self.is_active {
            return Err(Refused::Inactive(username()));
        }
        if !self.has_github {
            return Err(Refused::NoGithub(username()));
        }
        if !self.has_backend {
            return Err(Refused::NoBackend(username()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_taken_at_their_word_and_people_are_not() {
        for (typed, exact, lenient) in [
            ("apple banjo cedar", "applebanjocedar", "applebanjocedar"),
            ("  apple  banjo cedar\n", "applebanjocedar", "applebanjocedar"),
            ("Apple-Banjo cedar", "Apple-Banjocedar", "applebanjocedar"),
            ("apple\tbanjo\u{a0}cedar", "apple\tbanjo\u{a0}cedar", "applebanjocedar"),
            ("apple – banjo‐cedar", "apple–banjo‐cedar", "applebanjocedar"),
        ] {
            assert_eq!(Reading::Exact.normalised(typed), exact, "{typed:?}");
            assert_eq!(Reading::Lenient.normalised(typed), lenient, "{typed:?}");
        }
    }

    #[test]
    fn what_is_missing_is_told_in_order() {
        let mut ada = Candidate {
            id: 1,
            username: "ada".to_owned(),
            email: None,
            is_active: false,
            has_github: false,
            has_backend: false,
        };
        let told = |ada: &Candidate| ada.is_eligible().map_err(|refused| refused.name());
        assert_eq!(told(&ada), Err("inactive user"));
        ada.is_active = true;
        assert_eq!(told(&ada), Err("no GitHub login"));
        ada.has_github = true;
        assert_eq!(told(&ada), Err("no backend"));
        ada.has_backend = true;
        assert_eq!(told(&ada), Ok(()));
    }
}
