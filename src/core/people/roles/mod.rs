//! What people are trusted with everywhere: the one place where that is given and taken.
//!
//! Roles in a project are `core::projects::members`'.

mod store;

use sqlx::PgConnection;

use super::administrators::{self, LAST_ONE};
use super::sessions;
use crate::core::access::{CanEverywhere, EditProjectRoles, ManageUsers, Operator, Place, Role, bare_name};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::projects::members;
use crate::core::versions::{Saved, is_overtaken, version};

/// Who gives and takes: somebody who looks after users, or an operator.
#[derive(Debug, Clone)]
pub enum Granter {
    Person(CanEverywhere<ManageUsers>),
    Operator(Operator),
}

impl Granter {
    pub(super) fn by(&self) -> By {
        match self {
            Granter::Person(can) => By::user(can.user_id(), can.username()),
            Granter::Operator(operator) => By::from(operator),
        }
    }

    /// That the right which was proven when the request began is held still. Others who could take it wait.
    ///
    /// # Errors
    /// `NotAllowed` when it was taken meanwhile.
    async fn still_may(&self, tx: &mut PgConnection) -> Result<()> {
        let Granter::Person(can) = self else {
            return Ok(());
        };
        let person = lock_signed_in(tx, can.user_id()).await?;
        let may = person.is_some_and(|person| person.can_everywhere::<ManageUsers>().is_ok());
        may.then_some(())
            .ok_or(Error::NotAllowed("You may not look after users any more.".into()))
    }

    /// Whether roles in projects are theirs to take, too; looking after users alone does not give that.
    async fn may_edit_project_roles(&self, tx: &mut PgConnection) -> Result<bool> {
        let Granter::Person(can) = self else {
            return Ok(true);
        };
        let person = lock_signed_in(tx, can.user_id()).await?;
        Ok(person.is_some_and(|person| person.can_everywhere::<EditProjectRoles>().is_ok()))
    }
}

/// What a change came to; names as stored, sorted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changed {
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

impl Changed {
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Lets somebody hold exactly these roles everywhere.
///
/// # Errors
/// `NotFound("User")`; `Invalid` at `roles` for a new one that is not granted everywhere, or when the last
/// administrator would go; `NotAllowed` for whoever would give themselves one. Nothing is changed then.
pub async fn set_roles(db: &Db, granter: &Granter, user_id: i32, roles: &[Role]) -> Result<Changed> {
    let mut tx = begin(db, granter).await?;
    let user = store::lock_by_id(&mut tx, user_id).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    let after = roles.iter().map(|role| role.name().to_owned()).collect();
    let changed = change(&mut tx, granter, &user, after).await?;
    tx.commit().await?;
    Ok(changed)
}

/// As [`set_roles`], by the names as stored, so that one that is not given any more can be kept, and only when
/// nobody has changed them since `seen`, which is a [`version_of`] what somebody saw. Else it tells what they are now.
///
/// # Errors
/// As [`set_roles`].
pub async fn set_names(
    db: &Db,
    granter: &Granter,
    user_id: i32,
    names: Vec<String>,
    seen: &str,
) -> Result<Saved<Vec<String>>> {
    let mut tx = begin(db, granter).await?;
    let user = store::lock_by_id(&mut tx, user_id).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    if difference(&user.roles, &names).is_nothing() {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &version_of(&user.roles)) {
        return Ok(Saved::Overtaken(user.roles));
    }
    change(&mut tx, granter, &user, names).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}

/// Tells one set of roles from another.
pub fn version_of(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    version(&[("roles", &names.join(","))])
}

/// Adds roles to those that somebody holds everywhere.
///
/// # Errors
/// As [`set_roles`].
pub async fn grant(db: &Db, granter: &Granter, username: &str, roles: &[Role]) -> Result<Changed> {
    let mut tx = begin(db, granter).await?;
    let changed = add(&mut tx, granter, username, roles).await?;
    tx.commit().await?;
    Ok(changed)
}

/// As [`grant`], in a transaction of [`begin`].
pub(super) async fn add(tx: &mut PgConnection, granter: &Granter, username: &str, roles: &[Role]) -> Result<Changed> {
    let user = store::lock_by_name(tx, username).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    let mut after = user.roles.clone();
    after.extend(roles.iter().map(|role| role.name().to_owned()));
    change(tx, granter, &user, after).await
}

/// Takes a role away, by its name as it is stored: also one that no program knows any more.
///
/// # Errors
/// `NotFound("User")`; `Invalid` at `roles` when the last administrator would go.
pub async fn remove(db: &Db, granter: &Granter, username: &str, role: &str) -> Result<Changed> {
    let mut tx = begin(db, granter).await?;
    let user = store::lock_by_name(&mut tx, username).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    let after = user.roles.iter().filter(|held| *held != role).cloned().collect();
    let changed = change(&mut tx, granter, &user, after).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What [`clear_all`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    /// How many places they held a role in that is gone now.
    pub places: usize,
    /// Whether roles in projects were left alone, as the granter may not change those.
    pub leaves_projects: bool,
}

/// Takes everything away that somebody is trusted with: everywhere, in organisations, and in every project when the
/// granter may change roles there. They stay a member of each.
///
/// # Errors
/// As [`set_roles`].
pub async fn clear_all(db: &Db, granter: &Granter, user_id: i32) -> Result<Cleared> {
    let mut tx = begin(db, granter).await?;
    let user = store::lock_by_id(&mut tx, user_id).await?;
    let user = user.ok_or(Error::NotFound("User"))?;
    // Looked at first: who clears their own roles holds none afterwards.
    let may_edit_projects = granter.may_edit_project_roles(&mut tx).await?;
    let everywhere = change(&mut tx, granter, &user, Vec::new()).await?;
    let by = granter.by();
    let orgs = store::clear_org_roles(&mut tx, user.id).await?;
    for org in &orgs {
        let event = Event::new("org_member_updated_roles", &by, Subject::org(org.id)).of_user(user.id, &user.username);
        audit::record(&mut tx, &event.change("roles", listed(&org.roles), "")).await?;
    }
    let projects = if may_edit_projects {
        members::clear_roles_of(&mut tx, user.id, &user.username, &by).await?
    } else {
        0
    };
    tx.commit().await?;
    Ok(Cleared {
        places: usize::from(!everywhere.is_nothing()) + orgs.len() + projects,
        leaves_projects: !may_edit_projects,
    })
}

pub(in crate::core) use store::lock_signed_in;

/// Begins a change of what people are trusted with; such changes take turns.
pub(super) async fn begin(db: &Db, granter: &Granter) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let mut tx = db.begin().await?;
    administrators::take_turns(&mut tx).await?;
    granter.still_may(&mut tx).await?;
    Ok(tx)
}

/// Makes the roles of a user whose row is locked these, if that may be.
async fn change(
    tx: &mut PgConnection,
    granter: &Granter,
    user: &store::Locked,
    mut after: Vec<String>,
) -> Result<Changed> {
    after.sort_unstable();
    after.dedup();
    let changed = difference(&user.roles, &after);
    if changed.is_nothing() {
        return Ok(changed);
    }
    Role::chosen(&changed.added, Place::Everywhere).map_err(Error::Invalid)?;
    if let Granter::Person(can) = granter
        && can.user_id() == user.id
        && !changed.added.is_empty()
    {
        return Err(Error::NotAllowed(
            "You cannot give roles to yourself. Ask somebody else who looks after users.".into(),
        ));
    }
    let loses_the_key = changed
        .removed
        .iter()
        .any(|role| role == Role::StaffAreaAdministrator.name());
    if loses_the_key && administrators::is_last(tx, user.id).await? {
        return Err(Error::Invalid(FieldErrors::one("roles", LAST_ONE)));
    }
    store::set_roles(tx, user.id, &after).await?;
    let by = granter.by();
    let event = Event::new("user_updated_roles", &by, Subject::user(user.id)).of_user(user.id, &user.username);
    audit::record(tx, &event.change("roles", listed(&user.roles), listed(&after))).await?;
    sessions::rights_changed(tx, user.id).await?;
    Ok(changed)
}

/// What is new in `after`, and what is gone from `before`; each sorted.
fn difference(before: &[String], after: &[String]) -> Changed {
    let missing_from = |those: &[String], names: &[String]| -> Vec<String> {
        let mut missing: Vec<String> = names.iter().filter(|name| !those.contains(name)).cloned().collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    };
    Changed {
        added: missing_from(before, after),
        removed: missing_from(after, before),
    }
}

/// Names as the record keeps them.
fn listed(roles: &[String]) -> String {
    let mut roles: Vec<&str> = roles.iter().map(|role| bare_name(role)).collect();
    roles.sort_unstable();
    roles.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    fn names() -> Vec<String> {
        Role::ALL.iter().map(|role| role.name().to_owned()).collect()
    }

    proptest! {
        #[test]
        fn a_difference_leads_from_one_to_the_other(
            before in subsequence(names(), 0..names().len()),
            after in subsequence(names(), 0..names().len()),
        ) {
            let changed = difference(&before, &after);
            let mut result: Vec<String> = before.iter().filter(|name| !changed.removed.contains(name)).cloned().collect();
            result.extend(changed.added.iter().cloned());
            result.sort_unstable();
            prop_assert_eq!(&result, &after);
            prop_assert!(changed.added.iter().all(|name| !before.contains(name)));
            prop_assert!(changed.removed.iter().all(|name| before.contains(name)));
            prop_assert_eq!(changed.is_nothing(), before == after);
        }
    }
}
