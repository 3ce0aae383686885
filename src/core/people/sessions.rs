//! Sessions: who is signed in, from where, until when. A cookie holds the token; the database its hash.

mod store;

use std::net::IpAddr;

use secrecy::SecretString;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::core::audit::{self, By, Event, Subject};
use crate::core::error::Result;
use crate::core::sealed::{random_token, token_hash};

/// How long a session lasts, from sign-in, however much it is used.
pub const LIFETIME: Duration = Duration::days(14);

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

/// Begins a session of an active user, in the transaction of what proved who they are. Audited.
pub async fn start(tx: &mut PgConnection, user_id: i32, method: Method, place: Place<'_>) -> Result<NewSession> {
    let token = random_token();
    let username = store::touch_last_login(tx, user_id).await?;
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
