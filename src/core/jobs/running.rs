//! From a workspace's repository to something that can be run: which commit, which actions, and what
//! stands in the way, in words that say what to do next.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};

use super::pipeline::{Last, MAX_BYTES, Pipeline, PipelineError, Policy, PolicyRefusal};
use crate::core::ids::{CommitSha, RepoUrl};
use crate::core::ports::{CodeHost, CodeHostError, CodelistCheckError, CodelistChecker, Codelists};

/// The longest that a page waits until everything is read.
const LONGEST_WAIT: Duration = Duration::from_millis(4500);

/// This part of the time is kept for saying that OpenCodelists, and not the code host, took too long.
const TO_SAY_SO: u32 = 20;

/// Calls that follow each other on the way; each may take the host's own time limit.
const CALLS: u32 = 4;

/// The largest codelist file that is read, in bytes.
const MAX_CODELISTS: usize = 4 * 1024 * 1024;

/// The longest reference that is asked for, in bytes; git itself stops before.
const MAX_REFERENCE: usize = 500;

const DEFINITION: &str = "project.yaml";
const CODELISTS_LIST: &str = "codelists/codelists.txt";
const CODELISTS_MANIFEST: &str = "codelists/codelists.json";

/// Everything about one commit that a job request is made of.
#[derive(Debug, Clone)]
pub struct Runnable {
    pub commit: CommitSha,
    /// `project.yaml` at that commit, to the letter.
    pub definition: String,
    pub pipeline: Pipeline,
    pub codelists: Codelists,
}

/// Which commit is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// The newest of the workspace's branch.
    BranchHead(&'a str),
    /// A branch, a tag or a commit, as somebody wrote it.
    Reference(&'a str),
}

impl<'a> Wanted<'a> {
    fn text(self) -> &'a str {
        match self {
            Wanted::BranchHead(text) | Wanted::Reference(text) => text,
        }
    }
}

/// Why nothing can be run. `Display` says what was found, for the researcher.
#[derive(Debug, thiserror::Error)]
pub enum NotRunnable {
    #[error("{0} is not the address of a repository that Job Server can read.")]
    ForeignRepository(String),
    #[error("{0} does not exist, or Job Server is not allowed to see it.")]
    NoRepository(RepoUrl),
    #[error("{0} has no commits.")]
    EmptyRepository(RepoUrl),
    #[error("The repository has no branch called {0}.")]
    NoBranch(String),
    #[error("The repository has no branch, tag or commit called {0}.")]
    NoReference(String),
    #[error("There is no file called project.yaml at commit {0}.")]
    NoDefinition(String),
    #[error("project.yaml is larger than {MAX_BYTES} bytes, which is the most that is read.")]
    DefinitionTooLarge,
    #[error("project.yaml is not UTF-8 text.")]
    DefinitionNotText,
    #[error("{0}")]
    Pipeline(#[from] PipelineError),
    #[error("{0}")]
    Policy(#[from] PolicyRefusal),
    #[error("There is a codelists folder, and no {0} in it.")]
    NoCodelistFile(&'static str),
    #[error("{0} is not UTF-8 text, or is larger than {MAX_CODELISTS} bytes.")]
    CodelistFileUnreadable(&'static str),
    #[error("The code host did not answer in time.")]
    TooSlow,
    #[error("The code host accepts no more calls from Job Server for now{}.", until(.0.as_ref()))]
    RateLimited(Option<OffsetDateTime>),
    #[error("The code host does not let Job Server read this repository.")]
    NotAllowed,
    #[error("The code host cannot be reached at the moment.")]
    Unreachable,
    #[error("OpenCodelists, where codelists are compared, cannot be reached at the moment.")]
    CodelistsUnchecked,
}

fn until(reset: Option<&OffsetDateTime>) -> String {
    let Some(reset) = reset else { return String::new() };
    let reset = reset.to_offset(time::UtcOffset::UTC);
    format!(", until {:02}:{:02} UTC", reset.hour(), reset.minute())
}

impl NotRunnable {
    /// What it means, as a heading.
    pub fn title(&self) -> &'static str {
        match self {
            Self::ForeignRepository(_) => "The repository's address cannot be used",
            Self::NoRepository(_) => "The repository could not be found",
            Self::EmptyRepository(_) => "The repository is empty",
            Self::NoBranch(_) => "The branch does not exist",
            Self::NoReference(_) => "The commit could not be found",
            Self::NoDefinition(_) => "There is no project.yaml",
            Self::DefinitionTooLarge | Self::DefinitionNotText | Self::Pipeline(_) => "The pipeline cannot be used",
            Self::Policy(_) => "The project may not use these tools",
            Self::NoCodelistFile(_) | Self::CodelistFileUnreadable(_) => "The codelists are not complete",
            Self::TooSlow | Self::RateLimited(_) | Self::NotAllowed | Self::Unreachable => {
                "The repository could not be read"
            }
            Self::CodelistsUnchecked => "The codelists could not be checked",
        }
    }

    /// Whether waiting helps, rather than changing something in the repository.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::TooSlow | Self::RateLimited(_) | Self::NotAllowed | Self::Unreachable | Self::CodelistsUnchecked
        )
    }

    /// A failure of the host that is not about a certain ref or file.
    fn of_host(error: CodeHostError, repo: &RepoUrl) -> Self {
        match error {
            CodeHostError::RepoNotFound | CodeHostError::OrgNotFound { .. } => Self::NoRepository(repo.clone()),
            CodeHostError::TimedOut => Self::TooSlow,
            CodeHostError::RateLimited { reset } => Self::RateLimited(reset),
            CodeHostError::Unauthorised => Self::NotAllowed,
            other => {
                tracing::warn!(%repo, error = ?other, "a repository could not be read");
                Self::Unreachable
            }
        }
    }
}

/// Where a workspace's code and codelists are looked up.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub host: &'a dyn CodeHost,
    pub codelists: &'a dyn CodelistChecker,
    /// The code host's limit for one call.
    pub call_timeout: Duration,
}

impl Sources<'_> {
    /// Finds the commit first, then reads and checks everything at that commit, within 4.5 seconds.
    ///
    /// # Errors
    /// [`NotRunnable`] says what stands in the way.
    pub async fn runnable(
        &self,
        repo_url: &str,
        wanted: Wanted<'_>,
        policy: Policy,
    ) -> Result<Box<Runnable>, NotRunnable> {
        let Ok(repo) = repo_url.parse::<RepoUrl>() else {
            return Err(NotRunnable::ForeignRepository(repo_url.to_owned()));
        };
        let wait = self.call_timeout.saturating_mul(CALLS).min(LONGEST_WAIT);
        let until = Instant::now() + wait;
        timeout_at(until, self.read(&repo, wanted, policy, until - wait / TO_SAY_SO))
            .await
            .unwrap_or(Err(NotRunnable::TooSlow))
    }

    async fn read(
        &self,
        repo: &RepoUrl,
        wanted: Wanted<'_>,
        policy: Policy,
        until: Instant,
    ) -> Result<Box<Runnable>, NotRunnable> {
        let commit = self.resolve(repo, wanted).await?;
        let definition = match self.host.file(repo, &commit, DEFINITION, MAX_BYTES).await {
            Ok(bytes) => text(bytes).ok_or(NotRunnable::DefinitionNotText)?,
            Err(CodeHostError::FileNotFound { .. }) => {
                return Err(NotRunnable::NoDefinition(commit.short().to_owned()));
            }
            Err(CodeHostError::TooLarge { .. }) => return Err(NotRunnable::DefinitionTooLarge),
            Err(error) => return Err(NotRunnable::of_host(error, repo)),
        };
        let pipeline = Pipeline::parse(&definition)?;
        policy.check(&pipeline)?;
        let codelists = self.check_codelists(repo, &commit, until).await?;
        Ok(Box::new(Runnable {
            commit,
            definition,
            pipeline,
            codelists,
        }))
    }

    async fn resolve(&self, repo: &RepoUrl, wanted: Wanted<'_>) -> Result<CommitSha, NotRunnable> {
        let reference = wanted.text();
        let is_askable = reference.len() <= MAX_REFERENCE && !reference.chars().any(char::is_control);
        let found = if is_askable {
            self.host.resolve(repo, reference).await
        } else {
            Err(CodeHostError::RefNotFound {
                reference: String::new(),
            })
        };
        match found {
            Ok(commit) => Ok(commit),
            Err(CodeHostError::RefNotFound { .. }) => match wanted {
                Wanted::Reference(reference) => Err(NotRunnable::NoReference(shown(reference))),
                Wanted::BranchHead(branch) => match self.host.branches(repo).await {
                    Ok(branches) if branches.is_empty() => Err(NotRunnable::EmptyRepository(repo.clone())),
                    Ok(_) => Err(NotRunnable::NoBranch(shown(branch))),
                    Err(error) => Err(NotRunnable::of_host(error, repo)),
                },
            },
            Err(error) => Err(NotRunnable::of_host(error, repo)),
        }
    }

    /// Compares the codelists of a commit. A study without a `codelists` folder has none to compare.
    async fn check_codelists(
        &self,
        repo: &RepoUrl,
        commit: &CommitSha,
        until: Instant,
    ) -> Result<Codelists, NotRunnable> {
        let names = match self.host.listing(repo, commit, "codelists").await {
            Ok(names) => names,
            Err(CodeHostError::FileNotFound { .. }) => return Ok(Codelists::UpToDate),
            Err(error) => return Err(NotRunnable::of_host(error, repo)),
        };
        for file in [CODELISTS_LIST, CODELISTS_MANIFEST] {
            if !names
                .iter()
                .any(|name| file.strip_prefix("codelists/") == Some(name.as_str()))
            {
                return Err(NotRunnable::NoCodelistFile(file));
            }
        }
        let (list, manifest) = futures::future::try_join(
            self.codelist_file(repo, commit, CODELISTS_LIST),
            self.codelist_file(repo, commit, CODELISTS_MANIFEST),
        )
        .await?;
        let found = match timeout_at(until, self.codelists.check(&list, &manifest)).await {
            Ok(found) => found,
            Err(_) => Err(CodelistCheckError("no answer in the time of a page".into())),
        };
        found.map_err(|error| {
            tracing::warn!(%repo, ?error, "codelists could not be checked");
            NotRunnable::CodelistsUnchecked
        })
    }

    async fn codelist_file(
        &self,
        repo: &RepoUrl,
        commit: &CommitSha,
        path: &'static str,
    ) -> Result<String, NotRunnable> {
        match self.host.file(repo, commit, path, MAX_CODELISTS).await {
            Ok(bytes) => text(bytes).ok_or(NotRunnable::CodelistFileUnreadable(path)),
            Err(CodeHostError::TooLarge { .. }) => Err(NotRunnable::CodelistFileUnreadable(path)),
            Err(CodeHostError::FileNotFound { .. }) => Err(NotRunnable::NoCodelistFile(path)),
            Err(error) => Err(NotRunnable::of_host(error, repo)),
        }
    }
}

/// The actions a request would run that read the database, given how each last ended: what a runner refuses while
/// codelists are out of date. Those chosen by name are among them even while an earlier job of theirs goes on.
pub fn stale_actions(
    pipeline: &Pipeline,
    selected: &[String],
    force: bool,
    last: &HashMap<String, String>,
) -> Vec<String> {
    let plan = pipeline.plan(selected, force, |name| {
        last.get(name).map(|status| Last::of_status(status)).unwrap_or_default()
    });
    pipeline
        .database_actions()
        .map(|action| &action.name)
        .filter(|name| selected.contains(name) || plan.runs().any(|runs| runs == *name))
        .cloned()
        .collect()
}

/// Text that can be stored: UTF-8, without the NUL that PostgreSQL refuses.
fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// A reference fit for a message: without control characters, and not a page long.
fn shown(reference: &str) -> String {
    let mut shown: String = reference
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(100)
        .collect();
    if reference.chars().count() > 100 {
        shown.push('…');
    }
    shown
}
