//! Workspaces: a branch of a repository, run for a project.

pub mod actions;
pub mod dashboards;
pub mod facts;
pub mod interactive;
pub mod listing;
pub mod operator;
pub mod outputs;
pub mod sign_off;
pub mod staff;
pub mod staff_repos;
pub mod store;
pub mod tally;

use time::OffsetDateTime;

use crate::core::error::FieldErrors;
use crate::core::ids::RepoUrl;
use crate::core::names::{RESERVED_WORKSPACE_NAMES, is_slug};

/// A workspace with the names that its pages show.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: i32,
    pub name: String,
    pub project_id: i32,
    pub project_slug: String,
    pub project_name: String,
    pub project_number: Option<String>,
    /// Name and slug of the lead organisation, when there is one.
    pub org_name: Option<String>,
    pub org_slug: Option<String>,
    pub repo_url: String,
    pub branch: String,
    pub purpose: String,
    pub is_archived: bool,
    pub should_notify: bool,
    pub created_at: Option<OffsetDateTime>,
    pub created_by_username: Option<String>,
    pub created_by_fullname: Option<String>,
}

impl Workspace {
    /// The address of its page.
    pub fn href(&self) -> String {
        format!("/{}/{}/", self.project_slug, self.name)
    }

    pub fn project_href(&self) -> String {
        format!("/{}/", self.project_slug)
    }

    pub fn project_title(&self) -> String {
        crate::core::projects::title(self.project_number.as_deref(), &self.project_name)
    }
}

/// A workspace to be made; every part was checked by whoever filled it in.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    /// Lower case; see [`is_workspace_name`](crate::core::names::is_workspace_name).
    pub name: String,
    pub purpose: String,
    pub repo: RepoUrl,
    pub branch: String,
}

/// The longest name of a workspace, in characters: it is the name of a folder inside backends too.
pub const MAX_NAME: usize = 100;

/// The longest purpose, in characters.
pub const MAX_PURPOSE: usize = 10_000;

/// What is wrong with a purpose, as a message at `purpose`.
pub fn check_purpose(purpose: &str, errors: &mut FieldErrors) {
    let length = purpose.chars().count();
    if length == 0 {
        errors.add("purpose", "Say what the workspace is for.");
    } else if length > MAX_PURPOSE {
        errors.add(
            "purpose",
            format!("Shorten the purpose to {MAX_PURPOSE} characters; it has {length}."),
        );
    }
}

/// What is wrong with a name, already in lower case, as a message at `name`.
pub fn check_name(name: &str, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.add("name", "Enter a name.");
    } else if name.chars().count() > MAX_NAME {
        errors.add("name", format!("Shorten the name to {MAX_NAME} characters."));
    } else if !is_slug(name) {
        errors.add("name", "Use letters, digits, - and _ only, without spaces.");
    } else if RESERVED_WORKSPACE_NAMES.contains(&name) {
        errors.add(
            "name",
            format!("“{name}” is the address of another page. Choose another name."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_error(name: &str) -> Option<String> {
        let mut errors = FieldErrors::default();
        check_name(name, &mut errors);
        errors.get("name").map(str::to_owned)
    }

    #[test]
    fn names_are_folders_and_addresses() {
        assert_eq!(name_error("long-covid_2"), None);
        assert_eq!(name_error(&"a".repeat(MAX_NAME)), None);
        for name in [
            "",
            "a b",
            "é",
            "a/b",
            "logs",
            "new-workspace",
            "😀",
            &"a".repeat(MAX_NAME + 1),
        ] {
            assert!(name_error(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_purpose_is_said_and_not_endless() {
        let error = |purpose: &str| {
            let mut errors = FieldErrors::default();
            check_purpose(purpose, &mut errors);
            errors.get("purpose").map(str::to_owned)
        };
        assert_eq!(error(&"😀".repeat(MAX_PURPOSE)), None);
        assert!(error(&"😀".repeat(MAX_PURPOSE + 1)).unwrap().contains("10001"));
        assert!(error("").is_some());
    }
}
