//! What commands are equipped with: settings, logs, the database, the services behind their ports.

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::CommandError;
use super::couriers::couriers;
use crate::adapters::USER_AGENT;
use crate::adapters::fallback::Fallback;
use crate::adapters::files::{self, Files, S3Settings};
use crate::adapters::github::{GitHub, GitHubSettings, GitHubSettingsError};
use crate::adapters::github_login::{CALLBACK, GithubLogin, GithubLoginSettings};
use crate::adapters::local_git::{LocalGit, LocalGitSettings};
use crate::adapters::opencodelists::OpenCodelists;
use crate::config::{self, BucketSettings, Settings};
use crate::core::db::Db;
use crate::core::outbox::fault::FaultPoint;
use crate::core::ports::{CodeHost, CodelistChecker, CodelistsTakenAsTheyAre, FileStore, IdentityProvider};
use crate::core::sealed::Sealer;
use crate::delivery::{Place, PostOffice};
use crate::telemetry;

/// No page and no message waits longer for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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

/// Where released files are kept.
///
/// # Errors
/// When the folder or the settings of the bucket cannot be used.
pub fn file_store(settings: &Settings) -> Result<Arc<dyn FileStore>, CommandError> {
    match &settings.releases.bucket {
        Some(wanted) => bucket(wanted),
        None => folder(&settings.releases.storage),
    }
}

/// The folder of released files, whether or not it is the one in use.
///
/// # Errors
/// When it cannot be used.
pub fn folder(path: &Path) -> Result<Arc<dyn FileStore>, CommandError> {
    let files = Files::folder(path).map_err(|error| CommandError::Said(error.to_string()))?;
    Ok(Arc::new(files))
}

/// The bucket of released files. It is not looked at yet.
///
/// # Errors
/// When the settings make no client.
pub fn bucket(wanted: &BucketSettings) -> Result<Arc<dyn FileStore>, CommandError> {
    let settings = S3Settings {
        endpoint: wanted.endpoint.clone(),
        region: wanted.region.clone(),
        bucket: wanted.name.clone(),
        access_key_id: wanted.access_key_id.clone(),
        secret_access_key: wanted.secret_access_key.clone(),
        timeout: wanted.timeout,
    };
    let files = files::bucket(&settings).map_err(|error| CommandError::Said(error.to_string()))?;
    Ok(Arc::new(files))
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

/// What all outside services are called with: connections are shared, and every call says who is asking.
pub(super) fn http_client() -> Result<reqwest::Client, CommandError> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .map_err(|error| CommandError::Said(format!("Cannot make an HTTP client: {error}")))
}

/// Who says whether a study's codelists are up to date.
pub fn codelist_checker(settings: &Settings) -> Result<Arc<dyn CodelistChecker>, CommandError> {
    let wanted = &settings.opencodelists;
    Ok(match &wanted.url {
        Some(site) => Arc::new(OpenCodelists::new(http_client()?, site, wanted.timeout)),
        None => Arc::new(CodelistsTakenAsTheyAre),
    })
}

/// Who vouches for people who sign in: GitHub, or this development copy itself.
pub fn identity_provider(settings: &Settings) -> Result<Arc<dyn IdentityProvider>, CommandError> {
    let login = &settings.github.login;
    let callback = settings.web.absolute(CALLBACK).parse();
    let callback = callback.map_err(|error| CommandError::Said(format!("Cannot use BASE_URL: {error}")))?;
    // A redirect could lead the secret astray; and no proxy stands between this machine and itself.
    let mut client = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if login.is_stand_in {
        client = client.no_proxy();
    }
    let client = client
        .build()
        .map_err(|error| CommandError::Said(format!("Cannot make an HTTP client: {error}")))?;
    let wanted = GithubLoginSettings {
        client_id: login.key.clone(),
        client_secret: login.secret.clone(),
        web: login.web_url.clone(),
        api: login.api_url.clone(),
        callback,
        timeout: settings.github.timeout,
    };
    Ok(Arc::new(GithubLogin::new(client, wanted)))
}

pub(super) fn github_settings(settings: &Settings) -> GitHubSettings {
    GitHubSettings {
        api: settings.github.api_url.clone(),
        token: settings.github.token.clone(),
        ..GitHubSettings::default()
    }
}

pub(super) fn bad_github(error: &GitHubSettingsError) -> CommandError {
    CommandError::Said(format!("Cannot use GITHUB_API_URL: {error}"))
}

/// The local folder of repositories. Git is run in their own folders, where a relative path would mean another place.
pub(super) fn local_git(folder: &Path) -> Result<LocalGit, CommandError> {
    let folder = std::path::absolute(folder)
        .map_err(|error| CommandError::Said(format!("LOCAL_GIT_REPOS cannot be used: {error}")))?;
    Ok(LocalGit::new(LocalGitSettings::new(folder)))
}

/// Where the code is: the local folder when one is set, GitHub for the rest or for everything.
pub fn code_host(settings: &Settings) -> Result<Arc<dyn CodeHost>, CommandError> {
    let github = || -> Result<Arc<dyn CodeHost>, CommandError> {
        let github = GitHub::new(http_client()?, github_settings(settings)).map_err(|error| bad_github(&error))?;
        Ok(Arc::new(github))
    };
    match &settings.github.local_git_repos {
        Some(folder) => {
            let local = local_git(folder)?;
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

/// What delivers messages: words, and what carries them.
pub fn post_office(settings: &Settings, db: &Db, fault: FaultPoint) -> Result<PostOffice, CommandError> {
    let place = Place {
        base_url: settings.web.base_url.clone(),
        site_name: settings.web.site_name.clone(),
        mail_from: settings.mail.from.clone(),
        support_email: settings.web.support_email.clone(),
    };
    let sealer = Sealer::new(&settings.secrets.secret_key, settings.secrets.old_secret_key.as_ref())?;
    let office = PostOffice::new(couriers(settings)?, db.clone(), place, sealer).map_err(CommandError::Said)?;
    Ok(office.with_fault(fault))
}
