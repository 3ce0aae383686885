//! What commands are equipped with: settings, logs, the database, the services behind their ports.

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::CommandError;
use crate::adapters::USER_AGENT;
use crate::adapters::fallback::Fallback;
use crate::adapters::files::{self, Files, S3Settings};
use crate::adapters::github::{GitHub, GitHubIssues, GitHubSettings, GitHubSettingsError};
use crate::adapters::github_login::{CALLBACK, GithubLogin, GithubLoginSettings};
use crate::adapters::local_git::{LocalGit, LocalGitSettings};
use crate::adapters::mail::{KeptMails, Mailgun, MailgunSettings, PrintedMail, Smtp};
use crate::adapters::no_issues::NoIssues;
use crate::adapters::opencodelists::OpenCodelists;
use crate::adapters::printed_issues::PrintedIssues;
use crate::adapters::printing::Printer;
use crate::adapters::slack::{PrintedChat, Slack};
use crate::config::{self, BucketSettings, MailBackend, Profile, Settings};
use crate::core::db::Db;
use crate::core::outbox::fault::FaultPoint;
use crate::core::ports::{
    Chat, CodeHost, CodelistChecker, CodelistsTakenAsTheyAre, Couriers, FileStore, IdentityProvider, IssueTracker,
    Mailer,
};
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
fn http_client() -> Result<reqwest::Client, CommandError> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .map_err(|error| CommandError::Said(format!("Cannot make an HTTP client: {error}")))
}

/// What carries messages out of the house. With `DEBUG` chat and issues are printed whatever tokens there
/// are, without it only where there is no token; in production issues without a token wait. Must be called within a Tokio runtime.
pub fn couriers(settings: &Settings) -> Result<Couriers, CommandError> {
    let client = http_client()?;
    let printer = || match settings.profile {
        Profile::Development => Printer::stdout(),
        Profile::Production => Printer::log(),
    };
    let mail: Arc<dyn Mailer> = match &settings.mail.backend {
        MailBackend::Console => Arc::new(PrintedMail(printer())),
        MailBackend::File { folder } => Arc::new(KeptMails::new(folder)),
        MailBackend::Smtp { url } => Arc::new(
            Smtp::new(url, settings.mail.timeout)
                .map_err(|error| CommandError::Said(format!("Cannot use SMTP_URL: {error}")))?,
        ),
        MailBackend::Mailgun {
            api_url,
            api_key,
            sender_domain,
        } => Arc::new(Mailgun::new(
            client.clone(),
            MailgunSettings {
                api: api_url.clone(),
                key: api_key.clone(),
                domain: sender_domain.clone(),
                timeout: settings.mail.timeout,
                test_mode: false,
            },
        )),
    };
    let slack = &settings.slack;
    let chat: Arc<dyn Chat> = match &slack.token {
        Some(token) if !settings.web.debug => {
            Arc::new(Slack::new(client.clone(), &slack.api_url, token.clone(), slack.timeout))
        }
        _ => Arc::new(PrintedChat(printer())),
    };
    let issues: Arc<dyn IssueTracker> = if settings.github.token.is_some() && !settings.web.debug {
        let wanted = GitHubSettings {
            call_timeout: settings.github.timeout,
            ..github_settings(settings)
        };
        Arc::new(GitHubIssues::new(client, wanted).map_err(|error| bad_github(&error))?)
    } else if settings.profile == Profile::Production && !settings.web.debug {
        Arc::new(NoIssues)
    } else {
        Arc::new(PrintedIssues(printer()))
    };
    Ok(Couriers { mail, chat, issues })
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

fn github_settings(settings: &Settings) -> GitHubSettings {
    GitHubSettings {
        api: settings.github.api_url.clone(),
        token: settings.github.token.clone(),
        ..GitHubSettings::default()
    }
}

fn bad_github(error: &GitHubSettingsError) -> CommandError {
    CommandError::Said(format!("Cannot use GITHUB_API_URL: {error}"))
}

/// Where the code is: the local folder when one is set, GitHub for the rest or for everything.
pub fn code_host(settings: &Settings) -> Result<Arc<dyn CodeHost>, CommandError> {
    let github = || -> Result<Arc<dyn CodeHost>, CommandError> {
        let github = GitHub::new(http_client()?, github_settings(settings)).map_err(|error| bad_github(&error))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn made(pairs: &[(&str, &str)]) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inputs = config::Inputs::of_pairs(pairs.iter().copied());
        let settings = config::load_from(&inputs).unwrap().settings;
        let couriers = couriers(&settings).unwrap();
        let codelists = codelist_checker(&settings).unwrap();
        format!("{couriers:?} {codelists:?}")
    }

    #[tokio::test]
    async fn without_tokens_everything_stays_in_the_house() {
        let made = made(&[]);
        for local in ["KeptMails", "PrintedChat", "PrintedIssues", "CodelistsTakenAsTheyAre"] {
            assert!(made.contains(local), "{made}");
        }
    }

    const TOKENS: [(&str, &str); 5] = [
        ("EMAIL_BACKEND", "mailgun"),
        ("MAILGUN_API_KEY", "hunter2"),
        ("SLACK_BOT_TOKEN", "hunter2"),
        ("JOBSERVER_GITHUB_TOKEN", "hunter2"),
        ("OPENCODELISTS_URL", "https://lists.example.org"),
    ];

    #[tokio::test]
    async fn with_tokens_each_goes_its_way_and_shows_none() {
        let made = made(&TOKENS);
        for place in [
            "https://api.eu.mailgun.net/v3/mg.jobs.opensafely.org/messages",
            "https://slack.com/api/chat.postMessage",
            "https://api.github.com",
            "https://lists.example.org/api/v1/check/",
        ] {
            assert!(made.contains(place), "{made}");
        }
        assert!(!made.contains("hunter2"), "{made}");
    }

    #[tokio::test]
    async fn with_debug_chat_and_issues_are_printed_whatever_tokens_there_are() {
        let made = made(&[&TOKENS[..], &[("DEBUG", "true")]].concat());
        assert!(made.contains("PrintedChat") && made.contains("PrintedIssues"), "{made}");
        assert!(made.contains("Mailgun"), "{made}");
    }

    #[tokio::test]
    async fn in_production_issues_without_a_token_wait() {
        let made = made(&[
            ("ROCKET_PROFILE", "release"),
            ("SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"),
            ("DATABASE_URL", "postgres://localhost/jobserver"),
            ("BASE_URL", "https://jobs.example.org"),
            ("SOCIAL_AUTH_GITHUB_KEY", "k"),
            ("SOCIAL_AUTH_GITHUB_SECRET", "s"),
            ("EMAIL_BACKEND", "console"),
            ("RELEASE_STORAGE", "/storage/releases"),
            ("MEDIA_STORAGE", "/storage/uploads"),
            ("JOBSERVER_GITHUB_TOKEN", ""),
            ("SLACK_BOT_TOKEN", ""),
            ("RAP_API_BASE_URL", ""),
            ("SENTRY_DSN", ""),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ]);
        assert!(made.contains("NoIssues") && made.contains("PrintedChat"), "{made}");
    }

    #[tokio::test]
    async fn every_service_is_told_the_same_name_whatever_the_site_is_called() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = wiremock::MockServer::start().await;
        let uri = server.uri();
        let inputs = config::Inputs::of_pairs([
            ("SITE_NAME", "Übungsplatz\u{2728}"),
            ("JOBSERVER_GITHUB_TOKEN", "t"),
            ("GITHUB_API_URL", &uri),
            ("OPENCODELISTS_URL", &uri),
            ("SLACK_BOT_TOKEN", "t"),
            ("SLACK_API_URL", &uri),
        ]);
        let settings = config::load_from(&inputs).unwrap().settings;
        let couriers = couriers(&settings).unwrap();
        let post = crate::core::ports::ChatPost {
            key: String::new(),
            channel: "c".to_owned(),
            text: "t".to_owned(),
        };
        // Whatever they make of the answer.
        let _ = couriers.issues.labels("o/r").await;
        let _ = couriers.chat.post(&post).await;
        let _ = codelist_checker(&settings).unwrap().check("", "{}").await;
        let repo = "https://github.com/o/r".parse().unwrap();
        let _ = code_host(&settings).unwrap().facts(&repo).await;
        let asked = server.received_requests().await.unwrap();
        assert_eq!(asked.len(), 4, "{asked:?}");
        for request in asked {
            let names: Vec<_> = request.headers.get_all("user-agent").iter().collect();
            assert_eq!(names, ["OpenSAFELY Jobs"], "{}", request.url);
        }
    }

    #[tokio::test]
    async fn a_mail_server_is_one_too() {
        let made = made(&[
            ("EMAIL_BACKEND", "smtp"),
            ("SMTP_URL", "smtps://u:hunter2@mail.example.org"),
        ]);
        assert!(made.contains("mail.example.org") && made.contains("465"), "{made}");
        assert!(!made.contains("hunter2"), "{made}");
    }
}
