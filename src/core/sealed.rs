//! Tokens: made at random, found by their hash, and, where an old protocol needs the token itself,
//! kept sealed under a key that only the operator has.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::error::{Error, Result};

/// SHA-256 of a token. Tokens are random and long, so a fast hash is right: there is nothing to guess.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// `N` random bytes from the operating system's generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// 256 random bits as URL-safe text of 43 characters: session cookies, login links, form keys.
pub fn random_token() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&random_bytes::<32>())
}

/// A backend's token: 20 random bytes as 40 lower-case hex digits, as its clients expect.
pub fn random_backend_token() -> String {
    data_encoding::HEXLOWER.encode(&random_bytes::<20>())
}

/// Seals and opens secrets: XChaCha20-Poly1305, the key derived from `SECRET_KEY`. What was sealed
/// under `OLD_SECRET_KEY` still opens.
#[derive(Clone)]
pub struct Sealer {
    current: XChaCha20Poly1305,
    old: Option<XChaCha20Poly1305>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

const NONCE_LENGTH: usize = 24;

impl Sealer {
    pub fn new(secret_key: &SecretString, old_secret_key: Option<&SecretString>) -> Result<Self> {
        Ok(Self {
            current: cipher(secret_key)?,
            old: old_secret_key.map(cipher).transpose()?,
        })
    }

    /// Seals `secret`; it opens only with the same `purpose`, so that one column's value means
    /// nothing in another. The nonce stands first.
    pub fn seal(&self, purpose: &str, secret: &str) -> Result<Vec<u8>> {
        let nonce = random_bytes::<NONCE_LENGTH>();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = self
            .current
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Error::Internal("sealing failed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Sealer::seal`] made.
    ///
    /// # Errors
    /// `Internal` when neither key fits or the value was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretString> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE_LENGTH)
            .ok_or_else(|| Error::Internal("a sealed value is too short".into()))?;
        let open = |cipher: &XChaCha20Poly1305| {
            cipher
                .decrypt(
                    XNonce::from_slice(nonce),
                    Payload {
                        msg: body,
                        aad: purpose.as_bytes(),
                    },
                )
                .ok()
        };
        open(&self.current)
            .or_else(|| self.old.as_ref().and_then(open))
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map(SecretString::from)
            .ok_or_else(|| Error::Internal("a sealed value opens with neither SECRET_KEY nor OLD_SECRET_KEY".into()))
    }
}

fn cipher(secret_key: &SecretString) -> Result<XChaCha20Poly1305> {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, secret_key.expose_secret().as_bytes())
        .expand(b"jobserver sealed values v1", &mut key)
        .map_err(|_| Error::Internal("key derivation failed".into()))?;
    Ok(XChaCha20Poly1305::new(Key::from_slice(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_token_opens_for_its_purpose_under_the_new_and_the_old_key() {
        let (first, second) = (SecretString::from("first"), SecretString::from("second"));
        let before = Sealer::new(&first, None).unwrap();
        let sealed = before.seal("backend", "abc").unwrap();
        assert_ne!(sealed, before.seal("backend", "abc").unwrap(), "each has its own nonce");

        let rotated = Sealer::new(&second, Some(&first)).unwrap();
        assert_eq!(rotated.open("backend", &sealed).unwrap().expose_secret(), "abc");
        assert!(rotated.open("other", &sealed).is_err());
        assert!(Sealer::new(&second, None).unwrap().open("backend", &sealed).is_err());
        assert!(rotated.open("backend", &sealed[..10]).is_err());
    }

    #[test]
    fn tokens_have_the_form_their_clients_expect() {
        let token = random_backend_token();
        assert_eq!(token.len(), 40);
        assert!(token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_eq!(random_token().len(), 43);
        assert_ne!(random_token(), random_token());
    }
}
