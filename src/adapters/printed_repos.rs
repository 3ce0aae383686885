//! Repositories for the developer: printed instead of made.

use async_trait::async_trait;

use super::printing::Printer;
use crate::core::ids::RepoUrl;
use crate::core::ports::{RepoMaker, Undelivered};

/// Prints what would be made; each repository is as if it were new.
#[derive(Debug)]
pub struct PrintedRepos(pub Printer);

fn name(repo: &RepoUrl) -> String {
    format!("{}/{}", repo.owner(), repo.name())
}

#[async_trait]
impl RepoMaker for PrintedRepos {
    async fn make(&self, repo: &RepoUrl) -> Result<Vec<String>, Undelivered> {
        let name = name(repo);
        let parts = [("repository", name.as_str())];
        self.0.print("GitHub repository", &parts, &parts);
        Ok(Vec::new())
    }

    async fn set_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), Undelivered> {
        let (name, topics) = (name(repo), topics.join(", "));
        let parts = [("repository", name.as_str()), ("topics", topics.as_str())];
        self.0.print("GitHub topics", &parts[..1], &parts);
        Ok(())
    }

    async fn let_maintain(&self, repo: &RepoUrl, team: &str) -> Result<(), Undelivered> {
        let name = name(repo);
        let parts = [("repository", name.as_str()), ("team", team), ("may", "maintain")];
        self.0.print("GitHub team", &parts[..2], &parts);
        Ok(())
    }
}
