//! `jobserver create_workspace`

use super::outfit::Outfit;
use super::{ByOption, CommandError};
use crate::core::workspaces::operator::{WorkspaceInput, create_workspace};

#[derive(Debug, clap::Args)]
pub struct CreateWorkspace {
    /// The workspace's name: letters, digits, `-` and `_`.
    workspace: String,
    /// Who may run its jobs: becomes a member of the project, as developer and collaborator.
    username: String,
    /// The project's slug; the project is made when there is none [default when new: WORKSPACE].
    #[arg(long)]
    project: Option<String>,
    /// The code's address [default when new: https://github.com/opensafely/WORKSPACE].
    #[arg(long)]
    repo: Option<String>,
    /// The branch of it [default when new: main].
    #[arg(long)]
    branch: Option<String>,
    #[command(flatten)]
    by: ByOption,
}

impl CreateWorkspace {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let input = WorkspaceInput {
            name: self.workspace,
            username: self.username,
            project: self.project,
            repo: self.repo,
            branch: self.branch,
        };
        let stored = create_workspace(&outfit.db, &input, &self.by.by()).await?;
        let what = |is_new| if is_new { "created" } else { "is there" };
        println!("Project {} {}.", stored.project_slug, what(stored.project_is_new));
        println!("Workspace {} {}.", input.name, what(stored.is_new));
        if stored.member_is_new {
            println!("User {} is now a member of the project.", input.username);
        }
        let page = format!("/{}/{}/", stored.project_slug, input.name);
        println!("{}", outfit.settings.web.absolute(&page));
        Ok(())
    }
}
