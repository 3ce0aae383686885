//! Somebody must be able to let others in: of the active Staff Area Administrators the last one stays.
//!
//! Whatever could take one away (a change of roles, a deactivation) calls [`take_turns`] before it locks
//! any row, then asks [`is_last`], in one transaction: of two who take the last two away at once, one is
//! told no.

mod store;

use sqlx::PgConnection;

use crate::core::error::Result;

/// What to tell whoever wanted to take the last one away.
pub const LAST_ONE: &str = "Nobody else who is active is a Staff Area Administrator. Make somebody else one first, or nobody can let others in.";

/// Waits for others who may be taking an administrator away; they wait until this transaction is over.
pub async fn take_turns(tx: &mut PgConnection) -> Result<()> {
    store::lock(tx).await
}

/// Whether this user is an active Staff Area Administrator and nobody else is.
pub async fn is_last(tx: &mut PgConnection, user_id: i32) -> Result<bool> {
    store::is_last(tx, user_id).await
}
