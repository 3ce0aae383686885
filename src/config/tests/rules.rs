//! Defaults, and what production and neighbouring variables ask for.

use std::net::IpAddr;

use secrecy::ExposeSecret;

use super::*;

#[test]
fn development_starts_with_nothing_set() {
    let loaded = development(&[]).unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.profile, Profile::Development);
    assert_eq!(settings.web.base_url.as_str(), "http://localhost:8000/");
    assert_eq!(
        (settings.web.port, settings.web.site_name.as_str()),
        (8000, "Job Server")
    );
    assert!(settings.worker.run_in_serve && settings.demo.allowed);
    assert_eq!(settings.telemetry.log_format, LogFormat::Text);
    assert_eq!(settings.releases.file_size_limit, 16_777_216);
    assert_eq!(settings.slack.channels.releases, "opensafely-releases");
    assert!(settings.slack.token.is_none() && settings.rap.controller.is_none());
    let MailBackend::File { folder } = settings.mail.backend else {
        panic!("development sends mail")
    };
    assert_eq!(folder, std::path::Path::new(".local/mail"));
    assert!(settings.opencodelists.url.is_none(), "development asks OpenCodelists");
    assert!(loaded.warnings.is_empty());
}

#[test]
fn production_has_its_own_defaults() {
    let settings = production(&[]).unwrap().settings;
    assert_eq!(settings.profile, Profile::Production);
    assert!(!settings.worker.run_in_serve && !settings.demo.allowed);
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
    assert_eq!(settings.web.address, IpAddr::from([0, 0, 0, 0]));
    assert!(settings.web.secure_cookies() && !settings.telemetry.log_timestamps);
    let without_token = production(&[]).unwrap().warnings;
    assert_eq!(without_token.len(), 1, "{without_token:?}");
    assert!(
        without_token[0].contains("JOBSERVER_GITHUB_TOKEN is not set"),
        "{without_token:?}"
    );
    let with_token = production(&[("JOBSERVER_GITHUB_TOKEN", Some("ghp_x"))])
        .unwrap()
        .warnings;
    assert!(with_token.is_empty(), "{with_token:?}");
    let demo = production(&[("ALLOW_DEMO", Some("yes"))]).unwrap().settings.demo;
    assert!(demo.allowed);
}

#[test]
fn without_an_oauth_app_development_stands_for_github_itself() {
    let login = |pairs: &[_]| development(pairs).map(|loaded| loaded.settings.github.login);
    let stand_in = login(&[("BASE_URL", "http://localhost:8123")]).unwrap();
    assert!(stand_in.is_stand_in);
    assert_eq!(stand_in.web_url.as_str(), "http://localhost:8123/dev/github");
    assert_eq!(stand_in.api_url.as_str(), "http://localhost:8123/dev/github/api");
    let another = login(&[]).unwrap();
    assert_ne!(stand_in.secret.expose_secret(), another.secret.expose_secret());

    let app = [("SOCIAL_AUTH_GITHUB_KEY", "id"), ("SOCIAL_AUTH_GITHUB_SECRET", "s")];
    let real = login(&app).unwrap();
    assert!(!real.is_stand_in);
    assert_eq!(real.web_url.as_str(), "https://github.com/");
    // Half an app is a mistake.
    assert_eq!(names(&login(&app[..1]).unwrap_err()), ["SOCIAL_AUTH_GITHUB_SECRET"]);
    assert_eq!(names(&login(&app[1..]).unwrap_err()), ["SOCIAL_AUTH_GITHUB_KEY"]);
}

#[test]
fn a_copy_that_others_reach_never_stands_for_github() {
    let login = |base: &'static str, more: &[(&'static str, &'static str)]| {
        let mut pairs = vec![("BASE_URL", base)];
        pairs.extend(more);
        development(&pairs).map(|loaded| loaded.settings.github.login)
    };
    for base in [
        "http://localhost:8000",
        "https://LOCALHOST",
        "http://127.0.0.1",
        "http://127.1.2.3:8000",
        "http://[::1]:8000",
        "http://[::ffff:127.0.0.1]",
    ] {
        assert!(login(base, &[]).unwrap().is_stand_in, "{base}");
    }
    let app = [("SOCIAL_AUTH_GITHUB_KEY", "id"), ("SOCIAL_AUTH_GITHUB_SECRET", "s")];
    for base in [
        "https://jobs.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://0.0.0.0:8000",
        "http://192.168.0.7:8000",
        "http://[::]:8000",
        "http://[2001:db8::1]",
        "http://jobs",
    ] {
        let error = login(base, &[]).unwrap_err();
        assert_eq!(
            names(&error),
            ["SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"],
            "{base}"
        );
        let said = error.to_string();
        assert!(
            said.contains("lets anybody sign in as anybody") && said.contains("BASE_URL"),
            "{said}"
        );
        assert!(!login(base, &app).unwrap().is_stand_in, "{base}");
        assert_eq!(
            names(&login(base, &app[..1]).unwrap_err()),
            ["SOCIAL_AUTH_GITHUB_SECRET"]
        );
    }
}

#[test]
fn production_never_stands_for_github() {
    assert!(!production(&[]).unwrap().settings.github.login.is_stand_in);
    for name in ["SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"] {
        assert_eq!(names(&production(&[(name, Some(""))]).unwrap_err()), [name]);
        assert_eq!(names(&production(&[(name, None)]).unwrap_err()), [name]);
    }
}

#[test]
fn an_empty_value_states_that_a_service_is_off_but_does_not_replace_a_needed_one() {
    let error = production(&[("SLACK_BOT_TOKEN", None)]).unwrap_err();
    assert_eq!(names(&error), ["SLACK_BOT_TOKEN"]);
    let error = production(&[("SECRET_KEY", Some(" "))]).unwrap_err();
    assert_eq!(names(&error), ["SECRET_KEY"]);
}

#[test]
fn malformed_values_are_reported_together_with_shape_and_source() {
    let inputs = Inputs {
        dotenv: Some(Ok(vec![Ok(("PORT".into(), "eighty".into()))])),
        ..Inputs::of_pairs([("DEBUG", "maybe"), ("RAP_API_BASE_URL", "http://rap/controller/v1")])
    };
    let error = load_from(&inputs).unwrap_err();
    assert_eq!(names(&error), ["DEBUG", "PORT", "RAP_API_BASE_URL"]);
    let text = error.to_string();
    for part in [
        "3 settings need attention",
        "\"maybe\" is not true or false",
        "It comes from the environment.",
        "\"eighty\" is not a whole number from 0 to 65535. It comes from .env.",
        "ends with a slash",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn production_refuses_debug_and_weak_keys() {
    for name in ["DEBUG", "DJANGO_DEBUG_TOOLBAR", "ASSETS_DEV_MODE"] {
        assert_eq!(names(&production(&[(name, Some("True"))]).unwrap_err()), [name]);
    }
    let sample = Profile::Development
        .default_of(Variable::named("SECRET_KEY").unwrap())
        .unwrap();
    for key in [sample, "short"] {
        assert_eq!(
            names(&production(&[("SECRET_KEY", Some(key))]).unwrap_err()),
            ["SECRET_KEY"]
        );
    }
    let error = production(&[("OLD_SECRET_KEY", Some(sample))]).unwrap_err();
    assert_eq!(names(&error), ["OLD_SECRET_KEY"]);
    assert!(production(&[("OLD_SECRET_KEY", Some(&generate_secret_key()))]).is_ok());
}

#[test]
fn what_belongs_together_is_asked_for_together() {
    let long = "anymail.backends.mailgun.EmailBackend";
    assert_eq!(
        names(&development(&[("EMAIL_BACKEND", long)]).unwrap_err()),
        ["MAILGUN_API_KEY"]
    );
    let mail = development(&[("EMAIL_BACKEND", long), ("MAILGUN_API_KEY", "key")]).unwrap();
    assert!(matches!(mail.settings.mail.backend, MailBackend::Mailgun { .. }));

    let smtp = ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend");
    assert_eq!(names(&development(&[smtp]).unwrap_err()), ["SMTP_URL"]);
    let mail = development(&[smtp, ("SMTP_URL", "smtps://u:p@mail.example.org")]).unwrap();
    assert!(matches!(mail.settings.mail.backend, MailBackend::Smtp { .. }));
    let file = ("EMAIL_BACKEND", Some("file"));
    assert_eq!(names(&production(&[file]).unwrap_err()), ["MAIL_FOLDER"]);
    let kept = production(&[file, ("MAIL_FOLDER", Some("/mail"))]).unwrap();
    assert!(matches!(kept.settings.mail.backend, MailBackend::File { .. }));
    assert!(kept.warnings[0].contains("reach nobody"), "{:?}", kept.warnings);

    let base = ("RAP_API_BASE_URL", "http://rap/controller/v1/");
    assert_eq!(names(&development(&[base]).unwrap_err()), ["RAP_API_TOKEN"]);
    let rap = development(&[base, ("RAP_API_TOKEN", "t")]).unwrap().settings.rap;
    let joined = rap.controller.unwrap().base_url.join("rap/create/").unwrap();
    assert_eq!(joined.as_str(), "http://rap/controller/v1/rap/create/");
    let lonely = development(&[("RAP_API_TOKEN", "t")]).unwrap();
    assert!(lonely.warnings[0].contains("RAP_API_BASE_URL"), "{:?}", lonely.warnings);

    let dsn = ("SENTRY_DSN", Some("https://key@sentry.example.org/1"));
    assert_eq!(names(&production(&[dsn]).unwrap_err()), ["SENTRY_ENVIRONMENT"]);
    assert!(production(&[dsn, ("SENTRY_ENVIRONMENT", Some("production"))]).is_ok());

    let same = development(&[("SECRET_KEY", KEY), ("OLD_SECRET_KEY", KEY)]).unwrap();
    assert!(same.warnings[0].contains("OLD_SECRET_KEY"), "{:?}", same.warnings);
}

#[test]
fn released_files_may_not_lie_where_everything_is_public() {
    for inside in ["uploads", "uploads/releases", "./x/../uploads", "assets/dist/r"] {
        let error = development(&[("RELEASE_STORAGE", inside)]).unwrap_err();
        assert_eq!(names(&error), ["RELEASE_STORAGE"], "{inside}");
    }
    assert!(development(&[("RELEASE_STORAGE", "uploads-not")]).is_ok());
    for inside in ["releases/uploads", "./releases/x/../y"] {
        let error = development(&[("MEDIA_STORAGE", inside)]).unwrap_err();
        assert_eq!(names(&error), ["MEDIA_STORAGE"], "{inside}");
    }
    assert!(development(&[("MEDIA_STORAGE", "releases-not")]).is_ok());
}

#[test]
fn a_bucket_is_given_whole_or_not_at_all() {
    assert!(development(&[]).unwrap().settings.releases.bucket.is_none());
    let bucket = development(&BUCKET).unwrap().settings.releases.bucket.unwrap();
    assert_eq!(bucket.endpoint.as_str(), "https://s3.example.org/");
    for missing in 0..BUCKET.len() {
        let mut pairs = BUCKET.to_vec();
        let (name, _) = pairs.remove(missing);
        assert_eq!(names(&development(&pairs).unwrap_err()), [name]);
        // One alone asks for the four others.
        assert_eq!(names(&development(&BUCKET[missing..=missing]).unwrap_err()).len(), 4);
    }
}

#[test]
fn the_base_url_is_an_origin() {
    for bad in [
        "https://x.org/jobs",
        "https://x.org/?a",
        "https://u@x.org",
        "ftp://x.org",
        "x.org",
    ] {
        assert_eq!(
            names(&development(&[("BASE_URL", bad)]).unwrap_err()),
            ["BASE_URL"],
            "{bad}"
        );
    }
    let with_keys = [
        ("BASE_URL", "https://x.org"),
        ("SOCIAL_AUTH_GITHUB_KEY", "k"),
        ("SOCIAL_AUTH_GITHUB_SECRET", "s"),
    ];
    let web = development(&with_keys).unwrap().settings.web;
    assert_eq!(web.absolute("/staff/"), "https://x.org/staff/");
}

#[test]
fn the_cookie_key_follows_from_the_secret_key_unless_given() {
    let key = |pairs: &[(&str, &str)]| {
        let secrets = development(pairs).unwrap().settings.secrets;
        secrets.rocket_secret_key.expose_secret().to_owned()
    };
    let derived = key(&[("SECRET_KEY", KEY)]);
    assert_eq!(data_encoding::BASE64.decode(derived.as_bytes()).unwrap().len(), 64);
    assert_eq!(derived, key(&[("SECRET_KEY", KEY)]));
    assert_ne!(derived, key(&[]));
    let hex = "ab".repeat(32);
    assert_eq!(
        key(&[("ROCKET_SECRET_KEY", &hex)]),
        data_encoding::BASE64.encode(&[0xab; 32])
    );
    for bad in ["short", &"00".repeat(32)] {
        assert!(development(&[("ROCKET_SECRET_KEY", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn generated_keys_are_long_url_safe_and_new() {
    let key = generate_secret_key();
    assert_eq!(key.len(), 64);
    assert!(
        key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
        "{key}"
    );
    assert_ne!(key, generate_secret_key());
}

#[test]
fn old_keys_are_tried_after_the_present_one() {
    let secrets = development(&[("SECRET_KEY", KEY), ("OLD_SECRET_KEY", "old")]).unwrap();
    let keys: Vec<_> = secrets
        .settings
        .secrets
        .reading_keys()
        .map(ExposeSecret::expose_secret)
        .collect();
    assert_eq!(keys, [KEY, "old"]);
}

#[test]
fn repositories_are_made_in_an_account_that_github_can_have() {
    for wrong in ["open safely", "opensafely/x", "https://github.com/opensafely"] {
        assert_eq!(
            names(&development(&[("INTERACTIVE_GITHUB_ORG", wrong)]).unwrap_err()),
            ["INTERACTIVE_GITHUB_ORG"]
        );
    }
    assert!(development(&[("INTERACTIVE_GITHUB_ORG", "open-safely2")]).is_ok());
}

#[test]
fn a_sentry_address_has_a_key_and_a_project() {
    for wrong in ["https://sentry.example.org/1", "https://key@sentry.example.org/"] {
        assert_eq!(
            names(&development(&[("SENTRY_DSN", wrong)]).unwrap_err()),
            ["SENTRY_DSN"]
        );
    }
    assert!(development(&[("SENTRY_DSN", "https://key@sentry.example.org/prefix/1")]).is_ok());
}
