//! The SQL of what people want to be told.

use sqlx::PgConnection;

use super::Notify;
use crate::core::error::{Error, Result};

/// What somebody chose, and where mail to them goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub notify: Notify,
    /// `None` when no address is known, so nothing can be sent.
    pub email: Option<String>,
}

/// A user's choice; the user must exist.
pub async fn choice(conn: &mut PgConnection, user_id: i32) -> Result<Choice> {
    let row = sqlx::query!(r#"SELECT notify, email FROM "user" WHERE id = $1"#, user_id)
        .fetch_one(conn)
        .await?;
    Ok(Choice {
        notify: read(&row.notify)?,
        email: row.email,
    })
}

pub(super) async fn lock_choice(conn: &mut PgConnection, user_id: i32) -> Result<Notify> {
    let name = sqlx::query_scalar!(r#"SELECT notify FROM "user" WHERE id = $1 FOR NO KEY UPDATE"#, user_id)
        .fetch_one(conn)
        .await?;
    read(&name)
}

pub(super) async fn set_choice(conn: &mut PgConnection, user_id: i32, notify: Notify) -> Result<()> {
    sqlx::query!(r#"UPDATE "user" SET notify = $2 WHERE id = $1"#, user_id, notify.name())
        .execute(conn)
        .await?;
    Ok(())
}

fn read(name: &str) -> Result<Notify> {
    Notify::named(name).ok_or_else(|| Error::Internal(format!("stored choice {name}")))
}
