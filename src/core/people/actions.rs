//! Signing in and out.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::sessions::{self, Method, NewSession, Place};
use super::{LOGIN_LINK_LIFETIME, store};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::sealed::{random_token, token_hash};

/// Makes a link that signs `username` in once, within the hour. Returns the token of its address.
///
/// # Errors
/// `NotFound` when there is no such active user.
pub async fn create_login_link(db: &Db, username: &str, by: &By) -> Result<SecretString> {
    let mut tx = db.begin().await?;
    let user = store::user_by_username(&mut tx, username)
        .await?
        .filter(|user| user.is_active);
    let user = user.ok_or(Error::NotFound("User"))?;
    let token = random_token();
    store::insert_login_link(
        &mut tx,
        &token_hash(&token),
        user.id,
        OffsetDateTime::now_utc() + LOGIN_LINK_LIFETIME,
    )
    .await?;
    audit::record(
        &mut tx,
        &Event::new("login_link_created", by, Subject::user(user.id)).of_user(user.id, &user.username),
    )
    .await?;
    tx.commit().await?;
    Ok(SecretString::from(token))
}

/// Uses a login link up and starts a session.
///
/// # Errors
/// `NotFound` when the link is unknown, used, expired, or its user was deactivated; all alike.
pub async fn sign_in_with_link(db: &Db, link: &SecretString, place: Place<'_>) -> Result<NewSession> {
    let mut tx = db.begin().await?;
    let user_id = store::consume_login_link(&mut tx, &token_hash(link.expose_secret())).await?;
    let user_id = user_id.ok_or(Error::NotFound("Link"))?;
    let session = sessions::start(&mut tx, user_id, Method::Link, place).await?;
    tx.commit().await?;
    Ok(session)
}

/// Ends one session. An unknown one is already ended.
pub async fn sign_out(db: &Db, session: &SecretString) -> Result<()> {
    let mut conn = db.read().await?;
    store::delete_session(&mut conn, &token_hash(session.expose_secret())).await
}
