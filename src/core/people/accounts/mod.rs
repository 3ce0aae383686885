//! Making users and inviting them, as operators do.

mod store;

use sqlx::PgConnection;
use unicode_normalization::UnicodeNormalization;

use super::email::is_address;
use super::email_change::{self, Whose};
use super::invitations;
use super::roles::{self, Granter};
use crate::core::access::{Operator, Role, STAFF_ROLES};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::names::is_readable;

/// The longest username and name, in characters.
pub(super) const MAX_NAME: usize = 150;

/// A user to be made, or changed when there is one of that name; what is `None` stays, or gets its
/// default when new: `<username>@example.com`, and the username as the name.
#[derive(Debug, Clone, Default)]
pub struct UserInput {
    pub username: String,
    pub email: Option<String>,
    pub fullname: Option<String>,
    /// Global roles to add; none is ever taken away.
    pub roles: Vec<Role>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    pub id: i32,
    pub is_new: bool,
    /// The first GitHub login of that name will be theirs.
    pub is_invited: bool,
    /// The roles that were added, sorted by name.
    pub added_roles: Vec<String>,
}

/// Makes a user, or changes what is given of an existing one and adds roles. A new one is invited: the
/// first GitHub login of that name will be theirs. Letters that look alike in a username become one (NFKC).
///
/// # Errors
/// `Invalid` for a username, name or address that cannot be, or an address that somebody else has.
pub async fn create_user(db: &Db, input: &UserInput, operator: &Operator) -> Result<StoredUser> {
    let mut tx = roles::begin(db, &Granter::Operator(operator.clone())).await?;
    let stored = create_user_within(&mut tx, input, operator).await?;
    tx.commit().await?;
    Ok(stored)
}

/// A username as it is stored: letters that look alike are one.
pub(in crate::core) fn as_stored(username: &str) -> String {
    username.nfkc().collect()
}

/// As [`create_user`], within a transaction that does more. Whoever gives roles begins it as that does.
///
/// # Errors
/// As [`create_user`].
pub(in crate::core) async fn create_user_within(
    tx: &mut PgConnection,
    input: &UserInput,
    operator: &Operator,
) -> Result<StoredUser> {
    let input = &UserInput {
        username: as_stored(&input.username),
        ..input.clone()
    };
    check(input)?;
    let (email, fullname) = (input.email.as_deref(), input.fullname.as_deref());
    let granter = Granter::Operator(operator.clone());
    let by = By::from(operator);
    let (id, is_new) = match store::lock_user(tx, &input.username).await? {
        Some(found) => {
            update(tx, &found, input, &by).await?;
            (found.id, false)
        }
        None => {
            // A username that is an address is where its mail goes.
            let default_email = match input.username.contains('@') {
                true => input.username.clone(),
                false => format!("{}@example.com", input.username),
            };
            let email = email.or(Some(&*default_email)).filter(|email| is_address(email));
            let fullname = fullname.unwrap_or(&input.username);
            (make(tx, &input.username, email, fullname, &by).await?, true)
        }
    };
    // Somebody who is a user already is invited by name only: whoever has that name at GitHub would become them.
    let is_invited = is_new && invitations::open(tx, (id, &input.username), &input.username, &by).await?;
    let changed = roles::add(tx, &granter, &input.username, &input.roles).await?;
    Ok(StoredUser {
        id,
        is_new,
        is_invited,
        added_roles: changed.added,
    })
}

/// Changes what is given of a user and is not so yet, and records each. Of another address whoever reads the mail
/// of the one from before is told.
async fn update(tx: &mut PgConnection, found: &store::LockedUser, input: &UserInput, by: &By) -> Result<()> {
    let email = input
        .email
        .as_deref()
        .filter(|new| found.email.as_deref() != Some(*new));
    let fullname = input.fullname.as_deref().filter(|new| found.fullname != *new);
    store::update_user(tx, found.id, email, fullname).await.map_err(taken)?;
    if let Some(new) = fullname {
        let event = Event::new("user_updated", by, Subject::user(found.id))
            .change("fullname", found.fullname.as_str(), new)
            .of_user(found.id, &input.username);
        audit::record(tx, &event).await?;
    }
    if let Some(new) = email {
        let whose = Whose {
            id: found.id,
            username: &input.username,
            fullname: fullname.unwrap_or(&found.fullname),
        };
        email_change::overtaken(tx, whose, found.email.as_deref(), new, by).await?;
    }
    Ok(())
}

/// Inserts a user who is none yet, and records it.
///
/// # Errors
/// `Invalid` for a name or an address that somebody else has, or a name that a page has.
pub(super) async fn make(
    tx: &mut PgConnection,
    username: &str,
    email: Option<&str>,
    fullname: &str,
    by: &By,
) -> Result<i32> {
    if is_reserved(username) {
        return Err(Error::Invalid(FieldErrors::one(
            "username",
            "A page of the staff area has this name, so no user can.",
        )));
    }
    let id = store::insert_user(tx, username, email, fullname, by.user_id)
        .await
        .map_err(taken)?;
    let event = Event::new("user_created", by, Subject::user(id));
    audit::record(tx, &event.of_user(id, username)).await?;
    record_beginning(tx, (id, username), fullname, email, by).await?;
    Ok(id)
}

/// Puts on record with what name and address a user began.
pub(super) async fn record_beginning(
    tx: &mut PgConnection,
    (id, username): (i32, &str),
    fullname: &str,
    email: Option<&str>,
    by: &By,
) -> Result<()> {
    let event = Event::new("user_updated", by, Subject::user(id)).of_user(id, username);
    let begins = [("fullname", "", fullname), ("email", "", email.unwrap_or_default())];
    audit::record_changes(tx, &event, &begins).await?;
    Ok(())
}

/// What became of `ADMIN_USERS`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ensured {
    /// Who got which roles.
    pub given: Vec<(String, Vec<String>)>,
    /// Names that are nobody's.
    pub unknown: Vec<String>,
    /// Who holds them and cannot sign in, being deactivated.
    pub inactive: Vec<String>,
}

/// Gives the staff roles to each of these users who does not hold them all. Nobody loses anything.
pub async fn ensure_administrators(db: &Db, usernames: &[String], operator: &Operator) -> Result<Ensured> {
    let granter = Granter::Operator(operator.clone());
    let mut ensured = Ensured::default();
    let mut tx = roles::begin(db, &granter).await?;
    for username in usernames {
        let Some(user) = store::lock_user(&mut tx, username).await? else {
            ensured.unknown.push(username.clone());
            continue;
        };
        if !user.is_active {
            ensured.inactive.push(username.clone());
        }
        let changed = roles::add(&mut tx, &granter, username, &STAFF_ROLES).await?;
        if !changed.added.is_empty() {
            ensured.given.push((username.clone(), changed.added));
        }
    }
    tx.commit().await?;
    Ok(ensured)
}

/// As [`invitations::invite`], by an operator.
///
/// # Errors
/// As there.
pub async fn invite(db: &Db, username: &str, login: &str, operator: &Operator) -> Result<bool> {
    invitations::invite(db, &Granter::Operator(operator.clone()), username, login).await
}

/// As [`invitations::revoke_all`], by an operator.
///
/// # Errors
/// As there.
pub async fn revoke_invitations(db: &Db, username: &str, operator: &Operator) -> Result<Vec<String>> {
    invitations::revoke_all(db, &Granter::Operator(operator.clone()), username).await
}

/// Whether a page of the staff area stands where this user's would.
pub(super) fn is_reserved(username: &str) -> bool {
    ["add", "create"].contains(&username)
}

/// Whether this can be a username.
pub(super) fn is_username(name: &str) -> bool {
    let may_be = |c: char| c.is_alphanumeric() || "_.@+-".contains(c);
    !name.is_empty() && name.chars().count() <= MAX_NAME && name.chars().all(may_be)
}

pub(super) fn no_username(name: &str) -> String {
    format!("{name:?} is no username: use letters, digits and _ . @ + - only, at most {MAX_NAME}.")
}

fn check(input: &UserInput) -> Result<()> {
    let mut errors = FieldErrors::default();
    if !is_username(&input.username) {
        errors.add("username", no_username(&input.username));
    }
    if let Some(email) = &input.email
        && !is_address(email)
    {
        errors.add("email", format!("{email:?} is no e-mail address."));
    }
    if let Some(fullname) = &input.fullname
        && (fullname.chars().count() > MAX_NAME || !is_readable(fullname))
    {
        errors.add(
            "name",
            format!("Give a name of 1 to {MAX_NAME} characters, on one line."),
        );
    }
    errors.into_result()
}

pub(super) fn taken(error: sqlx::Error) -> Error {
    match crate::core::error::violated_constraint(&error) {
        Some("user_email_unique") => {
            Error::Invalid(FieldErrors::one("email", "Somebody else has this e-mail address."))
        }
        Some("user_username_unique") => Error::Invalid(FieldErrors::one("username", "Somebody has this username.")),
        Some("user_username_form") => Error::Invalid(FieldErrors::one("username", "This can be no username.")),
        _ => error.into(),
    }
}
