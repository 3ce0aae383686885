//! The settings by concern. All fields are public: a test makes a value and changes what it needs.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{Profile, SecretUrl, TrustedProxy};

/// Everything that can be set. `Debug` never shows a secret.
#[derive(Clone, Debug)]
pub struct Settings {
    pub profile: Profile,
    pub web: WebSettings,
    pub database: DatabaseSettings,
    pub secrets: SecretSettings,
    pub people: PeopleSettings,
    pub github: GitHubSettings,
    pub output_checking: OutputCheckingSettings,
    pub opencodelists: OpenCodelistsSettings,
    pub slack: SlackSettings,
    pub mail: MailSettings,
    pub releases: ReleaseSettings,
    pub media: MediaSettings,
    pub rap: RapSettings,
    pub worker: WorkerSettings,
    pub telemetry: TelemetrySettings,
    pub dumps: DumpSettings,
    pub demo: DemoSettings,
}

#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Scheme, host and port of the site, without a path (`https://jobs.example.org/`).
    pub base_url: Url,
    pub address: IpAddr,
    /// 0 takes any free port.
    pub port: u16,
    pub site_name: String,
    /// Where pages send people who need help.
    pub support_email: String,
    /// Development aids are on; never in production.
    pub debug: bool,
    pub debug_toolbar: bool,
    pub static_root: PathBuf,
    /// The built front end; its manifest is `.vite/manifest.json` below.
    pub assets_dir: PathBuf,
    pub assets_dev_mode: bool,
    pub csp_report_uri: Option<Url>,
    pub trusted_proxies: Vec<TrustedProxy>,
    pub disable_creating_jobs: bool,
    /// `None` switches page analytics off.
    pub plausible_domain: Option<String>,
    /// Base of the telemetry links on job pages, without a final slash in its path.
    pub honeycomb_url: Url,
    /// How long a session lasts after log-in; two weeks.
    pub session_age: Duration,
    /// How long an e-mailed log-in link works; one hour.
    pub login_link_age: Duration,
    /// Rows of one page of an API list when the client does not say; 100.
    pub api_page_size: u32,
    /// Fields that one submitted form may have; 4000.
    pub max_form_fields: usize,
}

impl WebSettings {
    /// Whether session and form cookies are marked Secure: always but with `DEBUG`, where the
    /// site is served over plain HTTP.
    pub fn secure_cookies(&self) -> bool {
        !self.debug
    }

    /// Whether the peer is a proxy whose `X-Forwarded-For` is to be believed.
    pub fn trusts_proxy(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|proxy| proxy.matches(peer))
    }

    /// The absolute address of a path of the site; `path` starts with a slash.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}

#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: SecretUrl,
    pub web_max_connections: u32,
    pub worker_max_connections: u32,
    /// How long a request waits for a free connection.
    pub acquire_timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct SecretSettings {
    pub secret_key: SecretString,
    /// Still accepted when something signed or sealed is read; never used to sign or seal.
    pub old_secret_key: Option<SecretString>,
    /// Rocket's `secret_key`, in base64: the one given, or one derived from `secret_key`.
    pub rocket_secret_key: SecretString,
    /// Names of password hashing methods, lower case, preferred one first.
    pub password_hashers: Vec<String>,
}

impl SecretSettings {
    /// The keys to try when something signed or sealed is read, the present one first.
    pub fn reading_keys(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.secret_key).chain(&self.old_secret_key)
    }
}

#[derive(Clone, Debug)]
pub struct PeopleSettings {
    /// Usernames that `ensure_admins` gives the staff roles.
    pub admin_users: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct GitHubSettings {
    pub api_url: Url,
    pub web_url: Url,
    /// `None` asks anonymously.
    pub token: Option<SecretString>,
    /// Pushes interactive analyses.
    pub interactive_token: Option<SecretString>,
    pub login: GitHubLoginSettings,
    /// For one call.
    pub timeout: Duration,
    /// Read repositories from this folder and leave GitHub alone.
    pub local_git_repos: Option<PathBuf>,
    /// Attempts at an issue that the Slack message about it waits for, at least 1. How often the issue itself
    /// is tried is the outbox's to say.
    pub max_attempts: u32,
    /// `owner/name` of the repository where the technical team is asked to make repositories public.
    pub tech_support_repo: String,
    /// Where the repositories of interactive workspaces are made.
    pub interactive_org: String,
    /// For the checks against the real GitHub only.
    pub testing_token: Option<SecretString>,
}

/// How people sign in with GitHub, or with what stands for it in a development copy.
#[derive(Clone, Debug)]
pub struct GitHubLoginSettings {
    /// Client id of the OAuth app.
    pub key: String,
    /// Its client secret.
    pub secret: SecretString,
    /// Whose pages people are sent to.
    pub web_url: Url,
    /// Who is asked about them.
    pub api_url: Url,
    /// It is the site itself that stands for GitHub, and signs anybody in as anybody. Never in production.
    pub is_stand_in: bool,
}

/// The folder of the pages that stand for GitHub in a development copy.
pub const GITHUB_STAND_IN: &str = "/dev/github";

/// Where issues about outputs to be checked are opened, unless an org has its own place.
#[derive(Clone, Debug)]
pub struct OutputCheckingSettings {
    pub github_org: String,
    pub github_repo: String,
}

#[derive(Clone, Debug)]
pub struct OpenCodelistsSettings {
    /// `None` takes every study's codelists as they are.
    pub url: Option<Url>,
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct SlackSettings {
    /// `None` sends nothing.
    pub token: Option<SecretString>,
    pub api_url: Url,
    pub timeout: Duration,
    pub channels: SlackChannels,
    /// For tests that really send.
    pub test_channel: Option<String>,
}

/// Channel names, without `#`.
#[derive(Clone, Debug)]
pub struct SlackChannels {
    pub registrations: String,
    pub applications: String,
    pub copilot_support: String,
    pub output_checking: String,
    pub releases: String,
    pub alerts: String,
    pub interactive_requests: String,
    pub tech_support: String,
}

#[derive(Clone, Debug)]
pub struct MailSettings {
    pub backend: MailBackend,
    /// Sender of every mail: a bare address.
    pub from: String,
    /// Where those who publish outputs are written to: a bare address.
    pub publications: String,
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub enum MailBackend {
    /// Printed instead of sent.
    Console,
    /// Kept in this folder, one file for each mail, instead of sent.
    File { folder: PathBuf },
    /// See [`Kind::SmtpUrl`](super::Kind::SmtpUrl).
    Smtp { url: SecretUrl },
    Mailgun {
        api_url: Url,
        api_key: SecretString,
        sender_domain: String,
    },
}

#[derive(Clone, Debug)]
pub struct ReleaseSettings {
    /// The folder of released files; not used when there is a bucket.
    pub storage: PathBuf,
    pub bucket: Option<BucketSettings>,
    /// Bytes.
    pub file_size_limit: u64,
}

/// A bucket of an S3-compatible service.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// Of the service, without the bucket.
    pub endpoint: Url,
    pub name: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    /// Of one call.
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct MediaSettings {
    /// Served under `/uploads/`.
    pub storage: PathBuf,
}

#[derive(Clone, Debug)]
pub struct RapSettings {
    /// `None` when there is no controller.
    pub controller: Option<RapController>,
    pub poll_interval: Duration,
    /// For one call; below the proxy's own limit.
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct RapController {
    /// Its path ends with a slash, so relative endpoints can be joined to it.
    pub base_url: Url,
    pub token: SecretString,
}

#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// `serve` also does the worker's work.
    pub run_in_serve: bool,
    /// How long messages are kept that were delivered or dropped; whole days.
    pub keep_messages: Duration,
    /// How long what was begun may go on after the worker was told to stop.
    pub grace: Duration,
}

#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    pub log_level: LogLevel,
    /// A filter by module, which then replaces `log_level`.
    pub log_filter: Option<String>,
    pub log_format: LogFormat,
    /// Only with `DEBUG`: in production the platform stamps each line.
    pub log_timestamps: bool,
    pub sentry: SentrySettings,
    pub otel: OtelSettings,
    /// The commit that the program was built from, when that is known.
    pub revision: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Clone, Debug)]
pub struct SentrySettings {
    pub dsn: Option<SecretUrl>,
    pub environment: String,
    /// Public: every browser gets it.
    pub frontend_dsn: Option<Url>,
    /// The values of all secret settings, in each form in which they could turn up in a report.
    pub hidden: Vec<SecretString>,
}

#[derive(Clone, Debug)]
pub struct OtelSettings {
    pub endpoint: Option<Url>,
    pub headers: Vec<(String, SecretString)>,
    pub service_name: String,
    pub disabled_instrumentations: Vec<String>,
    pub console: bool,
}

#[derive(Clone, Debug)]
pub struct DumpSettings {
    pub readonly_database: Option<SecretUrl>,
    pub scrubbing_database: Option<SecretUrl>,
    pub scrubbed_path: PathBuf,
    pub raw_path: PathBuf,
}

#[derive(Clone, Debug)]
pub struct DemoSettings {
    /// Commands that make demonstration data may run: always in development, in production only
    /// with `ALLOW_DEMO`.
    pub allowed: bool,
}
