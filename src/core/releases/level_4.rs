//! Looking at files that are still inside a backend: a browser asks the backend's own release-hatch, and shows a
//! token that we signed with the backend's.
//!
//! The form of the token is release-hatch's: a JSON text with keys in one order, a dot, and an HMAC of it in unpadded
//! base64url. The key of that HMAC is one itself, of the salt `hatch` under the backend's token.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use time::{Duration, OffsetDateTime, UtcOffset};
use url::Url;

use crate::core::access::{Can, ViewUnreleased};
use crate::core::error::{Error, Result};
use crate::core::jobs::backends::TOKEN_PURPOSE;
use crate::core::sealed::Sealer;

pub use super::store::level_4::backends_of;

/// How long a page's token works.
pub const LIFETIME: Duration = Duration::minutes(30);

const SALT: &[u8] = b"hatch";

/// A backend whose files somebody may look at before their release.
#[derive(Clone)]
pub struct Level4Backend {
    pub slug: String,
    pub name: String,
    pub(in crate::core::releases) level_4_url: String,
    pub(in crate::core::releases) token_sealed: Vec<u8>,
    pub(in crate::core::releases) old_token_sealed: Option<Vec<u8>>,
    /// Whether the backend used its old token last, which still works.
    pub(in crate::core::releases) uses_old_token: bool,
}

impl std::fmt::Debug for Level4Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Level4Backend")
            .field("slug", &self.slug)
            .finish_non_exhaustive()
    }
}

/// What a browser needs to look at a workspace's files.
#[derive(Clone)]
pub struct Access {
    /// Of the workspace at release-hatch, without a slash at its end.
    pub url: Url,
    /// For the header `Authorization`.
    pub token: String,
}

impl Level4Backend {
    /// Access to the files of a workspace for half an hour from `now`.
    ///
    /// # Errors
    /// `Internal` when the backend's address is none, or its token does not open.
    pub fn access(
        &self,
        sealer: &Sealer,
        can: &Can<ViewUnreleased>,
        workspace: &str,
        now: OffsetDateTime,
    ) -> Result<Access> {
        let sealed = match &self.old_token_sealed {
            Some(old) if self.uses_old_token => old,
            _ => &self.token_sealed,
        };
        let backend_token = sealer.open(TOKEN_PURPOSE, sealed)?;
        let url = workspace_url(&self.level_4_url, workspace)?;
        let token = signed(
            backend_token.expose_secret(),
            url.as_str(),
            can.username(),
            now + LIFETIME,
        )?;
        Ok(Access { url, token })
    }
}

/// `<level_4_url>/workspace/<workspace>`, whether or not the first ends in a slash.
fn workspace_url(level_4_url: &str, workspace: &str) -> Result<Url> {
    let no_address = || Error::Internal("a backend's address at Level 4 is none".to_owned());
    let mut url = Url::parse(level_4_url).map_err(|_| no_address())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(no_address());
    }
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| no_address())?
        .pop_if_empty()
        .extend(["workspace", workspace]);
    Ok(url)
}

/// A token as release-hatch takes it.
///
/// # Errors
/// `Internal` when the key is shorter than release-hatch takes.
pub fn signed(backend_token: &str, url: &str, user: &str, expiry: OffsetDateTime) -> Result<String> {
    if backend_token.len() + SALT.len() <= 32 {
        return Err(Error::Internal(
            "a backend's token is too short to sign with".to_owned(),
        ));
    }
    let key = mac(backend_token.as_bytes(), SALT)?;
    let payload = format!(
        "{{\"url\": {}, \"user\": {}, \"expiry\": {}}}",
        in_ascii(url)?,
        in_ascii(user)?,
        in_ascii(&in_utc(expiry))?
    );
    let signature = mac(&key, payload.as_bytes())?;
    Ok(format!("{payload}.{}", BASE64URL_NOPAD.encode(&signature)))
}

fn mac(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Error::Internal("a key of no length".to_owned()))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// A JSON string in ASCII: whatever is beyond it is escaped.
fn in_ascii(text: &str) -> Result<String> {
    let json = serde_json::to_string(text).map_err(|error| Error::Internal(format!("no JSON: {error}")))?;
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            ascii.push_str(&format!("\\u{unit:04x}"));
        }
    }
    Ok(ascii)
}

/// ISO 8601 with microseconds, which are left out when there are none.
fn in_utc(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(UtcOffset::UTC);
    let fraction = match utc.microsecond() {
        0 => String::new(),
        microseconds => format!(".{microseconds:06}"),
    };
    let (hour, minute, second) = utc.time().as_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00", utc.date())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn tokens_are_those_that_release_hatch_takes() {
        // Made by release-hatch's own signer.
        let expected = "{\"url\": \"https://l4.example.org:8001/workspace/ws-1\", \"user\": \"researcher\", \
                        \"expiry\": \"2099-01-02T03:04:05.678901+00:00\"}.2ltOF0vlJ1NnCo3oTYL41tgX0h8iNF0nbtBbwvpIvZ4";
        let signed = signed(
            TOKEN,
            "https://l4.example.org:8001/workspace/ws-1",
            "researcher",
            datetime!(2099-01-02 03:04:05.678901 UTC),
        );
        assert_eq!(signed.unwrap(), expected);
    }

    #[test]
    fn texts_are_ascii_and_moments_utc() {
        assert_eq!(in_ascii("a\"é😀\n").unwrap(), "\"a\\\"\\u00e9\\ud83d\\ude00\\n\"");
        assert_eq!(in_utc(datetime!(2026-01-02 03:04:05 +2)), "2026-01-02T01:04:05+00:00");
        assert!(signed("short", "https://x", "u", datetime!(2026-01-02 03:04:05 UTC)).is_err());
    }

    #[test]
    fn a_workspace_has_one_address_there() {
        for (base, url) in [
            (
                "https://l4.example.org:8001",
                "https://l4.example.org:8001/workspace/ws-1",
            ),
            ("https://l4.example.org/", "https://l4.example.org/workspace/ws-1"),
            (
                "http://localhost:8001/hatch/",
                "http://localhost:8001/hatch/workspace/ws-1",
            ),
        ] {
            assert_eq!(workspace_url(base, "ws-1").unwrap().as_str(), url);
        }
        for bad in ["", "l4.example.org", "ftp://x", "javascript:alert(1)"] {
            assert!(workspace_url(bad, "ws").is_err(), "{bad}");
        }
    }
}
