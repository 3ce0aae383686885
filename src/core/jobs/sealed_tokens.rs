//! The sealed copies of backends' tokens when `SECRET_KEY` changes. Nothing else in the database is sealed for
//! longer than some minutes.

use secrecy::ExposeSecret;
use sqlx::PgConnection;

use super::backends::TOKEN_PURPOSE;
use super::store::sealed_tokens as store;
use crate::core::audit::{self, By, Event, Subject};
use crate::core::db::Db;
use crate::core::error::Result;
use crate::core::sealed::Sealer;

/// How the sealed tokens stand to the keys; backends by slug, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedTokens {
    /// Those that open with `OLD_SECRET_KEY` alone.
    pub need_old_key: Vec<String>,
    /// Those that open with neither key.
    pub are_lost: Vec<String>,
}

impl SealedTokens {
    /// What an operator should know, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.need_old_key.is_empty() {
            warnings.push(format!(
                "the tokens of these backends are sealed with OLD_SECRET_KEY: {}. Run `jobserver reseal` before you unset it.",
                self.need_old_key.join(", ")
            ));
        }
        if !self.are_lost.is_empty() {
            warnings.push(format!(
                "the tokens of these backends open with neither SECRET_KEY nor OLD_SECRET_KEY: {}. Set OLD_SECRET_KEY to the \
                 key they were sealed with and run `jobserver reseal`, or rotate them. Until then the backends are known by \
                 their tokens, and nothing can be signed for them.",
                self.are_lost.join(", ")
            ));
        }
        warnings
    }
}

/// Looks at every sealed token that still counts. One statement.
pub async fn standing(conn: &mut PgConnection, sealer: &Sealer) -> Result<SealedTokens> {
    let mut found = SealedTokens::default();
    for sealed in store::all(conn).await? {
        let old = sealed.old_token_sealed.as_deref().filter(|_| sealed.old_token_counts);
        let copies = [Some(sealed.token_sealed.as_slice()), old];
        let copies: Vec<&[u8]> = copies.into_iter().flatten().collect();
        if copies.iter().any(|copy| sealer.open(TOKEN_PURPOSE, copy).is_err()) {
            found.are_lost.push(sealed.slug.clone());
        }
        if copies.iter().any(|copy| sealer.needs_old_key(TOKEN_PURPOSE, copy)) {
            found.need_old_key.push(sealed.slug);
        }
    }
    Ok(found)
}

/// Seals every token that needs the old key with the present one. Returns the backends whose tokens were
/// sealed anew, and those with a token that opens with neither key, which stays as it is. May be run twice.
/// Audited.
///
/// # Errors
/// When the database does not answer; nothing is changed then.
pub async fn reseal(db: &Db, sealer: &Sealer, by: &By) -> Result<(Vec<String>, Vec<String>)> {
    let mut tx = db.begin().await?;
    let lost = standing(&mut tx, sealer).await?.are_lost;
    let mut resealed = Vec::new();
    for backend in store::lock_all(&mut tx).await? {
        let again = |copy: Option<&[u8]>| match copy {
            Some(copy) if sealer.needs_old_key(TOKEN_PURPOSE, copy) => {
                let token = sealer.open(TOKEN_PURPOSE, copy)?;
                sealer.seal(TOKEN_PURPOSE, token.expose_secret()).map(Some)
            }
            _ => Ok(None),
        };
        let token = again(Some(&backend.token_sealed))?;
        let old_token = again(backend.old_token_sealed.as_deref())?;
        if token.is_none() && old_token.is_none() {
            continue;
        }
        store::replace(&mut tx, backend.id, token.as_deref(), old_token.as_deref()).await?;
        let event = Event::new("backend_token_resealed", by, Subject::backend(backend.id));
        audit::record(&mut tx, &event).await?;
        resealed.push(backend.slug);
    }
    tx.commit().await?;
    Ok((resealed, lost))
}
