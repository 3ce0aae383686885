//! The page that needs neither a template nor the front end's files: for the day when those are what is broken.

use std::io::Cursor;

use rocket::http::{ContentType, Header, Status};
use rocket::response::Responder;
use rocket::{Request, Response};

use super::words::{self, Case, Words};
use crate::web::fairings::context;

/// `{name}` and the like stand for texts of ours, without markup.
const PAGE: &str = include_str!("bare.html");

pub(super) struct Bare(pub Status);

impl<'r> Responder<'r, 'static> for Bare {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let context = context(request);
        // What a handler had to say may hold what somebody typed; here nothing escapes it.
        let case = Case {
            status: self.0,
            told: None,
            is_signed_in: false,
            is_form: false,
        };
        let Words { name, message, advice } = words::of(&case);
        let advice: String = advice.iter().map(|line| format!("<li>{line}</li>\n")).collect();
        let page = PAGE
            .replace("{nonce}", &context.nonce)
            .replace("{code}", &self.0.code.to_string())
            .replace("{name}", name)
            .replace("{message}", &message)
            .replace("{advice}", &advice)
            .replace("{request_id}", &context.request_id);
        let policy = format!(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; style-src 'nonce-{}'",
            context.nonce
        );
        Response::build()
            .status(self.0)
            .header(ContentType::HTML)
            .header(Header::new("Content-Security-Policy", policy))
            .sized_body(page.len(), Cursor::new(page))
            .ok()
    }
}
