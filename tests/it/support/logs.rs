//! Every test is a test that nothing secret is logged. What the program logs is kept in memory, and so is each
//! secret that a test makes or sees; when a site ends, no line may hold one.
//!
//! Our own code is heard from `debug` on, libraries from `info` on, Rocket as in production. sqlx tells each
//! statement to `tracing`; a test's runtime has one thread, so what this thread hears is what the test caused.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use jobserver::config::Settings;
use secrecy::ExposeSecret;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{EnvFilter, fmt, registry};

/// What is heard of the log.
const FILTER: &str = "info,rocket=warn,rocket::server::_=off,rocket::error=info,jobserver=debug";

/// Shorter than this, it is a word that any line may hold, and no secret.
const SHORTEST: usize = 8;

/// Parts of a path after which a secret stands.
const MARKS: [&str; 2] = ["login-", "confirm-"];

/// Lines of a mail from this length on are told apart from what may be logged.
const LONG_LINE: usize = 60;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static STATEMENTS: Cell<usize> = const { Cell::new(0) };
}

fn held<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    // A test that failed while it held it has said so.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what is logged from now on; once in a process.
pub fn listen() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let lines = fmt::layer()
            .with_ansi(false)
            .with_writer(|| Kept)
            .with_filter(EnvFilter::new(FILTER));
        let statements = Statements.with_filter(Targets::new().with_target("sqlx::query", Level::DEBUG));
        tracing::subscriber::set_global_default(registry().with(lines).with(statements))
            .expect("no other subscriber in tests");
        // A Rocket that was started before has brought a logger, whose lines are Rocket's alone.
        let _ = tracing_log::LogTracer::builder()
            .with_max_level(tracing_log::log::LevelFilter::Info)
            .init();
    });
}

/// Writes into the memory.
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        held(&LINES).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        STATEMENTS.with(|heard| heard.set(heard.get() + 1));
    }
}

/// What `work` gave, and how many statements it took.
pub async fn count_statements<T>(work: impl Future<Output = T>) -> (T, usize) {
    listen();
    let before = STATEMENTS.with(Cell::get);
    let result = work.await;
    (result, STATEMENTS.with(Cell::get) - before)
}

/// From now on, this must not be logged.
pub fn must_not_be_logged(secret: &str) {
    let secret = secret.trim();
    // Of a bot's `<username>:<token>` the token alone is one, too.
    let token = secret.split_once(':').map(|(_, token)| token);
    let mut secrets = held(&SECRETS);
    for secret in [Some(secret), token].into_iter().flatten() {
        if secret.len() >= SHORTEST && !secrets.iter().any(|known| known == secret) {
            secrets.push(secret.to_owned());
        }
    }
}

/// Nor what all secret settings hold.
pub fn settings_must_not_be_logged(settings: &Settings) {
    let secrets = [&settings.secrets.secret_key, &settings.secrets.rocket_secret_key];
    let secrets = secrets.into_iter().chain(&settings.telemetry.sentry.hidden);
    for secret in secrets {
        must_not_be_logged(secret.expose_secret());
    }
}

/// Whether a part of a path could have been made by the program: tests also put words there that lines hold.
fn is_like_a_token(text: &str) -> bool {
    text.len() >= 24
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Nor the secrets in an address: what stands for a login, and what GitHub is told and tells.
pub fn address_must_not_be_logged(address: &str) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let is_secret = ["code", "state", "token", "partial_token", "code_challenge"].contains(&&*name);
        if is_secret && is_like_a_token(&value) {
            must_not_be_logged(&value);
        }
    }
    let mut segments = path
        .split('/')
        .skip_while(|segment| !MARKS.iter().any(|mark| segment.contains(mark)));
    if segments.next().is_some()
        && let Some(token) = segments.next()
        && is_like_a_token(token)
    {
        must_not_be_logged(token);
    }
}

/// Nor what a mail says, and the links in it.
pub fn mail_must_not_be_logged(text: &str) {
    for line in text.lines() {
        if line.trim().len() >= LONG_LINE {
            must_not_be_logged(line);
        }
        for word in line.split_whitespace().filter(|word| word.starts_with("http")) {
            address_must_not_be_logged(word);
        }
    }
}

/// Where the log is when a site begins: tests may share a process.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl Mark {
    pub fn now() -> Self {
        Self(held(&LINES).len())
    }

    /// Every secret of now in a line since the mark, with the line.
    pub fn told(self) -> Vec<(String, String)> {
        let lines = held(&LINES)[self.0..].to_vec();
        all_secrets_in(&String::from_utf8_lossy(&lines))
    }
}

/// Every secret of this process in a text, with its line.
pub fn all_secrets_in(text: &str) -> Vec<(String, String)> {
    let secrets = held(&SECRETS);
    let found = secrets.iter().filter(|secret| text.contains(secret.as_str()));
    found
        .map(|secret| {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            (secret.clone(), line.unwrap_or_default().to_owned())
        })
        .collect()
}

/// Asserts at the end of something that may end because a test failed already.
#[track_caller]
pub fn assert_nothing_told(told: &[(String, String)]) {
    if !std::thread::panicking() {
        assert!(told.is_empty(), "a secret is in the log: {told:#?}");
    }
}
