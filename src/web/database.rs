//! The database as Rocket's guards see it.

use std::ops::Deref;

use rocket::figment::Figment;
use rocket_db_pools::Pool as PoolTrait;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use crate::core::db::Db;

/// The pool behind rocket_db_pools. Both its trait and sqlx's pool are foreign to us, hence the
/// newtype; it also decides what closing means.
pub struct Pool(Db);

impl From<Db> for Pool {
    fn from(db: Db) -> Self {
        Self(db)
    }
}

impl Deref for Pool {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.0
    }
}

#[rocket::async_trait]
impl PoolTrait for Pool {
    type Connection = PoolConnection<Postgres>;
    type Error = rocket_db_pools::Error<sqlx::Error>;

    async fn init(figment: &Figment) -> Result<Self, Self::Error> {
        let config: rocket_db_pools::Config = figment.extract()?;
        let pool = PgPool::connect_lazy(&config.url).map_err(rocket_db_pools::Error::Init)?;
        Ok(Self(Db::from(pool)))
    }

    async fn get(&self) -> Result<Self::Connection, Self::Error> {
        self.0.pool().acquire().await.map_err(rocket_db_pools::Error::Get)
    }

    /// Nothing: rocket_db_pools closes while requests are still being answered, and waits for every
    /// connection, the listener's too. The process's end closes them.
    async fn close(&self) {}
}

/// The guard: `db: &Database` in a handler. Connections are taken late and given back early.
#[derive(rocket_db_pools::Database)]
#[database("jobserver")]
pub struct Database(Pool);
