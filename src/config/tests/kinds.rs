//! How values are written.

use std::net::IpAddr;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

#[test]
fn flags_are_read_in_every_spelling() {
    for (text, expected) in [
        ("1", true),
        ("true", true),
        ("Yes", true),
        ("ON", true),
        (" True ", true),
        ("0", false),
        ("FALSE", false),
        ("no", false),
        ("off", false),
        ("", false),
    ] {
        let web = development(&[("DISABLE_CREATING_JOBS", text)]).unwrap().settings.web;
        assert_eq!(web.disable_creating_jobs, expected, "{text:?}");
    }
}

#[test]
fn lists_are_trimmed_and_empty_items_dropped() {
    let people = development(&[("ADMIN_USERS", " ann, ,bob,,")]).unwrap().settings.people;
    assert_eq!(people.admin_users, ["ann", "bob"]);
    assert!(development(&[]).unwrap().settings.people.admin_users.is_empty());
}

#[test]
fn numbers_have_limits() {
    for (name, bad) in [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("RAP_API_POLL_INTERVAL", "0"),
        ("RELEASE_FILE_SIZE_LIMIT", "16MB"),
        ("DEFAULT_MAX_GITHUB_RETRIES", "0"),
    ] {
        assert_eq!(names(&development(&[(name, bad)]).unwrap_err()), [name], "{bad}");
    }
}

#[test]
fn proxies_are_prefixes_or_addresses() {
    let web = |text| development(&[("TRUSTED_PROXIES", text)]).unwrap().settings.web;
    let peer = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(web("").trusts_proxy(peer("172.17.0.9")));
    assert!(web("").trusts_proxy(peer("::ffff:172.17.0.9")));
    assert!(!web("").trusts_proxy(peer("172.17.1.9")));
    assert!(!web("none").trusts_proxy(peer("172.17.0.9")));
    let some = web("10.1., 192.168.0.4, fd00:");
    assert!(some.trusts_proxy(peer("10.1.2.3")) && !some.trusts_proxy(peer("10.100.2.3")));
    assert!(some.trusts_proxy(peer("192.168.0.4")) && !some.trusts_proxy(peer("192.168.0.40")));
    assert!(some.trusts_proxy(peer("fd00::1")) && !some.trusts_proxy(peer("fe80::1")));
    for bad in ["10.1", "proxy", "..", "300.", "10.1.2.3.", ".10.", ":"] {
        assert!(development(&[("TRUSTED_PROXIES", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn log_settings_take_the_old_names() {
    let level = |text| {
        development(&[("DJANGO_LOG_LEVEL", text)])
            .unwrap()
            .settings
            .telemetry
            .log_level
    };
    assert_eq!(level("WARNING"), LogLevel::Warn);
    assert_eq!(level("CRITICAL"), LogLevel::Error);
    assert_eq!(level("debug"), LogLevel::Debug);
    assert_eq!(level(""), LogLevel::Info);
    assert!(development(&[("DJANGO_LOG_LEVEL", "loud")]).is_err());
    assert!(development(&[("RUST_LOG", "jobserver=loud")]).is_err());
}

#[test]
fn channels_may_be_written_as_slack_shows_them() {
    let slack = development(&[("ALERTS_SLACK_CHANNEL", "#alarms")])
        .unwrap()
        .settings
        .slack;
    assert_eq!(slack.channels.alerts, "alarms");
}

#[test]
fn a_password_goes_to_a_mail_server_through_tls_only() {
    let smtp = |url| development(&[("EMAIL_BACKEND", "smtp"), ("SMTP_URL", url)]);
    for good in [
        "smtps://mail.example.org",
        "smtps://clerk:p%40ss@mail.example.org:465/",
        "smtp://clerk:pass@mail.example.org:587",
        "smtp://mail.example.org:25?tls=none",
        "smtp://clerk:pass@localhost:1025?tls=none",
    ] {
        assert!(smtp(good).is_ok(), "{good}");
    }
    for bad in [
        "mail.example.org",
        "https://mail.example.org",
        "smtp://",
        "smtp://clerk@mail.example.org",
        "smtp://clerk:pass@mail.example.org?tls=none",
        "smtps://mail.example.org?tls=none",
        "smtp://mail.example.org?tls=opportunistic",
        "smtp://mail.example.org/inbox",
    ] {
        assert_eq!(names(&smtp(bad).unwrap_err()), ["SMTP_URL"], "{bad}");
    }
}

#[test]
fn otlp_headers_are_decoded_pairs() {
    let otel = |text| development(&[("OTEL_EXPORTER_OTLP_HEADERS", text)]);
    let headers = otel("x-team=a%20b, x-set = c=d")
        .unwrap()
        .settings
        .telemetry
        .otel
        .headers;
    let plain: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.expose_secret())).collect();
    assert_eq!(plain, [("x-team", "a b"), ("x-set", "c=d")]);
    assert!(otel("no pair").is_err() && otel("a b=c").is_err() && otel("a=%0A").is_err());
}

proptest! {
    /// Whatever is given, the answer is settings or problems that name variables, and never a
    /// panic.
    #[test]
    fn any_text_is_taken_or_refused(index in 0..VARIABLES.len(), text in "\\PC{0,40}") {
        let name = VARIABLES[index].name;
        if let Err(error) = development(&[(name, &text)]) {
            prop_assert!(!error.problems.is_empty());
            prop_assert!(error.to_string().contains(name));
        }
    }
}
