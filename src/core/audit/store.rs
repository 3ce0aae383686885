//! The SQL of the record.

pub mod chain;
pub mod log;

use sqlx::PgConnection;

use super::Event;
use crate::core::error::Result;

/// Writes one event in the caller's transaction.
pub async fn record(conn: &mut PgConnection, event: &Event<'_>) -> Result<()> {
    debug_assert!(
        super::sentence(event.kind).is_some(),
        "an event of the kind {} has no sentence: see core/audit/sentences",
        event.kind
    );
    let (target_user_id, target_user) = event.target_user.unzip();
    sqlx::query!(
        "INSERT INTO auditable_event (type, old, new, target_model, target_field, target_id, target_user,
                                      target_user_id, parent_model, parent_id, created_by, created_by_id, target_label)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        event.kind,
        event.old,
        event.new,
        event.target.model,
        event.field,
        event.target.id.to_string(),
        target_user.unwrap_or_default(),
        target_user_id,
        event.parent.map_or("", |parent| parent.model),
        event.parent.map_or(String::new(), |parent| parent.id.to_string()),
        event.by.name,
        event.by.user_id,
        event.label,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes one event for each field that is not as it was, in the caller's transaction: like `event`, with its field,
/// how that was and how it is. `changes` are names, old values and new ones. Returns how many there were.
pub async fn record_changes(
    conn: &mut PgConnection,
    event: &Event<'_>,
    changes: &[(&'static str, &str, &str)],
) -> Result<usize> {
    let changed = || changes.iter().filter(|(_, old, new)| old != new);
    for (field, old, new) in changed() {
        record(conn, &event.clone().change(field, *old, *new)).await?;
    }
    Ok(changed().count())
}
