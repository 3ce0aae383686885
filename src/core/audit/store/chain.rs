//! Reading the chain, link by link.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A link: everything that its hash is worked out from, and the hashes as they are stored.
#[derive(Debug, Clone)]
pub struct Link {
    pub position: Option<i64>,
    pub id: i32,
    pub kind: String,
    pub old: String,
    pub new: String,
    pub target_model: String,
    pub target_field: String,
    pub target_id: String,
    pub target_label: String,
    pub target_user: String,
    pub target_user_id: Option<i32>,
    pub parent_model: String,
    pub parent_id: String,
    pub parent_label: String,
    pub created_by: String,
    pub created_by_id: Option<i32>,
    /// When it was written, in microseconds since 1970; `None` for a date without an end. A number, as the database knows
    /// dates that we do not.
    pub microseconds: Option<i64>,
    pub previous_hash: Option<Vec<u8>>,
    pub hash: Option<Vec<u8>>,
}

/// From here on the transaction sees what there was at one moment, and changes nothing. Before any other statement.
pub async fn look_at_one_moment(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(conn)
        .await?;
    Ok(())
}

/// The end of the chain: the position and hash of its last link; 0 and nothing for an empty one.
pub async fn head(conn: &mut PgConnection) -> Result<Option<(i64, Vec<u8>)>> {
    let row = sqlx::query!("SELECT position, hash FROM audit_chain")
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| (row.position, row.hash)))
}

/// The links after a position, in their order, at most so many.
pub async fn after(conn: &mut PgConnection, position: i64, most: i64) -> Result<Vec<Link>> {
    Ok(sqlx::query_as!(
        Link,
        "SELECT position, id, type AS kind, old, new, target_model, target_field, target_id, target_label, target_user,
                target_user_id, parent_model, parent_id, parent_label, created_by, created_by_id,
                CASE WHEN isfinite(created_at)
                     THEN (extract(epoch FROM created_at) * 1000000)::bigint END AS microseconds,
                previous_hash, hash
           FROM auditable_event WHERE position > $1 ORDER BY position LIMIT $2",
        position,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// The id of an event that is in no place of the chain, or in one before its beginning.
pub async fn unchained(conn: &mut PgConnection) -> Result<Option<i32>> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM auditable_event WHERE position IS NULL OR position < 1 ORDER BY id LIMIT 1"
    );
    Ok(found.fetch_optional(conn).await?)
}

/// How many events there are, in the chain or not.
pub async fn count(conn: &mut PgConnection) -> Result<i64> {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM auditable_event"#);
    Ok(count.fetch_one(conn).await?)
}

/// Whether this role may change or delete events, or move the end of the chain, as far as its rights go.
pub async fn may_change(conn: &mut PgConnection) -> Result<bool> {
    let may = sqlx::query_scalar!(
        r#"SELECT bool_or(has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE')) AS "may!"
             FROM unnest(ARRAY['auditable_event', 'audit_chain']) name"#
    );
    Ok(may.fetch_one(conn).await?)
}

/// What keeps events as they are and is not there, or is switched off: triggers and an index, by name.
pub async fn missing_guards(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT wanted.name AS "name!"
             FROM (VALUES ('auditable_event', 'auditable_event_append_only', 'auditable_event_is_append_only'),
                          ('auditable_event', 'auditable_event_joins_chain', 'auditable_event_joins_chain'),
                          ('auditable_event', 'auditable_event_names_things', 'auditable_event_names_things'),
                          ('auditable_event', 'auditable_event_only_joins_chain', 'auditable_event_only_joins_chain'),
                          ('audit_chain', 'audit_chain_append_only', 'audit_chain_only_moves_on'),
                          ('audit_chain', 'audit_chain_only_moves_on', 'audit_chain_only_moves_on'))
                  wanted (kept, name, does)
            WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                               WHERE t.tgrelid = to_regclass(wanted.kept) AND t.tgname = wanted.name
                                 AND t.tgenabled IN ('O', 'A') AND p.proname = wanted.does)
            UNION ALL
           SELECT 'auditable_event_position_unique'
            WHERE NOT EXISTS (SELECT FROM pg_index i
                               WHERE i.indexrelid = to_regclass('auditable_event_position_unique')
                                 AND i.indisunique AND i.indisvalid)
            ORDER BY 1"#
    )
    .fetch_all(conn)
    .await?)
}
