//! The table of variables as a whole.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

#[test]
fn everything_that_production_needs_is_asked_for_at_once() {
    let error = load_from(&Inputs::of_pairs([("ROCKET_PROFILE", "release")])).unwrap_err();
    let needed: Vec<&str> = VARIABLES
        .iter()
        .filter(|v| matches!(v.required, Required::InProduction | Required::StatedInProduction))
        .map(|v| v.name)
        .collect();
    assert_eq!(needed.len(), PRODUCTION.len() - 1);
    assert_eq!(names(&error), needed);
    let text = error.to_string();
    assert!(text.contains(".env"), "{text}");
    assert!(text.contains("postgres://user:pass@host:5432/jobserver"), "{text}");
    for name in needed {
        assert!(text.contains(name), "{name} is not named in {text}");
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "hunter2-do-not-show-this-to-anybody-at-all";
    let postgres = format!("postgres://clerk:{secret}@db/jobserver?password={secret}");
    let dsn = format!("https://{secret}@sentry.example.org/1");
    let headers = format!("x-team={secret}");
    let smtp = format!("smtps://clerk:{secret}@mail");
    let value = |variable: &Variable| match variable.kind {
        Kind::SmtpUrl => smtp.clone(),
        Kind::PostgresUrl => postgres.clone(),
        Kind::WebUrl => dsn.clone(),
        Kind::Headers => headers.clone(),
        Kind::CookieKey => data_encoding::BASE64.encode(&secret.as_bytes()[..32]),
        _ => secret.to_owned(),
    };
    let secrets: Vec<(&str, String)> = VARIABLES
        .iter()
        .filter(|v| v.secret)
        .map(|v| (v.name, value(v)))
        .collect();
    assert!(secrets.len() >= 15);
    let pairs: Vec<(&str, &str)> = secrets.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let pairs = [pairs, vec![("SOCIAL_AUTH_GITHUB_KEY", "id")], BUCKET[..4].to_vec()].concat();
    let loaded = development(&pairs).unwrap();
    let debug = format!("{loaded:?}");
    assert!(!debug.contains("hunter2"), "{debug}");
    assert!(!debug.contains(loaded.settings.secrets.rocket_secret_key.expose_secret()));
    let shown = reading(&loaded, "DATABASE_URL").shown.as_deref();
    assert_eq!(shown, Some("postgres://clerk:********@db/jobserver?********"));
    let shown = reading(&loaded, "SENTRY_DSN").shown.as_deref();
    assert_eq!(shown, Some("https://********@sentry.example.org/1"));
    let shown = reading(&loaded, "SMTP_URL").shown.as_deref();
    assert_eq!(shown, Some("smtps://clerk:********@mail"));
    assert_eq!(loaded.settings.database.url.expose().password(), Some(secret));

    // Nor in the error about a malformed one.
    let error = development(&[("DATABASE_URL", "postgre://clerk:hunter2@db/x")]).unwrap_err();
    assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
}

/// Sets every variable to a value other than its default and looks for it in the settings, so
/// that none is read from the wrong place, or under a kind that does not fit.
#[test]
fn every_variable_reaches_its_setting() {
    let sample = |variable: &Variable| -> String {
        match variable.kind {
            Kind::Flag if variable.default.development == Some("true") => "false".into(),
            Kind::Flag => "true".into(),
            Kind::Int { .. } => "7".into(),
            Kind::Seconds | Kind::Bytes => "77".into(),
            Kind::Choice(choices) => choices
                .iter()
                .map(|(spelling, _)| *spelling)
                .find(|word| *word != "debug" && Some(*word) != variable.default.development)
                .unwrap()
                .into(),
            Kind::WebUrl => format!("https://{}.example/", variable.name.to_lowercase()),
            Kind::FolderUrl => "https://rap.example/v1/".into(),
            Kind::PostgresUrl => format!("postgres://db/{}", variable.name),
            Kind::SmtpUrl => "smtps://mail.example".into(),
            Kind::Folder => format!("/folder/{}", variable.name),
            Kind::IpAddress => "10.9.8.7".into(),
            Kind::Email => "someone@example.org".into(),
            Kind::CookieKey => "cd".repeat(32),
            Kind::LogFilter => "warn,jobserver=trace".into(),
            Kind::Headers => format!("name={}", variable.name),
            Kind::ProxyList => "10.9.".into(),
            Kind::List => variable.name.to_lowercase(),
            Kind::Text | Kind::SecretText => format!("{KEY}-{}", variable.name),
        }
    };
    let pairs: Vec<(&str, String)> = VARIABLES
        .iter()
        .filter(|v| v.name != "ROCKET_PROFILE")
        .map(|v| {
            (
                v.name,
                match v.name {
                    "BASE_URL" => "https://x.org".into(),
                    "SENTRY_DSN" => "https://key@sentry_dsn.example/7".into(),
                    _ => sample(v),
                },
            )
        })
        .collect();
    let s = development(&pairs.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>())
        .unwrap()
        .settings;
    let text = |name: &str| format!("{KEY}-{name}");
    let url = |name: &str| format!("https://{}.example/", name.to_lowercase());
    let folder = |name: &str| PathBuf::from(format!("/folder/{name}"));
    let database = |name: &str| format!("postgres://db/{name}");

    assert_eq!(s.web.base_url.as_str(), "https://x.org/");
    assert_eq!(s.web.address, IpAddr::from([10, 9, 8, 7]));
    assert_eq!((s.web.port, &s.web.site_name), (7, &text("SITE_NAME")));
    assert!(s.web.debug && s.web.debug_toolbar && s.web.assets_dev_mode);
    assert!(s.web.disable_creating_jobs && !s.web.secure_cookies());
    assert_eq!(s.web.static_root, folder("STATIC_ROOT"));
    assert_eq!(s.web.assets_dir, folder("BUILT_ASSETS"));
    assert_eq!(s.web.csp_report_uri.unwrap().as_str(), url("CSP_REPORT_URI"));
    assert_eq!(s.web.trusted_proxies, [TrustedProxy::Prefix("10.9.".into())]);
    assert_eq!(s.web.plausible_domain.unwrap(), text("PLAUSIBLE_DOMAIN"));
    assert_eq!(s.web.honeycomb_url.as_str(), url("HONEYCOMB_URL"));
    assert_eq!(s.database.url.expose().as_str(), database("DATABASE_URL"));
    assert_eq!(s.database.web_max_connections, 7);
    assert_eq!(s.secrets.secret_key.expose_secret(), text("SECRET_KEY"));
    assert_eq!(
        s.secrets.old_secret_key.unwrap().expose_secret(),
        text("OLD_SECRET_KEY")
    );
    assert_eq!(
        s.secrets.rocket_secret_key.expose_secret(),
        data_encoding::BASE64.encode(&[0xcd; 32])
    );
    assert_eq!(s.secrets.password_hashers, ["password_hashers"]);
    assert_eq!(s.people.admin_users, ["admin_users"]);
    assert_eq!(s.github.token.unwrap().expose_secret(), text("JOBSERVER_GITHUB_TOKEN"));
    assert_eq!(
        s.github.interactive_token.unwrap().expose_secret(),
        text("INTERACTIVE_GITHUB_TOKEN")
    );
    assert_eq!(s.github.login.key, text("SOCIAL_AUTH_GITHUB_KEY"));
    assert_eq!(s.github.login.secret.expose_secret(), text("SOCIAL_AUTH_GITHUB_SECRET"));
    assert_eq!(s.github.login.api_url.as_str(), url("GITHUB_API_URL"));
    assert_eq!(s.github.login.web_url.as_str(), url("GITHUB_WEB_URL"));
    assert!(!s.github.login.is_stand_in);
    assert_eq!(s.github.api_url.as_str(), url("GITHUB_API_URL"));
    assert_eq!(s.github.web_url.as_str(), url("GITHUB_WEB_URL"));
    assert_eq!(s.github.local_git_repos.unwrap(), folder("LOCAL_GIT_REPOS"));
    assert_eq!(s.github.max_attempts, 7);
    assert_eq!(s.github.tech_support_repo, text("TECH_SUPPORT_GITHUB_REPO"));
    assert_eq!(s.github.interactive_org, text("INTERACTIVE_GITHUB_ORG"));
    assert_eq!(
        s.github.testing_token.unwrap().expose_secret(),
        text("GITHUB_TOKEN_TESTING")
    );
    assert_eq!(s.output_checking.github_org, text("DEFAULT_OUTPUT_CHECKING_GITHUB_ORG"));
    assert_eq!(s.output_checking.github_repo, text("DEFAULT_OUTPUT_CHECKING_REPO"));
    assert_eq!(s.opencodelists.url.unwrap().as_str(), url("OPENCODELISTS_URL"));
    assert_eq!(s.slack.token.unwrap().expose_secret(), text("SLACK_BOT_TOKEN"));
    assert_eq!(s.slack.api_url.as_str(), url("SLACK_API_URL"));
    assert_eq!(s.slack.test_channel.unwrap(), text("SLACK_TEST_CHANNEL"));
    let channels = s.slack.channels;
    assert_eq!(channels.registrations, text("REGISTRATIONS_SLACK_CHANNEL"));
    assert_eq!(channels.applications, text("APPLICATIONS_SLACK_CHANNEL"));
    assert_eq!(channels.copilot_support, text("COPILOT_SUPPORT_SLACK_CHANNEL"));
    assert_eq!(channels.output_checking, text("DEFAULT_OUTPUT_CHECKING_SLACK_CHANNEL"));
    assert_eq!(channels.releases, text("RELEASES_SLACK_CHANNEL"));
    assert_eq!(channels.alerts, text("ALERTS_SLACK_CHANNEL"));
    assert_eq!(
        channels.interactive_requests,
        text("INTERACTIVE_REQUESTS_SLACK_CHANNEL")
    );
    assert_eq!(channels.tech_support, text("TECH_SUPPORT_SLACK_CHANNEL"));
    let MailBackend::Mailgun {
        api_url,
        api_key,
        sender_domain,
    } = s.mail.backend
    else {
        panic!("mail does not go to Mailgun");
    };
    assert_eq!(api_url.as_str(), url("MAILGUN_API_URL"));
    assert_eq!(api_key.expose_secret(), text("MAILGUN_API_KEY"));
    assert_eq!(sender_domain, text("MAILGUN_SENDER_DOMAIN"));
    assert_eq!(s.mail.from, "someone@example.org");
    assert_eq!(s.mail.publications, "someone@example.org");
    assert_eq!(s.releases.storage, folder("RELEASE_STORAGE"));
    let bucket = s.releases.bucket.unwrap();
    assert_eq!(bucket.endpoint.as_str(), url("RELEASE_S3_ENDPOINT"));
    assert_eq!(bucket.name, text("RELEASE_S3_BUCKET"));
    assert_eq!(bucket.region, text("RELEASE_S3_REGION"));
    assert_eq!(bucket.access_key_id, text("RELEASE_S3_ACCESS_KEY_ID"));
    assert_eq!(
        bucket.secret_access_key.expose_secret(),
        text("RELEASE_S3_SECRET_ACCESS_KEY")
    );
    assert_eq!(s.releases.file_size_limit, 77);
    assert_eq!(s.media.storage, folder("MEDIA_STORAGE"));
    let rap = s.rap.controller.unwrap();
    assert_eq!(rap.base_url.as_str(), "https://rap.example/v1/");
    assert_eq!(rap.token.expose_secret(), text("RAP_API_TOKEN"));
    assert_eq!(s.rap.poll_interval, Duration::from_secs(77));
    assert!(!s.worker.run_in_serve);
    assert_eq!(s.telemetry.log_level, LogLevel::Trace);
    assert_eq!(s.telemetry.log_filter.unwrap(), "warn,jobserver=trace");
    assert_eq!(s.telemetry.log_format, LogFormat::Json);
    assert!(s.telemetry.log_timestamps);
    let sentry = s.telemetry.sentry;
    assert_eq!(
        sentry.dsn.unwrap().expose().as_str(),
        "https://key@sentry_dsn.example/7"
    );
    assert_eq!(sentry.environment, text("SENTRY_ENVIRONMENT"));
    assert_eq!(sentry.frontend_dsn.unwrap().as_str(), url("VITE_SENTRY_DSN"));
    let otel = s.telemetry.otel;
    assert_eq!(otel.endpoint.unwrap().as_str(), url("OTEL_EXPORTER_OTLP_ENDPOINT"));
    assert_eq!(otel.headers[0].1.expose_secret(), "OTEL_EXPORTER_OTLP_HEADERS");
    assert_eq!(otel.service_name, text("OTEL_SERVICE_NAME"));
    assert_eq!(
        otel.disabled_instrumentations,
        ["otel_python_disabled_instrumentations"]
    );
    assert!(otel.console);
    assert_eq!(s.telemetry.revision, Some(text("GITREF")));
    let dumps = s.dumps;
    let readonly = dumps.readonly_database.unwrap();
    assert_eq!(readonly.expose().as_str(), database("JOBSERVER_READONLY_DATABASE_URL"));
    let scrubbing = dumps.scrubbing_database.unwrap();
    assert_eq!(
        scrubbing.expose().as_str(),
        database("JOBSERVER_SCRUBBING_DATABASE_URL")
    );
    assert_eq!(dumps.scrubbed_path, folder("JOBSERVER_SCRUBBED_DUMP_PATH"));
    assert_eq!(dumps.raw_path, folder("JOBSERVER_RAW_DUMP_PATH"));
}

#[test]
fn the_table_is_in_order() {
    let mut names: Vec<&str> = VARIABLES.iter().map(|v| v.name).collect();
    names.extend(TOOLING);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands twice");
    for v in VARIABLES {
        assert!(!v.doc.ends_with('.') && !v.doc.is_empty(), "{}", v.name);
        for default in [v.default.development, v.default.production].into_iter().flatten() {
            assert!(
                v.kind.parse(default).is_some(),
                "the default of {} is malformed",
                v.name
            );
        }
        if v.required != Required::No {
            assert_eq!(v.default.production, None, "{} is required and has a default", v.name);
        }
    }
    assert!(VARIABLES.is_sorted_by_key(|v| v.concern));
}

/// The names of `dotenv-sample`, in use or commented out (`# NAME=value`, without a space between
/// name and `=`).
#[cfg(feature = "web")]
#[test]
fn dotenv_sample_lists_exactly_these_variables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dotenv-sample");
    let sample = std::fs::read_to_string(path).unwrap();
    let mut listed = Vec::new();
    for line in sample.lines() {
        let line = line.trim_start_matches('#').trim_start();
        let Some((name, _)) = line.split_once('=') else {
            continue;
        };
        let shape = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !name.is_empty() && name.chars().all(shape) {
            listed.push(name);
        }
    }
    let missing: Vec<&str> = VARIABLES
        .iter()
        .map(|v| v.name)
        .filter(|name| !listed.contains(name))
        .collect();
    let unknown: Vec<&&str> = listed
        .iter()
        .filter(|name| Variable::named(name).is_none() && !TOOLING.contains(name))
        .collect();
    assert!(missing.is_empty(), "dotenv-sample lacks {missing:?}");
    assert!(unknown.is_empty(), "dotenv-sample has what nobody reads: {unknown:?}");

    // As it stands it makes a local start, and production refuses its key.
    let inputs = Inputs {
        dotenv: Some(Ok(read_dotenv(&sample))),
        ..Inputs::default()
    };
    let settings = load_from(&inputs).unwrap_or_else(|error| panic!("{error}")).settings;
    assert_eq!(settings.profile, Profile::Development);
    assert!(settings.secrets.secret_key.expose_secret().starts_with(INSECURE_PREFIX));
}

/// Whoever adds a secret variable need not think of it: its value is hidden from reports.
#[test]
fn the_value_of_every_secret_is_hidden_from_reports_in_each_of_its_forms() {
    for variable in VARIABLES.iter().filter(|variable| variable.secret) {
        let (text, parts): (&str, &[&str]) = match variable.kind {
            Kind::SecretText => ("s3cret-and-long-enough-to-be-a-key", &[]),
            Kind::PostgresUrl => ("postgres://clerk:p%40ss-s3cret@db/x", &["p%40ss-s3cret", "p@ss-s3cret"]),
            Kind::WebUrl => ("https://key-s3cret@sentry.example.org/1", &["key-s3cret"]),
            Kind::Headers => (
                "x-team=team-s3cret,authorization=Bearer%20bearer-s3cret",
                &["team-s3cret", "Bearer bearer-s3cret", "bearer-s3cret"],
            ),
            Kind::CookieKey => (
                "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                &["ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8="],
            ),
            other => ("smtps://clerk:mail-s3cret@host", {
                assert_eq!(variable.name, "SMTP_URL", "say what a secret {other:?} looks like");
                &["mail-s3cret"]
            }),
        };
        let mut pairs = vec![(variable.name, text)];
        if variable.name == "RAP_API_TOKEN" {
            pairs.push(("RAP_API_BASE_URL", "http://rap/"));
        }
        if variable.name == "SOCIAL_AUTH_GITHUB_SECRET" {
            pairs.push(("SOCIAL_AUTH_GITHUB_KEY", "id"));
        }
        if variable.name == "RELEASE_S3_SECRET_ACCESS_KEY" {
            pairs.extend(&BUCKET[..4]);
        }
        let hidden: Vec<String> = development(&pairs)
            .unwrap_or_else(|error| panic!("{}: {error}", variable.name))
            .settings
            .telemetry
            .sentry
            .hidden
            .iter()
            .map(|secret| secrecy::ExposeSecret::expose_secret(secret).to_owned())
            .collect();
        for expected in parts.iter().chain([&text]) {
            assert!(
                hidden.iter().any(|hidden| hidden == expected),
                "{}: {expected}",
                variable.name
            );
        }
        assert!(!hidden.iter().any(String::is_empty));
    }
}
