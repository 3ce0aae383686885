//! The SQL of what the code host said.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::core::error::Result;

/// What a code host said, as it is kept: JSON text, and when it was said.
pub struct StoredFact {
    pub key: String,
    pub value: String,
    pub fetched_at: OffsetDateTime,
}

pub async fn code_host_facts(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<StoredFact>> {
    Ok(sqlx::query_as!(
        StoredFact,
        r#"SELECT key, value::text AS "value!", fetched_at FROM code_host_fact WHERE key = ANY($1)"#,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps what the code host has just said. Keys are in order, so that two pages that store the same
/// facts do not wait for each other in a circle.
pub async fn store_code_host_facts(conn: &mut PgConnection, keys: &[String], values: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO code_host_fact (key, value, fetched_at)
         SELECT f.key, f.value::json, now() FROM unnest($1::text[], $2::text[]) AS f (key, value) ORDER BY f.key
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, fetched_at = excluded.fetched_at",
        keys,
        values,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The accounts of the code host that our repositories are in, each once however it is spelt, those with most of them
/// first.
pub async fn accounts(conn: &mut PgConnection, most: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT mode() WITHIN GROUP (ORDER BY split_part(url, '/', 4)) AS "account!" FROM repo
            WHERE url LIKE 'https://%/%' AND split_part(url, '/', 4) <> ''
            GROUP BY lower(split_part(url, '/', 4)) ORDER BY count(*) DESC, 1 LIMIT $1"#,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// What every account has, as it was heard last.
pub async fn listings(conn: &mut PgConnection) -> Result<Vec<StoredFact>> {
    Ok(sqlx::query_as!(
        StoredFact,
        r#"SELECT key, value::text AS "value!", fetched_at FROM code_host_fact
            WHERE starts_with(key, 'listing ') ORDER BY key"#
    )
    .fetch_all(conn)
    .await?)
}
