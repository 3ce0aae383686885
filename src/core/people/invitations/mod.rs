//! Invitations: whoever first signs in with a GitHub account of that name becomes the user who is waiting. They are
//! the only way in which a name at GitHub leads to a user who is here already.

mod store;

use sqlx::PgConnection;

use super::accounts::{is_username, no_username};
use super::roles::{self, Granter};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};

pub use store::{Invitation, list, of_id, of_user};

/// The events of a user that tell of their invitations.
pub const KINDS: [&str; 3] = ["user_invited", "user_invitation_revoked", "invitation_used"];

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Used,
    Revoked,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Open, Self::Used, Self::Revoked];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
        }
    }
}

/// Lets the first GitHub login of this name be an existing user's. Tells whether that is new. Audited.
///
/// # Errors
/// `NotFound("User")`; `Invalid` at `login` for what can be none; `Conflict` for a user who signs in with GitHub
/// already, a bot, or a login that another user is invited with; `NotAllowed` for who may not say any more.
pub async fn invite(db: &Db, granter: &Granter, username: &str, login: &str) -> Result<bool> {
    if !is_username(login) {
        return Err(Error::Invalid(FieldErrors::one("login", no_username(login))));
    }
    let mut tx = roles::begin(db, granter).await?;
    let id = store::lock_user(&mut tx, username).await?;
    let id = id.ok_or(Error::NotFound("User"))?;
    let is_new = open(&mut tx, (id, username), login, &granter.by()).await?;
    if !is_new && let Some(why) = store::why_not_invited(&mut tx, login, id).await? {
        return Err(Error::Conflict(match why {
            store::NotInvited::HasIdentity => format!("{username} signs in with GitHub already."),
            store::NotInvited::IsBot => format!("{username} has a personal token: bots do not sign in with GitHub."),
            store::NotInvited::LoginIsTaken(other) => {
                format!("The login {login} is kept for {other}: revoke that invitation first.")
            }
        }));
    }
    tx.commit().await?;
    Ok(is_new)
}

/// Opens an invitation for a user, by id and name, in the transaction of its cause; tells whether it did. Audited.
pub(super) async fn open(tx: &mut PgConnection, user: (i32, &str), login: &str, by: &By) -> Result<bool> {
    let (id, username) = user;
    let is_new = store::invite(tx, login, id, by).await?;
    if is_new {
        let event = Event::new("user_invited", by, Subject::user(id)).change("login", "", login);
        audit::record(tx, &event.of_user(id, username)).await?;
    }
    Ok(is_new)
}

/// Takes one back; returns the login that it was for. Audited.
///
/// # Errors
/// `NotFound("Invitation")`; `Conflict` for one that was used or revoked; `NotAllowed` for who may not say any more.
pub async fn revoke(db: &Db, granter: &Granter, id: i32) -> Result<String> {
    let mut tx = roles::begin(db, granter).await?;
    let found = store::lock(&mut tx, id).await?;
    let found = found.ok_or(Error::NotFound("Invitation"))?;
    if found.is_used {
        return Err(Error::Conflict(format!("{} has used this invitation.", found.login)));
    }
    if found.is_revoked {
        return Err(Error::Conflict("This invitation was revoked before.".into()));
    }
    store::revoke(&mut tx, id).await?;
    record_revoked(&mut tx, (found.user_id, &found.username), &found.login, &granter.by()).await?;
    tx.commit().await?;
    Ok(found.login)
}

/// Takes back what is open of a user's invitations; returns the logins. Audited.
///
/// # Errors
/// `NotFound("User")`; `NotAllowed` for who may not say any more.
pub async fn revoke_all(db: &Db, granter: &Granter, username: &str) -> Result<Vec<String>> {
    let by = granter.by();
    let mut tx = roles::begin(db, granter).await?;
    let id = store::lock_user(&mut tx, username).await?;
    let id = id.ok_or(Error::NotFound("User"))?;
    let logins = store::revoke_invitations(&mut tx, id).await?;
    for login in &logins {
        record_revoked(&mut tx, (id, username), login, &by).await?;
    }
    tx.commit().await?;
    Ok(logins)
}

async fn record_revoked(tx: &mut PgConnection, user: (i32, &str), login: &str, by: &By) -> Result<()> {
    let event = Event::new("user_invitation_revoked", by, Subject::user(user.0)).change("login", login, "");
    audit::record(tx, &event.of_user(user.0, user.1)).await
}
