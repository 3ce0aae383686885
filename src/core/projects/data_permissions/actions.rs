//! Granting data permissions and ending them.

use sqlx::PgConnection;

use super::{check_kind, check_reason, label, store};
use crate::core::access::{CanEverywhere, ManageDataPermissions};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result, violated_constraint};

/// Allows a project something, from now on.
///
/// # Errors
/// `NotFound("Project")`; `Invalid` at `kind`, also when it is allowed already, or at `reason`.
pub async fn grant(
    db: &Db,
    can: &CanEverywhere<ManageDataPermissions>,
    project_id: i32,
    kind: &str,
    reason: &str,
) -> Result<()> {
    let mut errors = FieldErrors::default();
    check_kind(kind, &mut errors);
    check_reason(reason, &mut errors);
    errors.into_result()?;
    let mut tx = db.begin().await?;
    if !store::lock_project(&mut tx, project_id).await? {
        return Err(Error::NotFound("Project"));
    }
    insert(&mut tx, project_id, kind, reason, &can.by(), can.user_id()).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &mut PgConnection,
    project_id: i32,
    kind: &str,
    reason: &str,
    by: &By,
    by_id: i32,
) -> Result<()> {
    let id = store::insert(tx, project_id, kind, reason, by_id)
        .await
        .map_err(|error| match violated_constraint(&error) {
            Some("data_permission_active_unique") => Error::Invalid(FieldErrors::one(
                "kind",
                format!("The project is allowed {} already.", label(kind)),
            )),
            _ => error.into(),
        })?;
    // The record keeps the kind beside the reason: the row has no name of its own.
    let event = Event::new("data_permission_granted", by, Subject::data_permission(id))
        .change("kind", kind, reason)
        .within(Subject::project(project_id));
    audit::record(tx, &event).await
}

/// Ends a permission, for a reason.
///
/// # Errors
/// `NotFound("Data permission")` for one that ended or is another project's; `Invalid` at `reason`.
pub async fn end(
    db: &Db,
    can: &CanEverywhere<ManageDataPermissions>,
    project_id: i32,
    id: i32,
    reason: &str,
) -> Result<()> {
    let mut errors = FieldErrors::default();
    check_reason(reason, &mut errors);
    errors.into_result()?;
    let mut tx = db.begin().await?;
    end_in(&mut tx, project_id, id, reason, &can.by(), can.user_id()).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn end_in(
    tx: &mut PgConnection,
    project_id: i32,
    id: i32,
    reason: &str,
    by: &By,
    by_id: i32,
) -> Result<()> {
    let kind = store::end(tx, project_id, id, reason, by_id).await?;
    let kind = kind.ok_or(Error::NotFound("Data permission"))?;
    let event = Event::new("data_permission_ended", by, Subject::data_permission(id))
        .change("kind", kind, reason)
        .within(Subject::project(project_id));
    audit::record(tx, &event).await
}
