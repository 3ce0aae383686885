//! Who works on a project, and as what: the one place where that is said.

use sqlx::PgConnection;

use super::{Member, add_member, end, names, replace_roles, store};
use crate::core::access::{Can, EditProjectRoles, Operator, Place, Role};
use crate::core::audit::By;
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::people::roles::lock_signed_in;
use crate::core::people::{MOST_AT_ONCE, TOO_MANY, administrators};
use crate::core::versions::{Saved, is_overtaken, version};

/// Who says it: somebody with the right to, in that project, or an operator.
#[derive(Debug, Clone)]
pub enum Granter {
    Person(Can<EditProjectRoles>),
    Operator(Operator),
}

impl Granter {
    fn by(&self) -> By {
        match self {
            Granter::Person(can) => By::user(can.user_id(), can.username()),
            Granter::Operator(operator) => By::from(operator),
        }
    }

    /// Whether it is a person, and one of these.
    fn is(&self, user_ids: &[i32]) -> bool {
        matches!(self, Granter::Person(can) if user_ids.contains(&can.user_id()))
    }

    /// That the right is one in this project, and is held still. Changes of what people are trusted with take
    /// turns: this one locks memberships before sessions, others the other way round.
    async fn may(&self, tx: &mut PgConnection, project_id: i32) -> Result<()> {
        administrators::take_turns(tx).await?;
        let Granter::Person(can) = self else {
            return Ok(());
        };
        can.covers(project_id)?;
        let person = lock_signed_in(tx, can.user_id()).await?;
        let may = person.is_some_and(|person| person.can::<EditProjectRoles>(project_id).is_ok());
        may.then_some(()).ok_or(Error::NotAllowed(
            "You may not say who works on projects any more.".into(),
        ))
    }
}

/// Makes people members of a project, all with the same roles.
///
/// # Errors
/// `Invalid` at `users` or `roles`; `Conflict` when one is a member already;
/// `NotAllowed` for whoever would add themselves. Nobody is added then.
pub async fn add(db: &Db, granter: &Granter, project_id: i32, user_ids: &[i32], roles: &[Role]) -> Result<()> {
    check_grantable(&[], &names(roles))?;
    let mut ids = user_ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Error::Invalid(FieldErrors::one("users", "Choose at least one person.")));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(Error::Invalid(FieldErrors::one("users", TOO_MANY)));
    }
    let mut tx = db.begin().await?;
    granter.may(&mut tx, project_id).await?;
    if granter.is(&ids) {
        return Err(Error::NotAllowed(
            "You cannot add yourself to a project. Ask somebody else who says who works on it.".into(),
        ));
    }
    let users = store::users(&mut tx, &ids).await?;
    if users.len() != ids.len() {
        return Err(Error::Invalid(FieldErrors::one("users", "Choose people who exist.")));
    }
    let by = granter.by();
    for user in &users {
        let member = Member {
            project_id,
            user_id: user.id,
            username: &user.username,
        };
        add_member(&mut tx, member, roles, &by).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Lets a member hold exactly these roles in the project. Tells whether anything changed.
///
/// # Errors
/// `NotFound("Member")` for a membership of another project too; `Invalid` at `roles` for a new one that is
/// not granted in projects; `NotAllowed` for whoever would give themselves one.
pub async fn set_roles(
    db: &Db,
    granter: &Granter,
    project_id: i32,
    membership_id: i32,
    roles: &[Role],
) -> Result<bool> {
    let mut tx = db.begin().await?;
    granter.may(&mut tx, project_id).await?;
    let found = store::lock_by_id(&mut tx, project_id, membership_id).await?;
    let found = found.ok_or(Error::NotFound("Member"))?;
    let after = names(roles);
    if granter.is(&[found.user_id]) && after.iter().any(|name| !found.roles.contains(name)) {
        return Err(Error::NotAllowed(OWN_ROLES.into()));
    }
    let changed = replace(&mut tx, granter, &found, after).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Lets a member hold exactly these of the roles that are granted in projects; what else they hold stays. `seen` is
/// the [`roles_version`] that the form showed.
///
/// # Errors
/// As [`set_roles`].
pub async fn change_roles(
    db: &Db,
    granter: &Granter,
    project_id: i32,
    membership_id: i32,
    roles: &[Role],
    seen: &str,
) -> Result<Saved<Vec<String>>> {
    let mut tx = db.begin().await?;
    granter.may(&mut tx, project_id).await?;
    let found = store::lock_by_id(&mut tx, project_id, membership_id).await?;
    let found = found.ok_or(Error::NotFound("Member"))?;
    let offered: Vec<Role> = Role::grantable(Place::Project).collect();
    let mut after: Vec<String> = found.roles.clone();
    after.retain(|held| held.parse().map_or(true, |role: Role| !offered.contains(&role)));
    after.extend(names(roles));
    if granter.is(&[found.user_id]) && after.iter().any(|name| !found.roles.contains(name)) {
        return Err(Error::NotAllowed(OWN_ROLES.into()));
    }
    let is_same = |held: &[String]| {
        let set = |roles: &[String]| roles.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        set(held) == set(&after)
    };
    if !is_same(&found.roles) && is_overtaken(seen, &roles_version(&found.roles)) {
        return Ok(Saved::Overtaken(found.roles));
    }
    let changed = replace(&mut tx, granter, &found, after).await?;
    tx.commit().await?;
    Ok(if changed { Saved::Done } else { Saved::Unchanged })
}

/// Of the roles that a form shows.
pub fn roles_version(roles: &[String]) -> String {
    let mut roles: Vec<(&str, &str)> = roles.iter().map(|role| ("role", &**role)).collect();
    roles.sort_unstable();
    version(&roles)
}

const OWN_ROLES: &str = "You cannot give roles to yourself. Ask somebody else who says who works on this project.";

/// Ends a membership, and the roles with it.
///
/// # Errors
/// `NotFound("Member")` for a membership of another project too.
pub async fn remove(db: &Db, granter: &Granter, project_id: i32, membership_id: i32) -> Result<()> {
    let mut tx = db.begin().await?;
    granter.may(&mut tx, project_id).await?;
    let found = store::lock_by_id(&mut tx, project_id, membership_id).await?;
    let found = found.ok_or(Error::NotFound("Member"))?;
    end(&mut tx, found.id, found.member(), &found.roles, &granter.by()).await?;
    tx.commit().await?;
    Ok(())
}

/// What an operator's grant came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    pub is_new_member: bool,
    pub has_new_role: bool,
}

/// Gives somebody roles in a project, and makes them a member if they are none yet.
///
/// # Errors
/// `NotFound` for the project or the user; `Invalid` at `roles`.
pub async fn grant(db: &Db, operator: &Operator, project: &str, username: &str, roles: &[Role]) -> Result<Granted> {
    check_grantable(&[], &names(roles))?;
    let granter = Granter::Operator(operator.clone());
    let mut tx = db.begin().await?;
    administrators::take_turns(&mut tx).await?;
    let (project_id, user_id) = find(&mut tx, project, username).await?;
    let member = Member {
        project_id,
        user_id,
        username,
    };
    let granted = match store::lock(&mut tx, project_id, user_id).await? {
        Some(found) => {
            let mut after = found.roles.clone();
            after.extend(names(roles));
            Granted {
                is_new_member: false,
                has_new_role: replace(&mut tx, &granter, &found, after).await?,
            }
        }
        None => {
            add_member(&mut tx, member, roles, &granter.by()).await?;
            Granted {
                is_new_member: true,
                has_new_role: !roles.is_empty(),
            }
        }
    };
    tx.commit().await?;
    Ok(granted)
}

/// Takes a role in a project away, by its name as it is stored: also one that no program knows any more.
/// Tells whether it was held.
///
/// # Errors
/// `NotFound` for the project, the user, or when they are no member.
pub async fn take_away(db: &Db, operator: &Operator, project: &str, username: &str, role: &str) -> Result<bool> {
    let granter = Granter::Operator(operator.clone());
    let mut tx = db.begin().await?;
    administrators::take_turns(&mut tx).await?;
    let (project_id, user_id) = find(&mut tx, project, username).await?;
    let found = store::lock(&mut tx, project_id, user_id).await?;
    let found = found.ok_or(Error::NotFound("Member"))?;
    let after = found.roles.iter().filter(|held| *held != role).cloned().collect();
    let changed = replace(&mut tx, &granter, &found, after).await?;
    tx.commit().await?;
    Ok(changed)
}

impl store::Locked {
    fn member(&self) -> Member<'_> {
        Member {
            project_id: self.project_id,
            user_id: self.user_id,
            username: &self.username,
        }
    }
}

async fn find(tx: &mut PgConnection, project: &str, username: &str) -> Result<(i32, i32)> {
    let (project, user) = store::project_and_user(tx, project, username).await?;
    Ok((
        project.ok_or(Error::NotFound("Project"))?,
        user.ok_or(Error::NotFound("User"))?,
    ))
}

async fn replace(
    tx: &mut PgConnection,
    granter: &Granter,
    found: &store::Locked,
    mut after: Vec<String>,
) -> Result<bool> {
    after.sort_unstable();
    after.dedup();
    check_grantable(&found.roles, &after)?;
    let mut before = found.roles.clone();
    before.sort_unstable();
    replace_roles(tx, found.id, found.member(), &before, &after, &granter.by()).await
}

/// That what is new can be granted in a project; what is held already may stay.
fn check_grantable(before: &[String], after: &[String]) -> Result<()> {
    let new: Vec<&String> = after.iter().filter(|name| !before.contains(name)).collect();
    Role::chosen(&new, Place::Project).map_err(Error::Invalid)?;
    Ok(())
}
