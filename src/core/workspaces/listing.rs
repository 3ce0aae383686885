//! What the code host has in the accounts that our repositories are in, as the worker hears it now and then: a
//! dashboard of hundreds of repositories asks nobody, and is there when the code host is not.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::store::facts as store;
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::ports::{CodeHost, CodeHostError, OUTPUTS_TOPIC};

/// A repository at the code host. Those that hold no study are not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostedRepo {
    pub url: String,
    pub private: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    /// Whether outputs are published there.
    pub has_outputs: bool,
}

/// What is known of every account, and since when.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In the code host's order, account by account.
    pub repos: Vec<HostedRepo>,
    /// Of the account that was heard of longest ago; `None` when none was yet.
    pub heard_at: Option<OffsetDateTime>,
}

impl Listing {
    /// Repositories by their addresses in small letters, as the code host tells no letter's case apart.
    pub fn by_url(&self) -> HashMap<String, &HostedRepo> {
        let repos = self.repos.iter();
        repos.map(|repo| (repo.url.to_lowercase(), repo)).collect()
    }
}

/// What a round of asking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    pub accounts: usize,
    pub repos: usize,
    pub silent: usize,
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accounts: {}, repositories: {}.", self.accounts, self.repos)?;
        match self.silent {
            0 => Ok(()),
            silent => write!(f, " Without an answer: {silent}; what was known of them stays."),
        }
    }
}

/// The most accounts that are asked; those with most of our repositories come first.
const MOST_ACCOUNTS: i64 = 50;

/// Asks of every account that our repositories are in, and keeps what it hears.
///
/// # Errors
/// When there are accounts and none is heard of, and when the database does not answer.
pub async fn refresh(db: &Db, host: &dyn CodeHost) -> Result<Heard> {
    let accounts = store::accounts(&mut *db.read().await?, MOST_ACCOUNTS).await?;
    let mut heard = Heard {
        accounts: accounts.len(),
        repos: 0,
        silent: 0,
    };
    let mut last = None;
    for account in accounts {
        let repos = match host.repositories(&account).await {
            Ok(repos) => repos,
            Err(CodeHostError::OrgNotFound { .. }) => Vec::new(),
            Err(error) => {
                tracing::warn!(org = account, ?error, "the code host does not say what an account has");
                heard.silent += 1;
                last = Some(error);
                continue;
            }
        };
        let repos: Vec<HostedRepo> = repos
            .into_iter()
            .map(|repo| HostedRepo {
                has_outputs: repo.topics.iter().any(|topic| topic == OUTPUTS_TOPIC),
                url: repo.url.to_string(),
                private: repo.private,
                created_at: repo.created_at,
            })
            .collect();
        heard.repos += repos.len();
        let value = serde_json::to_string(&repos).map_err(|error| Error::Internal(error.to_string()))?;
        store::store_code_host_facts(&mut *db.read().await?, &[key(&account)], &[value]).await?;
    }
    match last {
        Some(error) if heard.silent == heard.accounts => Err(Error::Unavailable(error.to_string())),
        _ => Ok(heard),
    }
}

fn key(account: &str) -> String {
    format!("listing {}", account.to_lowercase())
}

/// What was heard last, of all accounts. One statement, and nobody is asked.
///
/// # Errors
/// When the database does not answer.
pub async fn known(db: &Db) -> Result<Listing> {
    let stored = store::listings(&mut *db.read().await?).await?;
    let mut listing = Listing::default();
    for fact in stored {
        // What an older release stored in another shape is heard anew soon.
        if let Ok(repos) = serde_json::from_str::<Vec<HostedRepo>>(&fact.value) {
            listing.repos.extend(repos);
            let oldest = listing.heard_at.map_or(fact.fetched_at, |at| at.min(fact.fetched_at));
            listing.heard_at = Some(oldest);
        }
    }
    Ok(listing)
}
