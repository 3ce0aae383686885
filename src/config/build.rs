//! Puts the parsed values into the settings.

use std::time::Duration;

use data_encoding::BASE64;
use secrecy::SecretString;
use url::Url;

use super::error::Problem;
use super::rules;
use super::secret::{derive_cookie_key, generate_secret_key};
use super::values::Values;
use super::{
    BucketSettings, DatabaseSettings, DemoSettings, DumpSettings, GITHUB_STAND_IN, GitHubLoginSettings, GitHubSettings,
    LogFormat, LogLevel, MailBackend, MailSettings, MediaSettings, OpenCodelistsSettings, OtelSettings,
    OutputCheckingSettings, PeopleSettings, Profile, RapController, RapSettings, ReleaseSettings, SecretSettings,
    SentrySettings, Settings, SlackChannels, SlackSettings, TelemetrySettings, WebSettings, WorkerSettings,
};

/// No outside service may hold a request or a message for longer.
const OUTSIDE_TIMEOUT: Duration = Duration::from_secs(10);

/// The platform kills what has not stopped after 30 s.
const WORKER_GRACE: Duration = Duration::from_secs(15);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Some of the programs that call us hang up after 5 seconds of silence, so an outage of the database
/// has to be told before that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);

/// # Errors
/// Only when the table of variables and this module disagree: values were checked before.
pub(super) fn settings(profile: Profile, values: &Values) -> Result<Settings, Problem> {
    Ok(Settings {
        profile,
        web: web(values)?,
        database: DatabaseSettings {
            url: values.get("DATABASE_URL")?,
            web_max_connections: values.get("DATABASE_MAX_CONNECTIONS")?,
            worker_max_connections: 12,
            acquire_timeout: ACQUIRE_TIMEOUT,
        },
        secrets: secrets(values)?,
        people: PeopleSettings {
            admin_users: values.list("ADMIN_USERS")?,
        },
        github: github(profile, values)?,
        output_checking: OutputCheckingSettings {
            github_org: values.get("DEFAULT_OUTPUT_CHECKING_GITHUB_ORG")?,
            github_repo: values.get("DEFAULT_OUTPUT_CHECKING_REPO")?,
        },
        opencodelists: OpenCodelistsSettings {
            url: values.optional("OPENCODELISTS_URL")?,
            timeout: OUTSIDE_TIMEOUT,
        },
        slack: slack(values)?,
        mail: mail(values)?,
        releases: ReleaseSettings {
            storage: values.get("RELEASE_STORAGE")?,
            bucket: bucket(values)?,
            file_size_limit: values.get("RELEASE_FILE_SIZE_LIMIT")?,
        },
        media: MediaSettings {
            storage: values.get("MEDIA_STORAGE")?,
        },
        rap: rap(values)?,
        worker: WorkerSettings {
            run_in_serve: values.get("RUN_WORKER_IN_SERVE")?,
            keep_messages: DAY * values.get::<u32>("OUTBOX_KEEP_DAYS")?,
            grace: WORKER_GRACE,
        },
        telemetry: telemetry(values)?,
        dumps: DumpSettings {
            readonly_database: values.optional("JOBSERVER_READONLY_DATABASE_URL")?,
            scrubbing_database: values.optional("JOBSERVER_SCRUBBING_DATABASE_URL")?,
            scrubbed_path: values.get("JOBSERVER_SCRUBBED_DUMP_PATH")?,
            raw_path: values.get("JOBSERVER_RAW_DUMP_PATH")?,
        },
        demo: DemoSettings {
            allowed: profile == Profile::Development || values.get("ALLOW_DEMO")?,
        },
    })
}

fn web(values: &Values) -> Result<WebSettings, Problem> {
    Ok(WebSettings {
        base_url: values.get("BASE_URL")?,
        address: values.get("ROCKET_ADDRESS")?,
        port: values.get("PORT")?,
        site_name: values.get("SITE_NAME")?,
        support_email: values.get("SUPPORT_EMAIL")?,
        debug: values.get("DEBUG")?,
        debug_toolbar: values.get("DJANGO_DEBUG_TOOLBAR")?,
        static_root: values.get("STATIC_ROOT")?,
        assets_dir: values.get("BUILT_ASSETS")?,
        assets_dev_mode: values.get("ASSETS_DEV_MODE")?,
        csp_report_uri: values.optional("CSP_REPORT_URI")?,
        trusted_proxies: values.get("TRUSTED_PROXIES")?,
        disable_creating_jobs: values.get("DISABLE_CREATING_JOBS")?,
        plausible_domain: values.optional("PLAUSIBLE_DOMAIN")?,
        honeycomb_url: values.get("HONEYCOMB_URL")?,
        session_age: Duration::from_hours(14 * 24),
        login_link_age: Duration::from_mins(60),
        api_page_size: 100,
        max_form_fields: 4000,
    })
}

fn secrets(values: &Values) -> Result<SecretSettings, Problem> {
    let secret_key: SecretString = values.get("SECRET_KEY")?;
    let rocket_secret_key = match values.optional::<Vec<u8>>("ROCKET_SECRET_KEY")? {
        Some(bytes) => SecretString::from(BASE64.encode(&bytes)),
        None => derive_cookie_key(&secret_key)
            .ok_or_else(|| Problem::rule("SECRET_KEY", None, "cannot be made into a key for cookies."))?,
    };
    let password_hashers = values
        .list("PASSWORD_HASHERS")?
        .iter()
        .map(|name| name.to_lowercase())
        .collect();
    Ok(SecretSettings {
        secret_key,
        old_secret_key: values.optional("OLD_SECRET_KEY")?,
        rocket_secret_key,
        password_hashers,
    })
}

fn github(profile: Profile, values: &Values) -> Result<GitHubSettings, Problem> {
    Ok(GitHubSettings {
        api_url: values.get("GITHUB_API_URL")?,
        web_url: values.get("GITHUB_WEB_URL")?,
        token: values.optional("JOBSERVER_GITHUB_TOKEN")?,
        interactive_token: values.optional("INTERACTIVE_GITHUB_TOKEN")?,
        login: github_login(profile, values)?,
        timeout: OUTSIDE_TIMEOUT,
        local_git_repos: values.optional("LOCAL_GIT_REPOS")?,
        max_attempts: values.get("DEFAULT_MAX_GITHUB_RETRIES")?,
        tech_support_repo: values.get("TECH_SUPPORT_GITHUB_REPO")?,
        interactive_org: values.get("INTERACTIVE_GITHUB_ORG")?,
        testing_token: values.optional("GITHUB_TOKEN_TESTING")?,
    })
}

fn github_login(profile: Profile, values: &Values) -> Result<GitHubLoginSettings, Problem> {
    if rules::stands_for_github(profile, values) {
        let base: Url = values.get("BASE_URL")?;
        let below = |path: &str| {
            base.join(&format!("{GITHUB_STAND_IN}{path}"))
                .map_err(|_| Problem::rule("BASE_URL", values.source("BASE_URL"), "cannot have a path."))
        };
        return Ok(GitHubLoginSettings {
            key: "stand-in".to_owned(),
            secret: generate_secret_key().into(),
            web_url: below("")?,
            api_url: below("/api")?,
            is_stand_in: true,
        });
    }
    Ok(GitHubLoginSettings {
        key: values.get("SOCIAL_AUTH_GITHUB_KEY")?,
        secret: values.get("SOCIAL_AUTH_GITHUB_SECRET")?,
        web_url: values.get("GITHUB_WEB_URL")?,
        api_url: values.get("GITHUB_API_URL")?,
        is_stand_in: false,
    })
}

fn slack(values: &Values) -> Result<SlackSettings, Problem> {
    // People write channels with the sign that Slack shows; its API wants none.
    let channel =
        |name| -> Result<String, Problem> { Ok(values.get::<String>(name)?.trim_start_matches('#').to_owned()) };
    Ok(SlackSettings {
        token: values.optional("SLACK_BOT_TOKEN")?,
        api_url: values.get("SLACK_API_URL")?,
        timeout: OUTSIDE_TIMEOUT,
        channels: SlackChannels {
            registrations: channel("REGISTRATIONS_SLACK_CHANNEL")?,
            applications: channel("APPLICATIONS_SLACK_CHANNEL")?,
            copilot_support: channel("COPILOT_SUPPORT_SLACK_CHANNEL")?,
            output_checking: channel("DEFAULT_OUTPUT_CHECKING_SLACK_CHANNEL")?,
            releases: channel("RELEASES_SLACK_CHANNEL")?,
            alerts: channel("ALERTS_SLACK_CHANNEL")?,
            interactive_requests: channel("INTERACTIVE_REQUESTS_SLACK_CHANNEL")?,
            tech_support: channel("TECH_SUPPORT_SLACK_CHANNEL")?,
        },
        test_channel: values.optional("SLACK_TEST_CHANNEL")?,
    })
}

fn mail(values: &Values) -> Result<MailSettings, Problem> {
    let backend = match values.get("EMAIL_BACKEND")? {
        "mailgun" => MailBackend::Mailgun {
            api_url: values.get("MAILGUN_API_URL")?,
            api_key: values.get("MAILGUN_API_KEY")?,
            sender_domain: values.get("MAILGUN_SENDER_DOMAIN")?,
        },
        "smtp" => MailBackend::Smtp {
            url: values.get("SMTP_URL")?,
        },
        "file" => MailBackend::File {
            folder: values.get("MAIL_FOLDER")?,
        },
        _ => MailBackend::Console,
    };
    Ok(MailSettings {
        backend,
        from: values.get("DEFAULT_FROM_EMAIL")?,
        publications: values.get("PUBLICATIONS_EMAIL")?,
        timeout: OUTSIDE_TIMEOUT,
    })
}

fn bucket(values: &Values) -> Result<Option<BucketSettings>, Problem> {
    let Some(endpoint) = values.optional("RELEASE_S3_ENDPOINT")? else {
        return Ok(None);
    };
    Ok(Some(BucketSettings {
        endpoint,
        name: values.get("RELEASE_S3_BUCKET")?,
        region: values.get("RELEASE_S3_REGION")?,
        access_key_id: values.get("RELEASE_S3_ACCESS_KEY_ID")?,
        secret_access_key: values.get("RELEASE_S3_SECRET_ACCESS_KEY")?,
        timeout: OUTSIDE_TIMEOUT,
    }))
}

fn rap(values: &Values) -> Result<RapSettings, Problem> {
    let controller = match values.optional("RAP_API_BASE_URL")? {
        Some(base_url) => Some(RapController {
            base_url,
            token: values.get("RAP_API_TOKEN")?,
        }),
        None => None,
    };
    Ok(RapSettings {
        controller,
        poll_interval: values.get("RAP_API_POLL_INTERVAL")?,
        timeout: OUTSIDE_TIMEOUT,
    })
}

fn telemetry(values: &Values) -> Result<TelemetrySettings, Problem> {
    let log_level = match values.get("DJANGO_LOG_LEVEL")? {
        "trace" => LogLevel::Trace,
        "debug" => LogLevel::Debug,
        "warn" => LogLevel::Warn,
        "error" => LogLevel::Error,
        _ => LogLevel::Info,
    };
    let log_format = match values.get("LOG_FORMAT")? {
        "json" => LogFormat::Json,
        _ => LogFormat::Text,
    };
    let dsn = values.optional("SENTRY_DSN")?;
    // Without a DSN nothing is sent under this name, so production need not give one.
    let environment = values
        .optional("SENTRY_ENVIRONMENT")?
        .unwrap_or_else(|| "localhost".into());
    Ok(TelemetrySettings {
        log_level,
        log_filter: values.optional("RUST_LOG")?,
        log_format,
        log_timestamps: values.get("DEBUG")?,
        sentry: SentrySettings {
            dsn,
            environment,
            frontend_dsn: values.optional("VITE_SENTRY_DSN")?,
            hidden: values.hidden.clone(),
        },
        otel: OtelSettings {
            endpoint: values.optional("OTEL_EXPORTER_OTLP_ENDPOINT")?,
            headers: values.optional("OTEL_EXPORTER_OTLP_HEADERS")?.unwrap_or_default(),
            service_name: values.get("OTEL_SERVICE_NAME")?,
            disabled_instrumentations: values.list("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")?,
            console: values.get("OTEL_EXPORTER_CONSOLE")?,
        },
        revision: values
            .optional("GITREF")?
            .or_else(|| option_env!("GITREF").map(str::to_owned))
            .filter(|revision| revision != "unknown"),
    })
}
