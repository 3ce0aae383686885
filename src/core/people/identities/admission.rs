//! Whom an identity lets in: whose it is, whom it becomes, and who is turned away. Everything that a login
//! changes is one transaction, with its record.

use sqlx::PgConnection;

use super::store::{self, Found, Linked};
use super::{NAME_LIFETIME, PROVIDER, clean_name, username_of};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::outbox::{self, Content, Draft, UserRegistered};
use crate::core::people::accounts::record_beginning;
use crate::core::people::sessions::{self, Method, NewSession, Place};
use crate::core::ports::Identity;
use crate::core::sealed::{random_token, token_hash};

/// Who is at the other end of a login.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// What tells their browser from others.
    pub browser: &'a str,
    pub place: Place<'a>,
    /// The user who is signed in there already, by id.
    pub signed_in: Option<i32>,
    /// The Slack channel that hears of newcomers, without `#`.
    pub channel: &'a str,
}

/// What came of a login.
#[derive(Debug)]
pub enum Admission {
    /// Signed in. `newcomer` when this made a user, or linked one.
    In {
        session: NewSession,
        newcomer: Option<Newcomer>,
        next: String,
    },
    /// A new user needs a name: whoever holds this token, in this browser, may say it.
    NameMissing { token: String },
    /// Nobody was let in. The text is where they wanted to go.
    Out { refusal: Refusal, next: String },
}

/// What somebody should know who signed in for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    pub email: NewcomerEmail,
}

/// What became of a newcomer's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewcomerEmail {
    /// Somebody had invited them: the user who was waiting keeps the address it has.
    OfInvited,
    /// Taken over from the provider.
    Kept,
    /// The provider vouches for none.
    Unknown,
    /// Another user has this one, so they have none here.
    Taken(String),
}

/// Why nobody was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The user was deactivated.
    Inactive,
    /// There is a user of that name whom this identity does not belong to.
    UsernameTaken { login: String },
    /// No username can be made of the login.
    NoUsername { login: String },
    /// Somebody else is signed in here.
    SomebodyElse { login: String },
    /// The login that waited for a name is over, or not this browser's.
    NameStepOver,
}

/// Lets in whom the provider vouches for: a known identity's user; an invited user, whom the identity is
/// linked to; or a new user, who is asked for a name when the provider knows none.
pub async fn settle(db: &Db, identity: &Identity, next: &str, visitor: Visitor<'_>) -> Result<Admission> {
    let mut tx = db.begin().await?;
    let name = identity.name.as_deref().and_then(clean_name);
    let admission = admit(&mut tx, identity, name, next, visitor).await?;
    tx.commit().await?;
    Ok(admission)
}

/// Goes on with a login that waited for its name, and uses that up.
///
/// # Errors
/// `Invalid` when the name is blank or too long; then the login still waits.
pub async fn settle_with_name(db: &Db, token: &str, name: &str, visitor: Visitor<'_>) -> Result<Admission> {
    let name = clean_name(name)
        .ok_or_else(|| Error::Invalid(FieldErrors::one("name", "Enter your name, in at most 150 characters.")))?;
    let mut tx = db.begin().await?;
    let (token_hash, browser_hash) = (token_hash(token), token_hash(visitor.browser));
    let Some(waiting) = store::consume_unfinished(&mut tx, &token_hash, &browser_hash).await? else {
        return Ok(Admission::Out {
            refusal: Refusal::NameStepOver,
            next: "/".to_owned(),
        });
    };
    let admission = admit(&mut tx, &waiting.identity, Some(name), &waiting.next, visitor).await?;
    tx.commit().await?;
    Ok(admission)
}

async fn admit(
    tx: &mut PgConnection,
    identity: &Identity,
    name: Option<String>,
    next: &str,
    visitor: Visitor<'_>,
) -> Result<Admission> {
    let out = |refusal| {
        Ok(Admission::Out {
            refusal,
            next: next.to_owned(),
        })
    };
    let login = || identity.login.clone();
    // Two logins of one person, at once, come one after the other.
    store::lock_identity(tx, PROVIDER, &identity.uid).await?;
    let found = store::find(tx, PROVIDER, &identity.uid).await?;
    let is_theirs = |id| found.as_ref().is_some_and(|found| found.user_id == id);
    if visitor.signed_in.is_some_and(|id| !is_theirs(id)) {
        return out(Refusal::SomebodyElse { login: login() });
    }
    if let Some(found) = found {
        if !found.is_active {
            refuse(tx, identity, found.user_id, &found.username, "inactive").await?;
            return out(Refusal::Inactive);
        }
        note_login(tx, identity, &found).await?;
        return let_in(tx, found.user_id, None, next, visitor).await;
    }
    if let Some(invited) = store::consume_invitation(tx, PROVIDER, &identity.login, &identity.uid).await? {
        let by = By::user(invited.user_id, invited.username.clone());
        let event = Event::new("invitation_used", &by, Subject::user(invited.user_id))
            .change("login", "", identity.login.clone())
            .of_user(invited.user_id, &invited.username);
        audit::record(tx, &event).await?;
        link(tx, identity, &invited, visitor.channel).await?;
        let newcomer = Newcomer {
            email: NewcomerEmail::OfInvited,
        };
        return let_in(tx, invited.user_id, Some(newcomer), next, visitor).await;
    }
    let Some(username) = username_of(&identity.login) else {
        return out(Refusal::NoUsername { login: login() });
    };
    if let Some(other) = store::user_named(tx, &username).await? {
        refuse(tx, identity, other.user_id, &other.username, "username_taken").await?;
        return out(Refusal::UsernameTaken { login: login() });
    }
    let Some(name) = name else {
        return wait_for_name(tx, identity, next, visitor).await;
    };
    let Some((made, email)) = make_user(tx, identity, &username, &name).await? else {
        return out(Refusal::UsernameTaken { login: login() });
    };
    link(tx, identity, &made, visitor.channel).await?;
    let_in(tx, made.user_id, Some(Newcomer { email }), next, visitor).await
}

async fn let_in(
    tx: &mut PgConnection,
    user_id: i32,
    newcomer: Option<Newcomer>,
    next: &str,
    visitor: Visitor<'_>,
) -> Result<Admission> {
    Ok(Admission::In {
        session: sessions::start(tx, user_id, Method::Github, visitor.place).await?,
        newcomer,
        next: next.to_owned(),
    })
}

/// A login changes nothing of a user. What the account is called at the provider now is the identity's, and
/// is noted there.
async fn note_login(tx: &mut PgConnection, identity: &Identity, found: &Found) -> Result<()> {
    store::touch_identity(tx, found.id, &identity.login).await?;
    let before = found.login.as_deref().unwrap_or_default();
    if before != identity.login {
        let by = By::user(found.user_id, found.username.clone());
        let event = Event::new("identity_renamed", &by, Subject::user(found.user_id))
            .change("login", before, identity.login.clone())
            .of_user(found.user_id, &found.username);
        audit::record(tx, &event).await?;
    }
    Ok(())
}

/// Writes down whose account somebody wanted and did not get.
async fn refuse(tx: &mut PgConnection, identity: &Identity, id: i32, username: &str, why: &'static str) -> Result<()> {
    let by = By {
        user_id: None,
        name: format!("{}{}", audit::GITHUB_USER, identity.login),
    };
    let event = Event::new("sign_in_refused", &by, Subject::user(id))
        .change("", identity.uid.clone(), why)
        .of_user(id, username);
    audit::record(tx, &event).await
}

/// Gives a user an identity, and has that told.
async fn link(tx: &mut PgConnection, identity: &Identity, user: &Linked, channel: &str) -> Result<()> {
    let account = store::insert_identity(tx, PROVIDER, identity, user.user_id).await?;
    let by = By::user(user.user_id, user.username.clone());
    let event = Event::new("identity_linked", &by, Subject::user(user.user_id))
        .change(PROVIDER, "", format!("{} {}", identity.uid, identity.login))
        .of_user(user.user_id, &user.username);
    audit::record(tx, &event).await?;
    let facts = UserRegistered {
        username: user.username.clone(),
    };
    let draft = Draft::new(
        Content::UserRegistered(facts),
        channel,
        format!("user:{}", user.user_id),
    );
    outbox::send(tx, draft.once(format!("user_registered:{account}"))).await?;
    Ok(())
}

/// Makes a user, without the address when somebody else has it. `None` when somebody has the name.
async fn make_user(
    tx: &mut PgConnection,
    identity: &Identity,
    username: &str,
    name: &str,
) -> Result<Option<(Linked, NewcomerEmail)>> {
    let mut email = match identity.email {
        Some(_) => NewcomerEmail::Kept,
        None => NewcomerEmail::Unknown,
    };
    let mut made = store::insert_user(tx, username, name, identity.email.as_deref()).await?;
    if let (None, Some(taken)) = (made, &identity.email) {
        email = NewcomerEmail::Taken(taken.clone());
        made = store::insert_user(tx, username, name, None).await?;
    }
    let Some(user_id) = made else {
        return Ok(None);
    };
    let by = By::user(user_id, username);
    let event = Event::new("user_created", &by, Subject::user(user_id)).of_user(user_id, username);
    audit::record(tx, &event).await?;
    let kept = identity
        .email
        .as_deref()
        .filter(|_| matches!(email, NewcomerEmail::Kept));
    record_beginning(tx, (user_id, username), name, kept, &by).await?;
    let linked = Linked {
        user_id,
        username: username.to_owned(),
    };
    Ok(Some((linked, email)))
}

async fn wait_for_name(
    tx: &mut PgConnection,
    identity: &Identity,
    next: &str,
    visitor: Visitor<'_>,
) -> Result<Admission> {
    let token = random_token();
    let waiting = store::NewUnfinished {
        token_hash: &token_hash(&token),
        browser_hash: &token_hash(visitor.browser),
        identity,
        next,
        seconds: NAME_LIFETIME.as_seconds_f64(),
    };
    store::insert_unfinished(tx, &waiting).await?;
    Ok(Admission::NameMissing { token })
}
