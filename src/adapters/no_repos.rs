//! Repositories for a site that has no token to make them: they wait until it has.

use async_trait::async_trait;

use crate::core::ids::RepoUrl;
use crate::core::ports::{RepoMaker, Undelivered};

/// Makes nothing, and says what is missing.
#[derive(Debug)]
pub struct NoRepos;

fn unset<T>() -> Result<T, Undelivered> {
    Err(Undelivered::later("JOBSERVER_GITHUB_TOKEN is not set"))
}

#[async_trait]
impl RepoMaker for NoRepos {
    async fn make(&self, _: &RepoUrl) -> Result<Vec<String>, Undelivered> {
        unset()
    }

    async fn set_topics(&self, _: &RepoUrl, _: &[String]) -> Result<(), Undelivered> {
        unset()
    }

    async fn let_maintain(&self, _: &RepoUrl, _: &str) -> Result<(), Undelivered> {
        unset()
    }
}
