//! Who vouches for people: an identity provider that they sign in with.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

/// Sends people away to prove who they are, and says who came back: GitHub.
///
/// What it is shown to find that out (codes, tokens) is used for this and kept nowhere.
#[async_trait]
pub trait IdentityProvider: Send + Sync + Debug {
    /// Where a browser is to be sent to. `state` is what it must come back with, long and random.
    fn depart(&self, state: &str) -> Departure;

    /// Who came back with `code`; `verifier` is the departure's. Ends within the time its adapter was
    /// given, and works once for each code.
    ///
    /// # Errors
    /// [`IdentityError`], by whose fault it is.
    async fn identify(&self, code: &str, verifier: SecretString) -> Result<Identity, IdentityError>;
}

/// The way to the provider, for one person.
#[derive(Debug)]
pub struct Departure {
    /// An absolute address. It holds the state.
    pub url: String,
    /// Proves that who asks about the code is who sent the person away (PKCE).
    pub verifier: SecretString,
}

/// Somebody, as the provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's number, as text. It is the account's for good and never another's.
    pub uid: String,
    /// The account's name now. Somebody else's tomorrow, perhaps.
    pub login: String,
    /// What they call themselves; never blank.
    pub name: Option<String>,
    /// An address that the provider has seen them read mail at; never blank. At most 254 characters.
    pub email: Option<String>,
}

/// Why the provider did not say who somebody is. The texts are for logs, and hold no code and no token.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It does not take the code: it is old, was used, or is made up. Starting again helps.
    #[error("the provider refuses the code: {0}")]
    CodeRefused(String),
    /// It does not take us: an operator must correct the settings.
    #[error("the provider refuses this site: {0}")]
    Misconfigured(String),
    /// It cannot be reached, does not answer in time, fails, or wants fewer calls. Later helps.
    #[error("the provider is away: {why}")]
    Away {
        why: String,
        /// For how long it wants to be left alone, if it says so.
        after: Option<Duration>,
    },
    /// What it answers makes no sense, or does not say who it is about.
    #[error("the provider's answer cannot be read: {0}")]
    Unreadable(String),
}
