//! How a file is sent: in the best form that the browser takes, and not at all when it has it.

use std::io::Cursor;

use rocket::http::{Header, HeaderMap, Status};
use rocket::response::Responder;
use rocket::{Request, Response};

use super::File;

/// A file of the front end.
pub struct StaticFile(pub(super) File);

/// A form that a file is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Brotli,
    Gzip,
    Plain,
}

impl Form {
    /// The best form that the browser takes, of those that there are.
    pub(super) fn best(accepted: Option<&str>, has: impl Fn(Self) -> bool) -> Self {
        [Self::Brotli, Self::Gzip]
            .into_iter()
            .find(|form| has(*form) && form.is_in(accepted.unwrap_or_default()))
            .unwrap_or(Self::Plain)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Plain => "identity",
        }
    }

    /// Whether a list such as `gzip, br;q=0` has it, not with a weight of zero.
    fn is_in(self, accepted: &str) -> bool {
        accepted.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(self.name()));
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            is_named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
        })
    }
}

/// Whether the browser says that it has this very file.
fn is_known(headers: &HeaderMap<'_>, tag: &str) -> bool {
    headers
        .get("If-None-Match")
        .flat_map(|list| list.split(','))
        .any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        })
}

impl<'r> Responder<'r, 'static> for StaticFile {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let file = self.0;
        let accepted: Vec<&str> = request.headers().get("Accept-Encoding").collect();
        let accepted = accepted.join(",");
        let form = Form::best(Some(&accepted), |form| match form {
            Form::Brotli => file.brotli.is_some(),
            Form::Gzip => file.gzip.is_some(),
            Form::Plain => true,
        });
        let tag = format!("\"{}-{}\"", file.tag, form.name());
        let mut response = Response::build();
        response.header(Header::new("ETag", tag.clone()));
        response.header(Header::new(
            "Cache-Control",
            if file.is_hashed {
                "public, max-age=31536000, immutable"
            } else {
                "public, max-age=3600"
            },
        ));
        if file.brotli.is_some() || file.gzip.is_some() {
            response.header(Header::new("Vary", "Accept-Encoding"));
        }
        if is_known(request.headers(), &tag) {
            return response.status(Status::NotModified).ok();
        }
        let body = match form {
            Form::Brotli => file.brotli,
            Form::Gzip => file.gzip,
            Form::Plain => None,
        };
        if body.is_some() {
            response.header(Header::new("Content-Encoding", form.name()));
        }
        let body = body.unwrap_or(file.plain);
        response
            .header(file.content_type)
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}
