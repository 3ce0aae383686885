//! `?limit=` and `?offset=`, and the links to the pages before and after.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::web::App;

/// What a request says of its page.
pub struct Paging<'r> {
    /// As asked for; a senseless one is replaced by the default.
    pub limit: Option<i64>,
    pub offset: i64,
    /// The request's own address without its query.
    address: String,
    query: Option<&'r str>,
    default_limit: i64,
}

/// No list is this long; larger numbers mean the same.
const ENOUGH: i64 = i64::MAX / 4;

/// What stays as it is in a query; everything else is percent-encoded, and a space becomes `+`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Paging<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let app = request.rocket().state::<App>();
        let query = request.uri().query().map(|query| query.as_str());
        let default_limit = app.map_or(100, |app| i64::from(app.settings.web.api_page_size));
        let limit =
            last(query, "limit").map(|limit| number(&limit).filter(|limit| *limit > 0).unwrap_or(default_limit));
        let offset = last(query, "offset").and_then(|offset| number(&offset)).unwrap_or(0);
        Outcome::Success(Self {
            limit,
            offset,
            address: format!("{}{}", origin(request, app), request.uri().path()),
            query,
            default_limit,
        })
    }
}

impl Paging<'_> {
    pub fn limit_or_default(&self) -> i64 {
        self.limit.unwrap_or(self.default_limit)
    }

    /// The addresses of the next and the previous page. `limit` is what was applied, `None` when
    /// everything was listed.
    pub fn links(&self, limit: Option<i64>, total: i64) -> (Option<String>, Option<String>) {
        let step = limit.unwrap_or(ENOUGH);
        let next = self.offset + step;
        let next = (next < total).then(|| self.link(limit, Some(next)));
        let previous = self.offset - step;
        let previous = (self.offset > 0).then(|| self.link(limit, (previous > 0).then_some(previous)));
        (next, previous)
    }

    /// Every other parameter stays; all are sorted by name, as clients may compare addresses.
    fn link(&self, limit: Option<i64>, offset: Option<i64>) -> String {
        let mut parameters: Vec<(String, String)> = pairs(self.query)
            .filter(|(name, _)| name != "offset" && (name != "limit" || limit.is_none()))
            .collect();
        parameters.extend(limit.map(|limit| ("limit".to_owned(), limit.to_string())));
        parameters.extend(offset.map(|offset| ("offset".to_owned(), offset.to_string())));
        parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", quoted(name), quoted(value)))
            .collect();
        if query.is_empty() {
            self.address.clone()
        } else {
            format!("{}?{}", self.address, query.join("&"))
        }
    }
}

fn pairs(query: Option<&str>) -> impl Iterator<Item = (String, String)> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned()
}

fn last(query: Option<&str>, name: &str) -> Option<String> {
    pairs(query)
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value)
        .last()
}

/// A number that is not negative.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(ENOUGH).min(ENOUGH))
}

fn quoted(text: &str) -> String {
    text.split(' ')
        .map(|part| utf8_percent_encode(part, PLAIN).to_string())
        .collect::<Vec<_>>()
        .join("+")
}

/// Scheme and host as the caller used them. A proxy in front of us takes the TLS off, so what it says
/// of the scheme counts, when it is one that we trust; else the site's own address knows.
pub(super) fn origin(request: &Request<'_>, app: Option<&App>) -> String {
    let Some(web) = app.map(|app| &app.settings.web) else {
        return String::new();
    };
    let own = web.base_url.origin().ascii_serialization();
    let Some(host) = request.host().map(ToString::to_string) else {
        return own;
    };
    let forwarded = request
        .remote()
        .filter(|peer| web.trusts_proxy(peer.ip()))
        .and_then(|_| request.headers().get_one("X-Forwarded-Proto"));
    match forwarded {
        Some("https") => format!("https://{host}"),
        _ if own == format!("https://{host}") => own,
        _ => format!("http://{host}"),
    }
}
