//! A folder of git repositories, in place of GitHub: `<root>/<org>/<name>` stands for
//! `https://github.com/<org>/<name>`. For development and tests, without a network.
//!
//! A repository may be bare or not, and its folder may end in `.git`. What only GitHub knows can
//! be set in the repository's own configuration:
//!
//! ```text
//! git config jobserver.private true
//! git config --add jobserver.topic github-releases
//! ```
//!
//! The folder is the operator's: what they place or link there is served. What is *in* the
//! repositories is not trusted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use self::command::{Git, Run};
use super::git_names::{is_path, is_reference, may_be_sha};
use super::limits::{first_sorted, within};
use crate::core::ids::{CommitSha, RepoUrl};
use crate::core::ports::{CodeHost, CodeHostError, MAX_BRANCHES, MAX_ENTRIES, RepoFacts, RepoTopics, Repository};

mod command;
mod finding;
mod making;

#[cfg(test)]
mod tests;

/// The most read of what git says, except for a file.
const MAX_OUTPUT: usize = 8 * 1024 * 1024;
/// Room for git's line about an object, which repeats a missing path, beside the object itself.
const MAX_HEADER: usize = 8 * 1024;

/// Where the repositories are and how git is run.
#[derive(Debug, Clone)]
pub struct LocalGitSettings {
    /// The folder with one folder for each organisation.
    pub root: PathBuf,
    /// The git executable, looked for in `PATH` unless it is a path.
    pub program: PathBuf,
    /// The longest any verb but `repositories` takes.
    pub call_timeout: Duration,
    /// The longest [`CodeHost::repositories`] takes.
    pub listing_timeout: Duration,
}

impl LocalGitSettings {
    /// The usual settings for a folder: git from `PATH`, 3 s for a call, 30 s for a listing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            program: PathBuf::from("git"),
            call_timeout: Duration::from_secs(3),
            listing_timeout: Duration::from_secs(30),
        }
    }
}

/// Code in a folder of git repositories, read with the `git` executable.
#[derive(Debug, Clone)]
pub struct LocalGit {
    root: PathBuf,
    git: Git,
    call_timeout: Duration,
    listing_timeout: Duration,
}

/// One object as `git cat-file` describes it.
struct Described<'a> {
    name: &'a str,
    kind: &'a str,
    size: u64,
    /// Where the object itself begins.
    header_length: usize,
}

impl LocalGit {
    /// A host serving what is below `settings.root`, which is looked at anew in each call.
    #[must_use]
    pub fn new(settings: LocalGitSettings) -> Self {
        Self {
            root: settings.root,
            git: Git::new(settings.program),
            call_timeout: settings.call_timeout,
            listing_timeout: settings.listing_timeout,
        }
    }

    async fn branch_names(&self, git_dir: &Path) -> Result<Vec<String>, CodeHostError> {
        let count = format!("--count={MAX_BRANCHES}");
        let arguments = ["for-each-ref", &count, "--format=%(refname:lstrip=2)", "refs/heads/"];
        let run = self.git.run(git_dir, &arguments, "", MAX_OUTPUT).await?;
        run.expect_success()?;
        let names = run.text().lines().map(str::to_owned).collect();
        Ok(first_sorted(names, MAX_BRANCHES))
    }

    async fn fetch_facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError> {
        let git_dir = self.git_dir(repo).await?;
        let (private, topics) = self.configured(&git_dir).await?;
        let run = self
            .git
            .run(&git_dir, &["symbolic-ref", "--quiet", "HEAD"], "", MAX_OUTPUT)
            .await?;
        // 1: a commit is checked out, not a branch.
        if run.code != Some(1) {
            run.expect_success()?;
        }
        let default_branch = run.text().trim().strip_prefix("refs/heads/").map(str::to_owned);
        Ok(RepoFacts {
            private,
            topics,
            default_branch,
            created_at: None,
        })
    }

    async fn fetch_commit(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError> {
        let git_dir = self.git_dir(repo).await?;
        let mut spellings = Vec::with_capacity(3);
        if is_reference(reference) {
            spellings.push(format!("refs/heads/{reference}^{{commit}}"));
            spellings.push(format!("refs/tags/{reference}^{{commit}}"));
        }
        let prefix = reference.to_ascii_lowercase();
        if may_be_sha(reference) {
            spellings.push(format!("{prefix}^{{commit}}"));
        }
        let missing = || CodeHostError::RefNotFound {
            reference: reference.to_owned(),
        };
        if spellings.is_empty() {
            return Err(missing());
        }
        // The names go in over standard input, where nothing can be taken for an option.
        let input = spellings.join("\n") + "\n";
        let run = self
            .git
            .run(&git_dir, &["cat-file", "--batch-check"], &input, MAX_OUTPUT)
            .await?;
        run.expect_success()?;
        for (line, spelling) in run.text().lines().zip(&spellings) {
            let Some(commit) = described(line).filter(|object| object.kind == "commit") else {
                continue;
            };
            // Git also takes a bare name for other kinds of references; only digits count here.
            if spelling.starts_with("refs/") || commit.name.starts_with(&prefix) {
                return commit.name.parse().map_err(CodeHostError::unavailable);
            }
        }
        Err(missing())
    }

    /// Why nothing is at a path: the commit may be missing, or only the path.
    async fn what_is_missing(
        &self,
        git_dir: &Path,
        at: &CommitSha,
        path: &str,
    ) -> Result<CodeHostError, CodeHostError> {
        let input = format!("{at}^{{commit}}\n");
        let run = self
            .git
            .run(git_dir, &["cat-file", "--batch-check"], &input, MAX_OUTPUT)
            .await?;
        run.expect_success()?;
        Ok(match described(run.text().trim_end()) {
            Some(_) => CodeHostError::FileNotFound { path: path.to_owned() },
            None => CodeHostError::RefNotFound {
                reference: at.to_string(),
            },
        })
    }

    async fn fetch_file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError> {
        let git_dir = self.git_dir(repo).await?;
        // Links are followed within the commit only; git reports one that leads outside as such.
        let arguments = ["cat-file", "--batch", "--follow-symlinks"];
        let limit = max_bytes.saturating_add(MAX_HEADER);
        let Run { output, .. } = self
            .git
            .run(&git_dir, &arguments, &format!("{at}:{path}\n"), limit)
            .await?
            .checked()?;
        let header_end = output.iter().position(|byte| *byte == b'\n').unwrap_or(output.len());
        let header = String::from_utf8_lossy(&output[..header_end]);
        let Some(blob) = described(&header).filter(|object| object.kind == "blob") else {
            return Err(self.what_is_missing(&git_dir, at, path).await?);
        };
        if blob.size > max_bytes as u64 {
            return Err(CodeHostError::TooLarge {
                path: path.to_owned(),
                limit: max_bytes,
            });
        }
        let start = blob.header_length + 1;
        let cut_short = || CodeHostError::unavailable("git's output is cut short");
        let end = usize::try_from(blob.size).ok().and_then(|size| start.checked_add(size));
        end.and_then(|end| output.get(start..end))
            .map(<[u8]>::to_vec)
            .ok_or_else(cut_short)
    }

    async fn fetch_listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError> {
        let git_dir = self.git_dir(repo).await?;
        let input = format!("{at}:{folder}\n");
        let run = self
            .git
            .run(&git_dir, &["cat-file", "--batch-check"], &input, MAX_OUTPUT)
            .await?;
        run.expect_success()?;
        let text = run.text();
        let Some(tree) = described(text.trim_end()).filter(|object| object.kind == "tree") else {
            return Err(self.what_is_missing(&git_dir, at, folder).await?);
        };
        let arguments = ["ls-tree", "-z", "--name-only", "--end-of-options", tree.name];
        let run = self.git.run(&git_dir, &arguments, "", MAX_OUTPUT).await?;
        run.expect_success()?;
        let text = run.text();
        let names = text.split_terminator('\0').map(str::to_owned).collect();
        Ok(first_sorted(names, MAX_ENTRIES))
    }
}

#[async_trait]
impl CodeHost for LocalGit {
    async fn repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError> {
        within(self.listing_timeout, self.fetch_repositories(org)).await
    }

    async fn topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
        within(self.listing_timeout, self.fetch_topics(org)).await
    }

    async fn facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError> {
        within(self.call_timeout, self.fetch_facts(repo)).await
    }

    async fn branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        within(self.call_timeout, async {
            self.branch_names(&self.git_dir(repo).await?).await
        })
        .await
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

/// The line `<name> <kind> <size>`; anything else git says means that there is no such object.
fn described(line: &str) -> Option<Described<'_>> {
    let mut parts = line.split(' ');
    let (name, kind, size) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some(Described {
        name,
        kind,
        size: size.parse().ok()?,
        header_length: line.len(),
    })
}
