//! Error pages at addresses of their own: a proxy fetches them to show when this site is away. The
//! catchers make them, as they make all others.

use rocket::get;
use rocket::http::Status;

#[get("/400")]
pub fn bad_request() -> Status {
    Status::BadRequest
}

#[get("/403")]
pub fn not_allowed() -> Status {
    Status::Forbidden
}

#[get("/404")]
pub fn not_found() -> Status {
    Status::NotFound
}

#[get("/500")]
pub fn crash() -> Status {
    Status::InternalServerError
}
