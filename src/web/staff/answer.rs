//! What a list is answered with.

use std::io::Cursor;
use std::pin::Pin;

use rocket::Request;
use rocket::futures::{Stream, StreamExt as _};
use rocket::http::{ContentType, Header, Status};
use rocket::response::stream::ReaderStream;
use rocket::response::{Redirect, Responder, Response};

use crate::web::view::Page;

/// A list as a page or as a file; or where its last page is, when the one that is asked for is there no more.
#[derive(rocket::Responder)]
pub enum ListAnswer {
    Page(Box<Page>),
    File(Box<File>),
    Written(Box<Written>),
    Moved(Box<Redirect>),
}

/// A file for a spreadsheet.
#[derive(rocket::Responder)]
pub struct File {
    body: (Status, (ContentType, String)),
    disposition: Header<'static>,
}

/// Pieces of a file, as they are made.
pub type Pieces = Pin<Box<dyn Stream<Item = String> + Send>>;

/// A file that is sent while it is written, as it may be large.
pub struct Written {
    pieces: Pieces,
    disposition: Header<'static>,
}

impl<'r> Responder<'r, 'static> for Written {
    fn respond_to(self, _request: &'r Request<'_>) -> rocket::response::Result<'static> {
        Response::build()
            .header(ContentType::CSV)
            .header(self.disposition)
            .streamed_body(ReaderStream::from(self.pieces.map(Cursor::new)))
            .ok()
    }
}

impl ListAnswer {
    /// A file of comma-separated values, named after `title`.
    pub fn csv(title: &str, text: String) -> Self {
        Self::File(Box::new(File {
            body: (Status::Ok, (ContentType::CSV, text)),
            disposition: disposition(title),
        }))
    }

    /// As [`ListAnswer::csv`], written piece by piece.
    pub fn csv_in_pieces(title: &str, pieces: Pieces) -> Self {
        Self::Written(Box::new(Written {
            pieces,
            disposition: disposition(title),
        }))
    }
}

fn disposition(title: &str) -> Header<'static> {
    let name = super::table::id_of(title);
    Header::new("Content-Disposition", format!("attachment; filename=\"{name}.csv\""))
}
