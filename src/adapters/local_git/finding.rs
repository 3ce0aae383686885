//! Which repositories there are, and what is set about them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{LocalGit, MAX_OUTPUT};
use crate::core::ids::{RepoUrl, is_owner};
use crate::core::ports::{CodeHostError, MAX_LISTED, MAX_REPOSITORIES, NON_RESEARCH_TOPIC, RepoTopics, Repository};

/// How many repositories are looked at at once when an organisation is listed.
const AT_ONCE: usize = 8;

impl LocalGit {
    /// Whether the folder holds this repository.
    pub async fn holds(&self, repo: &RepoUrl) -> bool {
        self.git_dir(repo).await.is_ok()
    }

    /// The names in a [`RepoUrl`] hold no separator and are not `..`, so this stays below `root`.
    pub(super) async fn git_dir(&self, repo: &RepoUrl) -> Result<PathBuf, CodeHostError> {
        let folder = self.root.join(repo.owner());
        for name in [repo.name().to_owned(), format!("{}.git", repo.name())] {
            let checkout = folder.join(&name);
            for candidate in [checkout.join(".git"), checkout] {
                if is_git_dir(&candidate).await {
                    return Ok(candidate);
                }
            }
        }
        Err(CodeHostError::RepoNotFound)
    }

    /// The addresses of an organisation's repositories, by lower-cased name.
    async fn urls(&self, org: &str) -> Result<Vec<RepoUrl>, CodeHostError> {
        let not_found = || CodeHostError::OrgNotFound { org: org.to_owned() };
        if !is_owner(org) {
            return Err(not_found());
        }
        let mut folders = tokio::fs::read_dir(self.root.join(org))
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => not_found(),
                _ => CodeHostError::unavailable(error),
            })?;
        let mut urls = Vec::new();
        while let Some(folder) = folders.next_entry().await.map_err(CodeHostError::unavailable)? {
            let name = folder.file_name();
            let Some(name) = name.to_str() else { continue };
            let name = name.strip_suffix(".git").unwrap_or(name);
            let Ok(url) = RepoUrl::from_parts(org, name) else {
                continue;
            };
            if self.holds(&url).await {
                urls.push(url);
            }
        }
        // `study` and `study.git` are one repository: exact names beside each other for `dedup`.
        urls.sort_by_cached_key(|url| (url.name().to_lowercase(), url.name().to_owned()));
        urls.dedup();
        Ok(urls)
    }

    pub(super) async fn fetch_repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError> {
        let mut urls = self.urls(org).await?;
        if urls.len() > MAX_REPOSITORIES {
            tracing::warn!(org, limit = MAX_REPOSITORIES, "more repositories than are read");
            urls.truncate(MAX_REPOSITORIES);
        }
        let all: Vec<Repository> = stream::iter(urls)
            .map(|url| self.describe(url))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let is_offered = |repository: &Repository| !repository.topics.iter().any(|topic| topic == NON_RESEARCH_TOPIC);
        Ok(all.into_iter().filter(is_offered).collect())
    }

    pub(super) async fn fetch_topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
        let urls = self.urls(org).await?;
        if urls.len() > MAX_LISTED {
            return Err(CodeHostError::unavailable(format!(
                "{org} has more than {MAX_LISTED} repositories"
            )));
        }
        stream::iter(urls)
            .map(|url| async {
                let (_, topics) = self.configured(&self.git_dir(&url).await?).await?;
                Ok(RepoTopics { url, topics })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn describe(&self, url: RepoUrl) -> Result<Repository, CodeHostError> {
        let git_dir = self.git_dir(&url).await?;
        let (private, topics) = self.configured(&git_dir).await?;
        let branches = self.branch_names(&git_dir).await?;
        Ok(Repository {
            name: url.name().to_owned(),
            url,
            private,
            topics,
            created_at: None,
            branches,
        })
    }

    /// Whether the repository counts as private, and its topics.
    pub(super) async fn configured(&self, git_dir: &Path) -> Result<(bool, Vec<String>), CodeHostError> {
        let pattern = r"^jobserver\.(private|topic)$";
        let arguments = ["config", "--local", "--null", "--get-regexp", pattern];
        let run = self.git.run(git_dir, &arguments, "", MAX_OUTPUT).await?;
        // 1: nothing of that name is set.
        if run.code != Some(1) {
            run.expect_success()?;
        }
        let (mut private, mut topics) = (false, Vec::new());
        for entry in run.text().split_terminator('\0') {
            match entry.split_once('\n') {
                Some(("jobserver.private", value)) => private = value.trim() == "true",
                Some(("jobserver.topic", value)) => topics.push(value.trim().to_owned()),
                _ => {}
            }
        }
        Ok((private, topics))
    }
}

/// A folder is a repository by the same signs as git goes by; a file may point to one.
async fn is_git_dir(path: &Path) -> bool {
    let Ok(found) = tokio::fs::metadata(path).await else {
        return false;
    };
    if found.is_file() {
        return path.file_name().is_some_and(|name| name == ".git");
    }
    let is = |name: &str| tokio::fs::try_exists(path.join(name));
    matches!((is("HEAD").await, is("objects").await), (Ok(true), Ok(true)))
}
