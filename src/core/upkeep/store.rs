//! The SQL of looking after the database.

use sqlx::PgConnection;

use crate::core::error::Result;

/// Every table's name and number of rows, by name. One statement: PostgreSQL itself makes and runs a
/// count for each of its tables, so that no SQL is put together here.
pub(super) async fn count(conn: &mut PgConnection) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT tablename::text AS "name!",
                  (xpath('/row/n/text()', query_to_xml(
                      format('SELECT count(*) AS n FROM %I.%I', schemaname, tablename), false, true, ''
                  )))[1]::text::bigint AS "rows!"
             FROM pg_tables
            WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'
            ORDER BY 1"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.rows)).collect())
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
