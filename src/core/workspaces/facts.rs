//! What the code host said last about repositories and organisations.
//!
//! A page must not wait for a slow service. So every answer is kept, a page asks again only when the
//! kept one is older than [`FRESH_FOR`], and then for no longer than its patience; what does not come
//! in time is shown as it was known before, with its age. No database connection is held meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::store::facts as store;
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::ids::RepoUrl;
use crate::core::ports::{CodeHost, CodeHostError};

/// How long an answer counts as current.
pub const FRESH_FOR: time::Duration = time::Duration::minutes(5);

/// The longest that a page waits for facts, whatever the host's own time limit is.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Calls to the code host at once, for one page.
const AT_ONCE: usize = 8;

/// Who may see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Public,
    Private,
    /// There is no such repository, or Job Server may not see it.
    NotFound,
}

/// What a code host says of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoKnown {
    pub visibility: Visibility,
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
}

/// A repository that a workspace may use, with its branches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedRepo {
    pub name: String,
    pub url: RepoUrl,
    pub private: bool,
    pub branches: Vec<String>,
}

/// A fact and when the code host said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known<T> {
    pub value: T,
    pub fetched_at: OffsetDateTime,
}

impl<T> Known<T> {
    /// Whether it is too old to be shown without its age.
    pub fn is_stale(&self) -> bool {
        OffsetDateTime::now_utc() - self.fetched_at > FRESH_FOR
    }
}

/// The facts, with the places they come from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    db: &'a Db,
    host: &'a dyn CodeHost,
    patience: Duration,
}

impl<'a> Facts<'a> {
    /// `call_timeout` is the code host's own limit for one call; a page waits at most two seconds in
    /// all.
    pub fn new(db: &'a Db, host: &'a dyn CodeHost, call_timeout: Duration) -> Self {
        Self {
            db,
            host,
            patience: call_timeout.min(LONGEST_WAIT),
        }
    }

    /// Who may see each of these repositories; one that was never known is missing from the answer.
    /// One statement reads them, one more stores what was asked anew.
    pub async fn visibility(&self, repos: &[RepoUrl]) -> Result<BTreeMap<RepoUrl, Known<Visibility>>> {
        let host = self.host;
        let ask = move |repo: RepoUrl| {
            let span = tracing::trace_span!(
                target: "jobserver::trace",
                "get_repo",
                otel.name = "get_repo",
                repo_owner = repo.owner(),
                repo_name = repo.name(),
                repo_is_private = Empty,
            );
            async move {
                match host.facts(&repo).await {
                    Ok(facts) => {
                        Span::current().record("repo_is_private", facts.private);
                        Ok(if facts.private {
                            Visibility::Private
                        } else {
                            Visibility::Public
                        })
                    }
                    Err(CodeHostError::RepoNotFound) => Ok(Visibility::NotFound),
                    Err(error) => Err(error),
                }
            }
            .instrument(span)
            .boxed()
        };
        self.known(repos, |repo| format!("visibility {repo}"), ask).await
    }

    /// Who may see each of these repositories, and since when there is one; as [`Facts::visibility`].
    pub async fn repository(&self, repos: &[RepoUrl]) -> Result<BTreeMap<RepoUrl, Known<RepoKnown>>> {
        let host = self.host;
        let ask = move |repo: RepoUrl| {
            async move {
                let (visibility, created_at) = match host.facts(&repo).await {
                    Ok(facts) if facts.private => (Visibility::Private, facts.created_at),
                    Ok(facts) => (Visibility::Public, facts.created_at),
                    Err(CodeHostError::RepoNotFound) => (Visibility::NotFound, None),
                    Err(error) => return Err(error),
                };
                Ok(RepoKnown { visibility, created_at })
            }
            .boxed()
        };
        self.known(repos, |repo| format!("repository {repo}"), ask).await
    }

    /// The branches of each of these repositories, sorted, [`MAX_BRANCHES`](crate::core::ports::MAX_BRANCHES) at
    /// most; `None` for one that does not exist or that Job Server may not see. One never heard of is missing from
    /// the answer. One call for each repository, however many workspaces it has.
    pub async fn branches(&self, repos: &[RepoUrl]) -> Result<BTreeMap<RepoUrl, Known<Option<Vec<String>>>>> {
        let host = self.host;
        let ask = move |repo: RepoUrl| {
            async move {
                match host.branches(&repo).await {
                    Ok(branches) => Ok(Some(branches)),
                    Err(CodeHostError::RepoNotFound) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            .boxed()
        };
        self.known(repos, |repo| format!("branches {repo}"), ask).await
    }

    /// The repositories that each of these organisations of the code host offers, those without a
    /// branch among them; an organisation that does not exist offers none, one never heard of is
    /// missing from the answer.
    pub async fn repositories(&self, orgs: &[String]) -> Result<BTreeMap<String, Known<Vec<OfferedRepo>>>> {
        let host = self.host;
        let ask = move |org: String| {
            async move {
                let found = match host.repositories(&org).await {
                    Err(CodeHostError::OrgNotFound { .. }) => Vec::new(),
                    other => other?,
                };
                let offered = found.into_iter().map(|repo| OfferedRepo {
                    name: repo.name,
                    url: repo.url,
                    private: repo.private,
                    branches: repo.branches,
                });
                Ok(offered.collect())
            }
            .boxed()
        };
        self.known(orgs, |org| format!("repositories {org}"), ask).await
    }

    async fn known<K, T>(
        &self,
        wanted: &[K],
        key_of: impl Fn(&K) -> String,
        ask: impl Fn(K) -> BoxFuture<'a, Result<T, CodeHostError>>,
    ) -> Result<BTreeMap<K, Known<T>>>
    where
        K: Ord + Clone,
        T: Serialize + DeserializeOwned,
    {
        let wanted: BTreeMap<String, &K> = wanted.iter().map(|k| (key_of(k), k)).collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys: Vec<String> = wanted.keys().cloned().collect();
        let stored = store::code_host_facts(&mut *self.db.read().await?, &keys).await?;
        // What an older release stored in another shape is asked for anew.
        let mut known: HashMap<String, Known<T>> = stored
            .into_iter()
            .filter_map(|fact| {
                let value = serde_json::from_str(&fact.value).ok()?;
                let fetched_at = fact.fetched_at;
                Some((fact.key, Known { value, fetched_at }))
            })
            .collect();

        let until = Instant::now() + self.patience;
        let calls: Vec<_> = wanted
            .iter()
            .filter(|(key, _)| known.get(*key).is_none_or(Known::is_stale))
            .map(|(key, k)| answer_until(until, key.clone(), ask((*k).clone())))
            .collect();
        let answers: Vec<Option<(String, T)>> = futures::stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        let answers: Vec<(String, T)> = answers.into_iter().flatten().collect();
        self.keep(&answers).await?;
        let fetched_at = OffsetDateTime::now_utc();
        known.extend(
            answers
                .into_iter()
                .map(|(key, value)| (key, Known { value, fetched_at })),
        );
        Ok(wanted
            .into_iter()
            .filter_map(|(key, k)| Some((k.clone(), known.remove(&key)?)))
            .collect())
    }

    async fn keep<T: Serialize>(&self, answers: &[(String, T)]) -> Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut keys = Vec::with_capacity(answers.len());
        let mut values = Vec::with_capacity(answers.len());
        for (key, value) in answers {
            if let Ok(value) = serde_json::to_string(value) {
                keys.push(key.clone());
                values.push(value);
            }
        }
        store::store_code_host_facts(&mut *self.db.read().await?, &keys, &values).await
    }
}

/// What was asked, when the answer came in time.
async fn answer_until<T>(
    until: Instant,
    key: String,
    call: BoxFuture<'_, Result<T, CodeHostError>>,
) -> Option<(String, T)> {
    match timeout_at(until, call).await {
        Ok(Ok(value)) => Some((key, value)),
        Ok(Err(error)) => {
            tracing::warn!(key, ?error, "the code host gave no answer");
            None
        }
        Err(_) => {
            tracing::warn!(key, "the code host did not answer in time");
            None
        }
    }
}
