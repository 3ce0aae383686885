//! Making repositories in the folder, as they are made at GitHub.

use async_trait::async_trait;

use super::{LocalGit, MAX_OUTPUT};
use crate::adapters::limits::within;
use crate::core::ids::RepoUrl;
use crate::core::ports::{CodeHostError, RepoMaker, Undelivered};

impl LocalGit {
    /// A repository without a commit, at `<root>/<org>/<name>`, unless there is one. What was begun before and not ended
    /// is no repository yet, and is begun again.
    async fn make_repo(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        let git_dir = match self.git_dir(repo).await {
            Err(CodeHostError::RepoNotFound) => {
                let git_dir = self.root.join(repo.owner()).join(repo.name());
                tokio::fs::create_dir_all(&git_dir)
                    .await
                    .map_err(CodeHostError::unavailable)?;
                let arguments = ["init", "--quiet", "--bare", "--initial-branch=main"];
                self.git
                    .run(&git_dir, &arguments, "", MAX_OUTPUT)
                    .await?
                    .expect_success()?;
                git_dir
            }
            found => found?,
        };
        Ok(self.configured(&git_dir).await?.1)
    }

    /// Topics that it has stay: they are the operator's to take away.
    async fn add_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), CodeHostError> {
        let git_dir = self.git_dir(repo).await?;
        let (_, present) = self.configured(&git_dir).await?;
        for topic in topics.iter().filter(|topic| !present.contains(topic)) {
            let arguments = ["config", "--local", "--add", "jobserver.topic", topic];
            self.git
                .run(&git_dir, &arguments, "", MAX_OUTPUT)
                .await?
                .expect_success()?;
        }
        Ok(())
    }
}

/// What is wrong with a folder can be mended.
fn later(error: CodeHostError) -> Undelivered {
    let why = match &error {
        CodeHostError::Unavailable(detail) => format!("{error}: {detail}"),
        _ => error.to_string(),
    };
    Undelivered::later(format!("LOCAL_GIT_REPOS: {why}"))
}

#[async_trait]
impl RepoMaker for LocalGit {
    async fn make(&self, repo: &RepoUrl) -> Result<Vec<String>, Undelivered> {
        within(self.call_timeout, self.make_repo(repo)).await.map_err(later)
    }

    async fn set_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), Undelivered> {
        within(self.call_timeout, self.add_topics(repo, topics))
            .await
            .map_err(later)
    }

    /// A folder has no teams.
    async fn let_maintain(&self, _: &RepoUrl, _: &str) -> Result<(), Undelivered> {
        Ok(())
    }
}
