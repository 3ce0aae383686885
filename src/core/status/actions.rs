//! Taking samples.

use std::fmt;

use time::OffsetDateTime;

use super::store;
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::jobs::store::activity::active_backends;

/// What a round of samples came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampled {
    pub taken: u64,
    pub deleted: u64,
}

impl fmt::Display for Sampled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Backends looked at: {}. Old samples deleted: {}.",
            self.taken, self.deleted
        )
    }
}

/// Takes a sample of every active backend that was ever heard of, and deletes those older than eight days. Twice
/// within the same ten minutes, the second one counts. Two statements, however many backends there are.
///
/// # Errors
/// When the database does not answer.
pub async fn sample(db: &Db) -> Result<Sampled> {
    let mut conn = db.read().await?;
    let mut backends = active_backends(&mut conn).await?;
    backends.retain(|backend| backend.last_seen.is_some());
    store::insert_samples(&mut conn, &backends, OffsetDateTime::now_utc()).await
}
