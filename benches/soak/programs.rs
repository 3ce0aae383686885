//! The programs under test, and the PostgreSQL they use: started, killed, started again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::Plan;
use crate::fakes::{FakeGitHub, FakeMailgun, FakeSlack};

pub struct Services {
    pub mailgun: FakeMailgun,
    pub slack: FakeSlack,
    pub github: FakeGitHub,
}

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    Web,
    WorkerA,
    WorkerB,
}

impl Victim {
    pub const ALL: [Self; 3] = [Self::Web, Self::WorkerA, Self::WorkerB];
}

pub struct Machine {
    program: PathBuf,
    root: PathBuf,
    folder: PathBuf,
    environment: BTreeMap<&'static str, String>,
    database_url: String,
    pub port: u16,
    running: Mutex<BTreeMap<Victim, Child>>,
}

impl Machine {
    pub async fn new(plan: &Plan, services: &Services) -> Result<Self, String> {
        let folder = plan.root.join(".local/soak");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let server_url = postgres(&plan.root, "url").await?;
        let server_url = server_url.trim();
        let (server, _) = server_url.rsplit_once('/').ok_or("the database has an odd address")?;
        let database_url = format!("{server}/jobserver_soak");
        let mut conn = PgConnection::connect(server_url).await.map_err(said)?;
        for statement in [
            "DROP DATABASE IF EXISTS jobserver_soak WITH (FORCE)",
            "CREATE DATABASE jobserver_soak",
        ] {
            sqlx::query(statement).execute(&mut conn).await.map_err(said)?;
        }
        let port = free_port()?;
        let environment = BTreeMap::from([
            ("DATABASE_URL", database_url.clone()),
            ("PORT", port.to_string()),
            ("BASE_URL", format!("http://127.0.0.1:{port}")),
            ("SECRET_KEY", "soak-soak-soak-soak-soak-soak-soak-soak".to_owned()),
            ("DEBUG", "false".to_owned()),
            ("RUN_WORKER_IN_SERVE", "false".to_owned()),
            ("SOCIAL_AUTH_GITHUB_KEY", "none".to_owned()),
            ("SOCIAL_AUTH_GITHUB_SECRET", "none".to_owned()),
            ("BUILT_ASSETS", plan.root.join("assets/dist").display().to_string()),
            ("EMAIL_BACKEND", "mailgun".to_owned()),
            ("MAILGUN_API_URL", services.mailgun.api()),
            ("MAILGUN_API_KEY", crate::fakes::mailgun::KEY.to_owned()),
            ("MAILGUN_SENDER_DOMAIN", crate::fakes::mailgun::DOMAIN.to_owned()),
            ("SLACK_API_URL", services.slack.api()),
            ("SLACK_BOT_TOKEN", crate::fakes::slack::TOKEN.to_owned()),
            ("GITHUB_API_URL", services.github.api()),
            ("JOBSERVER_GITHUB_TOKEN", crate::fakes::github::TOKEN.to_owned()),
            ("LOG_FORMAT", "text".to_owned()),
        ]);
        Ok(Self {
            program: plan.program.clone(),
            root: plan.root.clone(),
            folder,
            environment,
            database_url,
            port,
            running: Mutex::default(),
        })
    }

    /// Makes the schema, the people, and as many job requests that notify; returns the backend's token.
    pub async fn prepare(&self, requests: usize) -> Result<String, String> {
        self.command(&["migrate"]).await?;
        self.command(&["create_user", "soaker", "--email", "soaker@example.org"])
            .await?;
        self.command(&["create_workspace", "soak", "soaker"]).await?;
        let token = self.command(&["create_backend", "soak", "--quiet"]).await?;
        let mut conn = PgConnection::connect(&self.database_url).await.map_err(said)?;
        sqlx::query(
            "INSERT INTO job_request (identifier, backend_id, workspace_id, created_by_id, requested_actions,
                                      will_notify, status)
             SELECT 'request-' || n, b.id, w.id, u.id, ARRAY['run_all'], true, 'pending'
               FROM generate_series(0, $1 - 1) AS n, backend b, workspace w, \"user\" u
              WHERE b.slug = 'soak' AND w.name = 'soak' AND u.username = 'soaker'",
        )
        .bind(i32::try_from(requests).map_err(|_| "too many completions")?)
        .execute(&mut conn)
        .await
        .map_err(said)?;
        let last = token.lines().last().unwrap_or_default();
        Ok(last.to_owned())
    }

    async fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.outfitted(arguments).output().await.map_err(said)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    fn outfitted(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("ROCKET_TEMPLATE_DIR", self.root.join("templates"))
            .env("USER", "soak")
            .envs(&self.environment);
        command
    }

    pub async fn start_all(&self) -> Result<(), String> {
        for victim in Victim::ALL {
            self.start(victim).await?;
        }
        Ok(())
    }

    pub async fn start(&self, victim: Victim) -> Result<(), String> {
        let (argument, log) = match victim {
            Victim::Web => ("serve", "web.log"),
            Victim::WorkerA => ("worker", "worker-a.log"),
            Victim::WorkerB => ("worker", "worker-b.log"),
        };
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join(log))
            .map_err(said)?;
        let child = self
            .outfitted(&[argument])
            .stdout(Stdio::from(log.try_clone().map_err(said)?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .map_err(said)?;
        self.running.lock().await.insert(victim, child);
        Ok(())
    }

    /// SIGKILL.
    pub async fn kill(&self, victim: Victim) {
        let child = self.running.lock().await.remove(&victim);
        if let Some(mut child) = child {
            let _ = child.kill().await;
        }
    }

    pub async fn stop_all(&self) {
        for victim in Victim::ALL {
            self.kill(victim).await;
        }
        let _ = postgres(&self.root, "stop").await;
    }

    /// Kills the PostgreSQL server with SIGKILL, its processes with it, and starts it again: it recovers
    /// from its log.
    pub async fn kill_postgres(&self) -> Result<(), String> {
        let location = std::fs::read_to_string(self.root.join(".local/postgres/location")).map_err(said)?;
        let pid_file = PathBuf::from(location.trim()).join("soak/data/postmaster.pid");
        let pid = std::fs::read_to_string(&pid_file).map_err(said)?;
        let pid = pid.lines().next().unwrap_or_default().to_owned();
        signal("-KILL", &pid).await?;
        let began = Instant::now();
        loop {
            // Its children notice and end by themselves; only then can it start.
            match postgres(&self.root, "start").await {
                Ok(_) => return Ok(()),
                Err(error) if began.elapsed() > Duration::from_secs(60) => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// Kills one of the processes that serve a connection: PostgreSQL then ends all of them and recovers.
    pub async fn kill_a_backend(&self) -> Result<(), String> {
        let mut conn = PgConnection::connect(&self.database_url).await.map_err(said)?;
        let pid: Option<i32> = sqlx::query_scalar(
            "SELECT pid FROM pg_stat_activity
              WHERE datname = 'jobserver_soak' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1",
        )
        .fetch_optional(&mut conn)
        .await
        .map_err(said)?;
        match pid {
            Some(pid) => signal("-KILL", &pid.to_string()).await,
            None => Ok(()),
        }
    }

    pub async fn pool(&self) -> Result<PgPool, String> {
        PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(60))
            .connect(&self.database_url)
            .await
            .map_err(said)
    }

    /// Waits until no message waits any more. False when that takes longer than it may.
    pub async fn until_quiet(&self, patience: Duration) -> bool {
        let began = Instant::now();
        let mut told = Instant::now();
        while began.elapsed() < patience {
            match self.waiting().await {
                Ok(0) => return true,
                Ok(waiting) if told.elapsed() > Duration::from_secs(15) => {
                    println!("{waiting} wait");
                    told = Instant::now();
                }
                _ => {}
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        false
    }

    async fn waiting(&self) -> Result<i64, String> {
        let mut conn = PgConnection::connect(&self.database_url).await.map_err(said)?;
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM message WHERE state = 'waiting')
                  + (SELECT count(*) FROM graphile_worker._private_jobs)",
        )
        .fetch_one(&mut conn)
        .await
        .map_err(said)
    }
}

pub fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn signal(signal: &str, pid: &str) -> Result<(), String> {
    let status = Command::new("kill").args([signal, pid]).status().await.map_err(said)?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cannot kill {pid}"))
    }
}

async fn postgres(root: &std::path::Path, what: &str) -> Result<String, String> {
    let output = Command::new(root.join("scripts/postgres"))
        .args([what, "soak"])
        .current_dir(root)
        .output()
        .await
        .map_err(said)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(said)?;
    Ok(listener.local_addr().map_err(said)?.port())
}
