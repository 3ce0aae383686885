//! The SQL of granting data permissions and ending them.

pub mod lists;

use sqlx::PgConnection;

use crate::core::error::Result;

/// Changes of one project's permissions take turns. Tells whether there is such a project.
pub(super) async fn lock_project(conn: &mut PgConnection, id: i32) -> Result<bool> {
    let found = sqlx::query_scalar!("SELECT id FROM project WHERE id = $1 FOR NO KEY UPDATE", id)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// Nobody else changes any permission before the commit.
pub(super) async fn lock_all(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("LOCK TABLE data_permission IN SHARE ROW EXCLUSIVE MODE")
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    project_id: i32,
    kind: &str,
    reason: &str,
    by_id: i32,
) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO data_permission (project_id, kind, reason, created_by_id) VALUES ($1, $2, $3, $4) RETURNING id",
        project_id,
        kind,
        reason,
        by_id
    )
    .fetch_one(conn)
    .await
}

/// The kind of the permission that was ended.
pub(super) async fn end(
    conn: &mut PgConnection,
    project_id: i32,
    id: i32,
    reason: &str,
    by_id: i32,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "UPDATE data_permission SET ended_at = now(), ended_by_id = $4, ended_reason = $3
          WHERE id = $2 AND project_id = $1 AND ended_at IS NULL RETURNING kind",
        project_id,
        id,
        reason,
        by_id
    )
    .fetch_optional(conn)
    .await?)
}

/// A project by how a file names it.
pub(super) struct Named {
    /// Its number or its slug, as the file has it.
    pub name: String,
    pub id: i32,
    pub slug: String,
    pub title: String,
}

/// Those of these projects that exist. A number goes before a slug of the same text.
pub(super) async fn named(conn: &mut PgConnection, names: &[String]) -> Result<Vec<Named>> {
    Ok(sqlx::query_as!(
        Named,
        r#"SELECT DISTINCT ON (n.name) n.name AS "name!", p.id, p.slug, coalesce(p.number || ' - ', '') || p.name AS "title!"
             FROM unnest($1::text[]) AS n (name) JOIN project p ON p.number = n.name OR p.slug = n.name
            ORDER BY n.name, (p.number IS NOT DISTINCT FROM n.name) DESC"#,
        names
    )
    .fetch_all(conn)
    .await?)
}

/// A permission that holds.
pub(super) struct Active {
    pub id: i32,
    pub project_id: i32,
    pub slug: String,
    pub title: String,
    pub kind: String,
}

/// All that hold, of these kinds.
pub(super) async fn active(conn: &mut PgConnection, kinds: &[String]) -> Result<Vec<Active>> {
    Ok(sqlx::query_as!(
        Active,
        r#"SELECT d.id, d.project_id, p.slug, coalesce(p.number || ' - ', '') || p.name AS "title!", d.kind
             FROM data_permission d JOIN project p ON p.id = d.project_id
            WHERE d.ended_at IS NULL AND d.kind = ANY ($1) ORDER BY d.id"#,
        kinds
    )
    .fetch_all(conn)
    .await?)
}
