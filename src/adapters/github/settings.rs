//! How GitHub is reached.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// How GitHub is reached. [`Default`] is the real GitHub without a token.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// Where the interface is, without a query; `https://api.github.com` unless it is a fake.
    pub api: Url,
    /// A token that may read the repositories. Without one, or with an empty one, calls are
    /// anonymous: private repositories are not found, few calls are allowed an hour, and
    /// `repositories` is refused, as GitHub's GraphQL interface wants a token.
    pub token: Option<SecretString>,
    /// How Job Server introduces itself; GitHub refuses calls without it.
    pub user_agent: String,
    /// The longest any verb but `repositories` takes, whatever number of calls it needs.
    pub call_timeout: Duration,
    /// The longest `repositories` takes; it needs a call for each 100 repositories.
    pub listing_timeout: Duration,
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self {
            api: github(),
            token: None,
            user_agent: crate::adapters::USER_AGENT.to_owned(),
            call_timeout: Duration::from_secs(3),
            listing_timeout: Duration::from_secs(30),
        }
    }
}

/// A setting with which GitHub cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubSettingsError {
    /// The address is no HTTP address.
    #[error("the address of GitHub's API must look like https://api.github.com, not {0}")]
    Address(String),
    /// The token cannot be sent. Its text is not repeated here.
    #[error("the GitHub token has characters that no token has, perhaps a line break")]
    Token,
    /// The user agent cannot be sent.
    #[error("the user agent for GitHub must be plain printable text")]
    UserAgent,
}

fn github() -> Url {
    #[allow(clippy::expect_used)] // a constant; every test of the default proves it
    Url::parse("https://api.github.com").expect("a constant address")
}
