//! The database: a pool, the migrations, and nothing about any table.

mod state;

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool, Postgres, Transaction};

pub use state::{DatabaseState, Migrations, inspect};

use super::error::{Error, Result};

/// The schema, in the order it grew.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a connection may lie idle and still be trusted.
const RESTED: Duration = Duration::from_millis(500);

/// The pool of connections. Acquire late, release before anything slow: a handler holds at most one.
#[derive(Debug, Clone)]
pub struct Db(PgPool);

impl Db {
    /// Connects to `url`, waiting at most `acquire_timeout` for a connection, now and later.
    ///
    /// # Errors
    /// `Unavailable` when the address is malformed or the server does not answer.
    pub async fn connect(url: &str, max_connections: u32, acquire_timeout: Duration) -> Result<Self> {
        Ok(Self(
            pool_options(max_connections, acquire_timeout)
                .connect_with(connect_options(url)?)
                .await?,
        ))
    }

    /// As [`Db::connect`], but connects when first needed: the site starts while the database is away.
    ///
    /// # Errors
    /// `Unavailable` when the address is malformed.
    pub fn connect_lazy(url: &str, max_connections: u32, acquire_timeout: Duration) -> Result<Self> {
        Ok(Self(
            pool_options(max_connections, acquire_timeout).connect_lazy_with(connect_options(url)?),
        ))
    }

    /// A connection for reading. Give it back (drop it) before rendering or calling a service.
    pub async fn read(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.0.acquire().await?)
    }

    /// A transaction; dropped without `commit`, it changes nothing.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.0.begin().await?)
    }

    /// Asks the database for the least it can say.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    pub async fn ping(&self) -> Result<()> {
        use sqlx::Connection;
        self.read().await?.ping().await?;
        Ok(())
    }

    /// Brings the schema up to date, one process at a time (an advisory lock). One that is takes no more than the right
    /// to read: the program's role need not be the schema's owner.
    ///
    /// # Errors
    /// `Internal` when a migration fails or an applied one was changed.
    pub async fn migrate(&self) -> Result<()> {
        let known = MIGRATIONS
            .iter()
            .filter(|migration| !migration.migration_type.is_down_migration());
        let known: Vec<_> = known
            .map(|migration| (migration.version, migration.checksum.to_vec()))
            .collect();
        if state::applied(&mut *self.read().await?).await? == known {
            return Ok(());
        }
        MIGRATIONS
            .run(&self.0)
            .await
            .map_err(|error| Error::Internal(format!("migration failed: {error}")))
    }

    pub fn pool(&self) -> &PgPool {
        &self.0
    }
}

impl From<PgPool> for Db {
    fn from(pool: PgPool) -> Self {
        Self(pool)
    }
}

fn pool_options(max_connections: u32, acquire_timeout: Duration) -> PgPoolOptions {
    // A connection that died with the server must not cost a visitor a page; asking before every use
    // would cost each request a round trip. So those that rested a while are asked.
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                use sqlx::Connection;
                Ok(meta.idle_for < RESTED || conn.ping().await.is_ok())
            })
        })
}

fn connect_options(url: &str) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| Error::Unavailable(format!("DATABASE_URL is not a PostgreSQL address: {error}")))?;
    // Statements are told at trace level, where tests count them; slow ones at warn.
    Ok(options
        .application_name("jobserver")
        .log_statements(tracing_level(tracing::Level::TRACE))
        .log_slow_statements(tracing_level(tracing::Level::WARN), Duration::from_secs(1)))
}

fn tracing_level(level: tracing::Level) -> log::LevelFilter {
    match level {
        tracing::Level::WARN => log::LevelFilter::Warn,
        _ => log::LevelFilter::Trace,
    }
}
