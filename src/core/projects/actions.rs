//! Changing projects.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

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

/// How a project is said to stand. `description` is Markdown and may be empty.
#[derive(Debug, Clone, Copy)]
pub struct NewStatus<'a> {
    pub status: &'a str,
    pub description: &'a str,
    /// The [`fingerprint`] of what the person saw while writing; `None` saves over whatever there is.
    pub seen: Option<&'a str>,
}

/// What came of saying how a project stands.
#[derive(Debug)]
pub enum Saved {
    Done,
    /// Somebody else said something different meanwhile, so nothing is saved.
    Overtaken(Box<Standing>),
}

/// How a project stands, and who said so when.
#[derive(Debug)]
pub struct Standing {
    pub status: String,
    pub status_description: String,
    pub by: String,
    pub at: OffsetDateTime,
}

/// Tells one way in which a project stands from another.
pub fn fingerprint(status: &str, description: &str) -> String {
    let digest = Sha256::digest(format!("{status}\0{description}"));
    HEXLOWER.encode(digest.get(..8).unwrap_or_default())
}

/// Says anew how a project stands.
///
/// # Errors
/// `Invalid` with a message at `status` or `status_description`.
pub async fn change_status(db: &Db, can: &Can<ManageProjects>, project_id: i32, new: NewStatus<'_>) -> Result<Saved> {
    can.covers(project_id)?;
    let NewStatus {
        status,
        description,
        seen,
    } = new;
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
        return Ok(Saved::Done);
    }
    let is_overtaken = |seen: &str| seen != fingerprint(&before.status, &before.status_description);
    if seen.is_some_and(is_overtaken) {
        return Ok(Saved::Overtaken(Box::new(before)));
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
    Ok(Saved::Done)
}
