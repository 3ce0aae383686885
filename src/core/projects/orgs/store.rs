//! The SQL of making organisations and changing them.

pub mod lists;

use sqlx::PgConnection;

use super::{OrgForm, Stored};
use crate::core::error::Result;

/// An organisation as it stands; its row is locked.
pub(super) async fn lock(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let locked = sqlx::query_scalar!("SELECT id FROM org WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *conn)
        .await?;
    match locked {
        Some(id) => stored(conn, id).await,
        None => Ok(None),
    }
}

pub(super) async fn stored(conn: &mut PgConnection, id: i32) -> Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"SELECT o.name, o.slug, o.description, o.logo, o.logo_file, o.github_orgs, o.is_internal, o.is_not_copiloted,
                  coalesce(o.output_checking_github_org || '/' || o.output_checking_repo, '') AS "output_checking!",
                  coalesce(o.slack_channel, '') AS "slack_channel!", o.created_at, o.updated_at,
                  c.username AS "created_by_username?", c.fullname AS "created_by_fullname?",
                  u.fullname || ' (' || u.username || ')' AS updated_by
             FROM org o
             LEFT JOIN "user" c ON c.id = o.created_by_id
             LEFT JOIN "user" u ON u.id = o.updated_by_id
            WHERE o.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Stored {
        id,
        github_orgs: row.github_orgs,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        created_at: row.created_at,
        created_by_username: row.created_by_username,
        created_by_fullname: row.created_by_fullname,
        form: OrgForm {
            name: row.name,
            slug: row.slug,
            description: row.description,
            logo: row.logo,
            logo_file: row.logo_file.filter(|file| !file.is_empty()),
            is_internal: row.is_internal,
            is_not_copiloted: row.is_not_copiloted,
            output_checking_repo: row.output_checking,
            slack_channel: row.slack_channel,
        },
    }))
}

/// Which parts of an organisation another one has.
#[derive(Debug)]
pub(super) struct Used {
    pub name: bool,
    pub slug: bool,
}

pub(super) async fn used(conn: &mut PgConnection, but_id: Option<i32>, name: &str, slug: &str) -> Result<Used> {
    Ok(sqlx::query_as!(
        Used,
        r#"SELECT EXISTS (SELECT FROM org WHERE name = $2 AND id IS DISTINCT FROM $1) AS "name!",
                  EXISTS (SELECT FROM org WHERE slug = $3 AND id IS DISTINCT FROM $1) AS "slug!""#,
        but_id,
        name,
        slug
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn insert(conn: &mut PgConnection, name: &str, slug: &str, by_id: i32) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO org (name, slug, created_by_id, updated_by_id) VALUES ($1, $2, $3, $3) RETURNING id",
        name,
        slug,
        by_id
    )
    .fetch_one(conn)
    .await
}

/// The organisations of the code host that one works in.
pub(super) async fn github_orgs(conn: &mut PgConnection, id: i32) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!("SELECT github_orgs FROM org WHERE id = $1", id);
    Ok(names.fetch_one(conn).await?)
}

pub(super) async fn update(conn: &mut PgConnection, id: i32, form: &OrgForm, by_id: i32) -> Result<(), sqlx::Error> {
    let (owner, repo) = form.output_checking();
    let channel = Some(&*form.slack_channel).filter(|channel| !channel.is_empty());
    sqlx::query!(
        "UPDATE org
            SET name = $2, slug = $3, description = $4, logo = $5, logo_file = $6, is_internal = $7,
                is_not_copiloted = $8, output_checking_github_org = $9, output_checking_repo = $10,
                slack_channel = $11, updated_at = now(), updated_by_id = $12
          WHERE id = $1",
        id,
        form.name,
        form.slug,
        form.description,
        form.logo,
        form.logo_file,
        form.is_internal,
        form.is_not_copiloted,
        owner,
        repo,
        channel,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn update_github_orgs(conn: &mut PgConnection, id: i32, names: &[String], by_id: i32) -> Result<()> {
    sqlx::query!(
        "UPDATE org SET github_orgs = $2, updated_at = now(), updated_by_id = $3 WHERE id = $1",
        id,
        names,
        by_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Nobody deletes the organisation before the commit. Tells whether there is one.
pub(super) async fn lock_for_members(conn: &mut PgConnection, id: i32) -> Result<bool> {
    let found = sqlx::query_scalar!("SELECT id FROM org WHERE id = $1 FOR KEY SHARE", id)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

pub(super) async fn count_users(conn: &mut PgConnection, ids: &[i32]) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM "user" WHERE id = ANY ($1)"#, ids)
            .fetch_one(conn)
            .await?,
    )
}

/// Those who are new, by id and username.
pub(super) async fn add_members(
    conn: &mut PgConnection,
    org_id: i32,
    user_ids: &[i32],
    by_id: i32,
) -> Result<Vec<(i32, String)>> {
    let rows = sqlx::query!(
        r#"WITH added AS (
               INSERT INTO org_membership (org_id, user_id, created_by_id)
               SELECT $1, id, $3 FROM unnest($2::int[]) AS chosen (id) ORDER BY id
               ON CONFLICT DO NOTHING RETURNING user_id)
           SELECT u.id, u.username FROM added JOIN "user" u ON u.id = added.user_id ORDER BY u.id"#,
        org_id,
        user_ids,
        by_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.username)).collect())
}

/// The id of whoever was a member.
pub(super) async fn remove_member(conn: &mut PgConnection, org_id: i32, username: &str) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        r#"DELETE FROM org_membership m USING "user" u
            WHERE u.id = m.user_id AND m.org_id = $1 AND u.username = $2 RETURNING u.id"#,
        org_id,
        username
    )
    .fetch_optional(conn)
    .await?)
}
