//! GitHub, through its REST and GraphQL interfaces.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64_MIME_PERMISSIVE;

use self::answers::{Branch, Contents, Facts, Object};
use self::transport::{Failure, RAW, SHA, Transport};
use super::git_names::{is_path, is_reference, may_be_sha};
use super::limits::{first_sorted, within};
use crate::core::ids::{CommitSha, RepoUrl};
use crate::core::ports::{CodeHost, CodeHostError, MAX_BRANCHES, MAX_ENTRIES, RepoFacts, RepoTopics, Repository};

mod answers;
mod issue_answers;
mod issues;
mod observed;
mod organisation;
mod repos;
mod settings;
mod transport;

pub use self::issues::GitHubIssues;
pub use self::repos::GitHubRepos;
pub use self::settings::{GitHubSettings, GitHubSettingsError};

#[cfg(test)]
mod failure_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

/// How many branches GitHub gives at once.
const BRANCHES_PER_PAGE: usize = 100;
/// The start of GitHub's message when a commit is missing, as opposed to a file.
const NO_COMMIT: &str = "No commit found";
/// GitHub's message about a repository without any commit.
const EMPTY_REPOSITORY: &str = "empty";

/// Code at GitHub.
///
/// Nothing is retried here: a page would rather show what it knows, and the worker has its own
/// schedule. Redirects, which is how GitHub tells of a renamed repository, are followed by the
/// HTTP client.
pub struct GitHub {
    transport: Transport,
    call_timeout: Duration,
    listing_timeout: Duration,
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub")
            .field("api", &self.transport.api().as_str())
            .finish_non_exhaustive()
    }
}

impl GitHub {
    /// A GitHub reached with the program's HTTP client, whose connect and read timeouts, proxy and
    /// redirect policy (which must follow) apply. Must be called within a Tokio runtime, and the
    /// value used in that one.
    ///
    /// # Errors
    ///
    /// [`GitHubSettingsError`] names the setting that cannot be right.
    pub fn new(client: reqwest::Client, settings: GitHubSettings) -> Result<Self, GitHubSettingsError> {
        Ok(Self {
            call_timeout: settings.call_timeout,
            listing_timeout: settings.listing_timeout,
            transport: Transport::new(client, settings)?,
        })
    }

    fn repo_path<'a>(repo: &'a RepoUrl, rest: &[&'a str]) -> Vec<&'a str> {
        [&["repos", repo.owner(), repo.name()], rest].concat()
    }

    async fn fetch_facts(&self, repo: &RepoUrl) -> Result<Facts, CodeHostError> {
        let url = self.transport.url(&Self::repo_path(repo, &[]));
        self.transport
            .json(url)
            .await
            .map(|page| page.value)
            .map_err(|failure| match failure {
                Failure::NotThere { .. } => CodeHostError::RepoNotFound,
                other => other.into_host_error(),
            })
    }

    /// GitHub answers 404 for a missing repository and for what is missing within one. Asks for
    /// the repository itself: [`CodeHostError::RepoNotFound`], or `missing` when it exists.
    async fn what_is_missing(&self, repo: &RepoUrl, missing: CodeHostError) -> CodeHostError {
        match self.fetch_facts(repo).await {
            Ok(_) => missing,
            Err(error) => error,
        }
    }

    /// The commit of one spelling of a reference, `None` when there is none.
    async fn commit(&self, repo: &RepoUrl, spelling: &str) -> Result<Option<CommitSha>, Failure> {
        // Slashes stay slashes: that is how GitHub documents `heads/<branch>`.
        let mut path = Self::repo_path(repo, &["commits"]);
        path.extend(spelling.split('/'));
        match self.transport.text(self.transport.url(&path), SHA).await {
            Ok(text) => match text.trim().parse() {
                Ok(sha) => Ok(Some(sha)),
                Err(_) => Err(CodeHostError::unavailable("GitHub's answer is no commit").into()),
            },
            // 422: no such commit; 409: no commit at all.
            Err(Failure::NotThere { status: 409 | 422, .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn fetch_commit(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError> {
        let missing = || CodeHostError::RefNotFound {
            reference: reference.to_owned(),
        };
        let mut spellings = Vec::with_capacity(3);
        if is_reference(reference) {
            spellings.push(format!("heads/{reference}"));
            spellings.push(format!("tags/{reference}"));
        }
        if may_be_sha(reference) {
            // A full name is most likely just that, so one call does.
            let place = if reference.len() == CommitSha::LENGTH {
                0
            } else {
                spellings.len()
            };
            spellings.insert(place, reference.to_ascii_lowercase());
        }
        let mut repo_exists = false;
        for spelling in &spellings {
            match self.commit(repo, spelling).await {
                Ok(Some(sha)) => return Ok(sha),
                Ok(None) => repo_exists = true,
                Err(Failure::NotThere { .. }) if repo_exists => {}
                Err(Failure::NotThere { .. }) => {
                    self.fetch_facts(repo).await?;
                    repo_exists = true;
                }
                Err(other) => return Err(other.into_host_error()),
            }
        }
        Err(missing())
    }

    async fn fetch_branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        let mut url = self.transport.url(&Self::repo_path(repo, &["branches"]));
        url.query_pairs_mut()
            .append_pair("per_page", &BRANCHES_PER_PAGE.to_string());
        let mut names = Vec::new();
        // A hostile `next` may lead in circles: the number of pages is bounded, not only of names.
        for _ in 0..MAX_BRANCHES.div_ceil(BRANCHES_PER_PAGE) {
            let page = match self.transport.json::<Vec<Branch>>(url).await {
                Ok(page) => page,
                Err(Failure::NotThere { .. }) => return Err(CodeHostError::RepoNotFound),
                Err(other) => return Err(other.into_host_error()),
            };
            names.extend(page.value.into_iter().map(|branch| branch.name));
            match page.next {
                Some(next) => url = next,
                None => return Ok(first_sorted(names, MAX_BRANCHES)),
            }
        }
        tracing::warn!(%repo, limit = MAX_BRANCHES, "repository has more branches than are read");
        Ok(first_sorted(names, MAX_BRANCHES))
    }

    /// What is at a path. Fails with a [`Failure::NotThere`] no more: that is told apart here.
    async fn fetch_contents(&self, repo: &RepoUrl, at: &CommitSha, path: &str) -> Result<Contents, Failure> {
        let mut segments = Self::repo_path(repo, &["contents"]);
        segments.extend(path.split('/'));
        let mut url = self.transport.url(&segments);
        url.query_pairs_mut().append_pair("ref", at.as_str());
        let file_not_found = || CodeHostError::FileNotFound { path: path.to_owned() };
        let ref_not_found = || CodeHostError::RefNotFound {
            reference: at.to_string(),
        };
        match self.transport.object(url).await {
            Ok(contents) => Ok(contents),
            Err(Failure::NotThere { message, .. })
                if message.starts_with(NO_COMMIT) || message.contains(EMPTY_REPOSITORY) =>
            {
                Err(ref_not_found().into())
            }
            Err(Failure::NotThere { .. }) => Err(self.what_is_missing(repo, file_not_found()).await.into()),
            Err(other) => Err(other),
        }
    }

    async fn fetch_file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError> {
        let not_found = || CodeHostError::FileNotFound { path: path.to_owned() };
        let too_large = || CodeHostError::TooLarge {
            path: path.to_owned(),
            limit: max_bytes,
        };
        let Object {
            kind,
            size,
            sha,
            encoding,
            content,
            ..
        } = match self.fetch_contents(repo, at, path).await {
            Ok(Contents::Object(object)) => object,
            Ok(Contents::Folder(_)) => return Err(not_found()),
            Err(Failure::TooLarge) => return Err(too_large()),
            Err(other) => return Err(other.into_host_error()),
        };
        if kind != "file" {
            return Err(not_found());
        }
        if size.is_some_and(|size| size > max_bytes as u64) {
            return Err(too_large());
        }
        let bytes = if let (Some("base64"), Some(content)) = (encoding.as_deref(), content) {
            let decoded = BASE64_MIME_PERMISSIVE.decode(content.as_bytes());
            decoded.map_err(CodeHostError::unavailable)?
        } else {
            // Above 1 MB GitHub leaves the content out and wants it fetched by its own name.
            let blob = sha.ok_or_else(|| CodeHostError::unavailable("a file without a sha"))?;
            let path = Self::repo_path(repo, &["git", "blobs", blob.as_str()]);
            match self.transport.bytes(self.transport.url(&path), RAW, max_bytes).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) | Err(Failure::TooLarge) => return Err(too_large()),
                Err(Failure::NotThere { .. }) => return Err(not_found()),
                Err(other) => return Err(other.into_host_error()),
            }
        };
        // The size said first is only a claim.
        if bytes.len() > max_bytes {
            Err(too_large())
        } else {
            Ok(bytes)
        }
    }

    async fn fetch_listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError> {
        let not_found = || CodeHostError::FileNotFound {
            path: folder.to_owned(),
        };
        let entries = match self.fetch_contents(repo, at, folder).await {
            Ok(
                Contents::Folder(entries)
                | Contents::Object(Object {
                    entries: Some(entries), ..
                }),
            ) => entries,
            // A file, even one too large to be given out, is no folder.
            Ok(Contents::Object(_)) | Err(Failure::TooLarge) => return Err(not_found()),
            Err(other) => return Err(other.into_host_error()),
        };
        Ok(first_sorted(
            entries.into_iter().map(|entry| entry.name).collect(),
            MAX_ENTRIES,
        ))
    }
}

#[async_trait]
impl CodeHost for GitHub {
    async fn repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError> {
        within(self.listing_timeout, organisation::repositories(&self.transport, org)).await
    }

    async fn topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
        within(self.listing_timeout, organisation::topics(&self.transport, org)).await
    }

    async fn facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError> {
        within(self.call_timeout, self.fetch_facts(repo))
            .await
            .map(RepoFacts::from)
    }

    async fn branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        within(self.call_timeout, self.fetch_branches(repo)).await
    }

    async fn resolve(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError> {
        within(self.call_timeout, self.fetch_commit(repo, reference)).await
    }

    async fn file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError> {
        if !is_path(path) {
            return Err(CodeHostError::FileNotFound { path: path.to_owned() });
        }
        within(self.call_timeout, self.fetch_file(repo, at, path, max_bytes)).await
    }

    async fn listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError> {
        if !folder.is_empty() && !is_path(folder) {
            return Err(CodeHostError::FileNotFound {
                path: folder.to_owned(),
            });
        }
        within(self.call_timeout, self.fetch_listing(repo, at, folder)).await
    }
}
