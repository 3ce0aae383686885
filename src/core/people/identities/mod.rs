//! Signing in by an identity that somebody else vouches for: GitHub.
//!
//! Who is who goes by the provider's own number alone. A name at the provider can be given up and taken by
//! a stranger, so it opens nothing: a user of that name is only linked when somebody invited that login,
//! once, and never one that has an identity already or a personal token.
//!
//! A login is begun, taken up by the browser that began it, and settled: see [`begin`], [`take_up`],
//! [`settle`].

mod admission;
mod store;

use secrecy::{ExposeSecret, SecretString};
use time::Duration;

pub use admission::{Admission, Newcomer, NewcomerEmail, Refusal, Visitor, settle, settle_with_name};
pub use store::{KnownLogin, Unfinished, known_logins};

use super::accounts::is_reserved;
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::names::{is_hidden, is_readable};
use crate::core::ports::IdentityProvider;
use crate::core::sealed::{Sealer, random_token, token_hash};

/// As stored with an identity.
pub const PROVIDER: &str = "github";
/// How long somebody may take at the provider.
pub const LOGIN_LIFETIME: Duration = Duration::minutes(10);
/// How long somebody may take to say their name.
pub const NAME_LIFETIME: Duration = Duration::minutes(30);
/// The longest name, in characters.
pub const MAX_NAME: usize = 150;

/// What the verifier of a login is sealed for.
const VERIFIER: &str = "github_login verifier";

/// Begins a login in this browser. Returns the address to send it to.
pub async fn begin(
    db: &Db,
    sealer: &Sealer,
    provider: &dyn IdentityProvider,
    browser: &str,
    next: &str,
) -> Result<String> {
    let state = random_token();
    let departure = provider.depart(&state);
    let sealed = sealer.seal(VERIFIER, departure.verifier.expose_secret())?;
    let login = store::NewLogin {
        state_hash: &token_hash(&state),
        browser_hash: &token_hash(browser),
        verifier_sealed: &sealed,
        next,
    };
    store::insert_login(&mut *db.read().await?, &login).await?;
    Ok(departure.url)
}

/// A login that came back to the browser that began it.
#[derive(Debug)]
pub struct Returned {
    pub verifier: SecretString,
    /// Where to go afterwards, a path of ours.
    pub next: String,
    /// It took longer than [`LOGIN_LIFETIME`] and is not to be gone on with.
    pub is_late: bool,
}

/// Takes up a login by its state, once. `None` when there is none of this browser: it is unknown, was taken
/// up before, or was begun elsewhere.
pub async fn take_up(db: &Db, sealer: &Sealer, state: &str, browser: &str) -> Result<Option<Returned>> {
    let taken = store::consume_login(&mut *db.read().await?, &token_hash(state), &token_hash(browser)).await?;
    let Some(login) = taken else {
        return Ok(None);
    };
    // Begun under a key that was given up since: as good as unknown.
    let Ok(verifier) = sealer.open(VERIFIER, &login.verifier_sealed) else {
        return Ok(None);
    };
    Ok(Some(Returned {
        verifier,
        next: login.next,
        is_late: login.is_late,
    }))
}

/// A login that waits for its name, when it is this browser's and not too old.
pub async fn unfinished(db: &Db, token: &str, browser: &str) -> Result<Option<Unfinished>> {
    store::unfinished(&mut *db.read().await?, &token_hash(token), &token_hash(browser)).await
}

/// A name as it is kept: on one line, without what nobody sees. `None` when nothing is left, or too much.
pub fn clean_name(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.map(|word| word.replace(is_hidden, ""));
    let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (is_readable(&name) && name.chars().count() <= MAX_NAME).then_some(name)
}

/// The username that a login becomes: what cannot be in one is left out. `None` when nothing is left, or the name of
/// a page.
pub fn username_of(login: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let name: String = login
        .nfkc()
        .filter(|c| c.is_ascii_alphanumeric() || "_.@+-".contains(*c))
        .take(MAX_NAME)
        .collect();
    (!name.is_empty() && !is_reserved(&name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_made_of_logins() {
        for (login, username) in [
            ("octo-cat", Some("octo-cat")),
            ("Octo.Cat_1", Some("Octo.Cat_1")),
            ("Zoë/../admin", Some("Zo..admin")),
            ("ﬁn", Some("fin")),
            ("日本", None),
            ("add", None),
            ("", None),
        ] {
            assert_eq!(username_of(login).as_deref(), username, "{login}");
        }
        assert_eq!(username_of(&"a".repeat(500)).map(|name| name.len()), Some(MAX_NAME));
    }

    #[test]
    fn names_are_kept_on_one_line() {
        assert_eq!(clean_name("  Ada\t\n Lovelace\u{0} "), Some("Ada Lovelace".to_owned()));
        assert_eq!(clean_name(" \u{a0}\n"), None);
        assert_eq!(clean_name("\u{202e}Ada\u{200b} \u{feff}"), Some("Ada".to_owned()));
        assert_eq!(clean_name("\u{200d}"), None);
        assert_eq!(clean_name(&"é".repeat(MAX_NAME + 1)), None);
        assert!(clean_name(&"é".repeat(MAX_NAME)).is_some());
    }
}
