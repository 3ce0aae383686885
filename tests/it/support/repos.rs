//! Repositories that are made, kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use jobserver::core::ids::RepoUrl;
use jobserver::core::ports::{RepoMaker, Undelivered};

use super::post::Script;

/// A repository as the host has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeRepo {
    pub topics: Vec<String>,
    pub teams: BTreeSet<String>,
}

/// Makes repositories, by their addresses.
#[derive(Debug, Default)]
pub struct RepoRecorder {
    pub script: Script,
    made: Mutex<BTreeMap<String, MadeRepo>>,
}

impl RepoRecorder {
    pub fn all(&self) -> BTreeMap<String, MadeRepo> {
        self.made.lock().unwrap().clone()
    }

    fn with<T>(&self, repo: &RepoUrl, work: impl FnOnce(&mut MadeRepo) -> T) -> Result<T, Undelivered> {
        let mut made = self.made.lock().unwrap();
        let found = made.get_mut(&repo.to_string());
        found
            .map(work)
            .ok_or_else(|| Undelivered::missing("there is no such repository"))
    }
}

#[async_trait]
impl RepoMaker for RepoRecorder {
    async fn make(&self, repo: &RepoUrl) -> Result<Vec<String>, Undelivered> {
        let made = || {
            let mut made = self.made.lock().unwrap();
            Ok(made.entry(repo.to_string()).or_default().topics.clone())
        };
        self.script.run(made).await
    }

    async fn set_topics(&self, repo: &RepoUrl, topics: &[String]) -> Result<(), Undelivered> {
        let set = || self.with(repo, |repo| repo.topics = topics.to_vec());
        self.script.run(set).await
    }

    async fn let_maintain(&self, repo: &RepoUrl, team: &str) -> Result<(), Undelivered> {
        let given = || self.with(repo, |repo| repo.teams.insert(team.to_owned()));
        self.script.run(given).await.map(|_| ())
    }
}
