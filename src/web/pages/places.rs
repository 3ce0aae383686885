//! Finding what an address names: the first thing every page of a project does.

use sqlx::PgConnection;

use crate::core::names::is_slug;
use crate::core::workspaces::{self, Workspace};
use crate::web::responders::{Failure, Outcome};
use crate::web::view::Chrome;

/// The workspace that an address names; 404 when there is none in that project.
pub async fn workspace(conn: &mut PgConnection, project: &str, name: &str) -> Outcome<Workspace> {
    check_names(project, name)?;
    workspaces::store::workspace_in_project(conn, project, name)
        .await?
        .ok_or_else(|| Failure::not_found("Workspace"))
}

/// Text that can be no slug or name belongs to nothing; some of it the database would not even read.
pub fn check_names(project: &str, workspace: &str) -> Outcome<()> {
    if is_slug(project) && is_slug(workspace) {
        Ok(())
    } else {
        Err(Failure::not_found("Workspace"))
    }
}

/// The steps of the way to something in a workspace.
pub fn under_workspace(chrome: Chrome, workspace: &Workspace) -> Chrome {
    chrome
        .crumb("Project", workspace.project_title(), workspace.project_href())
        .crumb("Workspace", workspace.name.clone(), workspace.href())
}
