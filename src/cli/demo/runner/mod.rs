//! `jobserver demo runner`: a backend that only pretends to run jobs. It speaks the public API as a real
//! runner does, and reads pipelines from the code host at the commit a request names.

mod api;
mod job;
mod model;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::api::{Api, JobRequest};
use self::model::{Definition, Runner};
use super::store;
use crate::cli::CommandError;
use crate::cli::outfit::{Outfit, code_host, shown};
use crate::core::audit::By;
use crate::core::ids::{CommitSha, RepoUrl};
use crate::core::jobs::Pipeline;
use crate::core::jobs::backends::{BackendInput, create_backend};
use crate::core::jobs::pipeline::MAX_BYTES;
use crate::core::ports::CodeHost;

/// How often the site is asked, at normal speed.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The shortest pause between two questions, however fast jobs are to go.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub struct RunnerOptions {
    /// The backend to play, by its slug; may be given more than once [default: all that poll].
    #[arg(long, value_name = "SLUG")]
    backend: Vec<String>,
    /// Where the site is [default: this machine, at the setting PORT].
    #[arg(long, value_name = "URL")]
    url: Option<url::Url>,
    /// How many times faster than usual jobs go, from 0.1 to 100.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.1..=100.0).contains(&speed) => Ok(speed),
        _ => Err("give a number from 0.1 to 100".to_owned()),
    }
}

/// Plays until it is told to stop.
pub async fn run(outfit: &Outfit, options: RunnerOptions) -> Result<(), CommandError> {
    let known = store::polling_backends(&mut *outfit.db.read().await?).await?;
    if let Some(unknown) = options.backend.iter().find(|slug| !known.contains(slug)) {
        return Err(CommandError::Said(format!(
            "There is no active backend {unknown} that polls. Those there are: {}.",
            known.join(", ")
        )));
    }
    let wanted = if options.backend.is_empty() {
        known
    } else {
        options.backend
    };
    if wanted.is_empty() {
        return Err(CommandError::Said(
            "There is no active backend that polls: make one with `jobserver create_backend SLUG`.".to_owned(),
        ));
    }
    let url = match options.url {
        Some(url) => url.to_string(),
        None => format!("http://127.0.0.1:{}", outfit.settings.web.port),
    };
    let code_host = code_host(&outfit.settings)?;
    let (stop, stopped) = watch::channel(false);
    let mut players = JoinSet::new();
    for slug in wanted {
        let input = BackendInput {
            slug: slug.clone(),
            ..BackendInput::default()
        };
        let token = create_backend(&outfit.db, &outfit.sealer, &input, &By::operator("demo runner")).await?;
        let player = Player {
            api: Api::new(&url, &slug, shown(&token))?,
            runner: Runner::new(options.speed),
            code_host: code_host.clone(),
            slug,
            first_look: true,
        };
        players.spawn(player.play(options.speed, stopped.clone()));
    }
    let told_to_stop = crate::cli::serve::stop_signal();
    println!("Playing at {url}; Ctrl-C ends it.");
    told_to_stop.await;
    // Nobody listens any more when every player has ended, which is what is wanted.
    let _ = stop.send(true);
    while players.join_next().await.is_some() {}
    println!("The demo runner has stopped. Jobs that were running start afresh with the next one.");
    Ok(())
}

/// One backend.
struct Player {
    slug: String,
    api: Api,
    runner: Runner,
    code_host: Arc<dyn CodeHost>,
    /// Requests of the first answer may have jobs from an earlier run of this program.
    first_look: bool,
}

impl Player {
    async fn play(mut self, speed: f64, mut stopped: watch::Receiver<bool>) {
        let interval = POLL_INTERVAL.div_f64(speed).max(SHORTEST_INTERVAL);
        let mut complaint = String::new();
        loop {
            let round = async {
                let result = self.round().await;
                tokio::time::sleep(interval).await;
                result
            };
            let result = tokio::select! {
                result = round => result,
                _ = stopped.changed() => return,
            };
            // The same trouble is told once, and its end too.
            let now = result.err().unwrap_or_default();
            if now != complaint {
                match now.as_str() {
                    "" => println!("{}: the site answers again", self.slug),
                    trouble => println!("{}: {trouble}; trying again", self.slug),
                }
                complaint = now;
            }
        }
    }

    /// Asks for requests, does what is due, and reports.
    async fn round(&mut self) -> Result<(), String> {
        let listed = self.api.job_requests().await?;
        for request in &listed {
            if self.runner.knows(&request.identifier) {
                continue;
            }
            let definition = self.definition(request).await;
            let outcomes = match self.first_look {
                true => HashMap::new(),
                // Without an answer nothing counts as done: more runs than need be, but nothing waits.
                false => self.api.statuses(&request.workspace.name).await.unwrap_or_default(),
            };
            println!(
                "{}: {} asks for {} in {}",
                self.slug,
                request.created_by,
                request.requested_actions.join(", "),
                request.workspace.name
            );
            self.runner
                .admit(request, definition, &outcomes, OffsetDateTime::now_utc());
        }
        self.first_look = false;
        for request in &listed {
            self.runner.cancel(&request.identifier, &request.cancelled_actions);
        }
        for change in self.runner.advance(OffsetDateTime::now_utc()) {
            println!("{}: {change}", self.slug);
        }
        if listed.is_empty() {
            return Ok(());
        }
        let listed: Vec<&str> = listed.iter().map(|request| request.identifier.as_str()).collect();
        self.api.report(&self.runner.report(&listed)).await
    }

    /// The pipeline at the request's commit, or why there is none.
    async fn definition(&self, request: &JobRequest) -> Definition {
        let fault = |error: &dyn std::fmt::Display| Err(format!("{}: {error}", request.workspace.repo));
        let repo: RepoUrl = match request.workspace.repo.parse() {
            Ok(repo) => repo,
            Err(error) => return fault(&error),
        };
        let sha: CommitSha = match request.sha.parse() {
            Ok(sha) => sha,
            Err(error) => return fault(&error),
        };
        let text = match self.code_host.file(&repo, &sha, "project.yaml", MAX_BYTES).await {
            Ok(text) => text,
            Err(error) => return fault(&error),
        };
        Pipeline::parse(&String::from_utf8_lossy(&text)).map_err(|error| format!("project.yaml: {error}"))
    }
}
