//! The SQL of who may use which backend and belongs to which organisation.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A backend or an organisation.
pub(super) struct Slug {
    pub id: i32,
    pub slug: String,
}

/// Locks a user's row; their name, or `None` when there is no such user.
pub(super) async fn lock_user(conn: &mut PgConnection, id: i32) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar!(r#"SELECT username FROM "user" WHERE id = $1 FOR NO KEY UPDATE"#, id)
            .fetch_optional(conn)
            .await?,
    )
}

pub(super) async fn count_backends(conn: &mut PgConnection, ids: &[i32]) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM backend WHERE id = ANY($1)"#, ids)
            .fetch_one(conn)
            .await?,
    )
}

pub(super) async fn add_backends(
    conn: &mut PgConnection,
    user_id: i32,
    ids: &[i32],
    by_id: Option<i32>,
) -> Result<Vec<Slug>> {
    Ok(sqlx::query_as!(
        Slug,
        "WITH added AS (
           INSERT INTO backend_membership (backend_id, user_id, created_by_id)
           SELECT id, $1, $3 FROM unnest($2::int[]) AS chosen (id) ORDER BY id
           ON CONFLICT DO NOTHING RETURNING backend_id)
         SELECT b.id, b.slug FROM added JOIN backend b ON b.id = added.backend_id ORDER BY b.slug",
        user_id,
        ids,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn remove_backends(conn: &mut PgConnection, user_id: i32, but: &[i32]) -> Result<Vec<Slug>> {
    Ok(sqlx::query_as!(
        Slug,
        "DELETE FROM backend_membership m USING backend b
          WHERE b.id = m.backend_id AND m.user_id = $1 AND m.backend_id <> ALL($2)
      RETURNING b.id, b.slug",
        user_id,
        but
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn count_orgs(conn: &mut PgConnection, ids: &[i32]) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM org WHERE id = ANY($1)"#, ids)
            .fetch_one(conn)
            .await?,
    )
}

pub(super) async fn add_orgs(
    conn: &mut PgConnection,
    user_id: i32,
    ids: &[i32],
    by_id: Option<i32>,
) -> Result<Vec<Slug>> {
    Ok(sqlx::query_as!(
        Slug,
        "WITH added AS (
           INSERT INTO org_membership (org_id, user_id, created_by_id)
           SELECT id, $1, $3 FROM unnest($2::int[]) AS chosen (id) ORDER BY id
           ON CONFLICT DO NOTHING RETURNING org_id)
         SELECT o.id, o.slug FROM added JOIN org o ON o.id = added.org_id ORDER BY o.slug",
        user_id,
        ids,
        by_id
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn remove_orgs(conn: &mut PgConnection, user_id: i32, but: &[i32]) -> Result<Vec<Slug>> {
    Ok(sqlx::query_as!(
        Slug,
        "DELETE FROM org_membership m USING org o
          WHERE o.id = m.org_id AND m.user_id = $1 AND m.org_id <> ALL($2)
      RETURNING o.id, o.slug",
        user_id,
        but
    )
    .fetch_all(conn)
    .await?)
}

/// Locks nothing: the user's row is locked.
pub(super) async fn orgs_of(conn: &mut PgConnection, user_id: i32) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        "SELECT org_id FROM org_membership WHERE user_id = $1 ORDER BY org_id",
        user_id
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn org_of_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!("SELECT id FROM org WHERE slug = $1", slug)
        .fetch_optional(conn)
        .await?)
}

/// Somebody who was added.
pub(super) struct Added {
    pub id: i32,
    pub username: String,
}

/// Adds those of these users who do not belong to it yet.
pub(super) async fn add_users_to_org(
    conn: &mut PgConnection,
    org_id: i32,
    user_ids: &[i32],
    by_id: Option<i32>,
) -> Result<Vec<Added>> {
    Ok(sqlx::query_as!(
        Added,
        r#"WITH added AS (
               INSERT INTO org_membership (org_id, user_id, created_by_id)
               SELECT $1, u.id, $3 FROM "user" u WHERE u.id = ANY ($2) ORDER BY u.id
               ON CONFLICT DO NOTHING RETURNING user_id)
           SELECT u.id, u.username FROM added JOIN "user" u ON u.id = added.user_id ORDER BY u.id"#,
        org_id,
        user_ids,
        by_id
    )
    .fetch_all(conn)
    .await?)
}
