//! The SQL of the sealed copies of backends' tokens.

use sqlx::PgConnection;

use crate::core::error::Result;

/// A backend's token, and the one from before while two live, sealed.
pub struct SealedToken {
    pub id: i32,
    pub slug: String,
    pub token_sealed: Vec<u8>,
    pub old_token_sealed: Option<Vec<u8>>,
    /// Whether the one from before still works.
    pub old_token_counts: bool,
}

pub async fn all(conn: &mut PgConnection) -> Result<Vec<SealedToken>> {
    Ok(sqlx::query_as!(
        SealedToken,
        r#"SELECT id, slug, token_sealed, old_token_sealed,
                  coalesce(old_token_expires_at > now(), false) AS "old_token_counts!"
             FROM backend ORDER BY slug"#
    )
    .fetch_all(conn)
    .await?)
}

/// As [`all`], and nobody rotates a token until the transaction ends.
pub async fn lock_all(conn: &mut PgConnection) -> Result<Vec<SealedToken>> {
    sqlx::query!("SELECT id FROM backend ORDER BY id FOR NO KEY UPDATE")
        .fetch_all(&mut *conn)
        .await?;
    all(conn).await
}

/// Replaces the copies that are given.
pub async fn replace(
    conn: &mut PgConnection,
    id: i32,
    token_sealed: Option<&[u8]>,
    old_token_sealed: Option<&[u8]>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE backend SET token_sealed = coalesce($2, token_sealed),
                            old_token_sealed = coalesce($3, old_token_sealed)
          WHERE id = $1",
        id,
        token_sealed,
        old_token_sealed
    )
    .execute(conn)
    .await?;
    Ok(())
}
