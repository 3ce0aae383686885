//! Who may do what in the staff area. What a page takes is in its handler's signature, so the right is proven before
//! anything is looked up: an outsider does not learn what there is.

use rocket::Request;
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome};

use super::methods::is_only_asked;
use crate::core::access::{CanEverywhere, EnterStaffArea, Permission, Right, SignedIn};
use crate::core::error::Error;
use crate::web::guards::{User, Visit};
use crate::web::responders::tell;

/// A visit by somebody who may enter the staff area. Others who are signed in are refused; nobody in particular is
/// sent to the login page.
pub struct Staff<'r> {
    pub visit: Visit<'r>,
    pub user: SignedIn,
    pub can: CanEverywhere<EnterStaffArea>,
}

/// A visit by somebody who holds right `R` too.
pub struct StaffMay<'r, R: Right> {
    pub staff: Staff<'r>,
    pub can: CanEverywhere<R>,
}

impl Staff<'_> {
    /// Whether a button that needs this permission is worth showing.
    pub fn holds(&self, permission: Permission) -> bool {
        self.user.has_permission(permission, None)
    }
}

const NO_STAFF: &str =
    "This is the staff area, and your account has no part in it. If it should, ask somebody of the staff.";
const NOT_THIS: &str =
    "Your roles do not include this part of the staff area. Whoever looks after users can give you one that does.";

/// Whoever may enter the area.
async fn entered<'r>(request: &'r Request<'_>) -> Outcome<Staff<'r>, ()> {
    let User { visit, user } = try_outcome!(request.guard::<User<'r>>().await);
    match user.can_everywhere::<EnterStaffArea>() {
        Ok(can) => Outcome::Success(Staff { visit, user, can }),
        Err(_) => Outcome::Error((tell(request, &Error::NotAllowed(NO_STAFF.into())), ())),
    }
}

/// A guard that lets somebody through; to another method than the page's, it is no more than that.
fn through<T>(request: &Request<'_>, guard: T) -> Outcome<T, ()> {
    match is_only_asked(request) {
        true => Outcome::Error((Status::MethodNotAllowed, ())),
        false => Outcome::Success(guard),
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Staff<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let staff = try_outcome!(entered(request).await);
        through(request, staff)
    }
}

#[rocket::async_trait]
impl<'r, R: Right> FromRequest<'r> for StaffMay<'r, R> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let staff = try_outcome!(entered(request).await);
        match staff.user.can_everywhere::<R>() {
            Ok(can) => through(request, StaffMay { staff, can }),
            Err(_) => Outcome::Error((tell(request, &Error::NotAllowed(NOT_THIS.into())), ())),
        }
    }
}
