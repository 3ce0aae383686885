//! What becomes of the session's cookie while a request is answered: a new token in it, or none. It is told
//! to the browser in a fairing, as cookies that a guard sets are lost when a catcher answers.

use std::sync::OnceLock;

use rocket::fairing::{Fairing, Info, Kind as FairingKind};
use rocket::{Request, Response};
use secrecy::{ExposeSecret, SecretString};

use super::App;
use super::cookies::{self, Kind};
use crate::core::people::sessions::LIFETIME;

#[derive(Debug)]
enum Change {
    /// The session goes on with another token.
    Renewed(SecretString),
    /// The cookie names no session that is on.
    Ended,
}

#[derive(Debug, Default)]
struct Changed(OnceLock<Change>);

fn changed<'r>(request: &'r Request<'_>) -> &'r OnceLock<Change> {
    &request.local_cache(Changed::default).0
}

/// The session of this request has another token from now on.
pub fn renew(request: &Request<'_>, token: SecretString) {
    let _ = changed(request).set(Change::Renewed(token));
}

/// The browser's cookie names no session.
pub fn end(request: &Request<'_>) {
    let _ = changed(request).set(Change::Ended);
}

/// Whether the browser showed a token of no session.
pub fn has_ended(request: &Request<'_>) -> bool {
    matches!(changed(request).get(), Some(Change::Ended))
}

/// The token that the browser holds once it has the answer.
pub fn current(request: &Request<'_>) -> Option<String> {
    match changed(request).get() {
        Some(Change::Renewed(token)) => Some(token.expose_secret().to_owned()),
        Some(Change::Ended) => None,
        None => cookies::get(request, Kind::Session),
    }
}

/// Tells the browser what became of its cookie.
pub struct SessionCookie;

#[rocket::async_trait]
impl Fairing for SessionCookie {
    fn info(&self) -> Info {
        Info {
            name: "session cookie",
            kind: FairingKind::Response,
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let (Some(app), Some(change)) = (request.rocket().state::<App>(), changed(request).get()) else {
            return;
        };
        let web = &app.settings.web;
        // Whoever signed in or out in this very request has said what is to be in it.
        let begins = format!("{}=", Kind::Session.name(web));
        if response
            .headers()
            .get("Set-Cookie")
            .any(|cookie| cookie.starts_with(&begins))
        {
            return;
        }
        let cookie = match change {
            Change::Renewed(token) => {
                cookies::make(Kind::Session, web, token.expose_secret().to_owned(), Some(LIFETIME))
            }
            Change::Ended => {
                let mut cookie = cookies::make(Kind::Session, web, String::new(), None);
                cookie.make_removal();
                cookie
            }
        };
        response.adjoin_header(&cookie);
    }
}
