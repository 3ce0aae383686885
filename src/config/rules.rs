//! Rules that no single value can break: what production forbids, and what belongs together.

use std::path::{Component, Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::Profile;
use super::error::Problem;
use super::secret::SecretUrl;
use super::values::Values;
use super::variables::{INSECURE_PREFIX, Variable};

/// Django's own keys have 50 characters; a shorter one than this was typed by hand.
const SHORTEST_KEY: usize = 32;

/// Adds to `problems` and `warnings`. A value that did not parse was reported already and is not
/// looked at again.
pub(super) fn check(profile: Profile, values: &Values, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let production = profile == Profile::Production;
    if production {
        forbid_debug(values, problems);
        check_keys(values, problems);
    }
    check_origin(values, problems);
    check_sentry(values, problems);
    check_folders(values, problems);

    match word(values, "EMAIL_BACKEND") {
        Some("mailgun") => {
            let why = " although EMAIL_BACKEND is mailgun";
            need(values, problems, "MAILGUN_API_KEY", why);
        }
        Some("smtp") => need(values, problems, "SMTP_URL", " although EMAIL_BACKEND is smtp"),
        Some("file") => {
            need(values, problems, "MAIL_FOLDER", " although EMAIL_BACKEND is file");
            if production {
                warnings.push("EMAIL_BACKEND is file: mails are kept in MAIL_FOLDER and reach nobody.".to_owned());
            }
        }
        _ => {}
    }
    if values.has("RAP_API_BASE_URL") {
        need(values, problems, "RAP_API_TOKEN", " although RAP_API_BASE_URL is set");
    } else if values.has("RAP_API_TOKEN") {
        warnings.push("RAP_API_TOKEN has no effect, because RAP_API_BASE_URL is not set.".to_owned());
    }
    for (name, other) in [
        ("SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"),
        ("SOCIAL_AUTH_GITHUB_SECRET", "SOCIAL_AUTH_GITHUB_KEY"),
    ] {
        if values.has(name) {
            need(values, problems, other, &format!(" although {name} is set"));
        }
    }
    check_bucket(values, problems);
    check_account(values, problems);
    check_login(profile, values, problems);
    if production && values.has("SENTRY_DSN") {
        need(values, problems, "SENTRY_ENVIRONMENT", " although SENTRY_DSN is set");
    }
    let key = |name| values.optional::<SecretString>(name).ok().flatten();
    if let (Some(new), Some(old)) = (key("SECRET_KEY"), key("OLD_SECRET_KEY"))
        && new.expose_secret() == old.expose_secret()
    {
        warnings.push("OLD_SECRET_KEY has no effect, because it is the same as SECRET_KEY.".to_owned());
    }
    if production && values.has("LOCAL_GIT_REPOS") {
        warnings.push(
            "LOCAL_GIT_REPOS is set in production: repositories are read from a local folder and \
             GitHub is not asked."
                .to_owned(),
        );
    }
    if production && !values.has("JOBSERVER_GITHUB_TOKEN") {
        warnings.push(
            "JOBSERVER_GITHUB_TOKEN is not set: GitHub is asked anonymously, and issues about release \
             requests, and repositories of interactive workspaces, wait until there is one."
                .to_owned(),
        );
    }
}

fn forbid_debug(values: &Values, problems: &mut Vec<Problem>) {
    for name in ["DEBUG", "DJANGO_DEBUG_TOOLBAR", "ASSETS_DEV_MODE"] {
        if values.optional(name).ok().flatten() == Some(true) {
            let what = "must be off in production. Remove it, or set it to false.";
            problems.push(Problem::rule(name, values.source(name), what));
        }
    }
}

fn check_keys(values: &Values, problems: &mut Vec<Problem>) {
    for name in ["SECRET_KEY", "OLD_SECRET_KEY"] {
        let Some(key) = values.optional::<SecretString>(name).ok().flatten() else {
            continue;
        };
        let key = key.expose_secret();
        let fault = if key.starts_with(INSECURE_PREFIX) {
            "is a sample that everybody knows"
        } else if key.chars().count() < SHORTEST_KEY {
            "is too short: it needs at least 32 characters"
        } else {
            continue;
        };
        let what = format!("{fault}. Make one with `jobserver generate_secret_key` (64 random characters).");
        problems.push(Problem::rule(name, values.source(name), what));
    }
}

/// Whether what stands for GitHub is signed in with. There anybody is anybody, an administrator too, so it is
/// for a copy whose address nobody reaches from another machine.
pub(super) fn stands_for_github(profile: Profile, values: &Values) -> bool {
    let is_on_this_machine = || base_url(values).is_some_and(|url| is_loopback(&url));
    profile == Profile::Development && !values.has("SOCIAL_AUTH_GITHUB_KEY") && is_on_this_machine()
}

fn base_url(values: &Values) -> Option<Url> {
    values.optional::<Url>("BASE_URL").ok().flatten()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// Production asks for both keys by itself, and for one without the other everybody is asked.
fn check_login(profile: Profile, values: &Values, problems: &mut Vec<Problem>) {
    let is_reachable = base_url(values).is_some_and(|url| !is_loopback(&url));
    let is_wrong = problems.iter().any(|problem| problem.name == "BASE_URL");
    if profile == Profile::Development && is_reachable && !is_wrong {
        let why = ", and the page that stands for GitHub lets anybody sign in as anybody: it is for a BASE_URL of \
                   localhost or a loopback address alone. Set SOCIAL_AUTH_GITHUB_KEY and SOCIAL_AUTH_GITHUB_SECRET";
        need(values, problems, "SOCIAL_AUTH_GITHUB_KEY", why);
        need(values, problems, "SOCIAL_AUTH_GITHUB_SECRET", why);
    }
}

/// The site's address is also the trusted origin of forms, and page links start at its root.
fn check_origin(values: &Values, problems: &mut Vec<Problem>) {
    let Some(url) = base_url(values) else {
        return;
    };
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !bare {
        problems.push(Problem::rule(
            "BASE_URL",
            values.source("BASE_URL"),
            "is not right: it should be scheme, host and port alone, such as \
             https://jobs.example.org.",
        ));
    }
}

/// A Sentry address holds a key and ends with the project.
fn check_sentry(values: &Values, problems: &mut Vec<Problem>) {
    let Some(dsn) = values.optional::<SecretUrl>("SENTRY_DSN").ok().flatten() else {
        return;
    };
    let project = dsn
        .expose()
        .path_segments()
        .and_then(|mut segments| segments.next_back());
    if dsn.expose().username().is_empty() || project.is_none_or(str::is_empty) {
        problems.push(Problem::rule(
            "SENTRY_DSN",
            values.source("SENTRY_DSN"),
            "is not right: it should be a Sentry address with its key and project, such as \
             https://key@sentry.example.org/1.",
        ));
    }
}

/// The bucket of released files: all of it or nothing. A half of it would keep files where nobody looks for them.
fn check_bucket(values: &Values, problems: &mut Vec<Problem>) {
    const PARTS: [&str; 5] = [
        "RELEASE_S3_ENDPOINT",
        "RELEASE_S3_BUCKET",
        "RELEASE_S3_REGION",
        "RELEASE_S3_ACCESS_KEY_ID",
        "RELEASE_S3_SECRET_ACCESS_KEY",
    ];
    if let Some(given) = PARTS.iter().find(|name| values.has(name)) {
        let why = format!(" although {given} is set");
        PARTS.iter().for_each(|name| need(values, problems, name, &why));
    }
}

/// Where repositories are made: what is no account of GitHub's would fail each time one is.
fn check_account(values: &Values, problems: &mut Vec<Problem>) {
    const NAME: &str = "INTERACTIVE_GITHUB_ORG";
    let is_one = |account: &str| {
        (1..=100).contains(&account.len())
            && account
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let account = values.get::<String>(NAME).ok();
    if account.is_some_and(|account| !is_one(&account)) {
        problems.push(Problem::rule(
            NAME,
            values.source(NAME),
            "is not right: it should be the name of an organisation at GitHub, such as opensafely.",
        ));
    }
}

/// Released files are shown to whoever may see them. In a folder that is served to everybody they
/// would be public; and what else lies among them is nothing of theirs, to be copied and looked after with them.
fn check_folders(values: &Values, problems: &mut Vec<Problem>) {
    let folder = |name| values.optional::<PathBuf>(name).ok().flatten().map(|path| plain(&path));
    let Some(releases) = folder("RELEASE_STORAGE") else {
        return;
    };
    for name in ["MEDIA_STORAGE", "STATIC_ROOT", "BUILT_ASSETS"] {
        let Some(served) = folder(name) else { continue };
        if releases.starts_with(&served) {
            problems.push(Problem::rule(
                "RELEASE_STORAGE",
                values.source("RELEASE_STORAGE"),
                format!(
                    "is not right: it is {name} or lies in it, and everything there is public. \
                     Give it a folder of its own."
                ),
            ));
        } else if name == "MEDIA_STORAGE" && served.starts_with(&releases) {
            problems.push(Problem::rule(
                name,
                values.source(name),
                "is not right: it lies in RELEASE_STORAGE, which is for released files alone. Give it a folder \
                 of its own."
                    .to_owned(),
            ));
        }
    }
}

/// The path without `.` and, where the text alone tells, without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

fn word(values: &Values, name: &'static str) -> Option<&'static str> {
    values.optional(name).ok().flatten()
}

fn need(values: &Values, problems: &mut Vec<Problem>, name: &str, why: &str) {
    let reported = problems.iter().any(|problem| problem.name == name);
    if values.has(name) || reported {
        return;
    }
    if let Some(variable) = Variable::named(name) {
        problems.push(Problem::missing(variable, why));
    }
}
