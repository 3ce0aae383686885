//! Sessions: who is signed in, from where, until when. A cookie holds the token; the database its hash,
//! which no key is needed for: a session outlives a change of `SECRET_KEY`.

mod own;
mod store;

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

pub(in crate::core::people) use own::end_of;
pub use own::{OwnSession, end_all, list, revoke, revoke_of, revoke_others, sign_out};

use crate::core::access::SignedIn;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::error::{Error, Result};
use crate::core::sealed::{random_token, token_hash};

/// How long a session lasts, from sign-in, however much it is used.
pub const LIFETIME: Duration = Duration::days(14);

/// How long a session lasts that nobody uses. Whoever works with the site comes at least once a week, and a
/// browser that somebody left behind is not worth keeping open for longer.
pub const IDLE_LIFETIME: Duration = Duration::days(7);

/// How old the note of when a session was last used may grow: so that looking at pages seldom writes.
const NOTED_EVERY: Duration = Duration::minutes(5);

/// How long the token from before still works, for requests that were on their way when it was replaced.
const OVERLAP: Duration = Duration::minutes(1);

/// The most characters that are kept of what a browser calls itself.
const LONGEST_USER_AGENT: usize = 300;

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Github,
    /// A link that was sent to their address.
    Email,
    /// A single-use token, from an address of a backend.
    Token,
    /// A link that an operator made.
    Link,
}

impl Method {
    pub const ALL: [Self; 4] = [Self::Github, Self::Email, Self::Token, Self::Link];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Email => "email",
            Self::Token => "token",
            Self::Link => "link",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// Where a session is begun.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// What the browser calls itself.
    pub user_agent: &'a str,
    pub address: Option<IpAddr>,
}

/// A new session: the value for the cookie, to be forgotten here, and who it is for.
#[derive(Debug)]
pub struct NewSession {
    pub token: SecretString,
    pub user_id: i32,
    pub username: String,
}

/// A session that is on, and whose it is.
#[derive(Debug)]
pub struct Found {
    pub id: i64,
    pub user: SignedIn,
    /// It is to be given a new token.
    pub must_rotate: bool,
    /// It is some time since its use was noted.
    pub is_stale: bool,
    /// Whether they can also sign in with an account of GitHub.
    pub has_social_account: bool,
}

/// Whose session this is the token of, with everything that decides what they may do. One statement.
/// `None` when it is unknown, over, unused for too long, or its user was deactivated.
pub async fn find(conn: &mut PgConnection, token: &SecretString) -> Result<Option<Found>> {
    store::find(conn, &token_hash(token.expose_secret()), IDLE_LIFETIME, NOTED_EVERY).await
}

/// Notes that a session is used. Of requests that come at once, one writes.
pub async fn note_use(conn: &mut PgConnection, id: i64) -> Result<()> {
    store::note_use(conn, id, NOTED_EVERY).await
}

/// Gives a session a new token in place of this one, when it is to have one. Of requests that come at once
/// one gets it; the others go on with the old token for as long as they are on their way.
pub async fn rotate(conn: &mut PgConnection, id: i64, token: &SecretString) -> Result<Option<SecretString>> {
    let new = random_token();
    let old = token_hash(token.expose_secret());
    let is_replaced = store::replace_token(conn, id, &old, &token_hash(&new), OVERLAP).await?;
    Ok(is_replaced.then(|| SecretString::from(new)))
}

/// Records that somebody was not let in: in the log, and in the audit record where it is known whose account
/// it was about.
pub async fn refused(
    conn: &mut PgConnection,
    method: Method,
    account: Option<(i32, &str)>,
    why: &'static str,
) -> Result<()> {
    tracing::warn!(
        method = method.name(),
        user_id = account.map(|(id, _)| id),
        why,
        "a sign-in was refused"
    );
    if let Some((id, username)) = account {
        // Whoever it was proved nothing.
        let by = By::operator(audit::NOT_SIGNED_IN);
        let event = Event::new("sign_in_refused", &by, Subject::user(id)).change("", "", method.name());
        audit::record(conn, &event.of_user(id, username)).await?;
    }
    Ok(())
}

/// Begins a session of a user, in the transaction of what proved who they are. Audited.
///
/// # Errors
/// `NotAllowed` when the user was deactivated, also at this moment by somebody else.
pub async fn start(tx: &mut PgConnection, user_id: i32, method: Method, place: Place<'_>) -> Result<NewSession> {
    let token = random_token();
    let username = store::touch_last_login(tx, user_id)
        .await?
        .ok_or(Error::NotAllowed("This account was deactivated.".into()))?;
    let user_agent: String = place
        .user_agent
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_USER_AGENT)
        .collect();
    let session = store::Session {
        token_hash: &token_hash(&token),
        user_id,
        expires_at: OffsetDateTime::now_utc() + LIFETIME,
        method: method.name(),
        user_agent: &user_agent,
        address: place.address.map(|address| address.to_string()),
    };
    store::insert(tx, &session).await?;
    let by = By::user(user_id, username.clone());
    let event = Event::new("user_signed_in", &by, Subject::user(user_id)).change("", "", method.name());
    audit::record(tx, &event.of_user(user_id, &username)).await?;
    tracing::info!(user_id, method = method.name(), "signed in");
    Ok(NewSession {
        token: SecretString::from(token),
        user_id,
        username,
    })
}

/// Somebody's rights are about to change: each of their sessions gets a new token at its next page, so
/// that one which was copied before does not carry what it was not given. Every action that changes what
/// somebody may do (roles, memberships) calls it, in its transaction.
pub async fn rights_changed(tx: &mut PgConnection, user_id: i32) -> Result<()> {
    store::mark_for_rotation(tx, user_id).await
}
