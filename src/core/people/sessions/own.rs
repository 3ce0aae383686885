//! What people, and operators for them, do with sessions that are there.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::{IDLE_LIFETIME, Method, store};
use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject, SubjectId};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::people::roles::{self, Granter};
use crate::core::people::store as people;
use crate::core::sealed::token_hash;

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnSession {
    pub id: i64,
    pub method: Method,
    /// What the browser called itself at sign-in; may be empty.
    pub user_agent: String,
    /// Where it was at sign-in.
    pub address: Option<String>,
    pub created_at: OffsetDateTime,
    /// To within some minutes.
    pub last_seen_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Somebody's sessions that are on, the last used first. One statement.
pub async fn list(conn: &mut sqlx::PgConnection, user_id: i32) -> Result<Vec<OwnSession>> {
    store::list(conn, user_id, IDLE_LIFETIME).await
}

/// Ends the session of this token. Audited; one that is over already is no change.
pub async fn sign_out(db: &Db, token: &SecretString) -> Result<()> {
    let mut tx = db.begin().await?;
    let Some(user) = store::delete_by_token(&mut tx, &token_hash(token.expose_secret())).await? else {
        return Ok(());
    };
    let by = By::user(user.id, user.username.clone());
    let event = Event::new("user_signed_out", &by, Subject::user(user.id));
    audit::record(&mut tx, &event.of_user(user.id, &user.username)).await?;
    tx.commit().await?;
    tracing::info!(user_id = user.id, "signed out");
    Ok(())
}

/// Ends one of somebody's own sessions. Audited.
///
/// # Errors
/// `NotFound` when it is over already or somebody else's.
pub async fn revoke(db: &Db, user: &SignedIn, id: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    if !store::delete_own(&mut tx, user.id, id).await? {
        return Err(Error::NotFound("Session"));
    }
    record_ended(
        &mut tx,
        (user.id, &user.username),
        1,
        &By::user(user.id, &user.username),
    )
    .await?;
    tx.commit().await?;
    tracing::info!(user_id = user.id, "a session was ended by its user");
    Ok(())
}

/// Ends one of a user's sessions, by who looks after users. Audited.
///
/// # Errors
/// `NotFound` when it is over already or somebody else's; `NotAllowed` for who may not any more.
pub async fn revoke_of(db: &Db, granter: &Granter, user: (i32, &str), id: i64) -> Result<()> {
    let mut tx = roles::begin(db, granter).await?;
    if !store::delete_own(&mut tx, user.0, id).await? {
        return Err(Error::NotFound("Session"));
    }
    record_ended(&mut tx, user, 1, &granter.by()).await?;
    tx.commit().await?;
    tracing::info!(user_id = user.0, "a session was ended by somebody of the staff");
    Ok(())
}

/// Ends all of somebody's own sessions but the one given; returns how many. Audited.
pub async fn revoke_others(db: &Db, user: &SignedIn, keep: i64) -> Result<u64> {
    let mut tx = db.begin().await?;
    let ended = store::delete_of(&mut tx, user.id, Some(keep)).await?;
    if ended > 0 {
        record_ended(
            &mut tx,
            (user.id, &user.username),
            ended,
            &By::user(user.id, &user.username),
        )
        .await?;
        tx.commit().await?;
        tracing::info!(user_id = user.id, ended, "sessions were ended by their user");
    }
    Ok(ended)
}

/// Ends every session of everybody, or of one user, and takes back whatever else would let somebody in and was
/// not used yet: sign-in links, single-use tokens, changes of e-mail address. Returns how many sessions. Audited.
///
/// # Errors
/// `NotFound` for a username that is nobody's.
pub async fn end_all(db: &Db, username: Option<&str>, by: &By) -> Result<u64> {
    let mut tx = db.begin().await?;
    let ended = match username {
        Some(username) => {
            let user = people::user_by_username(&mut tx, username).await?;
            let user = user.ok_or(Error::NotFound("User"))?;
            end_of(&mut tx, (user.id, &user.username), by).await?
        }
        None => {
            let ended = store::delete_all(&mut tx).await?;
            let all = Subject {
                model: "jobserver.Session",
                id: SubjectId::Number(0),
            };
            let event = Event::new("sessions_ended", by, all).change("", ended.to_string(), "");
            audit::record(&mut tx, &event).await?;
            ended
        }
    };
    tx.commit().await?;
    Ok(ended)
}

/// Ends somebody's sessions and takes back the links and the token they did not use, in the transaction of its cause.
pub(in crate::core::people) async fn end_of(tx: &mut sqlx::PgConnection, user: (i32, &str), by: &By) -> Result<u64> {
    let ended = store::delete_of(tx, user.0, None).await?;
    store::take_back(tx, user.0).await?;
    record_ended(tx, user, ended, by).await?;
    Ok(ended)
}

async fn record_ended(tx: &mut sqlx::PgConnection, user: (i32, &str), ended: u64, by: &By) -> Result<()> {
    let event = Event::new("sessions_ended", by, Subject::user(user.0)).change("", ended.to_string(), "");
    audit::record(tx, &event.of_user(user.0, user.1)).await
}
