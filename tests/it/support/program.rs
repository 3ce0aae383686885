//! The very executable, as an operator or the platform runs it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::PgPool;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::logs::{address_must_not_be_logged, all_secrets_in, assert_nothing_told, must_not_be_logged};

/// No program takes longer to do what a test waits for.
const LIMIT: Duration = Duration::from_secs(30);

/// What the executable seals tokens with.
pub const SECRET_KEY: &str = "a-secret-key-for-tests-that-is-long-enough-to-be-one";

/// Commands that are there to say a secret, once.
const TELLING: &[&str] = &["login-link", "create_backend", "create_bot", "personal_token_create"];

/// The executable with a database of its own, in an empty folder and an empty environment.
pub struct Program {
    database_url: String,
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn failed(self) -> Self {
        assert_eq!(self.code, 1, "{}\n{}", self.out, self.err);
        self
    }

    pub fn last_line(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}

impl Program {
    pub fn new(pool: &PgPool) -> Self {
        let mut url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
        url.set_path(pool.connect_options().get_database().unwrap());
        Self {
            database_url: url.to_string(),
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        // What a key is called is no secret.
        let is_secret = ["KEY", "SECRET", "TOKEN", "DSN", "PASSWORD"]
            .iter()
            .any(|word| name.contains(word));
        if is_secret && !name.ends_with("_ID") {
            must_not_be_logged(value);
        }
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this way to its database instead of the straight one.
    pub fn through(mut self, proxy: &super::DatabaseProxy) -> Self {
        let mut url: url::Url = self.database_url.parse().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(proxy.port())).unwrap();
        self.database_url = url.to_string();
        self
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        must_not_be_logged(SECRET_KEY);
        let mut command = Command::new(env!("CARGO_BIN_EXE_jobserver"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATABASE_URL", &self.database_url)
            .env("DEBUG", "1")
            .env("SECRET_KEY", SECRET_KEY)
            .env("SOCIAL_AUTH_GITHUB_KEY", "test")
            .env("SOCIAL_AUTH_GITHUB_SECRET", "test")
            .env("BASE_URL", "http://jobs.test")
            .env("USER", "olive")
            .envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        let said = Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert_nothing_told(&all_secrets_in(&said.err));
        if arguments.first().is_some_and(|command| TELLING.contains(command)) {
            said.out.split_whitespace().for_each(|word| {
                address_must_not_be_logged(word);
                if word.len() >= 32 && !word.contains("://") {
                    must_not_be_logged(word);
                }
            });
        } else {
            assert_nothing_told(&all_secrets_in(&said.out));
        }
        said
    }

    /// Starts a command that runs until it is told to stop, and waits for the line with `ready` in it.
    pub async fn start(&self, arguments: &[&str], ready: &'static str) -> Running {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (line, lines) = tokio::task::spawn_blocking(move || {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(ready));
            (line, lines)
        })
        .await
        .unwrap();
        // Read on, so that the program never waits for somebody to read what it says.
        let (says, hears) = mpsc::unbounded_channel();
        let log = Arc::new(Mutex::new(line.clone().unwrap_or_default()));
        let all = log.clone();
        tokio::task::spawn_blocking(move || {
            for line in lines.map_while(Result::ok) {
                {
                    let mut all = all.lock().unwrap();
                    all.push('\n');
                    all.push_str(&line);
                }
                // Whether or not anybody listens.
                let _ = says.send(line);
            }
        });
        let mut running = Running {
            child: Some(child),
            ready_line: line.clone().unwrap_or_default(),
            said: Vec::new(),
            hears,
            log,
        };
        if line.is_none() {
            let said = running.ended().await;
            panic!("ended before it was ready: {said:?}");
        }
        running
    }
}

/// A program that runs; it is killed when the test ends.
pub struct Running {
    child: Option<Child>,
    /// The line that said that it was ready.
    pub ready_line: String,
    /// What it said since, as far as it was listened to.
    said: Vec<String>,
    hears: mpsc::UnboundedReceiver<String>,
    /// All that it said so far, whoever listened.
    log: Arc<Mutex<String>>,
}

impl Running {
    /// The address in the line that said that it was ready.
    pub fn address(&self) -> String {
        let start = self.ready_line.find("http://").unwrap() + "http://".len();
        let rest = &self.ready_line[start..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')
            .unwrap_or(rest.len());
        rest[..end].to_owned()
    }

    /// Waits until it says a line with this in it, which it has not been heard to say before; at most half
    /// a minute.
    pub async fn says(&mut self, text: &str) {
        let listening = async {
            while let Some(line) = self.hears.recv().await {
                let is_it = line.contains(text);
                self.said.push(line);
                if is_it {
                    return true;
                }
            }
            false
        };
        let is_said = tokio::time::timeout(LIMIT, listening).await.unwrap_or(false);
        assert!(is_said, "it does not say {text:?}: {:#?}", self.said);
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        let status = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Kills it, as an operator or the machine does without a word.
    pub fn kill(&mut self) {
        self.child.as_mut().unwrap().kill().unwrap();
    }

    /// Waits for its end, at most half a minute; returns how it ended and what else it said.
    pub async fn ended(&mut self) -> (ExitStatus, Vec<String>) {
        let mut child = self.child.take().unwrap();
        let end = tokio::task::spawn_blocking(move || child.wait());
        let Ok(status) = tokio::time::timeout(LIMIT, end).await else {
            panic!("it does not end within {LIMIT:?}:\n{}", self.log.lock().unwrap());
        };
        let status = status.unwrap().unwrap();
        while let Some(line) = self.hears.recv().await {
            self.said.push(line);
        }
        (status, std::mem::take(&mut self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        assert_nothing_told(&all_secrets_in(&self.log.lock().unwrap()));
    }
}
