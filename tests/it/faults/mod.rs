//! What becomes of messages when things go wrong: the very worker, as a process, with services that fail
//! and a database that goes away. At the end of each test nothing is lost and nothing is stuck.

mod clocks;
mod database;
mod deaths;
mod kinds;
mod repos;
mod services;
mod site;
mod workers;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use jobserver::core::db::Db;
use jobserver::core::outbox::{self, Draft};
use sqlx::PgPool;
use sqlx::postgres::PgListener;

use crate::fakes::{FakeGitHub, FakeMailgun, FakeSlack, FakeSmtp, github, mailgun, slack};
use crate::support::{DatabaseProxy, Program, Running};

/// The repository of the issues.
pub const REPO: &str = "org/checks";
/// Where repositories are made.
pub const ORG: &str = "opensafely";
/// No worker takes longer for anything here.
const LIMIT: Duration = Duration::from_secs(30);
/// SIGABRT
const ABORTED: i32 = 6;

/// How mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Mailgun,
    Smtp,
}

/// A database with messages, the services they go to, and the program that brings them there.
pub struct House {
    pub pool: PgPool,
    pub db: Db,
    pub mailgun: FakeMailgun,
    pub smtp: FakeSmtp,
    pub slack: FakeSlack,
    pub github: FakeGitHub,
    by: By,
    news: PgListener,
}

impl House {
    pub async fn new(pool: &PgPool) -> Self {
        Self::sending(pool, By::Mailgun).await
    }

    pub async fn sending(pool: &PgPool, by: By) -> Self {
        tell_of_changes(pool).await;
        sqlx::raw_sql(kinds::CAUSES).execute(pool).await.unwrap();
        let mut news = PgListener::connect_with(pool).await.unwrap();
        news.listen("something_changed").await.unwrap();
        let github = FakeGitHub::start(&[REPO]).await;
        github.label(
            REPO,
            &[
                "internal",
                "external",
                "Pending review",
                "Under review",
                "With requester",
            ],
        );
        github.org(ORG, &["interactive"]);
        let slack = FakeSlack::start().await;
        slack.knows_repeats();
        Self {
            pool: pool.clone(),
            db: Db::from(pool.clone()),
            mailgun: FakeMailgun::start().await,
            smtp: FakeSmtp::start().await,
            slack,
            github,
            by,
            news,
        }
    }

    /// Gives a program the addresses of the services and the keys to them.
    pub fn equip(&self, program: Program) -> Program {
        let program = program
            // Without it chat and issues leave the house.
            .with("DEBUG", "0")
            .with("SLACK_BOT_TOKEN", slack::TOKEN)
            .with("SLACK_API_URL", &self.slack.api())
            .with("JOBSERVER_GITHUB_TOKEN", github::TOKEN)
            .with("GITHUB_API_URL", &self.github.api());
        match self.by {
            By::Mailgun => program
                .with("EMAIL_BACKEND", "mailgun")
                .with("MAILGUN_API_URL", &self.mailgun.api())
                .with("MAILGUN_API_KEY", mailgun::KEY)
                .with("MAILGUN_SENDER_DOMAIN", mailgun::DOMAIN),
            By::Smtp => program.with("EMAIL_BACKEND", "smtp").with("SMTP_URL", &self.smtp.url()),
        }
    }

    fn program(&self) -> Program {
        self.equip(Program::new(&self.pool))
    }

    /// A worker as operators start it.
    pub async fn worker(&self) -> Running {
        self.worker_with(&[]).await
    }

    pub async fn worker_with(&self, options: &[&str]) -> Running {
        let arguments = [&["worker"], options].concat();
        self.program().start(&arguments, "worker started").await
    }

    /// A worker that has this way to the database.
    pub async fn worker_through(&self, proxy: &DatabaseProxy, options: &[&str]) -> Running {
        let arguments = [&["worker"], options].concat();
        self.program().through(proxy).start(&arguments, "worker started").await
    }

    /// A worker that dies at this step, which it has to reach.
    pub async fn dies_at(&self, step: &str) {
        let mut worker = self.worker_with(&["--die-at", step]).await;
        let (status, said) = worker.ended().await;
        assert_eq!(status.signal(), Some(ABORTED), "{step}: {status} {said:?}");
        // The database may still do what it was asked for last, such as handing out a job: to a dead worker, which is
        // noticed half a minute later.
        let left = "EXISTS (SELECT FROM pg_stat_activity
                             WHERE datname = current_database() AND application_name = 'jobserver')";
        while self.is(left).await {
            tokio::task::yield_now().await;
        }
    }

    pub async fn store(&self, draft: Draft) -> i64 {
        let mut tx = self.db.begin().await.unwrap();
        let id = outbox::send(&mut tx, draft).await.unwrap().expect("it is new");
        tx.commit().await.unwrap();
        id
    }

    pub async fn store_all(&self, drafts: Vec<Draft>) {
        let mut tx = self.db.begin().await.unwrap();
        outbox::send_all(&mut tx, drafts).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn message(&self, id: i64) -> outbox::Message {
        let mut conn = self.db.read().await.unwrap();
        outbox::message(&mut conn, id).await.unwrap().unwrap()
    }

    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Whether this condition holds in the database.
    pub async fn is(&self, condition: &str) -> bool {
        let sql = format!("SELECT ({condition})");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Waits until a condition about messages and the queue holds.
    pub async fn until(&mut self, condition: &str) {
        let waiting = async {
            while !self.is(condition).await {
                self.news.recv().await.unwrap();
                // One look is enough for all that changed until now.
                while self.news.next_buffered().is_some() {}
            }
        };
        if tokio::time::timeout(LIMIT, waiting).await.is_err() {
            panic!("not so within {LIMIT:?}: {condition}\n{}", self.situation().await);
        }
    }

    /// Waits until every message is delivered and nothing is left to do.
    pub async fn until_all_is_delivered(&mut self) {
        self.until("NOT EXISTS (SELECT FROM message WHERE state <> 'delivered')")
            .await;
        self.until("NOT EXISTS (SELECT FROM graphile_worker._private_jobs)")
            .await;
    }

    /// Nothing waits that nobody would ever look at again.
    pub async fn nothing_is_stuck(&self) {
        let stuck = "EXISTS (SELECT FROM message m WHERE state = 'waiting' AND NOT EXISTS (
                       SELECT FROM graphile_worker._private_jobs j WHERE j.key = 'message:' || m.id AND j.is_available)
                       AND NOT EXISTS (SELECT FROM message e
                                        WHERE e.thread = m.thread AND e.state = 'waiting' AND e.id < m.id))";
        assert!(!self.is(stuck).await, "{}", self.situation().await);
    }

    /// As if an hour passed while no worker ran: leases are over, and what workers said of themselves is old.
    pub async fn an_hour_passes(&self) {
        self.execute(
            "UPDATE message SET created_at = created_at - interval '1 hour',
                    first_attempt_at = first_attempt_at - interval '1 hour',
                    next_attempt_at = next_attempt_at - interval '1 hour',
                    claimed_until = claimed_until - interval '1 hour',
                    decided_at = decided_at - interval '1 hour';
             UPDATE graphile_worker._private_jobs SET run_at = run_at - interval '1 hour',
                    locked_at = locked_at - interval '1 hour';
             UPDATE graphile_worker._private_workers SET last_heartbeat_at = last_heartbeat_at - interval '1 hour',
                    started_at = started_at - interval '1 hour'",
        )
        .await;
    }

    /// For whoever reads of a failure.
    async fn situation(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT to_jsonb(m)::text FROM message m
             UNION ALL SELECT to_jsonb(j)::text FROM graphile_worker._private_jobs j
             UNION ALL SELECT to_jsonb(w)::text FROM graphile_worker._private_workers w",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        rows.join("\n")
    }
}

/// Lets the database say when what tests wait for may have come about.
async fn tell_of_changes(pool: &PgPool) {
    sqlx::raw_sql(
        "CREATE FUNCTION something_changed() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NOTIFY something_changed; RETURN NULL; END $$;
         CREATE TRIGGER something_changed AFTER INSERT OR UPDATE OR DELETE ON message
           FOR EACH STATEMENT EXECUTE FUNCTION something_changed();
         CREATE TRIGGER something_changed AFTER INSERT OR UPDATE OR DELETE ON graphile_worker._private_jobs
           FOR EACH STATEMENT EXECUTE FUNCTION something_changed();
         CREATE TRIGGER something_changed AFTER INSERT OR UPDATE OR DELETE ON graphile_worker._private_workers
           FOR EACH STATEMENT EXECUTE FUNCTION something_changed();
         CREATE TRIGGER something_changed AFTER INSERT OR UPDATE OR DELETE ON worker_seen
           FOR EACH STATEMENT EXECUTE FUNCTION something_changed()",
    )
    .execute(pool)
    .await
    .unwrap();
}

/// Tells a worker to stop, and waits until it has.
pub async fn stop(mut worker: Running) -> Vec<String> {
    worker.terminate();
    let (status, said) = worker.ended().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    said
}
