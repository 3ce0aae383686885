//! Finding people by name, for forms that choose some of them.

use sqlx::PgConnection;

use crate::core::error::Result;
use crate::core::paging::containing;

/// Somebody who can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub id: i32,
    pub username: String,
    pub fullname: String,
}

impl Picked {
    /// `Ada Lovelace (ada)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.fullname, self.username)
    }
}

/// Those with these ids, or these usernames; by name. What is neither is left out.
pub async fn people(conn: &mut PgConnection, wanted: &[String]) -> Result<Vec<Picked>> {
    let ids: Vec<i32> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
    Ok(sqlx::query_as!(
        Picked,
        r#"SELECT id, username, fullname FROM "user" WHERE id = ANY ($1) OR username = ANY ($2)
            ORDER BY lower(fullname), lower(username)"#,
        &ids,
        wanted
    )
    .fetch_all(conn)
    .await?)
}

/// The active ones with this text in their name or username, by name; a few.
pub async fn people_like(conn: &mut PgConnection, text: &str) -> Result<Vec<Picked>> {
    Ok(sqlx::query_as!(
        Picked,
        r#"SELECT id, username, fullname FROM "user"
            WHERE is_active AND (fullname ILIKE $1 OR username ILIKE $1)
            ORDER BY username <> $2, lower(fullname), lower(username) LIMIT 20"#,
        containing(text),
        text
    )
    .fetch_all(conn)
    .await?)
}
