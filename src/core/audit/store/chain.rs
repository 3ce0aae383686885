//! Reading the chain, link by link.

use sqlx::PgConnection;
use time::OffsetDateTime;

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
    pub created_at: OffsetDateTime,
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
                target_user_id, parent_model, parent_id, parent_label, created_by, created_by_id, created_at,
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
