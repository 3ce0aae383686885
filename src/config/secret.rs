//! Values that must not be seen, and the keys made of them.

use std::fmt;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

/// What is printed in place of a secret.
pub const MASK: &str = "********";

/// A URL whose user name or password is a secret: a database, a Sentry DSN.
///
/// `Debug` and `Display` show the address with the secret masked, so that an operator can still
/// tell which server is meant.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The whole URL; for the client that connects with it and nothing else.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_url(&self.0))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

/// The URL's text with its password masked. An http(s) URL's user name is a key (a Sentry DSN has
/// it there), so that is masked too, and so is every parameter, as `?password=` is accepted by
/// PostgreSQL clients.
pub(super) fn mask_url(url: &Url) -> String {
    let user = match (url.username(), url.scheme()) {
        ("", _) => "",
        (_, "http" | "https") => MASK,
        (user, _) => user,
    };
    let password = if url.password().is_some() {
        format!(":{MASK}")
    } else {
        String::new()
    };
    let at = if user.is_empty() && password.is_empty() {
        ""
    } else {
        "@"
    };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = if url.query().is_some() {
        format!("?{MASK}")
    } else {
        String::new()
    };
    format!(
        "{}://{user}{password}{at}{host}{port}{}{query}",
        url.scheme(),
        url.path()
    )
}

/// A new key for `SECRET_KEY`: 64 characters of the URL-safe base64 alphabet, 384 random bits.
pub fn generate_secret_key() -> String {
    BASE64URL_NOPAD.encode(&rand::random::<[u8; 48]>())
}

/// The key of Rocket's private cookies, as Rocket reads it: 64 bytes in base64.
///
/// It follows from `SECRET_KEY` (HKDF with SHA-256 and a label of its own), so that one secret is
/// enough to run the site, and knowing it says nothing about other keys made the same way.
pub(super) fn derive_cookie_key(secret_key: &SecretString) -> Option<SecretString> {
    let mut key = [0_u8; 64];
    Hkdf::<Sha256>::new(None, secret_key.expose_secret().as_bytes())
        .expand(b"jobserver/rocket-private-cookies/v1", &mut key)
        .ok()?;
    Some(SecretString::from(BASE64.encode(&key)))
}
