//! The method is the one that was sent. Rocket takes another one out of a form's first field, `_method`, for browsers whose
//! forms know no others. No form of ours has it, and a content that is uploaded may begin with it.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
use rocket::{Data, Request};

/// Undoes it, before anything looks at the method.
pub struct MethodAsSent;

/// The field that Rocket takes a method from.
const MARK: &[u8] = b"_method=";

/// Of so many bytes of a body, those of the longest method: empty fields before it make no difference.
const LOOKED_AT: usize = "_method=delete".len();

#[rocket::async_trait]
impl Fairing for MethodAsSent {
    fn info(&self) -> Info {
        Info {
            name: "method as sent",
            kind: Kind::Request,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        if request.method() == Method::Post || !request.content_type().is_some_and(|kind| kind.is_form()) {
            return;
        }
        let mut beginning = data.peek(LOOKED_AT).await;
        while let [b'&', rest @ ..] = beginning {
            beginning = rest;
        }
        // It was POST, or the very method that its body names, which comes to the same: no form of ours is sent so.
        if beginning.starts_with(MARK) {
            request.set_method(Method::Post);
        }
    }
}
