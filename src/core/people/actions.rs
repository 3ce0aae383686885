//! Signing in with an operator's link.

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
    let hash = token_hash(link.expose_secret());
    let mut tx = db.begin().await?;
    let Some(user_id) = store::consume_login_link(&mut tx, &hash).await? else {
        let owner = store::login_link_owner(&mut tx, &hash).await?;
        drop(tx);
        let account = owner.as_ref().map(|(id, username)| (*id, username.as_str()));
        sessions::refused(
            &mut *db.read().await?,
            Method::Link,
            account,
            "the link does not work any more",
        )
        .await?;
        return Err(Error::NotFound("Link"));
    };
    let session = sessions::start(&mut tx, user_id, Method::Link, place).await?;
    tx.commit().await?;
    Ok(session)
}
