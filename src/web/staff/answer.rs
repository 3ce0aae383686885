//! What a list is answered with.

use rocket::Responder;
use rocket::http::{ContentType, Header, Status};
use rocket::response::Redirect;

use crate::web::view::Page;

/// A list as a page or as a file; or where its last page is, when the one that is asked for is there no more.
#[derive(Responder)]
pub enum ListAnswer {
    Page(Box<Page>),
    File(Box<File>),
    Moved(Box<Redirect>),
}

/// A file for a spreadsheet.
#[derive(Responder)]
pub struct File {
    body: (Status, (ContentType, String)),
    disposition: Header<'static>,
}

impl ListAnswer {
    /// A file of comma-separated values, named after `title`.
    pub fn csv(title: &str, text: String) -> Self {
        let name = super::table::id_of(title);
        let disposition = format!("attachment; filename=\"{name}.csv\"");
        Self::File(Box::new(File {
            body: (Status::Ok, (ContentType::CSV, text)),
            disposition: Header::new("Content-Disposition", disposition),
        }))
    }
}
