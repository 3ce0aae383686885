//! Pages of lists: which one is asked for, and the links to the others.

use crate::core::paging::PageAsked;
use crate::web::guards::Visit;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Pagination, page_number};

/// The page that `?page=` asks for.
///
/// # Errors
/// 404 for what is no page of any list.
pub fn asked(page: Option<&str>) -> Outcome<PageAsked> {
    PageAsked::parse(page).ok_or(Failure::not_found("Page"))
}

/// Where the page stands in its list.
///
/// # Errors
/// 404 for a page beyond the end.
pub fn pagination(visit: &Visit<'_>, page: Option<&str>, total: i64, per_page: i64) -> Outcome<Pagination> {
    let page = page_number(page, total, per_page).ok_or(Failure::not_found("Page"))?;
    Ok(Pagination::new(page, total, per_page, visit.query()))
}
