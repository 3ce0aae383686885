//! Making workspaces and changing them.

use sqlx::PgConnection;

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
    let by = By::user(can.user_id(), can.username());
    let id = match insert(&mut tx, new, can.project_id(), can.user_id(), &by).await? {
        Ok(id) => id,
        Err(InTheWay::RepoOfOthers) => {
            return Err(Error::Invalid(FieldErrors::one(
                "repo",
                "Another project uses this repository. Choose one that belongs to this project, or ask the support team.",
            )));
        }
        Err(InTheWay::NameTaken) => {
            return Err(Error::Invalid(FieldErrors::one(
                "name",
                format!("A workspace called “{}” exists already. Choose another name.", new.name),
            )));
        }
    };
    tx.commit().await?;
    Ok(id)
}

/// Why a workspace cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InTheWay {
    /// Other projects use the repository, and this one does not.
    RepoOfOthers,
    NameTaken,
}

/// As [`create_workspace`], in the caller's transaction. `user_id` is that of `by`.
pub(super) async fn insert(
    tx: &mut PgConnection,
    new: &NewWorkspace,
    project_id: i32,
    user_id: i32,
    by: &By,
) -> Result<std::result::Result<i32, InTheWay>> {
    let repo_id = store::repo_by_url_or_new(tx, &new.repo.to_string()).await?;
    let use_of_repo = store::use_of_repo(tx, repo_id, project_id).await?;
    if use_of_repo.by_others && !use_of_repo.by_this_project {
        return Ok(Err(InTheWay::RepoOfOthers));
    }
    let Some(id) = store::insert_workspace(tx, new, project_id, repo_id, user_id).await? else {
        return Ok(Err(InTheWay::NameTaken));
    };
    record_created(tx, (id, project_id), &new.repo.to_string(), &new.branch, by).await?;
    let event =
        Event::new("workspace_purpose_changed", by, Subject::workspace(id)).within(Subject::project(project_id));
    audit::record_changes(tx, &event, &[("purpose", "", &new.purpose)]).await?;
    let address = store::address(tx, id).await?;
    taken(tx, &address, by).await?;
    Ok(Ok(id))
}

/// Puts on record that a workspace was made in a project, with where its code comes from. Its name is in the record by
/// itself.
pub(super) async fn record_created(
    tx: &mut PgConnection,
    (id, project_id): (i32, i32),
    repo: &str,
    branch: &str,
    by: &By,
) -> Result<()> {
    let event = Event::new("workspace_created", by, Subject::workspace(id))
        .change("repository", "", format!("{repo}, branch {branch}"))
        .within(Subject::project(project_id));
    audit::record(tx, &event).await
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
