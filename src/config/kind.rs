//! The kinds of value a variable can have: how each is written, and what it becomes.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use url::Url;

use super::proxies::TrustedProxy;

/// The accepted spellings of a choice, each with the canonical word it stands for.
pub type Choices = &'static [(&'static str, &'static str)];

pub(super) const PROFILES: Choices = &[("debug", "debug"), ("release", "release")];
/// The long names are those that an existing installation of the Django job-server has.
pub(super) const BACKENDS: Choices = &[
    ("mailgun", "mailgun"),
    ("smtp", "smtp"),
    ("file", "file"),
    ("console", "console"),
    ("anymail.backends.mailgun.emailbackend", "mailgun"),
    ("django.core.mail.backends.smtp.emailbackend", "smtp"),
    ("django.core.mail.backends.filebased.emailbackend", "file"),
    ("django.core.mail.backends.console.emailbackend", "console"),
];
/// Django's level names and those of our log library.
pub(super) const LOG_LEVELS: Choices = &[
    ("trace", "trace"),
    ("debug", "debug"),
    ("info", "info"),
    ("warn", "warn"),
    ("warning", "warn"),
    ("error", "error"),
    ("critical", "error"),
];
pub(super) const LOG_FORMATS: Choices = &[("text", "text"), ("json", "json")];

/// What a variable's text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `1/0`, `true/false`, `yes/no`, `on/off`, in any case.
    Flag,
    Int {
        min: u64,
        max: u64,
    },
    /// A whole number of seconds, at least 1.
    Seconds,
    /// A whole number of bytes, at least 1.
    Bytes,
    Text,
    SecretText,
    /// Comma-separated; items are trimmed and empty ones dropped.
    List,
    /// A list of `172.17.0.`-like prefixes or whole addresses, or the word `none`.
    ProxyList,
    Choice(Choices),
    /// Absolute, http or https.
    WebUrl,
    /// As `WebUrl`, and its path ends with a slash: relative paths are joined to it.
    FolderUrl,
    PostgresUrl,
    /// A mail server: `smtps://` speaks TLS from the start, `smtp://` changes to it (STARTTLS) and
    /// sends nothing without, unless it ends with `?tls=none`.
    SmtpUrl,
    /// A path, relative ones from the folder the program is started in.
    Folder,
    IpAddress,
    Email,
    /// 32 or 64 bytes as base64, or 32 bytes as hexadecimal digits.
    CookieKey,
    /// A filter of the `tracing` library.
    LogFilter,
    /// `name=value` pairs, comma-separated, values percent-encoded.
    Headers,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parsed {
    Flag(bool),
    Int(u64),
    Seconds(Duration),
    Text(String),
    List(Vec<String>),
    Proxies(Vec<TrustedProxy>),
    Choice(&'static str),
    Url(Url),
    Path(PathBuf),
    Ip(IpAddr),
    Bytes(Vec<u8>),
    Headers(Vec<(String, String)>),
}

impl Kind {
    /// What a value should look like, for an error or the help: "true or false".
    pub fn expected(&self) -> String {
        match self {
            Self::Flag => "true or false (also 1/0, yes/no, on/off)".into(),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::Seconds => "a whole number of seconds, at least 1".into(),
            Self::Bytes => "a whole number of bytes, at least 1".into(),
            Self::Text => "one line of text".into(),
            Self::SecretText => "one line of secret text (a key or token)".into(),
            Self::List => "names separated by commas".into(),
            Self::ProxyList => "IP addresses, or beginnings of them that end with a dot or colon \
                                (172.17.0.), separated by commas, or none"
                .into(),
            Self::Choice(choices) => {
                let words: Vec<&str> = choices.iter().filter(|(s, c)| s == c).map(|(s, _)| *s).collect();
                format!("one of {}", words.join(", "))
            }
            Self::WebUrl => "an absolute http or https URL, such as https://example.org".into(),
            Self::FolderUrl => "an absolute http or https URL that ends with a slash, such as \
                                http://localhost:3000/controller/v1/"
                .into(),
            Self::PostgresUrl => {
                "a PostgreSQL URL with a database, such as postgres://user:pass@host:5432/jobserver".into()
            }
            Self::SmtpUrl => "smtps://user:pass@host:465 or smtp://user:pass@host:587, the second with ?tls=none \
                              for a server without TLS, which gets a password on this machine only"
                .into(),
            Self::Folder => "a path".into(),
            Self::IpAddress => "an IP address, such as 127.0.0.1".into(),
            Self::Email => "an e-mail address".into(),
            Self::CookieKey => {
                "32 or 64 random bytes in base64, or 64 hexadecimal digits (openssl rand -base64 32)".into()
            }
            Self::LogFilter => "a log filter, such as warn,jobserver=debug".into(),
            Self::Headers => "name=value pairs separated by commas".into(),
        }
    }

    /// Reads a text that is not blank. `None` if it does not look as `expected` says.
    pub(super) fn parse(&self, raw: &str) -> Option<Parsed> {
        let text = raw.trim();
        match self {
            Self::Flag => flag(text).map(Parsed::Flag),
            Self::Int { min, max } => text.parse().ok().filter(|n| (min..=max).contains(&n)).map(Parsed::Int),
            Self::Bytes => text.parse().ok().filter(|n| *n > 0).map(Parsed::Int),
            Self::Seconds => text
                .parse()
                .ok()
                .filter(|n| *n > 0)
                .map(|n| Parsed::Seconds(Duration::from_secs(n))),
            Self::Text | Self::SecretText => (!text.contains(char::is_control)).then(|| Parsed::Text(text.to_owned())),
            Self::List => Some(Parsed::List(items(text).map(str::to_owned).collect())),
            Self::ProxyList => {
                if text.eq_ignore_ascii_case("none") {
                    return Some(Parsed::Proxies(Vec::new()));
                }
                items(text)
                    .map(TrustedProxy::parse)
                    .collect::<Option<_>>()
                    .map(Parsed::Proxies)
            }
            Self::Choice(choices) => choices
                .iter()
                .find(|(spelling, _)| spelling.eq_ignore_ascii_case(text))
                .map(|(_, canonical)| Parsed::Choice(canonical)),
            Self::WebUrl => web_url(text).map(Parsed::Url),
            Self::FolderUrl => web_url(text)
                .filter(|url| url.path().ends_with('/') && url.query().is_none())
                .map(Parsed::Url),
            Self::PostgresUrl => Url::parse(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "postgres" | "postgresql"))
                .filter(|url| !url.path().trim_matches('/').is_empty())
                .map(Parsed::Url),
            Self::SmtpUrl => smtp_url(text).map(Parsed::Url),
            Self::Folder => Some(Parsed::Path(PathBuf::from(text))),
            Self::IpAddress => text.parse().ok().map(Parsed::Ip),
            Self::Email => is_email(text).then(|| Parsed::Text(text.to_owned())),
            Self::CookieKey => cookie_key(text).map(Parsed::Bytes),
            Self::LogFilter => is_log_filter(text).then(|| Parsed::Text(text.to_owned())),
            Self::Headers => items(text).map(header).collect::<Option<_>>().map(Parsed::Headers),
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn web_url(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn smtp_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let tls = match (url.scheme(), url.query()) {
        ("smtp" | "smtps", None) => true,
        ("smtp", Some("tls=none")) => false,
        _ => return None,
    };
    let both_or_none = url.username().is_empty() == url.password().is_none();
    let bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
    (both_or_none && bare && (tls || here || url.password().is_none())).then_some(url)
}

fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,".contains(c))
        }
        None => false,
    }
}

/// The lengths are those that Rocket accepts.
fn cookie_key(text: &str) -> Option<Vec<u8>> {
    let bytes = match text.len() {
        64 => HEXLOWER_PERMISSIVE.decode(text.as_bytes()),
        _ => BASE64.decode(text.as_bytes()),
    };
    bytes
        .ok()
        .filter(|key| matches!(key.len(), 32 | 64) && key.iter().any(|byte| *byte != 0))
}

#[cfg(feature = "web")]
fn is_log_filter(text: &str) -> bool {
    tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

/// Without the executable's parts there is no log library to ask.
#[cfg(not(feature = "web"))]
fn is_log_filter(_: &str) -> bool {
    true
}

fn header(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let name = name.trim();
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return None;
    }
    let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
    (!value.contains(char::is_control)).then(|| (name.to_owned(), value.into_owned()))
}
