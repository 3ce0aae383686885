//! Forms of pages: read whole, never without the proof that our own page sent them.
//!
//! A handler takes a [`CsrfForm`], or its answer is not sent (see [`super::forgery`]). The proof is threefold: the
//! browser's own word (`Sec-Fetch-Site`, `Origin`), a cookie that other sites' posts do not carry, and a token in
//! the form, masked anew on every page.

use rocket::data::{FromData, ToByteUnit};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::App;
use super::cookies::{self, Kind};
use super::forgery;
use super::limits::{self, NotTaken};
use super::responders::Told;
use super::session_cookie;
use crate::core::sealed::{random_bytes, random_token};

/// The field that carries the token, and the header that scripts send it in.
pub const CSRF_FIELD: &str = "csrfmiddlewaretoken";
pub const CSRF_HEADER: &str = "X-CSRFToken";

/// The secret that this visitor's forms prove: derived from the session, or kept in a cookie.
pub struct CsrfToken {
    secret: [u8; 32],
    /// Of a session that ended since the page was loaded: its form is this visitor's all the same, and what
    /// they may still do is not decided here.
    ended: Option<[u8; 32]>,
}

impl CsrfToken {
    /// The visitor's; an anonymous visitor without one is given one when a page asks for it.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r CsrfToken {
        request.local_cache(|| CsrfToken {
            secret: visitor_secret(request).map_or_else(random_bytes, |secret| digest(&secret)),
            ended: session_cookie::has_ended(request)
                .then(|| cookies::get(request, Kind::Session))
                .flatten()
                .map(|token| digest(&token)),
        })
    }

    /// A token for one page: a random mask, and the secret under it. Also sets the cookie of a
    /// visitor who has none.
    pub fn for_page(&self, request: &Request<'_>) -> String {
        let secret = match visitor_secret(request) {
            Some(_) => self.secret,
            None => digest(request.local_cache(|| NewCookie::set(request)).0.as_str()),
        };
        let mask: [u8; 32] = random_bytes();
        let masked: Vec<u8> = mask
            .iter()
            .copied()
            .chain(mask.iter().zip(secret).map(|(m, s)| m ^ s))
            .collect();
        data_encoding::BASE64URL_NOPAD.encode(&masked)
    }

    pub(in crate::web) fn accepts(&self, token: &str) -> bool {
        let Ok(bytes) = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()) else {
            return false;
        };
        let Some((mask, masked)) = bytes.split_at_checked(32).filter(|(_, masked)| masked.len() == 32) else {
            return false;
        };
        let secret: Vec<u8> = mask.iter().zip(masked).map(|(a, b)| a ^ b).collect();
        let is_ended = self.ended.is_some_and(|ended| secret.ct_eq(&ended).into());
        is_ended || secret.ct_eq(&self.secret).into()
    }
}

struct NewCookie(String);

impl NewCookie {
    fn set(request: &Request<'_>) -> Self {
        let value = random_token();
        if let Some(app) = request.rocket().state::<App>() {
            let web = &app.settings.web;
            request
                .cookies()
                .add(cookies::make(Kind::Csrf, web, value.clone(), None));
        }
        Self(value)
    }
}

fn visitor_secret(request: &Request<'_>) -> Option<String> {
    session_cookie::current(request).or_else(|| cookies::get(request, Kind::Csrf))
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"jobserver csrf v1\0")
        .chain_update(secret.as_bytes())
        .finalize()
        .into()
}

/// A form's fields, decoded, in the order sent. Fields may repeat.
#[derive(Debug, Default, Clone)]
pub struct CsrfForm(Vec<(String, String)>);

impl CsrfForm {
    /// The first value of a field, without white space at its ends; empty when absent.
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .unwrap_or_default()
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Fields as they came, when the token among them, or in the header, is the visitor's; else what the answer is,
    /// and why.
    pub(in crate::web) fn proven(
        request: &Request<'_>,
        fields: Vec<(String, String)>,
    ) -> Result<Self, (Status, &'static str)> {
        let form = CsrfForm(fields);
        let has_nul = |(name, value): &(String, String)| name.contains('\0') || value.contains('\0');
        if form.0.iter().any(has_nul) {
            return Err((
                Status::BadRequest,
                "A field holds a NUL character, which cannot be stored. Remove it.",
            ));
        }
        let token = form
            .all(CSRF_FIELD)
            .next()
            .or_else(|| request.headers().get_one(CSRF_HEADER))
            .unwrap_or_default();
        if !CsrfToken::of(request).accepts(token) {
            return Err((Status::Forbidden, CSRF_REFUSED));
        }
        forgery::is_proven(request);
        Ok(form)
    }

    /// A yes-or-no field: absent, empty, `false` and `0` in any case mean no.
    pub fn flag(&self, name: &str) -> bool {
        let value = self.text(name);
        !(value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false"))
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for CsrfForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> rocket::data::Outcome<'r, Self> {
        let Some(app) = request.rocket().state::<App>() else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        let refuse = |status: Status, why: &str| refused(request, status, why);
        let web = &app.settings.web;
        if forgery::is_suspect(&forgery::sender(request, web), web) {
            return refuse(Status::Forbidden, CSRF_REFUSED);
        }
        let limit = request.limits().get("form").unwrap_or(256.kibibytes());
        let body = match limits::whole(data, limit).await {
            Ok(body) => body,
            Err(NotTaken::TooLarge) => {
                let most = limits::in_words(limit);
                return refuse(
                    Status::PayloadTooLarge,
                    &format!("The form you sent is larger than {most}, which is the most this site takes."),
                );
            }
            Err(NotTaken::Broken) => {
                return refuse(Status::BadRequest, "The form did not arrive whole. Send it again.");
            }
        };
        if !is_text(&body) {
            return refuse(Status::BadRequest, "The form is not valid UTF-8 text.");
        }
        if body.iter().filter(|byte| **byte == b'&').count() >= MOST_FIELDS {
            return refuse(
                Status::PayloadTooLarge,
                &format!(
                    "The form you sent has more than {MOST_FIELDS} items, which is the most this site takes at once."
                ),
            );
        }
        let fields = url::form_urlencoded::parse(&body).into_owned().collect();
        match CsrfForm::proven(request, fields) {
            Ok(form) => Outcome::Success(form),
            Err((status, why)) => refuse(status, why),
        }
    }
}

/// Keeps why a form is not taken, for the page that says so.
pub(in crate::web) fn refused<'r, T>(
    request: &'r Request<'_>,
    status: Status,
    why: &str,
) -> rocket::data::Outcome<'r, T, ()> {
    request.local_cache(|| Told(Some(why.to_owned())));
    Outcome::Error((status, ()))
}

/// Whether a form holds text only, also where it is percent-encoded: the parser would put a replacement
/// for what is not. Names and values are parted by ASCII, so all of it is text exactly when each is.
fn is_text(body: &[u8]) -> bool {
    percent_encoding::percent_decode(body).decode_utf8().is_ok()
}

/// The most fields of one form; each selected item is one.
pub(in crate::web) const MOST_FIELDS: usize = 4000;

/// What somebody reads whose form did not prove to be ours.
pub const CSRF_REFUSED: &str =
    "The page you sent this from is out of date, or another site sent it. Go back, reload the page, and try again.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_text() {
        for (body, holds) in [
            (&b"a=1&b=%C3%BC+%F0%9F%98%80"[..], true),
            (b"", true),
            (b"a=100%", true),
            (b"a=%FF%FE", false),
            (b"a=%C3&b=%BC", false),
            (b"a=\xff", false),
        ] {
            assert_eq!(is_text(body), holds, "{body:?}");
        }
    }

    #[test]
    fn flags_read_as_forms_send_them() {
        let form = |value: &str| CsrfForm(vec![("a".into(), value.into())]);
        for (value, is_set) in [
            ("True", true),
            ("on", true),
            ("", false),
            ("False", false),
            ("0", false),
            ("false ", false),
        ] {
            assert_eq!(form(value).flag("a"), is_set, "{value:?}");
        }
        assert!(!CsrfForm::default().flag("a"));
        assert_eq!(form("  x ").text("a"), "x");
    }

    #[test]
    fn a_token_is_accepted_for_its_secret_alone() {
        let of = |secret: &str| CsrfToken {
            secret: digest(secret),
            ended: None,
        };
        let (mine, other) = (of("a"), of("b"));
        let mask = [7u8; 32];
        let masked: Vec<u8> = mask
            .iter()
            .copied()
            .chain(mask.iter().zip(mine.secret).map(|(m, s)| m ^ s))
            .collect();
        let token = data_encoding::BASE64URL_NOPAD.encode(&masked);
        assert!(mine.accepts(&token));
        assert!(!other.accepts(&token));
        assert!(!mine.accepts(""));
        assert!(!mine.accepts("!!"));
    }
}
