//! `jobserver create_rap`

use super::outfit::{Outfit, code_host, codelist_checker};
use super::{ByOption, CommandError};
use crate::core::jobs::Transport;
use crate::core::jobs::actions::{NewJobRequest, create_job_request_as_operator};
use crate::core::jobs::operator::find_target;
use crate::core::jobs::running::{Sources, Wanted};
use crate::core::ports::Codelists;

#[derive(Debug, clap::Args)]
pub struct CreateRap {
    /// The workspace to run in.
    workspace: String,
    /// In whose name.
    #[arg(value_name = "USER")]
    username: String,
    /// The slug of the backend to run on.
    backend: String,
    /// The actions to run, or run_all.
    #[arg(long, short = 'a', required = true, num_args = 1.., value_name = "ACTION")]
    actions: Vec<String>,
    /// The commit, or anything that stands for one [default: the head of the workspace's branch].
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,
    /// Also run what the actions need when it succeeded before.
    #[arg(long, alias = "force_run_dependencies")]
    force_run_dependencies: bool,
    #[command(flatten)]
    by: ByOption,
}

impl CreateRap {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let mut target = find_target(&outfit.db, &self.workspace, &self.username, &self.backend).await?;
        if outfit.settings.rap.controller.is_none() {
            // Everything is polled then.
            target.transport = Transport::Poll;
        }
        if target.transport == Transport::Rap {
            return Err(CommandError::Said(format!(
                "{} is reached through the RAP controller, which this version does not speak to yet.",
                self.backend
            )));
        }
        let code_host = code_host(&outfit.settings)?;
        let codelists = codelist_checker(&outfit.settings)?;
        let sources = Sources {
            host: code_host.as_ref(),
            codelists: codelists.as_ref(),
            call_timeout: outfit.settings.github.timeout,
        };
        let wanted = match &self.commit {
            Some(commit) => Wanted::Reference(commit),
            None => Wanted::BranchHead(&target.branch),
        };
        let runnable = sources
            .runnable(&target.repo_url, wanted, target.policy)
            .await
            .map_err(|reason| CommandError::Said(format!("{}: {reason}", reason.title())))?;
        let input = NewJobRequest {
            workspace_id: target.workspace_id,
            backend_id: target.backend_id,
            transport: target.transport,
            requested_actions: self.actions,
            force_run_dependencies: self.force_run_dependencies,
            will_notify: false,
            sha: runnable.commit.to_string(),
            project_definition: runnable.definition,
            codelists_ok: runnable.codelists == Codelists::UpToDate,
            form_key: None,
        };
        let created = create_job_request_as_operator(&outfit.db, &input, target.user_id, &self.by.by()).await?;
        println!("Job request {} at commit {}:", created.id, runnable.commit);
        println!("{}", created.identifier);
        Ok(())
    }
}
