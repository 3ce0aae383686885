//! Shutting an account, and opening it again. Nothing of it is deleted: what somebody did stays theirs.

mod store;

use super::administrators::{self, LAST_ONE};
use super::sessions;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};

/// Deactivates a user: nobody can sign in as them, their sessions end now, and what was on its way to sign
/// them in works no more, also if they are activated again. Returns the number of sessions that ended;
/// `None` when they were deactivated before. Audited.
///
/// # Errors
/// `NotFound` for a username that is nobody's; `Conflict` when they are the last administrator, or whoever asks.
pub async fn deactivate(db: &Db, username: &str, by: &By) -> Result<Option<u64>> {
    let mut tx = db.begin().await?;
    administrators::take_turns(&mut tx).await?;
    let user = store::lock(&mut tx, username).await?.ok_or(Error::NotFound("User"))?;
    if !user.is_active {
        return Ok(None);
    }
    if by.user_id == Some(user.id) {
        return Err(Error::Conflict(
            "You cannot deactivate yourself: ask somebody else who looks after users.".to_owned(),
        ));
    }
    if administrators::is_last(&mut tx, user.id).await? {
        return Err(Error::Conflict(LAST_ONE.to_owned()));
    }
    store::deactivate(&mut tx, user.id).await?;
    let event = Event::new("user_deactivated", by, Subject::user(user.id)).change("is_active", "true", "false");
    audit::record(&mut tx, &event.of_user(user.id, username)).await?;
    let ended = sessions::end_of(&mut tx, (user.id, username), by).await?;
    tx.commit().await?;
    tracing::info!(user_id = user.id, ended, "a user was deactivated");
    Ok(Some(ended))
}

/// What came of deactivating several.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Deactivated {
    /// Who was active until now.
    pub users: usize,
    pub sessions: u64,
    /// Who stays active, by username, and why.
    pub refused: Vec<(String, String)>,
}

/// Deactivates each of these who is active; of some it may be refused, see [`deactivate`].
pub async fn deactivate_all(db: &Db, user_ids: &[i32], by: &By) -> Result<Deactivated> {
    let mut done = Deactivated::default();
    let usernames = store::usernames(&mut *db.read().await?, user_ids).await?;
    for username in usernames {
        match deactivate(db, &username, by).await {
            Ok(Some(ended)) => {
                done.users += 1;
                done.sessions += ended;
            }
            Ok(None) => {}
            Err(Error::Conflict(why)) => done.refused.push((username, why)),
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Activates a user again, with the rights they had. Returns whether they were deactivated. Audited.
///
/// # Errors
/// `NotFound` for a username that is nobody's.
pub async fn activate(db: &Db, username: &str, by: &By) -> Result<bool> {
    let mut tx = db.begin().await?;
    let user = store::lock(&mut tx, username).await?.ok_or(Error::NotFound("User"))?;
    if user.is_active {
        return Ok(false);
    }
    store::activate(&mut tx, user.id).await?;
    let event = Event::new("user_activated", by, Subject::user(user.id)).change("is_active", "false", "true");
    audit::record(&mut tx, &event.of_user(user.id, username)).await?;
    tx.commit().await?;
    tracing::info!(user_id = user.id, "a user was activated");
    Ok(true)
}
