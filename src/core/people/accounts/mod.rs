//! Making users and giving them global roles, as operators do.

mod store;

use sqlx::PgConnection;

use crate::core::access::Role;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};

/// What somebody of the staff may do everywhere: what the former role `CoreDeveloper` stood for.
pub const ADMINISTRATOR_ROLES: [Role; 3] = [
    Role::StaffAreaAdministrator,
    Role::TechSupport,
    Role::ServiceAdministrator,
];

/// The longest username and name, in characters.
const MAX_NAME: usize = 150;
/// The longest e-mail address, in characters.
const MAX_EMAIL: usize = 254;

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
    /// The roles that were added, sorted by name.
    pub added_roles: Vec<Role>,
}

/// Makes a user, or changes what is given of an existing one and adds roles. A new one is invited: the
/// first GitHub login of that name will be theirs.
///
/// # Errors
/// `Invalid` for a username, name or address that cannot be, or an address that somebody else has.
pub async fn create_user(db: &Db, input: &UserInput, by: &By) -> Result<StoredUser> {
    check(input)?;
    let (email, fullname) = (input.email.as_deref(), input.fullname.as_deref());
    let mut tx = db.begin().await?;
    let (id, is_new) = match store::lock_user(&mut tx, &input.username).await? {
        Some(found) => {
            let changed = store::update_user(&mut tx, found.id, email, fullname)
                .await
                .map_err(taken)?;
            if changed {
                let event = Event::new("user_updated", by, Subject::user(found.id));
                audit::record(&mut tx, &event.of_user(found.id, &input.username)).await?;
            }
            (found.id, false)
        }
        None => {
            let default_email = format!("{}@example.com", input.username);
            let email = email.unwrap_or(&default_email);
            let fullname = fullname.unwrap_or(&input.username);
            let id = store::insert_user(&mut tx, &input.username, email, fullname, by.user_id)
                .await
                .map_err(taken)?;
            let event = Event::new("user_created", by, Subject::user(id));
            audit::record(&mut tx, &event.of_user(id, &input.username)).await?;
            (id, true)
        }
    };
    if store::invite(&mut tx, &input.username, id, by).await? {
        let event = Event::new("user_invited", by, Subject::user(id)).change("login", "", input.username.clone());
        audit::record(&mut tx, &event.of_user(id, &input.username)).await?;
    }
    let added_roles = add_roles(&mut tx, id, &input.username, &input.roles, by).await?;
    tx.commit().await?;
    Ok(StoredUser {
        id,
        is_new,
        added_roles,
    })
}

/// Gives the staff roles to each of these users who does not hold them all, and returns who got which,
/// and the names that are nobody's. Nobody loses anything.
pub async fn ensure_administrators(
    db: &Db,
    usernames: &[String],
    by: &By,
) -> Result<(Vec<(String, Vec<Role>)>, Vec<String>)> {
    let (mut given, mut unknown) = (Vec::new(), Vec::new());
    let mut tx = db.begin().await?;
    for username in usernames {
        let Some(user) = store::lock_user(&mut tx, username).await? else {
            unknown.push(username.clone());
            continue;
        };
        let added = add_roles(&mut tx, user.id, username, &ADMINISTRATOR_ROLES, by).await?;
        if !added.is_empty() {
            given.push((username.clone(), added));
        }
    }
    tx.commit().await?;
    Ok((given, unknown))
}

/// Adds global roles to a user whose row is locked; returns those they did not have.
async fn add_roles(tx: &mut PgConnection, id: i32, username: &str, roles: &[Role], by: &By) -> Result<Vec<Role>> {
    let before = store::roles(tx, id).await?;
    let mut added: Vec<Role> = roles
        .iter()
        .copied()
        .filter(|role| !before.iter().any(|name| name == role.name()))
        .collect();
    added.sort_by_key(|role| role.name());
    added.dedup();
    if added.is_empty() {
        return Ok(added);
    }
    let mut after = before.clone();
    after.extend(added.iter().map(|role| role.name().to_owned()));
    after.sort();
    store::set_roles(tx, id, &after).await?;
    let event =
        Event::new("user_updated_roles", by, Subject::user(id)).change("roles", before.join(","), after.join(","));
    audit::record(tx, &event.of_user(id, username)).await?;
    Ok(added)
}

fn check(input: &UserInput) -> Result<()> {
    let mut errors = FieldErrors::default();
    let name = &input.username;
    let may_be = |c: char| c.is_alphanumeric() || "_.@+-".contains(c);
    if name.is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(may_be) {
        errors.add(
            "username",
            format!("{name:?} is no username: use letters, digits and _ . @ + - only, at most {MAX_NAME}."),
        );
    }
    if let Some(email) = &input.email {
        let halves = email.split_once('@');
        let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
        let whole = halves.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if !plain || !whole || email.chars().count() > MAX_EMAIL {
            errors.add("email", format!("{email:?} is no e-mail address."));
        }
    }
    if let Some(fullname) = &input.fullname
        && (fullname.trim().is_empty() || fullname.chars().count() > MAX_NAME || fullname.contains('\0'))
    {
        errors.add("name", format!("Give a name of 1 to {MAX_NAME} characters."));
    }
    errors.into_result()
}

fn taken(error: sqlx::Error) -> Error {
    match crate::core::error::violated_constraint(&error) {
        Some("user_email_unique") => {
            Error::Invalid(FieldErrors::one("email", "Somebody else has this e-mail address."))
        }
        Some("user_username_form") => Error::Invalid(FieldErrors::one("username", "This can be no username.")),
        _ => error.into(),
    }
}
