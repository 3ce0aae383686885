//! Personal tokens: with which bots read releases, of every workspace, and do nothing else.
//!
//! Whoever operates the site makes them; of a token the database keeps a hash. Shown with its user's name
//! as `<username>:<token>`, a token proves a [`Bot`]. Nothing else makes one.

mod hash;
mod store;

use std::net::IpAddr;

use secrecy::SecretString;
use time::{Date, Duration, OffsetDateTime};

use super::accounts;
use super::attempts::{self, Trial, Who};
use super::roles::{self, Granter};
use crate::core::access::{Operator, SignedIn};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};

pub use store::{Listed, list, list_all};

/// How long a token works: until the end of the day, in UTC, so long after it was made.
pub const LIFETIME: Duration = Duration::days(90);

/// How exactly the last use is known.
const LAST_USE_EXACT_TO: Duration = Duration::minutes(1);

/// A user who showed a personal token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    id: i32,
    username: String,
}

impl Bot {
    pub fn id(&self) -> i32 {
        self.id
    }

    pub fn username(&self) -> &str {
        &self.username
    }
}

/// Why somebody is not believed to be a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    UnknownUser,
    /// The token is wrong, over, or the user has none or was deactivated; all alike.
    NoToken,
}

/// A new token, to be shown once.
#[derive(Debug)]
pub struct NewToken {
    pub id: i32,
    pub token: SecretString,
    /// The last day on which it works.
    pub expires_on: Date,
}

/// Whether a token works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Works,
    Expired,
    Revoked,
}

impl Listed {
    /// How it stands on a day, in UTC.
    pub fn state(&self, today: Date) -> State {
        if self.revoked_at.is_some() {
            State::Revoked
        } else if self.expires_on < today {
            State::Expired
        } else {
            State::Works
        }
    }
}

/// Makes a user without a person, and a token for them.
///
/// # Errors
/// `Invalid` for what can be no username; `Conflict` when there is such a user.
pub async fn create_bot(db: &Db, username: &str, operator: &Operator) -> Result<NewToken> {
    if !accounts::is_username(username) {
        return Err(Error::Invalid(FieldErrors::one(
            "username",
            accounts::no_username(username),
        )));
    }
    let by = By::from(operator);
    let mut tx = db.begin().await?;
    if store::lock_user(&mut tx, username).await?.is_some() {
        return Err(Error::Conflict(format!(
            "There is a user {username} already. A further token for them is made by personal_token_create."
        )));
    }
    let id = accounts::make(&mut tx, username, None, &name_of(username), &by).await?;
    let token = issue(&mut tx, id, username, &by).await?;
    tx.commit().await?;
    Ok(token)
}

/// Makes a further token for a user; those there are go on working.
///
/// # Errors
/// `NotFound("User")`; `Conflict` when the user was deactivated.
pub async fn create(db: &Db, username: &str, operator: &Operator) -> Result<NewToken> {
    let by = By::from(operator);
    let mut tx = db.begin().await?;
    let user = store::lock_user(&mut tx, username).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    if !user.is_active {
        return Err(Error::Conflict(format!(
            "{username} was deactivated: a token would not work."
        )));
    }
    let token = issue(&mut tx, user.id, username, &by).await?;
    tx.commit().await?;
    Ok(token)
}

async fn issue(tx: &mut sqlx::PgConnection, user_id: i32, username: &str, by: &By) -> Result<NewToken> {
    let expires_on = (OffsetDateTime::now_utc() + LIFETIME).date();
    let token = hash::make(expires_on)?;
    let id = store::insert(tx, user_id, &hash::stored(&token), by, expires_on).await?;
    let event = Event::new("personal_token_created", by, Subject::user(user_id)).of_user(user_id, username);
    let told = format!("{id}, until {expires_on}");
    audit::record(tx, &event.change("personal_token", "", told)).await?;
    Ok(NewToken {
        id,
        token: SecretString::from(token),
        expires_on,
    })
}

/// Who puts an end to a token: the user it is for, or who looks after users.
#[derive(Debug, Clone, Copy)]
pub enum Revoker<'a> {
    Owner(&'a SignedIn),
    Other(&'a Granter),
    /// As [`Revoker::Other`], one of this user's alone.
    OtherOf(&'a Granter, i32),
}

/// Puts an end to a token, at once.
///
/// # Errors
/// `NotFound("Token")`, also for an owner who names somebody else's; `Conflict` when it was revoked before;
/// `NotAllowed` when the right to look after users was taken meanwhile.
pub async fn revoke(db: &Db, revoker: Revoker<'_>, id: i32) -> Result<()> {
    let (by, owner, mut tx) = match revoker {
        Revoker::Owner(user) => (
            By::user(user.id, user.username.clone()),
            Some(user.id),
            db.begin().await?,
        ),
        Revoker::Other(granter) => (granter.by(), None, roles::begin(db, granter).await?),
        Revoker::OtherOf(granter, user_id) => (granter.by(), Some(user_id), roles::begin(db, granter).await?),
    };
    let token = store::lock(&mut tx, id, owner).await?;
    let token = token.ok_or(Error::NotFound("Token"))?;
    if token.is_revoked {
        return Err(Error::Conflict("This token was revoked before.".into()));
    }
    store::revoke(&mut tx, id, &by.name).await?;
    let event = Event::new("personal_token_revoked", &by, Subject::user(token.user_id));
    let event = event.of_user(token.user_id, &token.username);
    audit::record(&mut tx, &event.change("personal_token", id.to_string(), "")).await?;
    tx.commit().await?;
    Ok(())
}

/// Who shows `<username>:<token>`, split at the first colon. Only wrong ones are counted, so whoever has a
/// right one is never held up.
///
/// # Errors
/// `TooMany` after too many wrong ones.
pub async fn authenticate(db: &Db, shown: &str, address: Option<IpAddr>) -> Result<std::result::Result<Bot, Refused>> {
    let (username, token) = shown.split_once(':').unwrap_or((shown, ""));
    let who = Who {
        account: Some(username),
        address,
    };
    let found = store::tokens_of(&mut *db.read().await?, username).await?;
    let (is_known, right) = match &found {
        Some(user) => (true, right_one(db, &user.tokens, token, who).await?),
        None => {
            // The same work as for a user with a token.
            std::hint::black_box(hash::stored(token));
            (false, None)
        }
    };
    let (Some(user), Some(index)) = (found, right) else {
        attempts::wrong(db, Trial::PersonalToken, who).await?;
        return Ok(Err(if is_known {
            Refused::NoToken
        } else {
            Refused::UnknownUser
        }));
    };
    let now = OffsetDateTime::now_utc();
    let token_of = &user.tokens[index];
    if token_of.expires_on < now.date() {
        tracing::error!(
            user_id = user.id,
            personal_token = token_of.id,
            expired_on = %token_of.expires_on,
            "an expired personal token was used"
        );
        return Ok(Err(Refused::NoToken));
    }
    if !user.is_active {
        tracing::warn!(user_id = user.id, "a deactivated user's personal token was used");
        return Ok(Err(Refused::NoToken));
    }
    let was_long_ago = token_of.last_used_at.is_none_or(|last| now - last > LAST_USE_EXACT_TO);
    if was_long_ago || hash::is_imported(&token_of.hash) {
        // From now on it is found by a hash that costs nothing.
        store::note_use(&mut *db.read().await?, token_of.id, &hash::stored(token)).await?;
    }
    Ok(Ok(Bot {
        id: user.id,
        username: user.username,
    }))
}

/// Which of these is the hash of `token`. Hashes that cost work are not worked out for whoever was wrong too
/// often.
async fn right_one(db: &Db, tokens: &[store::Kept], token: &str, who: Who<'_>) -> Result<Option<usize>> {
    let mut right = None;
    for (index, kept) in tokens.iter().enumerate() {
        if hash::is_ours_of(token, &kept.hash) {
            right = Some(index);
        }
    }
    if right.is_some() {
        return Ok(right);
    }
    let day = hash::day_of(token);
    // Only what could be that token is worth the work.
    let could_be = |kept: &store::Kept| hash::is_imported(&kept.hash) && day == Some(kept.expires_on);
    if tokens.iter().any(could_be) {
        attempts::look(db, Trial::PersonalToken, who).await?;
    }
    for (index, kept) in tokens.iter().enumerate() {
        if could_be(kept) && hash::is_imported_of(token, &kept.hash).await? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// A name for people, made of a bot's: `my-bot` is My Bot.
fn name_of(username: &str) -> String {
    let mut name = String::new();
    let mut within = false;
    for c in username.chars().map(|c| if c == '-' { ' ' } else { c }) {
        if within {
            name.extend(c.to_lowercase());
        } else {
            name.extend(c.to_uppercase());
        }
        within = c.is_alphabetic();
    }
    let name = name.trim();
    if name.is_empty() { username } else { name }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_called_by_their_usernames() {
        for (username, name) in [
            ("release-bot", "Release Bot"),
            ("osrelease", "Osrelease"),
            ("a-BIG-bot2", "A Big Bot2"),
            ("-", "-"),
            ("ß-bot", "SS Bot"),
        ] {
            assert_eq!(name_of(username), name);
        }
    }
}
