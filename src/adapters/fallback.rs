//! A folder of repositories first, and another host for what is not in it.

use std::sync::Arc;

use async_trait::async_trait;

use super::local_git::LocalGit;
use crate::core::ids::{CommitSha, RepoUrl};
use crate::core::ports::{CodeHost, CodeHostError, MAX_REPOSITORIES, RepoFacts, RepoTopics, Repository};

#[cfg(test)]
mod tests;

/// A folder of repositories, and for what is not in it another host, if there is one.
#[derive(Debug, Clone)]
pub struct Fallback {
    local: LocalGit,
    elsewhere: Option<Arc<dyn CodeHost>>,
}

impl Fallback {
    /// Without `elsewhere`, what is not in the folder does not exist.
    #[must_use]
    pub fn new(local: LocalGit, elsewhere: Option<Arc<dyn CodeHost>>) -> Self {
        Self { local, elsewhere }
    }

    async fn host(&self, repo: &RepoUrl) -> Result<&dyn CodeHost, CodeHostError> {
        if self.local.holds(repo).await {
            return Ok(&self.local);
        }
        self.elsewhere.as_deref().ok_or(CodeHostError::RepoNotFound)
    }
}

#[async_trait]
impl CodeHost for Fallback {
    /// The folder's repositories and the other host's; the folder's win. When the folder has the
    /// organisation, a failure of the other host is only logged: work goes on without a network.
    async fn repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError> {
        let local = match self.local.repositories(org).await {
            Err(CodeHostError::OrgNotFound { .. }) => None,
            other => Some(other?),
        };
        let Some(elsewhere) = &self.elsewhere else {
            return local.ok_or_else(|| CodeHostError::OrgNotFound { org: org.to_owned() });
        };
        let (mut all, others) = match (local, elsewhere.repositories(org).await) {
            (Some(local), Ok(others)) => (local, others),
            (Some(local), Err(error)) => {
                tracing::warn!(org, ?error, "only the local repositories are listed");
                (local, Vec::new())
            }
            (None, others) => (Vec::new(), others?),
        };
        for other in others {
            // A repository that is in the folder but not offered hides its namesake as well.
            if !self.local.holds(&other.url).await {
                all.push(other);
            }
        }
        all.sort_by_cached_key(|repository| repository.name.to_lowercase());
        all.truncate(MAX_REPOSITORIES);
        Ok(all)
    }

    /// The folder's repositories and the other host's; the folder's win. Here a failure of the other host
    /// is a failure: the folder alone is not all there is.
    async fn topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
        let local = match self.local.topics(org).await {
            Err(CodeHostError::OrgNotFound { .. }) => None,
            other => Some(other?),
        };
        let Some(elsewhere) = &self.elsewhere else {
            return local.ok_or_else(|| CodeHostError::OrgNotFound { org: org.to_owned() });
        };
        let (mut all, others) = match (local, elsewhere.topics(org).await) {
            (Some(local), Err(CodeHostError::OrgNotFound { .. })) => (local, Vec::new()),
            (local, others) => (local.unwrap_or_default(), others?),
        };
        for other in others {
            if !self.local.holds(&other.url).await {
                all.push(other);
            }
        }
        Ok(all)
    }

    async fn facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError> {
        self.host(repo).await?.facts(repo).await
    }

    async fn branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        self.host(repo).await?.branches(repo).await
    }

    async fn resolve(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError> {
        self.host(repo).await?.resolve(repo, reference).await
    }

    async fn file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError> {
        self.host(repo).await?.file(repo, at, path, max_bytes).await
    }

    async fn listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError> {
        self.host(repo).await?.listing(repo, at, folder).await
    }
}
