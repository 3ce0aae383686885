//! Those who may do everything in the staff area: there is always one left.

use sqlx::PgConnection;

use crate::core::access::Role;
use crate::core::error::{Error, Result};

/// Makes sure that an active administrator is left besides this user. Every action that takes the role
/// `StaffAreaAdministrator` away from somebody, or deactivates somebody who holds it, calls this first, in its
/// transaction: such actions then take turns, so that of the last two, who remove each other at once, one stays.
///
/// # Errors
/// `Conflict` when nobody would be left, with a sentence for whoever asked for it.
pub async fn someone_is_left_besides(tx: &mut PgConnection, user_id: i32) -> Result<()> {
    // One lock for all of them; the second statement sees what whoever held it before has done.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('the last administrator'))")
        .fetch_one(&mut *tx)
        .await?;
    let is_somebody = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM "user" WHERE is_active AND id <> $1 AND $2 = ANY (roles)) AS "left!""#,
        user_id,
        Role::StaffAreaAdministrator.name()
    )
    .fetch_one(tx)
    .await?;
    if is_somebody {
        Ok(())
    } else {
        Err(Error::Conflict(
            "Nobody else is a Staff Area Administrator. Give somebody else that role first.".to_owned(),
        ))
    }
}
