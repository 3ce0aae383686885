//! The SQL of which repositories publish outputs at the code host.

use sqlx::PgConnection;

use crate::core::error::Result;

/// Sets of every repository whether its address is among `urls`. Returns of those that changed what it is
/// now. One statement, so all or nothing.
pub async fn set_has_github_outputs(conn: &mut PgConnection, urls: &[String]) -> Result<Vec<bool>> {
    Ok(sqlx::query_scalar!(
        "UPDATE repo SET has_github_outputs = (url = ANY($1)) WHERE has_github_outputs <> (url = ANY($1))
         RETURNING has_github_outputs",
        urls,
    )
    .fetch_all(conn)
    .await?)
}
