//! Which repositories publish outputs at the code host: those with the topic [`OUTPUTS_TOPIC`].

use std::error::Error as _;
use std::fmt;

use super::store::outputs::set_has_github_outputs;
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::ports::{CodeHost, CodeHostError, OUTPUTS_TOPIC};

/// The organisation whose repositories may publish outputs.
const ORG: &str = "opensafely";

/// What a refresh found and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Repositories at the code host.
    pub listed: usize,
    /// Those of them with the topic.
    pub with_outputs: usize,
    /// Repositories of ours that have outputs now and had none before.
    pub gained: usize,
    /// Those that have none now and had some before.
    pub lost: usize,
}

impl fmt::Display for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            listed,
            with_outputs,
            gained,
            lost,
        } = self;
        write!(
            f,
            "Repositories of {ORG}: {listed}, with outputs: {with_outputs}. Changed here: {gained} have outputs now, {lost} no longer."
        )
    }
}

/// Asks the code host, and sets of *every* repository here whether it has outputs: one that the host does
/// not list, or that belongs to somebody else, has none.
///
/// # Errors
/// When the host gives no answer or an empty one, which must not look as if nothing had outputs; and when
/// the database does not answer. Nothing is changed then.
pub async fn refresh(db: &Db, host: &dyn CodeHost) -> Result<Refreshed> {
    let repositories = host.topics(ORG).await.map_err(unavailable)?;
    if repositories.is_empty() {
        return Err(Error::Unavailable(format!(
            "the code host lists no repository of {ORG}; nothing is changed"
        )));
    }
    let urls: Vec<String> = repositories
        .iter()
        .filter(|repository| repository.topics.iter().any(|topic| topic == OUTPUTS_TOPIC))
        .map(|repository| repository.url.to_string())
        .collect();
    let changed = set_has_github_outputs(&mut *db.read().await?, &urls).await?;
    let gained = changed.iter().filter(|has| **has).count();
    Ok(Refreshed {
        listed: repositories.len(),
        with_outputs: urls.len(),
        gained,
        lost: changed.len() - gained,
    })
}

/// With what is for the logs: whoever reads how a schedule went is an operator.
fn unavailable(error: CodeHostError) -> Error {
    Error::Unavailable(match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}
