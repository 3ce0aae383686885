//! Membership of projects: every change of it, and the record of that, in the caller's transaction.

mod store;

use sqlx::PgConnection;

use crate::core::access::Role;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::error::{Error, Result, violated_constraint};

/// Whose membership it is, and of which project.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    pub project_id: i32,
    pub user_id: i32,
    pub username: &'a str,
}

/// Makes somebody a member, with these roles.
///
/// # Errors
/// `Conflict` when they are one already.
pub async fn add_member(tx: &mut PgConnection, member: Member<'_>, roles: &[Role], by: &By) -> Result<i32> {
    let names = names(roles);
    let id = store::insert(tx, member.project_id, member.user_id, &names, by.user_id)
        .await
        .map_err(|error| match violated_constraint(&error) {
            Some("project_membership_project_user_unique") => {
                Error::Conflict(format!("{} is a member of this project already.", member.username))
            }
            _ => error.into(),
        })?;
    audit::record(tx, &event("project_member_added", by, id, member)).await?;
    if !names.is_empty() {
        record_roles(tx, id, member, &[], &names, by).await?;
    }
    Ok(id)
}

/// Replaces a member's roles; nothing happens when they stay the same.
///
/// # Errors
/// `NotFound` when they are no member.
pub async fn update_roles(tx: &mut PgConnection, member: Member<'_>, roles: &[Role], by: &By) -> Result<()> {
    let (id, before) = locked(tx, member).await?;
    let after = names(roles);
    if before != after {
        record_roles(tx, id, member, &before, &after, by).await?;
        store::set_roles(tx, id, &after).await?;
    }
    Ok(())
}

/// Ends a membership, and the roles with it.
///
/// # Errors
/// `NotFound` when they are no member.
pub async fn remove_member(tx: &mut PgConnection, member: Member<'_>, by: &By) -> Result<()> {
    let (id, before) = locked(tx, member).await?;
    if !before.is_empty() {
        record_roles(tx, id, member, &before, &[], by).await?;
    }
    audit::record(tx, &event("project_member_removed", by, id, member)).await?;
    store::delete(tx, id).await
}

/// Whether somebody is a member.
pub async fn is_member(tx: &mut PgConnection, member: Member<'_>) -> Result<bool> {
    Ok(store::lock(tx, member.project_id, member.user_id).await?.is_some())
}

async fn locked(tx: &mut PgConnection, member: Member<'_>) -> Result<(i32, Vec<String>)> {
    let found = store::lock(tx, member.project_id, member.user_id).await?;
    found.map(|row| (row.id, row.roles)).ok_or(Error::NotFound("Member"))
}

async fn record_roles(
    tx: &mut PgConnection,
    id: i32,
    member: Member<'_>,
    before: &[String],
    after: &[String],
    by: &By,
) -> Result<()> {
    let event = event("project_member_updated_roles", by, id, member);
    audit::record(tx, &event.change("roles", before.join(","), after.join(","))).await
}

fn event<'a>(kind: &'static str, by: &'a By, id: i32, member: Member<'a>) -> Event<'a> {
    Event::new(kind, by, Subject::project_membership(id))
        .of_user(member.user_id, member.username)
        .within(Subject::project(member.project_id))
}

/// Sorted, each once.
fn names(roles: &[Role]) -> Vec<String> {
    let mut names: Vec<String> = roles.iter().map(|role| role.name().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}
