//! The SQL of looking after the database.

use sqlx::{PgConnection, QueryBuilder};

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
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = QueryBuilder::new("");
    for (place, table) in tables.iter().enumerate() {
        statement.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " });
        statement.push_bind(table);
        statement.push(format_args!("::text, count(*) FROM \"{}\"", table.replace('"', "\"\"")));
    }
    statement.push(" ORDER BY 1");
    Ok(statement.build_query_as().fetch_all(conn).await?)
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
