//! What staff do with job requests.

use super::actions::{Cancelled, cancel_job_request};
use crate::core::access::{CanCancel, CanEverywhere, EnterStaffArea};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// The most job requests that are cancelled at once.
pub const MOST_AT_ONCE: usize = 100;

/// What cancelling several job requests did to them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CancelledMany {
    /// Their backends are asked to stop what is left.
    pub cancelled: usize,
    /// They were over, or cancelled before.
    pub nothing_left: usize,
    /// They could not be: the way to their backend is closed, or they are gone.
    pub failed: usize,
}

/// Cancels each of these, one after the other; one that cannot be cancelled holds up none of the others. Those beyond
/// [`MOST_AT_ONCE`] are left alone.
///
/// # Errors
/// When the database does not answer for any of them.
pub async fn cancel_job_requests(db: &Db, can: &CanEverywhere<EnterStaffArea>, ids: &[i32]) -> Result<CancelledMany> {
    let mut done = CancelledMany::default();
    let mut last = None;
    for id in ids.iter().take(MOST_AT_ONCE) {
        match cancel_job_request(db, &CanCancel::as_staff(can, *id)).await {
            Ok(Cancelled::Actions(_)) => done.cancelled += 1,
            Ok(Cancelled::NothingLeft) => done.nothing_left += 1,
            Ok(Cancelled::Unreachable) => done.failed += 1,
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
                done.failed += 1;
                last = Some(error);
            }
            Err(_) => done.failed += 1,
        }
    }
    match last {
        Some(error) if done.cancelled + done.nothing_left == 0 => Err(error),
        _ => Ok(done),
    }
}
