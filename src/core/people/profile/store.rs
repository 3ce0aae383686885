//! The SQL of names and addresses.

use sqlx::PgConnection;

use super::{AskedEmail, Profile};
use crate::core::error::Result;

/// A user as their own page shows them, in one statement; the user must exist.
pub async fn profile(conn: &mut PgConnection, user_id: i32) -> Result<Profile> {
    let row = sqlx::query!(
        r#"SELECT u.username AS "username!", u.fullname AS "fullname!", u.email,
                  EXISTS (SELECT 1 FROM social_account a WHERE a.user_id = u.id) AS "has_github!",
                  c.id AS "change_id?", c.email AS "asked_email?", c.expires_at AS "expires_at?"
             FROM "user" u
             LEFT JOIN email_change c ON c.id = (SELECT max(id) FROM email_change WHERE user_id = u.id)
                                     AND c.used_at IS NULL AND c.expires_at > now()
            WHERE u.id = $1"#,
        user_id
    )
    .fetch_one(conn)
    .await?;
    let asked = row.change_id.zip(row.asked_email).zip(row.expires_at);
    Ok(Profile {
        username: row.username,
        fullname: row.fullname,
        email: row.email,
        has_github: row.has_github,
        asked: asked.map(|((id, email), expires_at)| AskedEmail { id, email, expires_at }),
    })
}

/// What may be changed of a user, whose row is locked.
pub(super) struct Locked {
    pub fullname: String,
    pub email: Option<String>,
}

pub(super) async fn lock(conn: &mut PgConnection, user_id: i32) -> Result<Locked> {
    Ok(sqlx::query_as!(
        Locked,
        r#"SELECT fullname, email FROM "user" WHERE id = $1 FOR NO KEY UPDATE"#,
        user_id
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn set_fullname(conn: &mut PgConnection, user_id: i32, fullname: &str) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET fullname = $2 WHERE id = $1"#, user_id, fullname)
        .execute(conn)
        .await?;
    Ok(())
}
