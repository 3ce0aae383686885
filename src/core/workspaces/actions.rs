//! Making workspaces and changing them.

use super::NewWorkspace;
use super::store::edit as store;
use crate::core::access::{ArchiveWorkspaces, Can, CreateWorkspaces, ToggleNotifications};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::redirects::actions::taken;

/// Makes a workspace on a branch of a repository, and the repository's row when it has none.
///
/// # Errors
/// `Invalid` with a message at `name` when a workspace of this name exists, also one made at the same
/// moment; at `repo` when other projects use the repository and this one does not.
pub async fn create_workspace(db: &Db, can: &Can<CreateWorkspaces>, new: &NewWorkspace) -> Result<i32> {
    let mut tx = db.begin().await?;
    let repo_id = store::repo_by_url_or_new(&mut tx, &new.repo.to_string()).await?;
    let use_of_repo = store::use_of_repo(&mut tx, repo_id, can.project_id()).await?;
    if use_of_repo.by_others && !use_of_repo.by_this_project {
        return Err(Error::Invalid(FieldErrors::one(
            "repo",
            "Another project uses this repository. Choose one that belongs to this project, or ask the support team.",
        )));
    }
    let Some(id) = store::insert_workspace(&mut tx, new, can.project_id(), repo_id, can.user_id()).await? else {
        return Err(Error::Invalid(FieldErrors::one(
            "name",
            format!("A workspace called “{}” exists already. Choose another name.", new.name),
        )));
    };
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("workspace_created", &by, Subject::workspace(id))
        .change("name", "", new.name.as_str())
        .within(Subject::project(can.project_id()));
    audit::record(&mut tx, &event).await?;
    let address = store::address(&mut tx, id).await?;
    taken(&mut tx, &address, &by).await?;
    tx.commit().await?;
    Ok(id)
}

/// Says anew what a workspace is for.
pub async fn change_purpose(db: &Db, can: &Can<CreateWorkspaces>, workspace_id: i32, purpose: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    let before = locked(&mut tx, workspace_id).await?;
    can.covers(before.project_id)?;
    if before.purpose == purpose {
        return Ok(());
    }
    store::update_purpose(&mut tx, workspace_id, purpose, can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("workspace_purpose_changed", &by, Subject::workspace(workspace_id))
        .change("purpose", before.purpose, purpose)
        .within(Subject::project(before.project_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await.map_err(Error::from)
}

/// Puts a workspace into the archive, or takes it out; doing so again changes nothing.
pub async fn set_archived(db: &Db, can: &Can<ArchiveWorkspaces>, workspace_id: i32, is_archived: bool) -> Result<()> {
    let mut tx = db.begin().await?;
    let before = locked(&mut tx, workspace_id).await?;
    can.covers(before.project_id)?;
    if before.is_archived == is_archived {
        return Ok(());
    }
    store::update_is_archived(&mut tx, workspace_id, is_archived, can.user_id()).await?;
    let kind = if is_archived {
        "workspace_archived"
    } else {
        "workspace_unarchived"
    };
    let by = By::user(can.user_id(), can.username());
    let event = Event::new(kind, &by, Subject::workspace(workspace_id))
        .change("is_archived", before.is_archived.to_string(), is_archived.to_string())
        .within(Subject::project(before.project_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await.map_err(Error::from)
}

/// Chooses whether new job requests of a workspace offer to tell their creator by default.
pub async fn set_should_notify(
    db: &Db,
    can: &Can<ToggleNotifications>,
    workspace_id: i32,
    should_notify: bool,
) -> Result<()> {
    let mut tx = db.begin().await?;
    let before = locked(&mut tx, workspace_id).await?;
    can.covers(before.project_id)?;
    if before.should_notify == should_notify {
        return Ok(());
    }
    store::update_should_notify(&mut tx, workspace_id, should_notify, can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let event = Event::new("workspace_notifications_changed", &by, Subject::workspace(workspace_id))
        .change(
            "should_notify",
            before.should_notify.to_string(),
            should_notify.to_string(),
        )
        .within(Subject::project(before.project_id));
    audit::record(&mut tx, &event).await?;
    tx.commit().await.map_err(Error::from)
}

async fn locked(tx: &mut sqlx::PgConnection, workspace_id: i32) -> Result<store::LockedWorkspace> {
    store::lock_workspace(tx, workspace_id)
        .await?
        .ok_or(Error::NotFound("Workspace"))
}
