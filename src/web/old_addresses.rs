//! Which addresses of before lead on, kept in memory: whoever asks for what was never here, however often, has no
//! database asked for it.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::redirects::store;

/// How often a process looks which there are; one that is new leads on after as long at the latest.
pub const EVERY: Duration = Duration::from_secs(20);

/// The most that are kept in memory. With more than these in use, each is looked up when it is asked for.
pub const MOST: i64 = 10_000;

/// The addresses of this process; cheap to clone. Until it has looked, any may lead on.
#[derive(Debug, Clone, Default)]
pub struct OldAddresses(Arc<RwLock<Option<HashSet<String>>>>);

impl OldAddresses {
    /// Those of `candidates` that may lead on.
    pub fn among(&self, candidates: Vec<String>) -> Vec<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(known) => candidates.into_iter().filter(|url| known.contains(url)).collect(),
            None => candidates,
        }
    }

    /// Looks again.
    ///
    /// # Errors
    /// When the database does not answer; what was known stays.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let urls = store::in_use(&mut *db.read().await?, MOST).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = urls.map(HashSet::from_iter);
        Ok(())
    }

    /// Looks again and again, until the process ends. Run as a task of its own.
    pub async fn keep(self, db: Db) {
        let mut answered = true;
        loop {
            let looked = self.refresh(&db).await;
            if let (true, Err(error)) = (answered, &looked) {
                tracing::warn!(%error, "cannot see which addresses moved; going by what was known");
            }
            answered = looked.is_ok();
            tokio::time::sleep(EVERY).await;
        }
    }
}
