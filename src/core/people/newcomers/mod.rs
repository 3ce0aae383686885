//! Making users for others: people who will read reports and sign in by a link in a mail, and people whose first
//! login with GitHub is still to come.

mod store;

use sqlx::PgConnection;

use super::accounts::{self, is_username};
use super::editing::check_name;
use super::email::is_address;
use super::invitations;
use super::roles::{self, Granter};
use crate::core::access::Role;
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::outbox::{self, Content, Draft, Welcome};
use crate::core::projects::members::{Member, add_member};

pub use store::{ProjectChoice, interactive_projects};

/// Somebody who is to ask for analyses in a project, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    pub project_id: Option<i32>,
    pub name: String,
    pub email: String,
}

/// Makes a user for somebody who signs in by mail: their username is their address, they belong to the project's
/// organisations, are an Interactive Reporter of the project, and are told so by mail. Returns the username. Audited.
///
/// # Errors
/// `Invalid`, with each fault at its field: `project`, `name`, `email`; `NotAllowed` for who may not say any more.
pub async fn create_reader(db: &Db, granter: &Granter, reader: &Reader) -> Result<String> {
    let mut errors = FieldErrors::default();
    check_name(&reader.name, "name", &mut errors);
    if !is_address(&reader.email) {
        errors.add("email", "Enter an e-mail address, like ada@example.org.");
    } else if !is_username(&reader.email) {
        errors.add(
            "email",
            "This address cannot be a username too: it has a character other than letters, digits and _ . @ + -",
        );
    }
    let mut tx = roles::begin(db, granter).await?;
    let project = match reader.project_id {
        Some(id) => store::lock_interactive(&mut tx, id).await?,
        None => None,
    };
    let Some(project) = project else {
        let mut all = FieldErrors::one("project", "Choose one of the projects.");
        errors
            .iter()
            .for_each(|(field, message)| all.add(field.to_owned(), message));
        return Err(Error::Invalid(all));
    };
    errors.into_result()?;
    nobody_is_called(&mut tx, &reader.email, "email").await?;
    let by = granter.by();
    let made = accounts::make(&mut tx, &reader.email, Some(&reader.email), &reader.name, &by).await;
    let id = made.map_err(|error| at_field(error, "email"))?;
    for org in store::join_orgs(&mut tx, id, project.id, by.user_id).await? {
        let event = Event::new("org_member_added", &by, Subject::org(org)).of_user(id, &reader.email);
        audit::record(&mut tx, &event).await?;
    }
    let member = Member {
        project_id: project.id,
        user_id: id,
        username: &reader.email,
    };
    add_member(&mut tx, member, &[Role::InteractiveReporter], &by).await?;
    let facts = Welcome {
        name: reader.name.clone(),
        project: project.name,
    };
    let draft = Draft::new(Content::Welcome(facts), &reader.email, format!("user:{id}"));
    outbox::send(&mut tx, draft.once(format!("welcome:{id}"))).await?;
    tx.commit().await?;
    Ok(reader.email.clone())
}

/// Somebody whose first login with GitHub is still to come, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct Invited {
    pub login: String,
    pub name: String,
    /// Empty for none.
    pub email: String,
}

/// Makes a user and invites the GitHub account of that name to be them. Returns the username, which is the login.
/// Audited.
///
/// # Errors
/// `Invalid`, with each fault at its field: `login`, `name`, `email`; `NotAllowed` for who may not say any more.
pub async fn create_invited(db: &Db, granter: &Granter, invited: &Invited) -> Result<String> {
    let mut errors = FieldErrors::default();
    if !is_login(&invited.login) {
        errors.add(
            "login",
            "Enter the name of a GitHub account: letters, digits and hyphens, at most 39.",
        );
    }
    check_name(&invited.name, "name", &mut errors);
    if !invited.email.is_empty() && !is_address(&invited.email) {
        errors.add("email", "Enter an e-mail address, like ada@example.org, or none.");
    }
    errors.into_result()?;
    let mut tx = roles::begin(db, granter).await?;
    nobody_is_called(&mut tx, &invited.login, "login").await?;
    let by = granter.by();
    let email = Some(invited.email.as_str()).filter(|email| !email.is_empty());
    let made = accounts::make(&mut tx, &invited.login, email, &invited.name, &by).await;
    let id = made.map_err(|error| at_field(error, "login"))?;
    if !invitations::open(&mut tx, (id, &invited.login), &invited.login, &by).await? {
        return Err(Error::Invalid(FieldErrors::one(
            "login",
            "This login is kept for another user: revoke that invitation first.",
        )));
    }
    tx.commit().await?;
    Ok(invited.login.clone())
}

/// What GitHub lets an account be called. Companies' own accounts have an underscore, too.
fn is_login(login: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !login.is_empty() && login.len() <= 39 && login.chars().all(is_part) && !login.starts_with('-')
}

/// To people, names that differ in their letters' case alone are one.
async fn nobody_is_called(tx: &mut PgConnection, username: &str, field: &'static str) -> Result<()> {
    match store::alike(tx, username).await? {
        None => Ok(()),
        Some(other) => Err(Error::Invalid(FieldErrors::one(
            field,
            format!("There is a user {other} already."),
        ))),
    }
}

/// An error about the username, told at the field that it was made of.
fn at_field(error: Error, field: &'static str) -> Error {
    match error {
        Error::Invalid(errors) => match errors.get("username") {
            Some(message) => Error::Invalid(FieldErrors::one(field, message)),
            None => Error::Invalid(errors),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_what_github_takes() {
        for login in ["ada", "Ada-Lovelace", "a1", "ada_company"] {
            assert!(is_login(login), "{login}");
        }
        let long = "a".repeat(40);
        for other in ["", "-ada", "ada@example.org", "a b", "ä", "a.b", &long] {
            assert!(!is_login(other), "{other}");
        }
    }

    #[test]
    fn an_error_about_the_username_is_told_where_it_was_typed() {
        let errors = |error| match error {
            Error::Invalid(errors) => errors,
            other => panic!("{other}"),
        };
        let told = errors(at_field(Error::Invalid(FieldErrors::one("username", "no")), "login"));
        assert_eq!(told.get("login"), Some("no"));
        let told = errors(at_field(Error::Invalid(FieldErrors::one("email", "taken")), "login"));
        assert_eq!(told.get("email"), Some("taken"));
    }
}
