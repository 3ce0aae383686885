//! Repositories at GitHub: made, labelled with topics, given to teams.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::issues::meaning;
use super::settings::{GitHubSettings, GitHubSettingsError};
use super::transport::{Failure, Transport};
use crate::core::ids::RepoUrl;
use crate::core::ports::{CodeHostError, RepoMaker, Undelivered};

/// In GitHub's refusal of a repository that is there.
const IS_THERE: &str = "already exists";

/// Repositories at GitHub.
///
/// As with issues, what an operator can mend (a token that may not do it, a team that is not there) is worth another
/// attempt, and what is wrong with the repository itself is not.
pub struct GitHubRepos {
    transport: Transport,
    timeout: Duration,
}

impl fmt::Debug for GitHubRepos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubRepos")
            .field("api", &self.transport.api().as_str())
            .finish_non_exhaustive()
    }
}

/// `GET /repos/{owner}/{name}`, and what making one answers.
#[derive(Debug, Deserialize)]
struct Described {
    /// `owner/name`
    full_name: String,
    #[serde(default)]
    topics: Vec<String>,
}

impl GitHubRepos {
    /// Repositories reached with the program's HTTP client. Of the settings `call_timeout` is the limit of every verb,
    /// whatever number of calls it needs. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`GitHubSettingsError`] names the setting that cannot be right.
    pub fn new(client: reqwest::Client, settings: GitHubSettings) -> Result<Self, GitHubSettingsError> {
        Ok(Self {
            timeout: settings.call_timeout,
            transport: Transport::new(client, settings)?,
        })
    }

    fn url(&self, repo: &RepoUrl, rest: &[&str]) -> Url {
        self.transport
            .url(&[&["repos", repo.owner(), repo.name()], rest].concat())
    }

    /// The repository, if there is one of this very name: GitHub answers for one that had it once, too, until the name is
    /// taken again.
    async fn find(&self, repo: &RepoUrl) -> Result<Option<Described>, Failure> {
        match self.transport.json::<Described>(self.url(repo, &[])).await {
            Ok(page) => {
                let name = format!("{}/{}", repo.owner(), repo.name());
                Ok(Some(page.value).filter(|found| found.full_name.eq_ignore_ascii_case(&name)))
            }
            Err(Failure::NotThere { status: 404, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn find_or_make(&self, repo: &RepoUrl) -> Result<Described, Failure> {
        if let Some(found) = self.find(repo).await? {
            return Ok(found);
        }
        let url = self.transport.url(&["orgs", repo.owner(), "repos"]);
        let body = json!({ "name": repo.name() });
        match self.transport.post_json::<Described>(url, &body).await {
            Ok(page) => Ok(page.value),
            // Somebody was faster.
            Err(Failure::NotThere { status: 422, message }) if message.contains(IS_THERE) => {
                match self.find(repo).await? {
                    Some(found) => Ok(found),
                    None => Err(Failure::NotThere { status: 422, message }),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// The verb's result within the time limit, with a failure said in words about `what`.
    async fn verb<T>(
        &self,
        what: &str,
        calls: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Undelivered> {
        match tokio::time::timeout(self.timeout, calls).await {
            Ok(result) => result.map_err(|failure| meaning(what, failure)),
            Err(_) => Err(meaning(what, CodeHostError::TimedOut.into())),
        }
    }
}

#[async_trait]
impl RepoMaker for GitHubRepos {
    async fn make(&self, repo: &RepoUrl) -> Result<Vec<String>, Undelivered> {
        let what = format!("make the repository {}/{}", repo.owner(), repo.name());
        Ok(self.verb(&what, self.find_or_make(repo)).await?.topics)
    }

    async fn set_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), Undelivered> {
        let (owner, name) = (repo.owner(), repo.name());
        let body = json!({ "names": topics });
        let call = self.transport.put(self.url(repo, &["topics"]), &body);
        self.verb(&format!("set the topics of {owner}/{name}"), call).await
    }

    async fn let_maintain(&self, repo: &RepoUrl, team: &str) -> Result<(), Undelivered> {
        let (owner, name) = (repo.owner(), repo.name());
        let url = self
            .transport
            .url(&["orgs", owner, "teams", team, "repos", owner, name]);
        let body = json!({ "permission": "maintain" });
        let what = format!("let the team {team} maintain {owner}/{name}");
        self.verb(&what, self.transport.put(url, &body)).await
    }
}
