//! How often somebody may try what needs a secret: counted by account and by address, in windows that
//! begin with the first try. The database counts, so that all processes count together.
//!
//! Whoever shows a long random secret (a backend's token, a personal token) and is right is never held up:
//! there, only wrong ones count, and [`wrong`] is called after the look-up.

mod store;

use std::net::IpAddr;
use std::time::Duration;

use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::sealed::token_hash;

/// What can be tried, how often by one account and by one address, and within how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// Setting off to GitHub, and coming back.
    GithubLogin,
    /// Asking for a sign-in link by mail.
    EmailLogin,
    /// Opening a sign-in link, whoever made it.
    LoginLink,
    /// A single-use token, in the form or from Airlock.
    LoginToken,
    /// Making a single-use token.
    LoginTokenMade,
    /// Asking for another e-mail address.
    EmailChange,
    /// A wrong personal token of a bot.
    PersonalToken,
    /// A wrong token of a backend.
    BackendToken,
}

/// How often, within how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// By one account, as typed.
    pub by_account: i32,
    /// By one address; a backend's or a university's is that of many people.
    pub by_address: i32,
    pub within: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Trial {
    pub const ALL: [Self; 8] = [
        Self::GithubLogin,
        Self::EmailLogin,
        Self::LoginLink,
        Self::LoginToken,
        Self::LoginTokenMade,
        Self::EmailChange,
        Self::PersonalToken,
        Self::BackendToken,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GithubLogin => "github_login",
            Self::EmailLogin => "email_login",
            Self::LoginLink => "login_link",
            Self::LoginToken => "login_token",
            Self::LoginTokenMade => "login_token_made",
            Self::EmailChange => "email_change",
            Self::PersonalToken => "personal_token",
            Self::BackendToken => "backend_token",
        }
    }

    pub const fn limit(self) -> Limit {
        let (by_account, by_address, within) = match self {
            Self::GithubLogin => (100, 100, QUARTER),
            Self::EmailLogin => (5, 30, HOUR),
            Self::LoginLink => (30, 60, QUARTER),
            Self::LoginToken => (10, 60, QUARTER),
            Self::LoginTokenMade => (10, 100, HOUR),
            Self::EmailChange => (5, 30, HOUR),
            Self::PersonalToken => (30, 120, QUARTER),
            // A runner that was given a wrong token asks every few seconds, and shall go on being told why.
            Self::BackendToken => (300, 300, MINUTE),
        };
        Limit {
            by_account,
            by_address,
            within,
        }
    }

    fn must_wait(self, wait: Option<Duration>) -> Result<()> {
        match wait {
            Some(retry_after) => Err(Error::TooMany {
                what: self.what(),
                retry_after,
            }),
            None => Ok(()),
        }
    }

    /// As the end of "there were too many attempts …".
    const fn what(self) -> &'static str {
        match self {
            Self::GithubLogin => "to sign in with GitHub",
            Self::EmailLogin => "to get a sign-in link",
            Self::LoginLink => "to use a sign-in link",
            Self::LoginToken => "to use a single-use token",
            Self::LoginTokenMade => "to make a single-use token",
            Self::EmailChange => "to change the e-mail address",
            Self::PersonalToken => "with a wrong personal token",
            Self::BackendToken => "with a wrong token",
        }
    }
}

/// Who tries: the account they say, and where they are. What is not known is not counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    /// A username or an address, as typed: letter case and blanks at its ends make no difference.
    pub account: Option<&'a str>,
    pub address: Option<IpAddr>,
}

/// Under what somebody's tries are counted.
struct Subjects {
    account: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
}

impl Who<'_> {
    fn subjects(&self) -> Subjects {
        Subjects {
            account: self
                .account
                .map(|account| subject("account", &account.trim().to_lowercase())),
            address: self.address.map(|address| subject("address", &network(address))),
        }
    }
}

/// Counts one try, which must not be made when this fails. Not undone by what comes after, so it is
/// called before the transaction of what is tried begins.
///
/// # Errors
/// `TooMany` when the account or the address tried too often; it says for how long to wait.
pub async fn take(db: &Db, trial: Trial, who: Who<'_>) -> Result<()> {
    let limit = trial.limit();
    let wait = store::count(&mut *db.read().await?, trial.name(), &who.subjects(), limit).await?;
    trial.must_wait(wait)
}

/// Whether one more try would be one too many; counts nothing. For what costs work to look at.
///
/// # Errors
/// As [`take`].
pub async fn look(db: &Db, trial: Trial, who: Who<'_>) -> Result<()> {
    let limit = trial.limit();
    let wait = store::look(&mut *db.read().await?, trial.name(), &who.subjects(), limit).await?;
    trial.must_wait(wait)
}

/// Counts a secret that was wrong.
///
/// # Errors
/// As [`take`].
pub async fn wrong(db: &Db, trial: Trial, who: Who<'_>) -> Result<()> {
    take(db, trial, who).await
}

/// Forgets what an account tried: it was the right person. What its address tried stays. In the transaction
/// of what it was right for, which cannot fail after it then.
pub async fn forgive(tx: &mut sqlx::PgConnection, trial: Trial, account: &str) -> Result<()> {
    let account = subject("account", &account.trim().to_lowercase());
    store::forget(tx, trial.name(), &account).await
}

/// Deletes the counts of windows that are over; returns how many.
pub async fn delete_old(conn: &mut sqlx::PgConnection) -> Result<u64> {
    let longest = Trial::ALL.map(|trial| trial.limit().within).into_iter().max();
    store::delete_older_than(conn, longest.unwrap_or(HOUR)).await
}

fn subject(kind: &str, value: &str) -> Vec<u8> {
    token_hash(&format!("{kind} {value}"))
}

/// One IPv4 address, or the 64 bits that one customer has of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_with_its_neighbours_of_the_same_customer() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("203.0.113.9"), "203.0.113.9");
        assert_eq!(network("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2:bbbb::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn everything_that_can_be_tried_has_a_name_of_its_own() {
        let mut names = Trial::ALL.map(Trial::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Trial::ALL.len());
    }
}
