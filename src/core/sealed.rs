//! Tokens: made at random, found by their hash, and, where an old protocol needs the token itself,
//! kept sealed under a key that only the operator has.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

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
///
/// It also signs what is handed out in the open and must come back unchanged: HMAC-SHA-256, with keys
/// derived alike. Signatures are always made with `SECRET_KEY`.
#[derive(Clone)]
pub struct Sealer {
    current: Keys,
    old: Option<Keys>,
}

#[derive(Clone)]
struct Keys {
    cipher: XChaCha20Poly1305,
    signing: [u8; 32],
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
            current: Keys::of(secret_key)?,
            old: old_secret_key.map(Keys::of).transpose()?,
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
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Error::Internal("sealing failed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Whether a sealed value still needs `OLD_SECRET_KEY`: it opens, and not with the present key.
    pub fn needs_old_key(&self, purpose: &str, sealed: &[u8]) -> bool {
        let alone = Self {
            current: self.current.clone(),
            old: None,
        };
        alone.open(purpose, sealed).is_err() && self.open(purpose, sealed).is_ok()
    }

    /// The signature of `message` for one purpose: 43 characters of URL-safe text.
    pub fn sign(&self, purpose: &str, message: &str) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.current.mac(purpose, message))
    }

    /// Whether [`Sealer::sign`] made this signature, with the present key or the one before.
    pub fn is_signed(&self, purpose: &str, message: &str, signature: &str) -> bool {
        let Ok(signature) = data_encoding::BASE64URL_NOPAD.decode(signature.as_bytes()) else {
            return false;
        };
        std::iter::once(&self.current)
            .chain(&self.old)
            .any(|keys| keys.mac(purpose, message).ct_eq(&signature).into())
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
        open(&self.current.cipher)
            .or_else(|| self.old.as_ref().and_then(|old| open(&old.cipher)))
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map(SecretString::from)
            .ok_or_else(|| Error::Internal("a sealed value opens with neither SECRET_KEY nor OLD_SECRET_KEY".into()))
    }
}

impl Keys {
    fn of(secret_key: &SecretString) -> Result<Self> {
        let derived = Hkdf::<Sha256>::new(None, secret_key.expose_secret().as_bytes());
        let (mut sealing, mut signing) = ([0; 32], [0; 32]);
        derived
            .expand(b"jobserver sealed values v1", &mut sealing)
            .and_then(|()| derived.expand(b"jobserver signatures v1", &mut signing))
            .map_err(|_| Error::Internal("key derivation failed".into()))?;
        Ok(Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(&sealing)),
            signing,
        })
    }

    fn mac(&self, purpose: &str, message: &str) -> Vec<u8> {
        // HMAC takes keys of every length.
        let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.signing) else {
            return Vec::new();
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
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
        assert!(rotated.needs_old_key("backend", &sealed) && !before.needs_old_key("backend", &sealed));
    }

    #[test]
    fn a_signature_is_of_one_text_and_purpose_and_outlives_one_change_of_the_key() {
        let (first, second) = (SecretString::from("first"), SecretString::from("second"));
        let before = Sealer::new(&first, None).unwrap();
        let signature = before.sign("login", "17");
        assert_eq!(signature.len(), 43);
        let rotated = Sealer::new(&second, Some(&first)).unwrap();
        assert!(before.is_signed("login", "17", &signature) && rotated.is_signed("login", "17", &signature));
        assert_ne!(
            rotated.sign("login", "17"),
            signature,
            "new ones are made with the new key"
        );
        for (purpose, message, signature) in [
            ("login", "18", signature.as_str()),
            ("logi", "n17", &signature),
            ("login", "17", ""),
            ("login", "17", "!"),
            ("login", "17", &signature[..42]),
        ] {
            assert!(
                !rotated.is_signed(purpose, message, signature),
                "{purpose} {message} {signature}"
            );
        }
        assert!(!Sealer::new(&second, None).unwrap().is_signed("login", "17", &signature));
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
