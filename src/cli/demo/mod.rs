//! `jobserver demo`: data to look at, links to sign in with, and a backend that plays along. Never on a
//! real site unless its settings allow it.

mod history;
mod released;
mod repos;
mod runner;
mod seed;
mod store;
mod story;

use clap::Subcommand;

use super::CommandError;
use super::outfit::{Outfit, shown};
use crate::core::audit::By;
use crate::core::people::actions::create_login_link;

#[derive(Debug, clap::Args)]
pub struct Demo {
    #[command(subcommand)]
    command: DemoCommand,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Fill an empty database: people, projects, workspaces, backends and job requests in every state.
    ///
    /// Two git repositories are made in the folder LOCAL_GIT_REPOS [default: .local/repos]. A database
    /// with people in it is left alone.
    Seed,
    /// Print one-time links that sign in as the demonstration's administrator and researcher.
    Links,
    /// Play backends: pick up job requests over the HTTP API and pretend to run their jobs.
    ///
    /// It needs the settings of the site it plays for: its tokens come from the database, pipelines from
    /// LOCAL_GIT_REPOS or GitHub. Jobs take seconds, and now and then one fails.
    Runner(runner::RunnerOptions),
}

impl Demo {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        if !outfit.settings.demo.allowed {
            return Err(CommandError::Said(
                "This is production: demonstration data and runners have no place here.\n\
                 Set ALLOW_DEMO=1 if this site is only for trying things out."
                    .to_owned(),
            ));
        }
        match self.command {
            DemoCommand::Seed => seed::run(&outfit).await,
            DemoCommand::Links => links(&outfit).await,
            DemoCommand::Runner(options) => runner::run(&outfit, options).await,
        }
    }
}

async fn links(outfit: &Outfit) -> Result<(), CommandError> {
    let people = [
        ("administrator", story::ADMINISTRATOR),
        ("researcher", story::RESEARCHER),
    ];
    for (label, username) in people {
        let token = create_login_link(&outfit.db, username, &By::operator("demo"))
            .await
            .map_err(|error| match error {
                crate::core::error::Error::NotFound(_) => CommandError::Said(format!(
                    "There is no {username}: the database was not filled by `jobserver demo seed`.\n\
                 `jobserver login-link USERNAME` makes a link for anybody else."
                )),
                other => other.into(),
            })?;
        let link = outfit.settings.web.absolute(&format!("/login-link/{}/", shown(&token)));
        println!("    {label:<13}  {link}");
    }
    Ok(())
}
