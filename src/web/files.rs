//! Answering with a released file. Whatever it holds came from outside, so a browser is told to take it for nothing
//! of ours: no scripts, no connections, no origin.

mod ranges;

use std::io::SeekFrom;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use rocket::http::Status;
use rocket::response::Responder;
use rocket::{Request, Response};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

use self::ranges::{Wanted, wanted};
use super::App;
use super::api::Endpoint;
use super::fairings::{asks_for_head, comes_through_our_proxy};
use crate::core::error::Result;
use crate::core::ports::Content;
use crate::core::releases::names::{base_name, content_type};
use crate::core::releases::{ReleaseFile, content};

/// What a released file may do in a browser: look as it looks. A sandbox without `allow-scripts` runs no script and
/// follows no `<meta http-equiv="refresh">`.
pub const SANDBOX: &str = "sandbox; default-src 'none'; img-src data: blob:; media-src data: blob:; \
                           style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'self'";
/// The same for PDFs, which no browser's viewer shows in a sandbox. They run nothing in our origin.
pub const WITHOUT_SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; \
                                   form-action 'none'; frame-ancestors 'self'";

/// By what the proxy in front of us asks to serve the folder's files itself: below which of its own locations.
const BY_PROXY: &str = "Releases-Redirect";
/// What the proxy may serve itself: types that no browser runs anything of. It drops our headers, so whatever is a page,
/// or can be one, goes out from here, with its policy.
const HARMLESS: &[&str] = &[
    "text/plain; charset=utf-8",
    "text/csv; charset=utf-8",
    "text/tab-separated-values; charset=utf-8",
    "application/json",
    "application/gzip",
    "image/png",
    "image/jpeg",
    "image/gif",
];

/// Who may keep a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever asks: the file is published. Copies are kept, and asked about each time, so that a withdrawn file is
    /// gone at once.
    Everybody,
    /// Those who were let in; nothing keeps a copy.
    LetIn,
}

/// A released file as an answer.
#[derive(Debug)]
pub struct FileAnswer {
    body: Body,
    name: String,
    created_at: OffsetDateTime,
    etag: String,
    audience: Audience,
}

#[derive(Debug)]
enum Body {
    Content(Content),
    /// So many bytes from there on.
    Part(Content, Range<u64>),
    /// A part was asked for that begins behind the last of so many bytes.
    Beyond(u64),
    /// Below which of its locations the proxy finds it.
    Redirect(String),
    Unchanged,
}

impl FileAnswer {
    /// The answer for a file that the caller may read.
    ///
    /// # Errors
    /// `NotFound` when it is not readable; else as [`content::open`] and [`content::open_part`].
    pub async fn of(request: &Request<'_>, app: &App, file: &ReleaseFile, audience: Audience) -> Result<Self> {
        let etag = format!("\"{}\"", file.filehash);
        let body = if !file.is_readable() {
            return Err(crate::core::error::Error::NotFound("ReleaseFile"));
        } else if audience == Audience::Everybody && is_known(request, &etag, file.created_at) {
            Body::Unchanged
        } else if let Some(prefix) = by_proxy(request, app, &file.name) {
            Body::Redirect(format!("{prefix}/{}", file.path))
        } else {
            let size = u64::try_from(file.size).unwrap_or(0);
            let wanted = match audience {
                Audience::Everybody => wanted(range(request, &etag), size),
                Audience::LetIn => Wanted::Whole,
            };
            let part = match &wanted {
                Wanted::Part(part) => content::open_part(&*app.files, file, part.clone()).await?,
                _ => None,
            };
            match (wanted, part) {
                (Wanted::Part(range), Some(part)) => Body::Part(part, range),
                (Wanted::Beyond, _) => Body::Beyond(size),
                _ => Body::Content(content::open(&*app.files, file).await?),
            }
        };
        Ok(Self {
            body,
            name: file.name.clone(),
            created_at: file.created_at,
            etag,
            audience,
        })
    }
}

/// The part that is asked for. It counts for GET alone, and with `If-Range` only when the caller has a part of this
/// version already (RFC 9110, 13.1.5 and 14.2). A date does not name a version well enough for that.
fn range<'r>(request: &'r Request<'_>, etag: &str) -> Option<&'r str> {
    let headers = request.headers();
    let mut ranges = headers.get("Range");
    let range = ranges.next().filter(|_| ranges.next().is_none())?;
    let is_same = headers.get_one("If-Range").is_none_or(|version| version.trim() == etag);
    (is_same && !asks_for_head(request)).then_some(range)
}

fn http_date(at: OffsetDateTime) -> Option<String> {
    at.to_offset(time::UtcOffset::UTC).format(HTTP_DATE).ok()
}

/// Whether the caller has this version already. Contents never change, so a date is asked about only by whoever was
/// told it; it counts when no version is named (RFC 9110, 13.1.3).
fn is_known(request: &Request<'_>, etag: &str, created_at: OffsetDateTime) -> bool {
    let headers = request.headers();
    if !headers.contains("If-None-Match") {
        let date = http_date(created_at);
        return date.is_some() && headers.get_one("If-Modified-Since") == date.as_deref();
    }
    headers
        .get("If-None-Match")
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == etag || known.trim() == "*")
}

/// The location that the proxy names, when it is ours, there is a folder, and nothing runs of a file of this name.
fn by_proxy(request: &Request<'_>, app: &App, name: &str) -> Option<String> {
    if !HARMLESS.contains(&content_type(name).as_str()) {
        return None;
    }
    let prefix = request.headers().get_one(BY_PROXY)?.trim().trim_end_matches('/');
    let is_path = prefix.starts_with('/') && prefix.bytes().all(|byte| byte.is_ascii_graphic());
    (is_path && app.files.folder().is_some() && comes_through_our_proxy(request)).then(|| prefix.to_owned())
}

/// As in RFC 9110.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// `inline; filename="…"`; for names beyond ASCII in the form of RFC 8187.
pub fn disposition(kind: &str, name: &str) -> String {
    let name = base_name(name);
    if name.is_ascii() {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("{kind}; filename=\"{escaped}\"");
    }
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'.')
        .remove(b'-')
        .remove(b'_')
        .remove(b'~');
    let encoded = percent_encoding::utf8_percent_encode(name, PLAIN);
    format!("{kind}; filename*=utf-8''{encoded}")
}

impl<'r> Responder<'r, 'static> for FileAnswer {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        let policy = match content_type(&self.name) == "application/pdf" {
            true => WITHOUT_SANDBOX,
            false => SANDBOX,
        };
        response.raw_header("Content-Security-Policy", policy);
        if let Some(date) = http_date(self.created_at) {
            response.raw_header("Last-Modified", date);
        }
        // The API's clients are promised neither versions nor parts, and nobody keeps what is not public.
        let is_public = self.audience == Audience::Everybody;
        if is_public {
            response.raw_header("Cache-Control", "public, no-cache");
            response.raw_header("ETag", self.etag);
        } else {
            response.raw_header("Cache-Control", "private, no-store");
        }
        if let Some(endpoint) = Endpoint::at(request.uri().path()) {
            response.raw_header("Allow", endpoint.allow());
        }
        let (content, part) = match self.body {
            Body::Content(content) => (content, None),
            Body::Part(content, part) => (content, Some(part)),
            Body::Beyond(size) => {
                response.status(Status::RangeNotSatisfiable);
                response.raw_header("Accept-Ranges", "bytes");
                response.raw_header("Content-Range", format!("bytes */{size}"));
                return response.ok();
            }
            Body::Redirect(location) => {
                response.raw_header("X-Accel-Redirect", location);
                return response.sized_body(0, std::io::Cursor::new("")).ok();
            }
            Body::Unchanged => return response.status(Status::NotModified).ok(),
        };
        response.raw_header("Content-Type", content_type(&self.name));
        response.raw_header("Content-Disposition", disposition("inline", &self.name));
        if is_public {
            response.raw_header("Accept-Ranges", "bytes");
        }
        if let Some(part) = part {
            response.status(Status::PartialContent);
            let (first, last) = (part.start, part.end.saturating_sub(1));
            response.raw_header("Content-Range", format!("bytes {first}-{last}/{}", content.whole));
        }
        let size = usize::try_from(content.size).unwrap_or(usize::MAX);
        response.sized_body(size, Unseekable(content.body)).ok()
    }
}

/// A body whose size is known and that nobody needs to seek in.
struct Unseekable(Pin<Box<dyn AsyncRead + Send>>);

impl AsyncRead for Unseekable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_read(cx, buf)
    }
}

impl AsyncSeek for Unseekable {
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<u64>> {
        Poll::Ready(Err(std::io::ErrorKind::Unsupported.into()))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn names_are_said_as_headers_can() {
        assert_eq!(disposition("inline", "output/a.txt"), "inline; filename=\"a.txt\"");
        assert_eq!(disposition("inline", "a\"b.txt"), "inline; filename=\"a\\\"b.txt\"");
        assert_eq!(
            disposition("attachment", "x/é 1.csv"),
            "attachment; filename*=utf-8''%C3%A9%201.csv"
        );
    }

    #[test]
    fn dates_are_those_of_http() {
        let date = datetime!(2026-11-08 09:07:05.5 UTC).format(HTTP_DATE).unwrap();
        assert_eq!(date, "Sun, 08 Nov 2026 09:07:05 GMT");
    }
}
