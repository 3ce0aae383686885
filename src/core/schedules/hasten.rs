//! Having work done before it is due.

use super::{Schedule, store};
use crate::core::access::{CanEverywhere, EnterStaffArea};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hastened {
    /// It is due now; the next worker that looks, within half a minute, runs it.
    Now,
    /// It is due already, or being run.
    Underway,
}

/// Makes a schedule due at once; afterwards it is due as ever. Audited.
///
/// # Errors
/// When the database does not answer.
pub async fn hasten(db: &Db, can: &CanEverywhere<EnterStaffArea>, schedule: &'static Schedule) -> Result<Hastened> {
    // One that no worker has seen yet has no row.
    super::list(db).await?;
    let mut tx = db.begin().await?;
    if !store::make_due(&mut tx, schedule.name).await? {
        return Ok(Hastened::Underway);
    }
    let by = can.by();
    let event = Event::new("schedule_hastened", &by, Subject::schedules()).change("name", "", schedule.name);
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Hastened::Now)
}
