//! The SQL of looking after the database.

pub mod setup;

use sqlx::PgConnection;
use time::Duration;

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

pub(super) async fn delete_ended_sessions(conn: &mut PgConnection, idle: Duration) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM session
          WHERE expires_at <= now() OR last_seen_at <= now() - make_interval(secs => $1)",
        idle.as_seconds_f64()
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}

pub(super) async fn delete_ended_sign_ins(conn: &mut PgConnection) -> Result<u64> {
    Ok(sqlx::query_scalar!(
        r#"WITH github AS (DELETE FROM github_login WHERE expires_at <= now() RETURNING 1),
                unfinished AS (DELETE FROM unfinished_login WHERE expires_at <= now() RETURNING 1),
                by_mail AS (DELETE FROM email_login WHERE expires_at <= now() RETURNING 1)
           SELECT (SELECT count(*) FROM github) + (SELECT count(*) FROM unfinished) + (SELECT count(*) FROM by_mail)
                  AS "deleted!""#
    )
    .fetch_one(conn)
    .await?
    .unsigned_abs())
}

pub(super) async fn delete_ended_email_changes(conn: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM email_change WHERE expires_at <= now()")
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
