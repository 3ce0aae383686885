//! Changing projects.

use super::store::edit as store;
use crate::core::access::{Can, ManageProjects};
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::{Error, FieldErrors, Result};

/// The statuses that a project can be given, with what they are called.
pub const STATUSES: &[(&str, &str)] = &[
    ("ongoing", "Ongoing"),
    ("ongoing-and-linked", "Ongoing, paper or report linked"),
    ("postponed", "Postponed"),
    ("retired", "Retired"),
    ("completed-and-linked", "Completed, paper or report linked"),
    ("completed-and-awaiting", "Completed, awaiting paper or report"),
];

/// The longest description of a status, in characters.
pub const MAX_STATUS_DESCRIPTION: usize = 10_000;

/// Says anew how a project stands. `description` is Markdown and may be empty.
///
/// # Errors
/// `Invalid` with a message at `status` or `status_description`.
pub async fn change_status(
    db: &Db,
    can: &Can<ManageProjects>,
    project_id: i32,
    status: &str,
    description: &str,
) -> Result<()> {
    can.covers(project_id)?;
    let mut errors = FieldErrors::default();
    if !STATUSES.iter().any(|(known, _)| *known == status) {
        errors.add("status", "Choose how the project stands.");
    }
    let length = description.chars().count();
    if length > MAX_STATUS_DESCRIPTION {
        errors.add(
            "status_description",
            format!("Shorten this to {MAX_STATUS_DESCRIPTION} characters; it has {length}."),
        );
    }
    errors.into_result()?;
    let mut tx = db.begin().await?;
    let before = store::lock_status(&mut tx, project_id)
        .await?
        .ok_or(Error::NotFound("Project"))?;
    if before.status == status && before.status_description == description {
        return Ok(());
    }
    store::update_status(&mut tx, project_id, status, description, can.user_id()).await?;
    let by = By::user(can.user_id(), can.username());
    let changes = [
        ("project_status_changed", "status", before.status, status),
        (
            "project_status_description_changed",
            "status_description",
            before.status_description,
            description,
        ),
    ];
    for (kind, field, old, new) in changes {
        if old != new {
            let event = Event::new(kind, &by, Subject::project(project_id))
                .change(field, old, new)
                .within(Subject::project(project_id));
            audit::record(&mut tx, &event).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
