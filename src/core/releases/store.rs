//! Everything that is asked of the tables of releases.

pub mod files;
pub mod level_4;
pub mod lists;
pub mod publishing;
pub mod requested;
pub mod stored;
pub mod uploads;
pub mod waiting;

use sqlx::PgConnection;

use super::{Release, names};
use crate::core::error::Result;

/// The release of this id, with the names that its page shows.
pub async fn release(conn: &mut PgConnection, id: &str) -> Result<Option<Release>> {
    if !names::is_id(id) {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"SELECT r.id, r.workspace_id, w.name AS workspace, w.project_id, p.slug AS project_slug, r.backend_id,
                  b.slug AS backend_slug, b.name AS backend_name, r.metadata AS "metadata: serde_json::Value",
                  r.review AS "review: serde_json::Value", r.created_at,
                  u.username AS created_by, u.fullname AS created_by_fullname
           FROM release AS r
           JOIN workspace AS w ON w.id = r.workspace_id
           JOIN project AS p ON p.id = w.project_id
           JOIN backend AS b ON b.id = r.backend_id
           JOIN "user" AS u ON u.id = r.created_by_id
           WHERE r.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| Release {
        id: row.id,
        workspace_id: row.workspace_id,
        workspace: row.workspace,
        project_id: row.project_id,
        project_slug: row.project_slug,
        backend_id: row.backend_id,
        backend_slug: row.backend_slug,
        backend_name: row.backend_name,
        metadata: row.metadata,
        review: row.review,
        created_at: row.created_at,
        created_by_name: shown(&row.created_by, row.created_by_fullname),
        created_by: row.created_by,
    }))
}

/// A snapshot from a row that has the columns of its table, of its request that waits, and of its newest decision.
macro_rules! snapshot_of {
    ($row:expr) => {{
        let row = $row;
        let deed = |by: Option<String>, fullname: Option<String>, at: Option<time::OffsetDateTime>| {
            by.zip(at).map(|(by, at)| $crate::core::releases::Deed {
                by_name: $crate::core::releases::store::shown(&by, fullname.unwrap_or_default()),
                by,
                at,
            })
        };
        $crate::core::releases::Snapshot {
            id: row.id,
            workspace_id: row.workspace_id,
            workspace: row.workspace,
            project_id: row.project_id,
            project_slug: row.project_slug,
            created_at: row.created_at,
            created_by_name: $crate::core::releases::store::shown(&row.created_by, row.created_by_fullname),
            created_by: row.created_by,
            published_at: row.published_at,
            pending_request: row.pending_request,
            asked: deed(row.asked_by, row.asked_by_fullname, row.asked_at),
            decided: deed(row.decided_by, row.decided_by_fullname, row.decided_at).map(|deed| {
                $crate::core::releases::Decided {
                    deed,
                    was_public: row.was_public.unwrap_or(false),
                }
            }),
        }
    }};
}
use snapshot_of;

/// How a person is called: by their full name, else by their username.
pub(super) fn shown(username: &str, fullname: String) -> String {
    match fullname.trim() {
        "" => username.to_owned(),
        _ => fullname,
    }
}
