//! The table of every environment variable that Job Server reads.
//!
//! One table drives everything that is said about a variable: how its value is parsed, what an
//! error says it should look like, what `jobserver check` prints, which names are "known" when an
//! unknown one is warned about, and the test that keeps `dotenv-sample` complete.

use super::kind::{BACKENDS, Kind, LOG_FORMATS, LOG_LEVELS, PROFILES};

/// The part of the program that a variable belongs to; `jobserver check` groups its output by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    Web,
    Database,
    Secrets,
    People,
    GitHub,
    Codelists,
    Slack,
    Mail,
    Files,
    Rap,
    Worker,
    Telemetry,
    Dumps,
}

impl Concern {
    /// The heading that `jobserver check` prints above the group.
    pub fn title(self) -> &'static str {
        match self {
            Self::Web => "Web",
            Self::Database => "Database",
            Self::Secrets => "Secrets",
            Self::People => "People",
            Self::GitHub => "GitHub",
            Self::Codelists => "OpenCodelists",
            Self::Slack => "Slack",
            Self::Mail => "E-mail",
            Self::Files => "Files",
            Self::Rap => "RAP controller",
            Self::Worker => "Worker",
            Self::Telemetry => "Logs and telemetry",
            Self::Dumps => "Dumps and demonstration data",
        }
    }
}

/// Whether the program starts without a value of the operator's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// The default, or nothing at all, will do.
    No,
    /// Production needs a value; development has a default.
    InProduction,
    /// Production needs a decision: the variable has to be there, and an empty value says
    /// "switched off". Forgetting a service is thereby impossible, doing without it is not.
    StatedInProduction,
    /// Needed once something else is set; the text says what.
    When(&'static str),
}

/// The value that holds when the operator gives none, as it would be written in `.env`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    pub development: Option<&'static str>,
    pub production: Option<&'static str>,
}

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub concern: Concern,
    pub kind: Kind,
    pub default: Fallback,
    pub required: Required,
    /// A secret's value is never printed, logged or quoted in an error.
    pub secret: bool,
    /// One line, without a final full stop.
    pub doc: &'static str,
}

const fn var(concern: Concern, name: &'static str, kind: Kind, doc: &'static str) -> Variable {
    Variable {
        name,
        concern,
        kind,
        default: Fallback {
            development: None,
            production: None,
        },
        required: Required::No,
        secret: false,
        doc,
    }
}

impl Variable {
    const fn default(self, value: &'static str) -> Self {
        self.defaults(Some(value), Some(value))
    }

    const fn in_development(self, value: &'static str) -> Self {
        self.defaults(Some(value), None)
    }

    const fn in_production(self, value: &'static str) -> Self {
        self.defaults(None, Some(value))
    }

    const fn by_profile(self, development: &'static str, production: &'static str) -> Self {
        self.defaults(Some(development), Some(production))
    }

    const fn defaults(mut self, development: Option<&'static str>, production: Option<&'static str>) -> Self {
        self.default = Fallback {
            development,
            production,
        };
        self
    }

    const fn required(mut self, rule: Required) -> Self {
        self.required = rule;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The row of the table with this exact name.
    pub fn named(name: &str) -> Option<&'static Self> {
        VARIABLES.iter().find(|variable| variable.name == name)
    }
}

/// What a development secret key starts with. Production refuses every key that starts so, among
/// them the one of `dotenv-sample`.
pub const INSECURE_PREFIX: &str = "insecure-";

use Concern::{Codelists, Database, Dumps, Files, GitHub, Mail, People, Rap, Secrets, Slack, Telemetry, Web, Worker};
use Kind::*;
use Required::{InProduction, StatedInProduction, When};

/// Every variable that the program reads, in the order in which `jobserver check` prints them.
#[rustfmt::skip]
pub const VARIABLES: &[Variable] = &[
    var(Web, "ROCKET_PROFILE", Choice(PROFILES),
        "release is production, debug is development; unset: a release build without DEBUG is production"),
    var(Web, "DEBUG", Flag,
        "development aids: debug pages, cookies over plain HTTP, Slack messages and issues printed instead of sent").default("false"),
    var(Web, "DJANGO_DEBUG_TOOLBAR", Flag, "show the developer toolbar").default("false"),
    var(Web, "SITE_NAME", Text, "name of the site in page titles and mails").default("Job Server"),
    var(Web, "SUPPORT_EMAIL", Email, "address that pages tell people to write to for help")
        .default("support@example.org"),
    var(Web, "BASE_URL", WebUrl,
        "address of the site as its users see it: links in mails and messages, trusted origin of forms")
        .in_development("http://localhost:8000").required(InProduction),
    var(Web, "PORT", Int { min: 0, max: 65_535 }, "TCP port to listen on; 0 takes any free one").default("8000"),
    var(Web, "ROCKET_ADDRESS", IpAddress, "IP address to listen on").by_profile("127.0.0.1", "0.0.0.0"),
    var(Web, "STATIC_ROOT", Folder, "folder of static files").default("staticfiles"),
    var(Web, "BUILT_ASSETS", Folder, "folder of the built front end, with its manifest").default("assets/dist"),
    var(Web, "ASSETS_DEV_MODE", Flag, "load the front end from the Vite development server").default("false"),
    var(Web, "CSP_REPORT_URI", WebUrl, "where browsers report violations of the content security policy"),
    var(Web, "TRUSTED_PROXIES", ProxyList,
        "proxies whose X-Forwarded-For is believed; none trusts nobody").default("172.17.0."),
    var(Web, "DISABLE_CREATING_JOBS", Flag, "nobody can create job requests on the whole site").default("false"),
    var(Web, "PLAUSIBLE_DOMAIN", Text, "site name at the page analytics service; unset: no analytics"),
    var(Web, "HONEYCOMB_URL", WebUrl, "base of the telemetry links that staff see on job pages")
        .default("https://ui.honeycomb.io/bennett-institute-for-applied-data-science/environments/production"),

    var(Database, "DATABASE_URL", PostgresUrl, "main database")
        .in_development("postgres://localhost/jobserver").required(InProduction).secret(),
    var(Database, "DATABASE_MAX_CONNECTIONS", Int { min: 1, max: 1000 },
        "most connections that one web process opens").default("16"),

    var(Secrets, "SECRET_KEY", SecretText, "signs links in mails and seals the tokens that backends sign with; jobserver generate_secret_key makes one")
        .in_development("insecure-development-key-that-production-refuses-to-start-with").required(InProduction).secret(),
    var(Secrets, "OLD_SECRET_KEY", SecretText, "previous SECRET_KEY, still accepted while keys are rotated").secret(),
    var(Secrets, "ROCKET_SECRET_KEY", CookieKey,
        "a key that Rocket wants, though no cookie is signed with it; unset: derived from SECRET_KEY").secret(),
    var(Secrets, "PASSWORD_HASHERS", List, "hashing methods, preferred one first").default("argon2"),

    var(People, "ADMIN_USERS", List, "usernames that the ensure_admins command gives the staff roles"),

    var(GitHub, "JOBSERVER_GITHUB_TOKEN", SecretText, "GitHub API token: reads repositories, writes the output checking issues, makes the repositories of interactive workspaces")
        .required(StatedInProduction).secret(),
    var(GitHub, "INTERACTIVE_GITHUB_TOKEN", SecretText, "token that pushes interactive analyses to GitHub").secret(),
    var(GitHub, "SOCIAL_AUTH_GITHUB_KEY", Text,
        "client id of the GitHub OAuth app, callback path /complete/github/; unset in development on localhost: a stand-in signs in anybody")
        .required(InProduction),
    var(GitHub, "SOCIAL_AUTH_GITHUB_SECRET", SecretText, "client secret of the GitHub OAuth app")
        .required(InProduction).secret(),
    var(GitHub, "GITHUB_API_URL", WebUrl, "GitHub's API").default("https://api.github.com"),
    var(GitHub, "GITHUB_WEB_URL", WebUrl, "GitHub's pages: login and repository links").default("https://github.com"),
    var(GitHub, "LOCAL_GIT_REPOS", Folder, "read repositories from this folder, make new ones in it, and leave GitHub alone"),
    var(GitHub, "DEFAULT_OUTPUT_CHECKING_GITHUB_ORG", Text, "organisation of the output checking issues").default("ebmdatalab"),
    var(GitHub, "DEFAULT_OUTPUT_CHECKING_REPO", Text, "repository of the output checking issues").default("opensafely-output-review"),
    var(GitHub, "TECH_SUPPORT_GITHUB_REPO", Text, "repository (owner/name) of the issues that ask for a repository to be made public").default("ebmdatalab/tech-support"),
    var(GitHub, "INTERACTIVE_GITHUB_ORG", Text, "organisation in which the repositories of interactive workspaces are made; its team interactive maintains them").default("opensafely"),
    var(GitHub, "DEFAULT_MAX_GITHUB_RETRIES", Int { min: 1, max: 20 }, "attempts at an issue that its Slack message waits for").default("3"),
    var(GitHub, "GITHUB_TOKEN_TESTING", SecretText, "tests only: token of the checks against the real GitHub").secret(),

    var(Codelists, "OPENCODELISTS_URL", WebUrl,
        "OpenCodelists site, asked whether a study's codelists are up to date; unset in development: nobody is asked")
        .in_production("https://www.opencodelists.org"),

    var(Slack, "SLACK_BOT_TOKEN", SecretText, "Slack bot token; without one nothing is sent").required(StatedInProduction).secret(),
    var(Slack, "SLACK_API_URL", WebUrl, "Slack's API").default("https://slack.com/api"),
    var(Slack, "REGISTRATIONS_SLACK_CHANNEL", Text, "channel told of new users").default("job-server-registrations"),
    var(Slack, "APPLICATIONS_SLACK_CHANNEL", Text, "channel told of project applications").default("job-server-applications"),
    var(Slack, "COPILOT_SUPPORT_SLACK_CHANNEL", Text, "channel told of co-pilot matters").default("co-pilot-support"),
    var(Slack, "DEFAULT_OUTPUT_CHECKING_SLACK_CHANNEL", Text, "channel told of output checking").default("opensafely-outputs"),
    var(Slack, "RELEASES_SLACK_CHANNEL", Text, "channel told of releases").default("opensafely-releases"),
    var(Slack, "ALERTS_SLACK_CHANNEL", Text, "channel of operational alerts").default("team-rex-alerts"),
    var(Slack, "INTERACTIVE_REQUESTS_SLACK_CHANNEL", Text, "channel told of interactive analyses").default("interactive-requests"),
    var(Slack, "TECH_SUPPORT_SLACK_CHANNEL", Text, "channel told of failed interactive analyses").default("tech-support-channel"),
    var(Slack, "SLACK_TEST_CHANNEL", Text, "tests only: with SLACK_BOT_TOKEN, tests send their messages here"),

    var(Mail, "EMAIL_BACKEND", Choice(BACKENDS), "how mail leaves: sent by Mailgun or an SMTP server, kept as files, printed")
        .in_development("file").required(InProduction),
    var(Mail, "SMTP_URL", SmtpUrl, "mail server, with user name and password if it wants them")
        .required(When("EMAIL_BACKEND is smtp")).secret(),
    var(Mail, "MAIL_FOLDER", Folder, "folder of kept mails; one per installation, it is not emptied")
        .in_development(".local/mail").required(When("EMAIL_BACKEND is file")),
    var(Mail, "MAILGUN_API_KEY", SecretText, "Mailgun's key").required(When("EMAIL_BACKEND is mailgun")).secret(),
    var(Mail, "MAILGUN_API_URL", WebUrl, "Mailgun's API").default("https://api.eu.mailgun.net/v3"),
    var(Mail, "MAILGUN_SENDER_DOMAIN", Text, "domain that Mailgun sends for").default("mg.jobs.opensafely.org"),
    var(Mail, "DEFAULT_FROM_EMAIL", Email, "sender of every mail").default("notifications@jobs.opensafely.org"),
    var(Mail, "PUBLICATIONS_EMAIL", Email, "address of those who publish outputs, told when a repository with some is signed off")
        .default("publications@opensafely.org"),

    var(Files, "RELEASE_STORAGE", Folder, "folder of released files; never one that is served")
        .in_development("releases").required(InProduction),
    var(Files, "RELEASE_S3_ENDPOINT", WebUrl, "S3-compatible service that keeps released files in place of a folder"),
    var(Files, "RELEASE_S3_BUCKET", Text, "bucket of released files; never one that anybody may read")
        .required(When("RELEASE_S3_ENDPOINT is set")),
    var(Files, "RELEASE_S3_REGION", Text, "region that calls are signed for; services of one's own often take any")
        .required(When("RELEASE_S3_ENDPOINT is set")),
    var(Files, "RELEASE_S3_ACCESS_KEY_ID", Text, "who Job Server is to the service")
        .required(When("RELEASE_S3_ENDPOINT is set")),
    var(Files, "RELEASE_S3_SECRET_ACCESS_KEY", SecretText, "the key's secret")
        .required(When("RELEASE_S3_ENDPOINT is set")).secret(),
    var(Files, "RELEASE_FILE_SIZE_LIMIT", Bytes, "largest released file that can be uploaded").default("16777216"),
    var(Files, "MEDIA_STORAGE", Folder, "folder of uploaded logos, served under /uploads/")
        .in_development("uploads").required(InProduction),

    var(Rap, "RAP_API_BASE_URL", FolderUrl, "RAP controller, for backends that are not polled").required(StatedInProduction),
    var(Rap, "RAP_API_TOKEN", SecretText, "token for the RAP controller").required(When("RAP_API_BASE_URL is set")).secret(),
    var(Rap, "RAP_API_POLL_INTERVAL", Seconds, "pause between two rounds of the status service").default("60"),

    var(Worker, "RUN_WORKER_IN_SERVE", Flag, "the web process also does the worker's work").by_profile("true", "false"),
    var(Worker, "OUTBOX_KEEP_DAYS", Int { min: 1, max: 3650 },
        "days for which messages are kept after they were delivered or dropped").default("30"),

    var(Telemetry, "DJANGO_LOG_LEVEL", Choice(LOG_LEVELS), "least important log line of ours that is written").default("info"),
    var(Telemetry, "RUST_LOG", LogFilter, "log filter by module, instead of DJANGO_LOG_LEVEL"),
    var(Telemetry, "LOG_FORMAT", Choice(LOG_FORMATS), "how log lines are written").by_profile("text", "json"),
    var(Telemetry, "SENTRY_DSN", WebUrl, "where errors are reported").required(StatedInProduction).secret(),
    var(Telemetry, "SENTRY_ENVIRONMENT", Text, "name of this installation at Sentry")
        .in_development("localhost").required(When("SENTRY_DSN is set in production")),
    var(Telemetry, "VITE_SENTRY_DSN", WebUrl, "where browsers report errors; read when the front end is built, too"),
    var(Telemetry, "OTEL_EXPORTER_OTLP_ENDPOINT", WebUrl, "where traces are sent").required(StatedInProduction),
    var(Telemetry, "OTEL_EXPORTER_OTLP_HEADERS", Headers, "headers sent with traces, the service's key among them").secret(),
    var(Telemetry, "OTEL_SERVICE_NAME", Text, "name of the service in traces").default("job-server"),
    var(Telemetry, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", List, "instrumentations switched off, such as psycopg2"),
    var(Telemetry, "OTEL_EXPORTER_CONSOLE", Flag, "write spans to standard output").default("false"),
    var(Telemetry, "GITREF", Text, "commit that the program was built from, for reports and traces; unset: the one given to the build"),

    var(Dumps, "JOBSERVER_READONLY_DATABASE_URL", PostgresUrl, "replica that dumps are taken from").secret(),
    var(Dumps, "JOBSERVER_SCRUBBING_DATABASE_URL", PostgresUrl, "scratch database that is scrubbed").secret(),
    var(Dumps, "JOBSERVER_SCRUBBED_DUMP_PATH", Folder, "file of the scrubbed dump").default("jobserver_scrubbed.dump"),
    var(Dumps, "JOBSERVER_RAW_DUMP_PATH", Folder, "file of the raw dump").default("jobserver.dump"),
    var(Dumps, "ALLOW_DEMO", Flag, "demonstration data may be made in production, too").default("false"),
];

/// Names that belong to the tools around the program (scripts, images, compose): the program does
/// not read them, and does not take them for misspelt names of its own.
pub const TOOLING: &[&str] = &[
    "BUILD_DATE",
    "BW_SESSION",
    "COMPOSE_PROJECT_NAME",
    "DEV_GROUPID",
    "DEV_USERID",
    "JOBSERVER_VERIFY_REAL",
    "JOBSERVER_VERIFY_REPO",
    "NODE_VERSION",
    "PYTHON_VERSION",
    "RELEASE_HATCH_REPO",
    "RELEASE_HATCH_URL",
    "RELEASE_HOST",
    "SKIP_BUILD",
    "VIRTUAL_ENV",
    "WORKSPACE_DIR",
];
