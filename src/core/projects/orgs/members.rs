//! Who belongs to an organisation. What a membership came with from elsewhere grants nothing here.

use super::store;
use crate::core::access::{CanEverywhere, EnterStaffArea};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::people::{MOST_AT_ONCE, TOO_MANY, sessions};

/// Makes people members of an organisation, without roles. Who is one already stays one, with the date. Returns how
/// many are new.
///
/// # Errors
/// `NotFound("Org")`; `Invalid` at `users`; `NotAllowed` for whoever would add themselves. Nobody is added then.
pub async fn add(db: &Db, can: &CanEverywhere<EnterStaffArea>, org_id: i32, user_ids: &[i32]) -> Result<usize> {
    let mut ids = user_ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let invalid = |message: &str| Error::Invalid(FieldErrors::one("users", message));
    if ids.is_empty() {
        return Err(invalid("Choose at least one person."));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(invalid(TOO_MANY));
    }
    if ids.contains(&can.user_id()) {
        return Err(Error::NotAllowed(
            "You cannot add yourself to an organisation. Ask somebody else of the staff.".into(),
        ));
    }
    let mut tx = db.begin().await?;
    if !store::lock_for_members(&mut tx, org_id).await? {
        return Err(Error::NotFound("Org"));
    }
    if store::count_users(&mut tx, &ids).await? != ids.len() as i64 {
        return Err(invalid("Choose people who exist."));
    }
    let by = can.by();
    let added = store::add_members(&mut tx, org_id, &ids, can.user_id()).await?;
    for (id, username) in &added {
        let event = Event::new("org_member_added", &by, Subject::org(org_id)).of_user(*id, username);
        audit::record(&mut tx, &event).await?;
        sessions::rights_changed(&mut tx, *id).await?;
    }
    tx.commit().await?;
    Ok(added.len())
}

/// Ends somebody's membership. Tells whether they were a member.
///
/// # Errors
/// `NotFound("Org")`.
pub async fn remove(db: &Db, can: &CanEverywhere<EnterStaffArea>, org_id: i32, username: &str) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !store::lock_for_members(&mut tx, org_id).await? {
        return Err(Error::NotFound("Org"));
    }
    let Some(user_id) = store::remove_member(&mut tx, org_id, username).await? else {
        return Ok(false);
    };
    let by = can.by();
    let event = Event::new("org_member_removed", &by, Subject::org(org_id)).of_user(user_id, username);
    audit::record(&mut tx, &event).await?;
    sessions::rights_changed(&mut tx, user_id).await?;
    tx.commit().await?;
    Ok(true)
}
