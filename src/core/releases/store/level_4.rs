//! Whose files inside which backends somebody may look at.

use sqlx::PgConnection;

use super::super::level_4::Level4Backend;
use crate::core::error::Result;

/// The backends that a user belongs to and whose files can be looked at, by slug.
pub async fn backends_of(conn: &mut PgConnection, user_id: i32) -> Result<Vec<Level4Backend>> {
    Ok(sqlx::query_as!(
        Level4Backend,
        r#"SELECT b.slug, b.name, b.level_4_url, b.token_sealed, b.old_token_sealed,
                  (b.old_token_sealed IS NOT NULL AND b.old_token_expires_at > now()
                   AND coalesce(b.old_token_last_used_at > coalesce(b.token_last_used_at, '-infinity'), false))
                      AS "uses_old_token!"
           FROM backend AS b JOIN backend_membership AS m ON m.backend_id = b.id
           WHERE m.user_id = $1 AND b.level_4_url <> ''
           ORDER BY b.slug"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}
