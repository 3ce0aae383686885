//! The sign-in link by mail, for people who read reports and have no GitHub account. It works in the browser
//! that asked for it, once, within the hour, and only the newest one does.

mod store;

use sqlx::PgConnection;
use std::time::Duration;

use super::attempts::{self, Trial, Who};
use super::email::is_address;
use super::sessions::{self, Method, NewSession, Place};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::outbox::{self, Content, Draft, LoginLink};
use crate::core::sealed::{Sealer, token_hash};

pub use store::{Addressee, addressee};

/// What the signature of a link is for; see [`Sealer::sign`].
const PURPOSE: &str = "sign-in link by mail";

/// Notes that somebody asked for a link to `email`, in the browser of this name, to go on to `next`
/// afterwards. A message follows; whose address it is, is looked up when it leaves, so that this takes as
/// long for an address that nobody has.
///
/// # Errors
/// `Invalid` for what is no e-mail address; `TooMany`.
pub async fn ask(db: &Db, email: &str, browser: &str, next: &str, lifetime: Duration, place: Place<'_>) -> Result<()> {
    let email = email.trim();
    if !is_address(email) {
        let message = if email.is_empty() {
            "Enter your e-mail address."
        } else {
            "Enter an e-mail address, like name@example.org."
        };
        return Err(Error::Invalid(FieldErrors::one("email", message)));
    }
    let who = Who {
        account: Some(email),
        address: place.address,
    };
    attempts::take(db, Trial::EmailLogin, who).await?;
    let mut tx = db.begin().await?;
    let id = store::insert(&mut tx, email, &token_hash(browser), next, lifetime).await?;
    let draft = Draft::new(
        Content::LoginLink(LoginLink { request: id }),
        email,
        format!("email_login:{id}"),
    );
    outbox::send(&mut tx, draft).await?;
    Ok(tx.commit().await?)
}

/// The last part of the link's address: the number of the request, signed. Made when the mail leaves.
pub fn token(sealer: &Sealer, id: i64) -> String {
    format!("{id}.{}", sealer.sign(PURPOSE, &id.to_string()))
}

/// The number in the last part of a link's address, if we signed it.
fn signed_id(sealer: &Sealer, token: &str) -> Option<i64> {
    let (id, signature) = token.split_once('.')?;
    if !sealer.is_signed(PURPOSE, id, signature) {
        return None;
    }
    id.parse().ok()
}

/// A session that a link began.
#[derive(Debug)]
pub struct SignedInByMail {
    pub session: NewSession,
    /// Where they wanted to go; `/` when nowhere in particular.
    pub next: String,
    /// The slug of their project, when they have exactly one.
    pub only_project: Option<String>,
}

/// Why a link signed nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotByMail {
    /// It is no link of ours, or not whole.
    NoLink,
    /// Another browser asked for it.
    OtherBrowser,
    Used,
    Expired,
    /// Another link was asked for since.
    Older,
    /// Its address is of nobody who may sign in by mail now.
    NotAllowed,
}

/// A link that signed nobody in, and where whoever asked for it in this browser wanted to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLink {
    pub why: NotByMail,
    pub next: Option<String>,
}

impl NotByMail {
    /// For logs.
    const fn name(self) -> &'static str {
        match self {
            Self::NoLink => "no sign-in link",
            Self::OtherBrowser => "another browser's sign-in link",
            Self::Used => "used sign-in link",
            Self::Expired => "expired sign-in link",
            Self::Older => "older sign-in link",
            Self::NotAllowed => "may not sign in by mail",
        }
    }
}

/// Uses a link up and begins a session. What fails uses nothing up.
///
/// # Errors
/// `TooMany`.
pub async fn sign_in(
    db: &Db,
    sealer: &Sealer,
    link: &str,
    browser: Option<&str>,
    place: Place<'_>,
) -> Result<Result<SignedInByMail, FailedLink>> {
    let who = Who {
        account: None,
        address: place.address,
    };
    attempts::take(db, Trial::LoginLink, who).await?;
    let Some(id) = signed_id(sealer, link) else {
        return Ok(Err(failed(&mut *db.read().await?, NotByMail::NoLink, None).await?));
    };
    let Some(browser) = browser.map(token_hash) else {
        return Ok(Err(failed(&mut *db.read().await?, NotByMail::OtherBrowser, None).await?));
    };
    let mut tx = db.begin().await?;
    let Some(consumed) = store::consume(&mut tx, id, &browser).await? else {
        let state = store::state(&mut tx, id, &browser).await?;
        let failed = failed(&mut tx, why_not(state.as_ref()), state).await?;
        tx.commit().await?;
        return Ok(Err(failed));
    };
    let session = sessions::start(&mut tx, consumed.user_id, Method::Email, place).await?;
    let mut projects = store::two_projects(&mut tx, consumed.user_id).await?;
    tx.commit().await?;
    let only_project = if projects.len() == 1 { projects.pop() } else { None };
    Ok(Ok(SignedInByMail {
        session,
        next: consumed.next,
        only_project,
    }))
}

/// Records that a link signed nobody in; whose it is, is known of one that this browser asked for.
async fn failed(conn: &mut PgConnection, why: NotByMail, state: Option<store::State>) -> Result<FailedLink> {
    let account = state.as_ref().and_then(store::State::account);
    sessions::refused(conn, Method::Email, account, why.name()).await?;
    Ok(FailedLink {
        why,
        next: state.map(|state| state.next),
    })
}

fn why_not(state: Option<&store::State>) -> NotByMail {
    match state {
        None => NotByMail::OtherBrowser,
        Some(state) if state.is_used => NotByMail::Used,
        Some(state) if state.is_expired => NotByMail::Expired,
        Some(state) if state.is_older => NotByMail::Older,
        Some(_) => NotByMail::NotAllowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_a_number_that_we_signed() {
        let sealer = Sealer::new(&"key".into(), None).unwrap();
        let token = token(&sealer, 17);
        assert_eq!(signed_id(&sealer, &token), Some(17));
        let (_, signature) = token.split_once('.').unwrap();
        for forged in [
            format!("18.{signature}"),
            format!("17.{signature}x"),
            format!("017.{signature}"),
            format!("17.{}", sealer.sign("another purpose", "17")),
            "17.".to_owned(),
            "17".to_owned(),
            String::new(),
        ] {
            assert_eq!(signed_id(&sealer, &forged), None, "{forged}");
        }
    }
}
