//! Making a single-use token, and using it.

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store::{self, Found};
use super::{LIFETIME, NewToken, Reading, Refused, secret};
use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, Result};
use crate::core::outbox::{self, Content, Draft, LoginTokenMade, LoginTokenUsed};
use crate::core::people::attempts::{self, Trial, Who};
use crate::core::people::sessions::{self, Method, NewSession, Place};

/// Makes a token for somebody signed in. One that they had works no more; they are told by mail. Audited.
///
/// # Errors
/// `NotAllowed` for somebody who does not sign in with GitHub or may use no backend; `TooMany`.
pub async fn make(db: &Db, user: &SignedIn, place: Place<'_>) -> Result<NewToken> {
    let who = Who {
        account: Some(&user.username),
        address: place.address,
    };
    attempts::take(db, Trial::LoginTokenMade, who).await?;
    let words = secret::words()?;
    let hash = secret::hash(Reading::Exact.normalised(&words)).await?;
    let expires_at = OffsetDateTime::now_utc() + LIFETIME;
    let by = By::user(user.id, user.username.clone());
    let mut tx = db.begin().await?;
    let Some(owner) = store::set(&mut tx, user.id, &hash, expires_at).await? else {
        return Err(Error::NotAllowed(
            "Single-use tokens are for people who sign in with GitHub and may use a backend.".into(),
        ));
    };
    let event = Event::new("login_token_made", &by, Subject::user(user.id)).of_user(user.id, &user.username);
    audit::record(&mut tx, &event).await?;
    if let Some(email) = owner.email {
        let facts = LoginTokenMade {
            username: user.username.clone(),
            expires_at: expires_at.unix_timestamp(),
        };
        let draft = Draft::new(Content::LoginTokenMade(facts), email, format!("user:{}", user.id));
        outbox::send(&mut tx, draft).await?;
    }
    tx.commit().await?;
    Ok(NewToken {
        words: SecretString::from(words),
        expires_at,
    })
}

/// Somebody who showed the right token. It is not used up yet: [`use_up`] does that.
#[derive(Debug)]
pub struct Proven {
    pub user_id: i32,
    pub username: String,
    email: Option<String>,
    hash: String,
    /// The backend that they had to be one of the users of; any when none was asked for.
    backend: Option<i32>,
}

/// Looks whether `token` is the one that is set for `account`, a username or an e-mail address, who may use `backend`,
/// or any when none is given. Each try counts, and the fifth wrong one clears the token. An account that nobody has takes as many statements
/// and as much work.
///
/// # Errors
/// `TooMany`, before anything is looked at.
pub async fn prove(
    db: &Db,
    account: &str,
    token: &SecretString,
    reading: Reading,
    backend: Option<i32>,
    who: Who<'_>,
) -> Result<Result<Proven, Refused>> {
    attempts::take(db, Trial::LoginToken, who).await?;
    let mut conn = db.read().await?;
    let found = store::find(&mut conn, account, reading == Reading::Lenient, backend).await?;
    let known = match found.as_slice() {
        [one] => Some((one.user.id, one.user.username.clone())),
        _ => None,
    };
    let candidate = one_who_may(found);
    let target = candidate.as_ref().ok().map(|(user, hash)| (user.id, hash.as_str()));
    let has_a_try = store::take_try(&mut conn, target).await?;
    drop(conn);

    let stored = target.filter(|_| has_a_try).map(|(_, hash)| hash.to_owned());
    let is_right = secret::is_of(reading.normalised(token.expose_secret()), stored).await?;

    let mut tx = db.begin().await?;
    let is_burnt = store::burn(&mut tx, target.filter(|_| !is_right)).await?;
    // Whichever of several guesses at once it is that clears the token, it is told.
    if is_burnt && let Some((id, username)) = &known {
        let by = By::operator(audit::WRONG_TOKENS);
        let event = Event::new("login_token_burnt", &by, Subject::user(*id));
        audit::record(&mut tx, &event.of_user(*id, username)).await?;
        tracing::warn!(user_id = id, "a single-use token was tried too often");
    }
    let answer = match candidate {
        Err(refused) => Err(refused),
        Ok((user, _)) if !has_a_try => Err(Refused::NoToken(user.username)),
        Ok((user, _)) if !is_right => Err(Refused::Wrong(user.username)),
        Ok((user, hash)) => Ok(Proven {
            user_id: user.id,
            username: user.username,
            email: user.email,
            hash,
            backend,
        }),
    };
    if let Err(refused) = &answer {
        let account = known.as_ref().map(|(id, username)| (*id, username.as_str()));
        sessions::refused(&mut tx, Method::Token, account, refused.name()).await?;
        if account.is_none() {
            // As many statements as for an account that somebody has.
            store::burn(&mut tx, None).await?;
        }
    }
    tx.commit().await?;
    Ok(answer)
}

/// The one person that was found, with a token that is set and still works.
fn one_who_may(mut found: Vec<Found>) -> Result<(super::Candidate, String), Refused> {
    let Some(one) = found.pop() else {
        return Err(Refused::UnknownUser);
    };
    if !found.is_empty() {
        return Err(Refused::SeveralUsers);
    }
    one.user.is_eligible()?;
    let username = || one.user.username.clone();
    let hash = one.hash.clone().ok_or_else(|| Refused::NoToken(username()))?;
    if one.is_expired {
        return Err(Refused::Expired(username()));
    }
    Ok((one.user, hash))
}

/// Uses the token up, in the transaction of what it is used for. Its owner is told by mail, with `at`, the
/// name of the backend. Audited.
///
/// # Errors
/// The token was used, replaced or cleared meanwhile.
pub async fn use_up(tx: &mut PgConnection, proven: &Proven, at: &str) -> Result<Result<(), Refused>> {
    let (id, username) = (proven.user_id, &proven.username);
    if !store::consume(tx, id, &proven.hash, proven.backend).await? {
        return Ok(Err(Refused::NoToken(username.clone())));
    }
    let by = By::user(id, username.clone());
    let event = Event::new("login_token_used", &by, Subject::user(id)).change("", "", at);
    audit::record(tx, &event.of_user(id, username)).await?;
    if let Some(email) = &proven.email {
        let facts = LoginTokenUsed {
            username: username.clone(),
            backend: at.to_owned(),
            used_at: OffsetDateTime::now_utc().unix_timestamp(),
        };
        let draft = Draft::new(Content::LoginTokenUsed(facts), email, format!("user:{id}"));
        outbox::send(tx, draft).await?;
    }
    Ok(Ok(()))
}

/// Uses a token up in the browser, at the backend of this name, and begins a session.
///
/// # Errors
/// As [`prove`].
pub async fn sign_in(
    db: &Db,
    account: &str,
    token: &SecretString,
    backend: &str,
    place: Place<'_>,
) -> Result<Result<NewSession, Refused>> {
    let who = Who {
        account: Some(account),
        address: place.address,
    };
    let proven = match prove(db, account, token, Reading::Lenient, None, who).await? {
        Ok(proven) => proven,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut tx = db.begin().await?;
    if let Err(refused) = use_up(&mut tx, &proven, backend).await? {
        return Ok(Err(refused));
    }
    let session = sessions::start(&mut tx, proven.user_id, Method::Token, place).await?;
    attempts::forgive(&mut tx, Trial::LoginToken, account).await?;
    tx.commit().await?;
    Ok(Ok(session))
}
