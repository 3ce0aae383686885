//! Identifiers that come from outside and are proved once, when they are parsed.
//!
//! A value of one of these types is known to be well formed: whoever holds it may put it in a URL,
//! a path or a command without looking again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The longest account name GitHub gives out.
const MAX_OWNER: usize = 39;
/// The longest repository name GitHub gives out.
const MAX_NAME: usize = 100;
const GITHUB: &str = "https://github.com/";

/// The address of a repository at GitHub: `https://github.com/<owner>/<name>`.
///
/// A final slash and a final `.git` are tolerated and normalised away. Everything else is refused:
/// another host or scheme, credentials, a port, more path, a query, a fragment, a character GitHub
/// does not allow. Upper and lower case are kept as written, as addresses are compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoUrl {
    owner: String,
    name: String,
}

/// The text is not the address of a repository at GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a repository address like https://github.com/opensafely/my-study")]
pub struct NotARepoUrl;

impl RepoUrl {
    /// The address of the repository `name` of the account `owner`.
    ///
    /// # Errors
    ///
    /// [`NotARepoUrl`] when GitHub would not allow one of the two names.
    pub fn from_parts(owner: &str, name: &str) -> Result<Self, NotARepoUrl> {
        if !is_owner(owner) || !is_repo_name(name) {
            return Err(NotARepoUrl);
        }
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The account (a user or an organisation) the repository belongs to.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository's name within its account.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for RepoUrl {
    type Err = NotARepoUrl;

    fn from_str(text: &str) -> Result<Self, NotARepoUrl> {
        let path = text.strip_prefix(GITHUB).ok_or(NotARepoUrl)?;
        let (owner, name) = path.split_once('/').ok_or(NotARepoUrl)?;
        let name = name.strip_suffix('/').unwrap_or(name);
        let name = name.strip_suffix(".git").unwrap_or(name);
        Self::from_parts(owner, name)
    }
}

impl fmt::Display for RepoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{GITHUB}{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for RepoUrl {
    type Error = NotARepoUrl;

    fn try_from(text: String) -> Result<Self, NotARepoUrl> {
        text.parse()
    }
}

impl From<RepoUrl> for String {
    fn from(url: RepoUrl) -> Self {
        url.to_string()
    }
}

/// Whether GitHub would allow `text` as the name of an account: letters, digits, hyphens, and the
/// underscore of company-managed accounts.
#[must_use]
pub fn is_owner(text: &str) -> bool {
    text.len() <= MAX_OWNER
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A name ending in `.git` is refused because it could not be told from the tolerated suffix.
fn is_repo_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME
        && !matches!(text, "." | "..")
        && !text.to_ascii_lowercase().ends_with(".git")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The full name of a commit: 40 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

/// The text is not the full name of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A commit is 40 characters, each 0-9 or a-f")]
pub struct NotACommitSha;

impl CommitSha {
    /// How many digits a full name has.
    pub const LENGTH: usize = 40;

    /// The full name, 40 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, as shown to people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl FromStr for CommitSha {
    type Err = NotACommitSha;

    fn from_str(text: &str) -> Result<Self, NotACommitSha> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for CommitSha {
    type Error = NotACommitSha;

    fn try_from(text: String) -> Result<Self, NotACommitSha> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        if text.len() == Self::LENGTH && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(NotACommitSha)
        }
    }
}

impl From<CommitSha> for String {
    fn from(sha: CommitSha) -> Self {
        sha.0
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
