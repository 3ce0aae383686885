//! A code host in memory. Its answers are those that the adapters' own tests pin down.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::{Notify, watch};

use async_trait::async_trait;
use jobserver::core::ids::{CommitSha, RepoUrl};
use jobserver::core::ports::{CodeHost, CodeHostError, RepoFacts, RepoTopics, Repository};

#[derive(Debug, Default, Clone)]
struct Repo {
    is_private: bool,
    topics: Vec<String>,
    branches: BTreeMap<String, String>,
    /// By commit, then path.
    files: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

/// Repositories that a test makes.
#[derive(Debug, Default)]
pub struct FakeCodeHost {
    repos: Mutex<BTreeMap<String, Repo>>,
    failure: Mutex<Option<fn() -> CodeHostError>>,
    calls: Mutex<usize>,
    is_silent: watch::Sender<bool>,
    /// Somebody waits for an answer.
    is_asked: Notify,
}

impl FakeCodeHost {
    /// Puts files on a branch, as its only commit; returns the commit. `repo` is `owner/name`.
    pub fn commit(&self, repo: &str, branch: &str, files: &[(&str, &str)]) -> String {
        let mut repos = self.repos.lock().unwrap();
        let repo = repos.entry(repo.to_owned()).or_default();
        let sha = format!("{:040x}", 0xabc0_0000_u64 + repo.files.len() as u64 + 1);
        repo.branches.insert(branch.to_owned(), sha.clone());
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        repo.files.insert(sha.clone(), files);
        sha
    }

    /// A repository without a commit.
    pub fn make_empty(&self, repo: &str) {
        self.repos.lock().unwrap().insert(repo.to_owned(), Repo::default());
    }

    /// Puts bytes that need not be text at a path of a branch's commit.
    pub fn put_bytes(&self, repo: &str, branch: &str, path: &str, bytes: &[u8]) {
        let mut repos = self.repos.lock().unwrap();
        let repo = repos.get_mut(repo).unwrap();
        let sha = repo.branches[branch].clone();
        repo.files
            .get_mut(&sha)
            .unwrap()
            .insert(path.to_owned(), bytes.to_vec());
    }

    pub fn make_private(&self, repo: &str) {
        self.repos
            .lock()
            .unwrap()
            .entry(repo.to_owned())
            .or_default()
            .is_private = true;
    }

    pub fn delete_branch(&self, repo: &str, branch: &str) {
        if let Some(repo) = self.repos.lock().unwrap().get_mut(repo) {
            repo.branches.remove(branch);
        }
    }

    /// Lets every call fail from now on; `None` ends that.
    pub fn fail_with(&self, failure: Option<fn() -> CodeHostError>) {
        *self.failure.lock().unwrap() = failure;
    }

    /// Calls made so far.
    pub fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    /// Lets every call wait from now on, or answers those that wait and those to come.
    pub fn be_silent(&self, is_silent: bool) {
        self.is_silent.send_replace(is_silent);
    }

    /// Ends when a call waits because of [`Self::be_silent`].
    pub async fn asked(&self) {
        self.is_asked.notified().await;
    }

    pub fn set_topics(&self, repo: &str, topics: &[&str]) {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self.repos.lock().unwrap().entry(repo.to_owned()).or_default().topics = topics;
    }

    async fn wait_if_silent(&self) {
        if *self.is_silent.borrow() {
            *self.calls.lock().unwrap() += 1;
            self.is_asked.notify_one();
            self.is_silent
                .subscribe()
                .wait_for(|is_silent| !is_silent)
                .await
                .unwrap();
        }
    }

    async fn repo(&self, url: &RepoUrl) -> Result<Repo, CodeHostError> {
        self.wait_if_silent().await;
        *self.calls.lock().unwrap() += 1;
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        let name = format!("{}/{}", url.owner(), url.name());
        self.repos
            .lock()
            .unwrap()
            .get(&name)
            .cloned()
            .ok_or(CodeHostError::RepoNotFound)
    }
}

#[async_trait]
impl CodeHost for FakeCodeHost {
    async fn repositories(&self, org: &str) -> Result<Vec<Repository>, CodeHostError> {
        self.wait_if_silent().await;
        *self.calls.lock().unwrap() += 1;
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        let repos = self.repos.lock().unwrap();
        let found: Vec<Repository> = repos
            .iter()
            .filter_map(|(path, repo)| {
                let (owner, name) = path.split_once('/')?;
                (owner == org).then(|| Repository {
                    name: name.to_owned(),
                    url: RepoUrl::from_parts(owner, name).unwrap(),
                    private: repo.is_private,
                    topics: repo.topics.clone(),
                    created_at: None,
                    branches: repo.branches.keys().cloned().collect(),
                })
            })
            .collect();
        if found.is_empty() {
            Err(CodeHostError::OrgNotFound { org: org.to_owned() })
        } else {
            Ok(found)
        }
    }

    async fn topics(&self, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
        self.wait_if_silent().await;
        *self.calls.lock().unwrap() += 1;
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        let repos = self.repos.lock().unwrap();
        let of_org = repos.iter().filter_map(|(path, repo)| {
            let (owner, name) = path.split_once('/')?;
            (owner == org).then(|| RepoTopics {
                url: RepoUrl::from_parts(owner, name).unwrap(),
                topics: repo.topics.clone(),
            })
        });
        Ok(of_org.collect())
    }

    async fn facts(&self, repo: &RepoUrl) -> Result<RepoFacts, CodeHostError> {
        let repo = self.repo(repo).await?;
        Ok(RepoFacts {
            private: repo.is_private,
            topics: repo.topics,
            default_branch: Some("main".to_owned()),
            created_at: None,
        })
    }

    async fn branches(&self, repo: &RepoUrl) -> Result<Vec<String>, CodeHostError> {
        Ok(self.repo(repo).await?.branches.into_keys().collect())
    }

    async fn resolve(&self, repo: &RepoUrl, reference: &str) -> Result<CommitSha, CodeHostError> {
        let repo = self.repo(repo).await?;
        let sha = repo.branches.get(reference).cloned().or_else(|| {
            let is_commit = reference.len() >= 4;
            repo.files
                .keys()
                .find(|sha| is_commit && sha.starts_with(reference))
                .cloned()
        });
        let sha = sha.ok_or_else(|| CodeHostError::RefNotFound {
            reference: reference.to_owned(),
        })?;
        Ok(sha.parse().unwrap())
    }

    async fn file(
        &self,
        repo: &RepoUrl,
        at: &CommitSha,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, CodeHostError> {
        let repo = self.repo(repo).await?;
        let files = repo.files.get(at.as_str()).ok_or_else(|| CodeHostError::RefNotFound {
            reference: at.as_str().to_owned(),
        })?;
        let file = files
            .get(path)
            .ok_or_else(|| CodeHostError::FileNotFound { path: path.to_owned() })?;
        if file.len() > max_bytes {
            return Err(CodeHostError::TooLarge {
                path: path.to_owned(),
                limit: max_bytes,
            });
        }
        Ok(file.clone())
    }

    async fn listing(&self, repo: &RepoUrl, at: &CommitSha, folder: &str) -> Result<Vec<String>, CodeHostError> {
        let repo = self.repo(repo).await?;
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let files = repo.files.get(at.as_str()).ok_or_else(|| CodeHostError::RefNotFound {
            reference: at.as_str().to_owned(),
        })?;
        let mut names: Vec<String> = files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| rest.split('/').next().unwrap_or(rest).to_owned())
            .collect();
        names.dedup();
        if names.is_empty() && !folder.is_empty() {
            return Err(CodeHostError::FileNotFound {
                path: folder.to_owned(),
            });
        }
        Ok(names)
    }
}
