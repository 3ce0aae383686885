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

#[get("/413")]
pub fn too_large() -> Status {
    Status::PayloadTooLarge
}

#[get("/429")]
pub fn too_many() -> Status {
    Status::TooManyRequests
}

#[get("/500")]
pub fn crash() -> Status {
    Status::InternalServerError
}

#[get("/503")]
pub fn away() -> Status {
    Status::ServiceUnavailable
}
