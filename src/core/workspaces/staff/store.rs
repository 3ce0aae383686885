//! The SQL of changing workspaces.

pub mod lists;

use sqlx::PgConnection;

use super::{Stored, WorkspaceForm};
use crate::core::error::Result;

/// A workspace as it stands; its row is locked.
pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let locked = sqlx::query_scalar!("SELECT id FROM workspace WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *conn)
        .await?;
    match locked {
        Some(id) => stored(conn, id).await,
        None => Ok(None),
    }
}

pub(super) async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"SELECT w.name, w.project_id, w.is_archived, w.purpose, w.updated_at, p.slug,
                  coalesce(p.number || ' - ', '') || p.name AS "title!",
                  u.fullname || ' (' || u.username || ')' AS "updated_by!"
             FROM workspace w JOIN project p ON p.id = w.project_id JOIN "user" u ON u.id = w.updated_by_id
            WHERE w.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Stored {
        id,
        name: row.name,
        project_slug: row.slug,
        project_title: row.title,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        form: WorkspaceForm {
            project_id: row.project_id,
            is_archived: row.is_archived,
            purpose: row.purpose,
        },
    }))
}

/// Slug and title of a project, which keeps its slug until the commit.
pub(super) async fn project(conn: &mut PgConnection, id: i32) -> Result<Option<(String, String)>> {
    let row = sqlx::query!(
        r#"SELECT slug, coalesce(number || ' - ', '') || name AS "title!" FROM project WHERE id = $1 FOR SHARE"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.slug, row.title)))
}

pub(super) async fn update(conn: &mut PgConnection, id: i32, form: &WorkspaceForm, by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace
            SET project_id = $2, is_archived = $3, purpose = $4, updated_at = now(), updated_by_id = $5
          WHERE id = $1",
        id,
        form.project_id,
        form.is_archived,
        form.purpose,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
