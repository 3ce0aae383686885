//! Changing workspaces.

use super::{Stored, WorkspaceForm, store};
use crate::core::access::{CanEverywhere, EnterStaffArea};
use crate::core::audit::{self, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};
use crate::core::redirects::Target;
use crate::core::redirects::actions::moved;
use crate::core::versions::{Saved, is_overtaken};

/// Changes a workspace: only what differs is written. `seen` is the [`WorkspaceForm::version`] that the form showed.
///
/// # Errors
/// `NotFound("Workspace")`; `Invalid` with a message beside each field.
pub async fn edit(
    db: &Db,
    can: &CanEverywhere<EnterStaffArea>,
    id: i32,
    form: &WorkspaceForm,
    seen: &str,
) -> Result<Saved<Box<Stored>>> {
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("Workspace"))?;
    if *form == before.form {
        return Ok(Saved::Unchanged);
    }
    if is_overtaken(seen, &before.form.version()) {
        return Ok(Saved::Overtaken(Box::new(before)));
    }
    form.check().into_result()?;
    let (new_slug, new_title) = store::project(&mut tx, form.project_id)
        .await?
        .ok_or_else(|| Error::Invalid(FieldErrors::one("project", "Choose a project that exists.")))?;
    store::update(&mut tx, id, form, can.user_id()).await?;
    let by = can.by();
    let subject = Subject::workspace(id);
    let of = |kind| Event::new(kind, &by, subject).within(Subject::project(form.project_id));
    if before.form.project_id != form.project_id {
        let event = of("workspace_moved").change("project", before.project_title.as_str(), new_title.as_str());
        audit::record(&mut tx, &event).await?;
        // The log of the project that it left tells it too.
        let left = Event::new("workspace_left", &by, subject).within(Subject::project(before.form.project_id));
        let left = left.change("project", before.project_title.as_str(), new_title.as_str());
        audit::record(&mut tx, &left).await?;
        let new_url = format!("/{new_slug}/{}/", before.name);
        moved(&mut tx, Target::Workspace(id), &before.href(), &new_url, &by).await?;
    }
    if before.form.is_archived != form.is_archived {
        let kind = if form.is_archived {
            "workspace_archived"
        } else {
            "workspace_unarchived"
        };
        let (old, new) = (before.form.is_archived.to_string(), form.is_archived.to_string());
        audit::record(&mut tx, &of(kind).change("is_archived", old, new)).await?;
    }
    let purpose = [("purpose", &*before.form.purpose, &*form.purpose)];
    audit::record_changes(&mut tx, &of("workspace_purpose_changed"), &purpose).await?;
    tx.commit().await?;
    Ok(Saved::Done)
}
