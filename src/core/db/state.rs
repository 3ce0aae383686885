//! What a database says of itself, for whoever has to find out why something does not work.

use sqlx::PgConnection;

/// What a database says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct DatabaseState {
    /// As the server writes it: `15.8 (Debian 15.8-1)`.
    pub version: String,
    /// The first number of the version.
    pub major: i32,
    pub migrations: Option<Migrations>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Migrations {
    pub applied: i64,
    pub newest: Option<i64>,
    /// Versions that stopped half way.
    pub broken: Vec<i64>,
}

/// Looks at the server's version and at the migrations that were applied.
pub async fn inspect(connection: &mut PgConnection) -> Result<DatabaseState, sqlx::Error> {
    let (version, number): (String, i32) =
        sqlx::query_as("select current_setting('server_version'), current_setting('server_version_num')::int")
            .fetch_one(&mut *connection)
            .await?;
    let (has_table,): (bool,) = sqlx::query_as("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let migrations = match has_table {
        false => None,
        true => {
            let (applied, newest, broken) = sqlx::query_as(
                "select count(*) filter (where success),
                        max(version) filter (where success),
                        coalesce(array_agg(version order by version) filter (where not success), '{}')
                 from _sqlx_migrations",
            )
            .fetch_one(&mut *connection)
            .await?;
            Some(Migrations {
                applied,
                newest,
                broken,
            })
        }
    };
    // The number is 150008 for 15.8.
    Ok(DatabaseState {
        version,
        major: number / 10_000,
        migrations,
    })
}

/// The migrations that were applied to their end, by version, with their checksums; none when one was not.
pub(super) async fn applied(connection: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let (has_table,): (bool,) = sqlx::query_as("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !has_table {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("select version, checksum, success from _sqlx_migrations order by version")
            .fetch_all(connection)
            .await?;
    if rows.iter().any(|(_, _, success)| !success) {
        return Ok(Vec::new());
    }
    Ok(rows
        .into_iter()
        .map(|(version, checksum, _)| (version, checksum))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = false)]
    async fn a_database_tells_its_version_and_migrations(pool: sqlx::PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        let fresh = inspect(&mut connection).await.unwrap();
        assert!(fresh.major >= 14);
        assert!(fresh.version.starts_with(&fresh.major.to_string()));
        assert_eq!(fresh.migrations, None);

        for statement in [
            "create table _sqlx_migrations (version bigint primary key, success boolean not null)",
            "insert into _sqlx_migrations values (1, true), (2, true), (3, false)",
        ] {
            sqlx::query(statement).execute(&mut *connection).await.unwrap();
        }
        let migrated = inspect(&mut connection).await.unwrap();
        let expected = Migrations {
            applied: 2,
            newest: Some(2),
            broken: vec![3],
        };
        assert_eq!(migrated.migrations, Some(expected));
    }
}
