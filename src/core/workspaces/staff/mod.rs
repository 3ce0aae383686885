//! Workspaces as staff look after them.

pub mod actions;
mod store;

pub use store::lists;

use time::OffsetDateTime;

use super::MAX_PURPOSE;
use crate::core::error::FieldErrors;
use crate::core::versions::version;

/// Everything that staff say of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceForm {
    pub project_id: i32,
    pub is_archived: bool,
    pub purpose: String,
}

/// A workspace as it stands, with who changed it last.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: i32,
    pub name: String,
    pub form: WorkspaceForm,
    pub project_slug: String,
    pub project_title: String,
    pub updated_at: OffsetDateTime,
    /// Name and username.
    pub updated_by: String,
}

impl Stored {
    /// The address of its page.
    pub fn href(&self) -> String {
        format!("/{}/{}/", self.project_slug, self.name)
    }
}

impl WorkspaceForm {
    /// Of what a form shows.
    pub fn version(&self) -> String {
        version(&[
            ("project", &self.project_id.to_string()),
            ("is_archived", if self.is_archived { "true" } else { "false" }),
            ("purpose", &self.purpose),
        ])
    }

    /// Other than its users, staff may leave the purpose empty.
    fn check(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let length = self.purpose.chars().count();
        if length > MAX_PURPOSE {
            errors.add(
                "purpose",
                format!("Shorten this to {MAX_PURPOSE} characters; it has {length}."),
            );
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_of_all_that_the_form_shows() {
        let form = WorkspaceForm::default();
        let others = [
            WorkspaceForm {
                project_id: 1,
                ..form.clone()
            },
            WorkspaceForm {
                is_archived: true,
                ..form.clone()
            },
            WorkspaceForm {
                purpose: "x".to_owned(),
                ..form.clone()
            },
        ];
        assert!(others.iter().all(|other| other.version() != form.version()));
    }

    #[test]
    fn a_purpose_may_be_empty_and_not_endless() {
        let of = |purpose: String| WorkspaceForm {
            purpose,
            ..WorkspaceForm::default()
        };
        assert!(of(String::new()).check().is_empty());
        assert!(of("x".repeat(MAX_PURPOSE + 1)).check().get("purpose").is_some());
    }
}
