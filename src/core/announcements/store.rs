//! The SQL of alerts.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Level, SiteAlert};
use crate::core::error::Result;

/// More alerts than anybody reads are not shown.
const MOST: i64 = 20;

struct Row {
    id: i32,
    title: String,
    message: String,
    level: String,
    starts_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
}

impl From<Row> for SiteAlert {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            title: row.title,
            message: row.message,
            level: row.level.parse().unwrap_or(Level::Warning),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
        }
    }
}

/// Newest first; without `over`, those alone that have not ended.
pub(super) async fn alerts(conn: &mut PgConnection, over: bool) -> Result<Vec<SiteAlert>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, title, message, level, starts_at, ends_at FROM site_alert
          WHERE $1 OR ends_at IS NULL OR ends_at > now()
          ORDER BY created_at DESC, id DESC LIMIT CASE WHEN $1 THEN 1000 ELSE $2::bigint END",
        over,
        MOST
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(SiteAlert::from).collect())
}

/// The active backends whose database is being maintained, as their row or their runner says.
pub(super) async fn maintained(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM backend
          WHERE is_active
            AND (is_in_maintenance_mode OR coalesce(jobrunner_state #>> '{mode,v}' = 'db-maintenance', false))
          ORDER BY lower(name), id LIMIT 20"
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    alert: &super::actions::NewAlert,
    by_id: Option<i32>,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO site_alert (title, message, level, starts_at, ends_at, created_by_id, updated_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        alert.title,
        alert.message,
        alert.level.name(),
        alert.starts_at,
        alert.ends_at,
        by_id
    )
    .fetch_one(conn)
    .await?)
}

/// Deletes an alert; its message, or `None` when there is none of this number.
pub(super) async fn delete(conn: &mut PgConnection, id: i32) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar!("DELETE FROM site_alert WHERE id = $1 RETURNING message", id)
            .fetch_optional(conn)
            .await?,
    )
}
