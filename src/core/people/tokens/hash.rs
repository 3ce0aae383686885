//! What is kept of a personal token, and whether a token is one that something was kept of.

use argon2::password_hash::{PasswordHash, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::Semaphore;

use crate::core::error::{Error, Result};
use crate::core::sealed::{random_bytes, token_hash};

/// As an end of a token.
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// Hexadecimal digits of a token: 256 random bits.
const DIGITS: usize = 64;
/// What stands before hashes of our own, and before those of the service before this one.
const OURS: &str = "sha256$";
const IMPORTED: &str = "argon2";
/// The most memory, in KiB, that an imported hash may ask for; theirs asked for 100 MiB.
const MOST_MEMORY: u32 = 128 * 1024;
/// Slow hashes worked out at once.
const AT_ONCE: usize = 1;

/// A new token that works until the end of a day: `<64 hex digits>-<YYYY-MM-DD>`.
pub(super) fn make(expires_on: Date) -> Result<String> {
    let day = expires_on
        .format(DAY)
        .map_err(|error| Error::Internal(format!("no date for a token: {error}")))?;
    Ok(format!(
        "{}-{day}",
        data_encoding::HEXLOWER.encode(&random_bytes::<32>())
    ))
}

/// What is stored of a token. It is long and random, so a fast hash is right.
pub(super) fn stored(token: &str) -> String {
    format!("{OURS}{}", data_encoding::HEXLOWER.encode(&token_hash(token)))
}

/// Whether this hash came from the service before this one.
pub(super) fn is_imported(stored: &str) -> bool {
    stored.starts_with(IMPORTED)
}

/// The day that a token says it works until; `None` for what has not the form of one.
pub(super) fn day_of(token: &str) -> Option<Date> {
    let (digits, day) = token.split_at_checked(DIGITS)?;
    let is_hex = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let day = day.strip_prefix('-').filter(|_| is_hex)?;
    Date::parse(day, DAY).ok()
}

/// Whether one of our own hashes is of this token, in the same time whichever character differs.
pub(super) fn is_ours_of(token: &str, hash: &str) -> bool {
    stored(token).as_bytes().ct_eq(hash.as_bytes()).into()
}

/// Whether an imported hash is of this token. That costs memory and time, so few are worked out at once and
/// beside the threads that serve; whoever asks waits.
pub(super) async fn is_imported_of(token: &str, hash: &str) -> Result<bool> {
    static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
    let turn = TURNS.acquire().await.map_err(internal)?;
    let (token, hash) = (token.to_owned(), hash.to_owned());
    let work = move || {
        // Kept to the end of the work: whoever asked may be gone before that.
        let _turn = turn;
        let encoded = hash.strip_prefix(IMPORTED).unwrap_or(&hash);
        let parsed = PasswordHash::new(encoded).map_err(internal)?;
        let asked = Params::try_from(&parsed).map_err(internal)?;
        if asked.m_cost() > MOST_MEMORY {
            return Err(Error::Internal("an imported token asks for too much memory".into()));
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, asked);
        Ok(argon2.verify_password(token.as_bytes(), &parsed).is_ok())
    };
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a personal token's hash: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_token_says_until_when_it_works_and_is_found_again() {
        let (one, other) = (
            make(date!(2026 - 02 - 23)).unwrap(),
            make(date!(2026 - 02 - 23)).unwrap(),
        );
        assert!(one.ends_with("-2026-02-23") && one.len() == 75 && one != other, "{one}");
        assert_eq!(day_of(&one), Some(date!(2026 - 02 - 23)));
        let hash = stored(&one);
        assert!(hash.starts_with("sha256$") && hash.len() == 71, "{hash}");
        assert!(is_ours_of(&one, &hash) && !is_ours_of(&other, &hash));
        assert!(!is_imported(&hash));
    }

    #[test]
    fn what_has_not_the_form_of_a_token_has_no_day() {
        let digits = "0".repeat(64);
        for wrong in [
            String::new(),
            digits.clone(),
            format!("{digits}2026-02-23"),
            format!("{digits}-2026-02-30"),
            format!("{digits}-2026-2-3"),
            format!("{digits}-2026-02-23 "),
            format!("{}-2026-02-23", "G".repeat(64)),
            format!("{}-2026-02-23", "é".repeat(32)),
            "0123456789abcdef0123456789abcdef01234567".to_owned(),
        ] {
            assert_eq!(day_of(&wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn hashes_of_the_service_before_this_one_are_understood() {
        let token = format!("{}-2026-02-23", "ab".repeat(32));
        let other = format!("{}-2026-02-23", "cd".repeat(32));
        // Their salt was the same always: `user_pat`.
        let params = Params::new(102_400, 2, 8, None).unwrap();
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(token.as_bytes(), b"user_pat", &mut output)
            .unwrap();
        let encoded = data_encoding::BASE64_NOPAD.encode(&output);
        let hash = format!("argon2$argon2id$v=19$m=102400,t=2,p=8$dXNlcl9wYXQ${encoded}");
        assert!(is_imported(&hash));
        assert!(is_imported_of(&token, &hash).await.unwrap());
        assert!(!is_imported_of(&other, &hash).await.unwrap());
        for broken in [
            "argon2",
            "argon2$argon2id$v=19$m=9999999,t=2,p=8$dXNlcl9wYXQ$AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(is_imported_of(&token, broken).await.is_err(), "{broken}");
        }
    }
}
