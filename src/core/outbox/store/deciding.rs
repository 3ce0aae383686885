//! What operators and time decide about messages.

use std::time::Duration;

use sqlx::PgConnection;

use crate::core::error::Result;

/// What is to be known of a message to decide about it.
#[derive(Debug)]
pub(in crate::core::outbox) struct Undecided {
    pub state: String,
    pub thread: Option<String>,
    pub kind: String,
    pub recipient: String,
}

/// A message, locked until the transaction ends.
pub(in crate::core::outbox) async fn lock(conn: &mut PgConnection, id: i64) -> Result<Option<Undecided>> {
    Ok(sqlx::query_as!(
        Undecided,
        "SELECT state, thread, kind, recipient FROM message WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Ids of dead messages after that one, oldest first, at most `limit`.
pub(in crate::core::outbox) async fn dead(conn: &mut PgConnection, after: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM message WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2",
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Makes a message due at once. Its attempts begin anew, but for one that is remembered: it may have
/// arrived.
pub(in crate::core::outbox) async fn revive(conn: &mut PgConnection, id: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE message
            SET state = 'waiting', decided_at = NULL, next_attempt_at = now(),
                attempts = CASE WHEN state = 'waiting' THEN attempts ELSE least(attempts, 1) END
          WHERE id = $1",
        id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Decides that a message is never sent.
pub(in crate::core::outbox) async fn drop(conn: &mut PgConnection, id: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE message SET state = 'dropped', decided_at = now(), claimed_until = NULL WHERE id = $1",
        id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes at most `limit` messages that were delivered or dropped longer ago than `keep`.
pub(in crate::core::outbox) async fn delete_old(conn: &mut PgConnection, keep: Duration, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM message WHERE id IN (
           SELECT id FROM message
            WHERE state IN ('delivered', 'dropped') AND decided_at < now() - $1 * interval '1 second'
            LIMIT $2)",
        keep.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}
