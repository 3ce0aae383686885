//! The SQL of memberships of projects.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A membership whose row is locked.
pub(super) struct Locked {
    pub id: i32,
    pub project_id: i32,
    pub user_id: i32,
    pub username: String,
    /// As stored.
    pub roles: Vec<String>,
}

/// A membership of one project, by its own id.
pub(super) async fn lock_by_id(conn: &mut PgConnection, project_id: i32, id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT m.id, m.project_id, m.user_id, u.username, m.roles
             FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.project_id = $1 AND m.id = $2 FOR UPDATE OF m"#,
        project_id,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// The memberships in which somebody has a role.
pub(super) async fn lock_roles_of(conn: &mut PgConnection, user_id: i32) -> Result<Vec<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT m.id, m.project_id, m.user_id, u.username, m.roles
             FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.user_id = $1 AND m.roles <> '{}' ORDER BY m.id FOR UPDATE OF m"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// Who is to become a member.
pub(super) struct NewMember {
    pub id: i32,
    pub username: String,
}

/// Those of these users that there are, by name.
pub(super) async fn users(conn: &mut PgConnection, ids: &[i32]) -> Result<Vec<NewMember>> {
    Ok(sqlx::query_as!(
        NewMember,
        r#"SELECT id, username FROM "user" WHERE id = ANY($1) ORDER BY username"#,
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// The project of this slug, and the user of this name.
pub(super) async fn project_and_user(
    conn: &mut PgConnection,
    slug: &str,
    username: &str,
) -> Result<(Option<i32>, Option<i32>)> {
    let found = sqlx::query!(
        r#"SELECT (SELECT id FROM project WHERE slug = $1) AS project, (SELECT id FROM "user" WHERE username = $2) AS "user""#,
        slug,
        username
    )
    .fetch_one(conn)
    .await?;
    Ok((found.project, found.user))
}

pub(super) async fn lock(conn: &mut PgConnection, project_id: i32, user_id: i32) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT m.id, m.project_id, m.user_id, u.username, m.roles
             FROM project_membership m JOIN "user" u ON u.id = m.user_id
            WHERE m.project_id = $1 AND m.user_id = $2 FOR UPDATE OF m"#,
        project_id,
        user_id
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    project_id: i32,
    user_id: i32,
    roles: &[String],
    created_by_id: Option<i32>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO project_membership (project_id, user_id, roles, created_by_id) VALUES ($1, $2, $3, $4)
         RETURNING id",
        project_id,
        user_id,
        roles,
        created_by_id
    )
    .fetch_one(conn)
    .await
}

pub(super) async fn set_roles(conn: &mut PgConnection, id: i32, roles: &[String]) -> Result<()> {
    sqlx::query!("UPDATE project_membership SET roles = $2 WHERE id = $1", id, roles)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn delete(conn: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!("DELETE FROM project_membership WHERE id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}
