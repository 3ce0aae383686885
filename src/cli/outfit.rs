//! What commands are equipped with: settings, logs, the database, the services behind their ports.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::CommandError;
use crate::adapters::fallback::Fallback;
use crate::adapters::github::{GitHub, GitHubSettings};
use crate::adapters::local_git::{LocalGit, LocalGitSettings};
use crate::config::{self, Settings};
use crate::core::db::Db;
use crate::core::ports::CodeHost;
use crate::core::sealed::Sealer;
use crate::telemetry;

/// Settings and a database, for a command that runs and ends.
pub struct Outfit {
    pub settings: Settings,
    pub db: Db,
    pub sealer: Sealer,
}

impl Outfit {
    /// Loads the settings, says what is odd about them, and connects.
    pub async fn new() -> Result<Self, CommandError> {
        let loaded = config::load()?;
        for warning in &loaded.warnings {
            eprintln!("{warning}");
        }
        let settings = loaded.settings;
        let db = Db::connect(
            settings.database.url.expose().as_str(),
            2,
            settings.database.acquire_timeout,
        )
        .await?;
        let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref())?;
        Ok(Self { settings, db, sealer })
    }
}

/// Runs a command's work to its end.
pub fn block_on(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::Said(format!("Cannot start: {error}")))?;
    runtime.block_on(work)
}

pub async fn migrate() -> Result<(), CommandError> {
    let outfit = Outfit::new().await?;
    outfit.db.migrate().await?;
    println!("The database's schema is up to date.");
    Ok(())
}

pub fn check() -> ExitCode {
    let mut code = 1;
    let result = block_on(async {
        code = super::check::run(config::load(), &mut std::io::stdout()).await;
        Ok(())
    });
    if let Err(error) = result {
        eprintln!("{error}");
    }
    ExitCode::from(code)
}

/// Where the code is: the local folder when one is set, GitHub for the rest or for everything.
pub fn code_host(settings: &Settings) -> Result<Arc<dyn CodeHost>, CommandError> {
    let github = || -> Result<Arc<dyn CodeHost>, CommandError> {
        let client = reqwest::Client::builder()
            .build()
            .map_err(|error| CommandError::Said(format!("Cannot make an HTTP client: {error}")))?;
        let wanted = GitHubSettings {
            api: settings.github.api_url.clone(),
            token: settings.github.token.clone(),
            user_agent: settings.web.site_name.clone(),
            ..GitHubSettings::default()
        };
        let github = GitHub::new(client, wanted)
            .map_err(|error| CommandError::Said(format!("Cannot use GITHUB_API_URL: {error}")))?;
        Ok(Arc::new(github))
    };
    match &settings.github.local_git_repos {
        Some(folder) => {
            // Git is run in the repositories' own folders, where a relative path would mean another place.
            let folder = std::path::absolute(folder)
                .map_err(|error| CommandError::Said(format!("LOCAL_GIT_REPOS cannot be used: {error}")))?;
            let local = LocalGit::new(LocalGitSettings::new(folder));
            let elsewhere = if settings.github.token.is_some() {
                Some(github()?)
            } else {
                None
            };
            Ok(Arc::new(Fallback::new(local, elsewhere)))
        }
        None => github(),
    }
}

/// Starts logs, and what else is told to who looks after the site. The guard ends them; keep it until the
/// process ends.
pub fn start_telemetry(settings: &Settings) -> Result<telemetry::TelemetryGuard, CommandError> {
    telemetry::init(&settings.telemetry).map_err(|error| CommandError::Said(format!("Cannot start telemetry: {error}")))
}

/// A secret as text, for a command whose purpose is to show it.
pub fn shown(secret: &SecretString) -> &str {
    secret.expose_secret()
}
