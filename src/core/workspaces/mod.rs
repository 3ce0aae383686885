//! Workspaces: a branch of a repository, run for a project.

pub mod operator;
pub mod store;

use time::OffsetDateTime;

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
