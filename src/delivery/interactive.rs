//! The repository of a project's interactive workspace. Nothing of it is done twice by being repeated: the repository is
//! looked for first, topics are set and not added, and a team that has it keeps it.

use super::PostOffice;
use crate::core::error::Error;
use crate::core::ids::RepoUrl;
use crate::core::outbox::InteractiveRepo;
use crate::core::ports::{Receipt, Undelivered};
use crate::core::workspaces::interactive;

impl PostOffice {
    pub(super) async fn interactive_repo(&self, facts: &InteractiveRepo) -> Result<Receipt, Undelivered> {
        let repos = &self.couriers.repos;
        let repo: RepoUrl = facts
            .repo
            .parse()
            .map_err(|_| Undelivered::refused(format!("{:?} is no address of a repository", facts.repo)))?;
        let mut topics = repos.make(&repo).await.map_err(to_be_mended)?;
        self.fault.reached("github.repo_made");
        if !topics.iter().any(|topic| topic == InteractiveRepo::TOPIC) {
            topics.push(InteractiveRepo::TOPIC.to_owned());
            repos.set_topics(&repo, &topics).await.map_err(to_be_mended)?;
        }
        self.fault.reached("github.repo_labelled");
        repos
            .let_maintain(&repo, InteractiveRepo::TEAM)
            .await
            .map_err(to_be_mended)?;
        self.fault.reached("github.repo_shared");
        let mut conn = self.db.read().await.map_err(away)?;
        interactive::repo_is_ready(&mut conn, facts.workspace_id)
            .await
            .map_err(away)?;
        drop(conn);
        self.fault.reached("github.repo_noted");
        Ok(Receipt {
            id: None,
            url: Some(repo.to_string()),
        })
    }
}

/// An account or a team that is not there, or that the token may not see now, may be there later: operators mend that.
fn to_be_mended(error: Undelivered) -> Undelivered {
    match error {
        Undelivered::Missing { why } => Undelivered::later(why),
        other => other,
    }
}

fn away(error: Error) -> Undelivered {
    Undelivered::later(format!("our own database: {error}"))
}
