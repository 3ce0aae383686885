//! What was run and released in each workspace, summed up, so that a dashboard of all of them reads no job.

use super::store::tally as store;
use crate::core::db::Db;
use crate::core::error::Result;

/// Sums up every workspace anew. Returns how many there are. One statement, so whoever reads meanwhile sees the sums
/// of before.
///
/// # Errors
/// When the database does not answer.
pub async fn sum_up(db: &Db) -> Result<u64> {
    store::sum_up(&mut *db.read().await?).await
}
