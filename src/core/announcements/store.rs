//! The SQL of alerts.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Level, ListedAlert, SiteAlert};
use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked};

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

struct FullRow {
    id: i32,
    title: String,
    message: String,
    level: String,
    starts_at: Option<OffsetDateTime>,
    ends_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    created_by: Option<String>,
    created_by_fullname: Option<String>,
    updated_at: OffsetDateTime,
    updated_by: Option<String>,
    updated_by_fullname: Option<String>,
    total: i64,
}

impl From<FullRow> for ListedAlert {
    fn from(row: FullRow) -> Self {
        Self {
            created_at: row.created_at,
            created_by: row.created_by,
            created_by_fullname: row.created_by_fullname,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            updated_by_fullname: row.updated_by_fullname,
            alert: SiteAlert::from(Row {
                id: row.id,
                title: row.title,
                message: row.message,
                level: row.level,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
            }),
        }
    }
}

/// A page of all alerts, newest first.
pub(super) async fn listed(conn: &mut PgConnection, page: PageAsked, per_page: i64) -> Result<Listed<ListedAlert>> {
    let rows = sqlx::query_as!(
        FullRow,
        r#"SELECT a.id, a.title, a.message, a.level, a.starts_at, a.ends_at, a.created_at, c.username AS "created_by?", c.fullname AS "created_by_fullname?",
                  a.updated_at, u.username AS "updated_by?", u.fullname AS "updated_by_fullname?", t.total AS "total!"
             FROM (SELECT count(*) AS total FROM site_alert) t
            CROSS JOIN LATERAL (
                SELECT * FROM site_alert ORDER BY created_at DESC, id DESC LIMIT $2
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / $2) * $2)) a
             LEFT JOIN "user" c ON c.id = a.created_by_id
             LEFT JOIN "user" u ON u.id = a.updated_by_id
            ORDER BY a.created_at DESC, a.id DESC"#,
        page.number(),
        per_page,
    )
    .fetch_all(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let rows = rows.into_iter().map(ListedAlert::from).collect();
    Ok(Listed { rows, total })
}

/// Keeps an alert as it is until the transaction ends.
pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!("SELECT id FROM site_alert WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

pub(super) async fn listed_one(conn: &mut PgConnection, id: i32) -> Result<Option<ListedAlert>> {
    let row = sqlx::query_as!(
        FullRow,
        r#"SELECT a.id, a.title, a.message, a.level, a.starts_at, a.ends_at, a.created_at, c.username AS "created_by?", c.fullname AS "created_by_fullname?",
                  a.updated_at, u.username AS "updated_by?", u.fullname AS "updated_by_fullname?", 1::bigint AS "total!"
             FROM site_alert a
             LEFT JOIN "user" c ON c.id = a.created_by_id
             LEFT JOIN "user" u ON u.id = a.updated_by_id
            WHERE a.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(ListedAlert::from))
}

pub(super) async fn update(
    conn: &mut PgConnection,
    id: i32,
    alert: &super::actions::NewAlert,
    by_id: i32,
) -> Result<()> {
    sqlx::query!(
        "UPDATE site_alert
            SET title = $2, message = $3, level = $4, starts_at = $5, ends_at = $6, updated_at = now(),
                updated_by_id = $7
          WHERE id = $1",
        id,
        alert.title,
        alert.message,
        alert.level.name(),
        alert.starts_at,
        alert.ends_at,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
