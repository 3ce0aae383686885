//! The SQL of lists of people.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::paging::{Listed, PageAsked};

/// Somebody as the list of people shows them.
#[derive(Debug)]
pub struct ListedUser {
    pub username: String,
    pub fullname: String,
    /// How many projects they are a member of.
    pub projects: i64,
    total: i64,
}

/// How many people a page has.
pub const USERS_PER_PAGE: i64 = 25;

/// Everybody, by name.
pub async fn all_users(conn: &mut PgConnection, page: PageAsked) -> Result<Listed<ListedUser>> {
    let rows = sqlx::query_as!(
        ListedUser,
        r#"SELECT u.username, u.fullname, t.total AS "total!",
                  (SELECT count(*) FROM project_membership WHERE user_id = u.id) AS "projects!"
             FROM (SELECT count(*) AS total FROM "user") t
            CROSS JOIN LATERAL (
                SELECT id, username, fullname FROM "user" ORDER BY lower(fullname), lower(username) LIMIT 25
                OFFSET (SELECT coalesce($1::bigint - 1, greatest(t.total - 1, 0) / 25) * 25)) u
            ORDER BY lower(u.fullname), lower(u.username)"#,
        page.number()
    )
    .fetch_all(conn)
    .await?;
    Ok(Listed::new(rows, |row| row.total))
}
