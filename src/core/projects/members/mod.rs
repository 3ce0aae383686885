//! Membership of projects: every change of it, and the record of that, in the caller's transaction.
//! Whoever asks for a change proves that they may: see [`actions`].

pub mod actions;
mod store;

use sqlx::PgConnection;

use crate::core::access::{Role, bare_name};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::error::{Error, Result, violated_constraint};
use crate::core::people::sessions;

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
pub(in crate::core) async fn add_member(
    tx: &mut PgConnection,
    member: Member<'_>,
    roles: &[Role],
    by: &By,
) -> Result<i32> {
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
    sessions::rights_changed(tx, member.user_id).await?;
    Ok(id)
}

/// Makes a member's roles these, by their stored names; nothing happens when they stay the same. Tells
/// whether they changed.
async fn replace_roles(
    tx: &mut PgConnection,
    id: i32,
    member: Member<'_>,
    before: &[String],
    after: &[String],
    by: &By,
) -> Result<bool> {
    if before == after {
        return Ok(false);
    }
    record_roles(tx, id, member, before, after, by).await?;
    store::set_roles(tx, id, after).await?;
    sessions::rights_changed(tx, member.user_id).await?;
    Ok(true)
}

/// Ends a membership, and the roles with it.
async fn end(tx: &mut PgConnection, id: i32, member: Member<'_>, before: &[String], by: &By) -> Result<()> {
    if !before.is_empty() {
        record_roles(tx, id, member, before, &[], by).await?;
    }
    audit::record(tx, &event("project_member_removed", by, id, member)).await?;
    sessions::rights_changed(tx, member.user_id).await?;
    store::delete(tx, id).await
}

/// Takes all of somebody's roles in projects away; they stay a member. Returns in how many they had one.
pub(in crate::core) async fn clear_roles_of(
    tx: &mut PgConnection,
    user_id: i32,
    username: &str,
    by: &By,
) -> Result<usize> {
    let held = store::lock_roles_of(tx, user_id).await?;
    for membership in &held {
        let member = Member {
            project_id: membership.project_id,
            user_id,
            username,
        };
        replace_roles(tx, membership.id, member, &membership.roles, &[], by).await?;
    }
    Ok(held.len())
}

/// Whether somebody is a member.
pub(in crate::core) async fn is_member(tx: &mut PgConnection, member: Member<'_>) -> Result<bool> {
    Ok(store::lock(tx, member.project_id, member.user_id).await?.is_some())
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
    audit::record(tx, &event.change("roles", listed(before), listed(after))).await
}

fn event<'a>(kind: &'static str, by: &'a By, id: i32, member: Member<'a>) -> Event<'a> {
    Event::new(kind, by, Subject::project_membership(id))
        .of_user(member.user_id, member.username)
        .within(Subject::project(member.project_id))
}

/// Names as the record keeps them.
fn listed(roles: &[String]) -> String {
    let mut roles: Vec<&str> = roles.iter().map(|role| bare_name(role)).collect();
    roles.sort_unstable();
    roles.join(",")
}

/// Sorted, each once.
fn names(roles: &[Role]) -> Vec<String> {
    let mut names: Vec<String> = roles.iter().map(|role| role.name().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}
