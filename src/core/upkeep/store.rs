//! The SQL of looking after the database.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::core::error::Result;

/// The names of the tables, sorted.
pub(super) async fn tables(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT tablename::text AS "name!" FROM pg_tables
            WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations' ORDER BY 1"#
    )
    .fetch_all(conn)
    .await?)
}

/// Counts all of them in one statement. The names are the database's own.
pub(super) async fn count(conn: &mut PgConnection, tables: &[String]) -> Result<Vec<(String, i64)>> {
    let counts: Vec<String> = tables
        .iter()
        .map(|table| {
            let literal = table.replace('\'', "''");
            let identifier = table.replace('"', "\"\"");
            format!("SELECT '{literal}', count(*) FROM \"{identifier}\"")
        })
        .collect();
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!("{} ORDER BY 1", counts.join(" UNION ALL "));
    Ok(sqlx::query_as(AssertSqlSafe(statement)).fetch_all(conn).await?)
}

pub(super) async fn delete_ended_sessions(conn: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM session WHERE expires_at <= now()")
        .execute(conn)
        .await?;
    Ok(deleted.rows_affected())
}

/// Those used are kept until they would have ended: whoever comes back to one is told what happened.
pub(super) async fn delete_ended_links(conn: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM login_link WHERE expires_at <= now()")
        .execute(conn)
        .await?;
    Ok(deleted.rows_affected())
}
