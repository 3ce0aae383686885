//! What a handler answers that may show a page or lead on.

use rocket::Responder;
use rocket::response::Redirect;

use crate::web::message;
use crate::web::responders::found;
use crate::web::view::Page;

/// A page, or on to another one, perhaps with a word about what was done.
#[derive(Responder)]
pub enum Answer {
    Page(Box<Page>),
    Redirect(Box<Redirect>),
    Told(message::Told),
}

impl Answer {
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::Redirect(Box::new(found(to)))
    }

    /// On to another page, which says `text` once in the given tone.
    pub fn told(to: impl Into<String>, tone: &'static str, text: impl Into<String>) -> Self {
        Self::Told(message::Told::new(to, tone, text))
    }
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self::Page(Box::new(page))
    }
}
