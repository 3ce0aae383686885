//! The words of a token, and what is kept of them. Three words can be guessed by whoever has a fast hash of
//! them, so the hash is a slow one that needs memory. It is worked out beside the threads that serve, and
//! few at once, so that many tries at one time cost time and not the machine.

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use diceware_wordlists::EFF_LONG_WORDLIST;
use rand::seq::IndexedRandom;
use tokio::sync::Semaphore;

use crate::core::error::{Error, Result};
use crate::core::sealed::random_bytes;

/// What stands before a hash, as the service before this one stored it: the name of the method.
const PREFIX: &str = "argon2";

/// Memory in KiB, passes, lanes: the least that OWASP advises for Argon2id. Hashes of other costs are
/// checked by what they say themselves.
const COSTS: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Hashes worked out at once.
const AT_ONCE: usize = 2;

/// Three words of 5 to 9 letters, with a space between each. They are from the long list of the Electronic
/// Frontier Foundation (<https://www.eff.org/dice>, Creative Commons Attribution).
pub(super) fn words() -> Result<String> {
    let list: Vec<&str> = EFF_LONG_WORDLIST.iter().copied().filter(|word| is_fit(word)).collect();
    let mut rng = rand::rng();
    let chosen: Option<Vec<&str>> = (0..3).map(|_| list.choose(&mut rng).copied()).collect();
    let chosen = chosen.ok_or_else(|| Error::Internal("the list of words is empty".into()))?;
    Ok(chosen.join(" "))
}

/// Long enough to be hard to guess, short enough to type, with nothing but letters.
fn is_fit(word: &str) -> bool {
    (5..=9).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// What is stored of a token.
pub(super) async fn hash(token: String) -> Result<String> {
    beside(move || {
        let salt = SaltString::encode_b64(&random_bytes::<16>()).map_err(internal)?;
        let hash = argon2()?.hash_password(token.as_bytes(), &salt).map_err(internal)?;
        Ok(format!("{PREFIX}{hash}"))
    })
    .await?
}

/// Whether `stored` is of this token. With nothing stored it is not, and finding that out takes as long.
pub(super) async fn is_of(token: String, stored: Option<String>) -> Result<bool> {
    beside(move || match &stored {
        Some(stored) => {
            let encoded = stored.strip_prefix(PREFIX).unwrap_or(stored);
            let Ok(hash) = PasswordHash::new(encoded) else {
                return Err(Error::Internal("a stored single-use token is no hash".into()));
            };
            Ok(argon2()?.verify_password(token.as_bytes(), &hash).is_ok())
        }
        None => {
            let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
            argon2()?
                .hash_password_into(token.as_bytes(), &[0; 16], &mut output)
                .map_err(internal)?;
            Ok(std::hint::black_box(output) == [0; Params::DEFAULT_OUTPUT_LEN])
        }
    })
    .await?
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COSTS;
    let params = Params::new(memory, passes, lanes, None).map_err(internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("Argon2: {error}"))
}

/// How many hashes this process worked out: the same for accounts that there are and for those that there are not.
static WORKED_OUT: AtomicU64 = AtomicU64::new(0);

pub(super) fn worked_out() -> u64 {
    WORKED_OUT.load(Ordering::Relaxed)
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
    let turn = TURNS.acquire().await.map_err(internal)?;
    // The turn goes along: whoever asked may be gone before the work is done.
    let work = move || {
        let _turn = turn;
        WORKED_OUT.fetch_add(1, Ordering::Relaxed);
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_from_a_list_that_is_long_enough() {
        let fit = EFF_LONG_WORDLIST.iter().filter(|word| is_fit(word)).count();
        // Three of them are 37 bits at least.
        assert!(fit > 5200, "{fit}");
        let (one, other) = (words().unwrap(), words().unwrap());
        assert_ne!(one, other);
        let parts: Vec<&str> = one.split(' ').collect();
        assert!(parts.len() == 3 && parts.iter().all(|word| is_fit(word)), "{one}");
    }

    #[tokio::test]
    async fn a_hash_is_of_its_token_alone_and_no_two_are_the_same() {
        let (one, other) = (hash("abc".into()).await.unwrap(), hash("abc".into()).await.unwrap());
        assert!(one.starts_with("argon2$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(is_of("abc".into(), Some(one.clone())).await.unwrap());
        assert!(!is_of("abd".into(), Some(one)).await.unwrap());
        assert!(!is_of("abc".into(), None).await.unwrap());
        assert!(is_of("abc".into(), Some("argon2nonsense".into())).await.is_err());
    }

    /// How long the quickest of a few looks at a token takes.
    async fn quickest(stored: Option<&String>) -> std::time::Duration {
        let mut quickest = std::time::Duration::MAX;
        for _ in 0..5 {
            let since = std::time::Instant::now();
            assert!(!is_of("wrong".into(), stored.cloned()).await.unwrap());
            quickest = quickest.min(since.elapsed());
        }
        quickest
    }

    #[tokio::test]
    async fn looking_at_the_token_of_nobody_takes_as_long() {
        let stored = hash("abc".into()).await.unwrap();
        let (somebody, nobody) = (quickest(Some(&stored)).await, quickest(None).await);
        // The work is the same; without it, the answer is there in no time at all.
        assert!(
            nobody > somebody / 4 && somebody > nobody / 4,
            "{somebody:?}, {nobody:?}"
        );
    }

    #[tokio::test]
    async fn hashes_with_other_costs_say_them_themselves() {
        let costs = Params::new(102_400, 2, 8, None).unwrap();
        let salt = SaltString::encode_b64(b"somesaltsomesalt").unwrap();
        let dear = Argon2::new(Algorithm::Argon2id, Version::V0x13, costs);
        let hash = dear.hash_password(b"abc", &salt).unwrap();
        let stored = format!("argon2{hash}");
        assert!(stored.starts_with("argon2$argon2id$v=19$m=102400,t=2,p=8$"), "{stored}");
        assert!(is_of("abc".into(), Some(stored.clone())).await.unwrap());
        assert!(!is_of("abd".into(), Some(stored)).await.unwrap());
    }
}
