//! The cookies of the site: their names, and what browsers are told about them. On a site with https all
//! are `Secure` and carry the prefix `__Host-`, which no other host, not even one below ours, can set.

use rocket::Request;
use rocket::http::{Cookie, CookieJar, SameSite};
use time::Duration;

use super::App;
use crate::config::WebSettings;
use crate::core::sealed::random_token;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The session's token.
    Session,
    /// Stands for the session of somebody not signed in, in the proof of forms.
    Csrf,
    /// Tells one browser from others while somebody signs in: what is begun in one is not finished in
    /// another.
    Browser,
    /// What the next page says; see [`message`](super::message).
    Message,
    /// When somebody last looked at their home page.
    Looked,
}

/// How long a browser that signs in is known by.
const BROWSER_LIFETIME: Duration = Duration::hours(2);

impl Kind {
    pub const ALL: [Self; 5] = [Self::Session, Self::Csrf, Self::Browser, Self::Message, Self::Looked];

    /// The name on this site. `sessionid` and `csrftoken` are what scripts and proxies of the service know.
    pub fn name(self, web: &WebSettings) -> &'static str {
        match (self, is_https(web)) {
            (Self::Session, false) => "sessionid",
            (Self::Session, true) => "__Host-sessionid",
            (Self::Csrf, false) => "csrftoken",
            (Self::Csrf, true) => "__Host-csrftoken",
            (Self::Browser, false) => "browser",
            (Self::Browser, true) => "__Host-browser",
            (Self::Message, false) => "message",
            (Self::Message, true) => "__Host-message",
            (Self::Looked, false) => "looked",
            (Self::Looked, true) => "__Host-looked",
        }
    }
}

fn is_https(web: &WebSettings) -> bool {
    web.base_url.scheme() == "https"
}

/// A cookie for the whole site that no script reads. Lax, so that following a link from a mail or coming
/// back from GitHub finds the visitor known. Without an age it ends with the browser.
pub fn make(kind: Kind, web: &WebSettings, value: String, age: Option<Duration>) -> Cookie<'static> {
    let cookie = Cookie::build((kind.name(web), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(web));
    match age {
        Some(age) => cookie.max_age(age).build(),
        None => cookie.build(),
    }
}

/// The value that the browser sent.
pub fn get(request: &Request<'_>, kind: Kind) -> Option<String> {
    let app = request.rocket().state::<App>()?;
    let cookie = request.cookies().get(kind.name(&app.settings.web))?;
    Some(cookie.value().to_owned())
}

/// Has the browser forget it, on the answer of this request.
pub fn forget(jar: &CookieJar<'_>, kind: Kind, web: &WebSettings) {
    jar.remove(Cookie::build(kind.name(web)).path("/").secure(is_https(web)));
}

/// What this browser is told from others by; a new one is told on the answer of this request.
pub fn browser(jar: &CookieJar<'_>, web: &WebSettings) -> String {
    let known = jar.get(Kind::Browser.name(web)).map(|cookie| cookie.value().to_owned());
    // One that was not made here is somebody's attempt to choose it.
    let value = known.filter(|value| value.len() == 43).unwrap_or_else(random_token);
    jar.add(make(Kind::Browser, web, value.clone(), Some(BROWSER_LIFETIME)));
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn cookies_are_the_hosts_alone_where_there_is_https() {
        let mut web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        assert_eq!(Kind::Session.name(&web), "sessionid");
        assert_eq!(make(Kind::Session, &web, "a".into(), None).secure(), Some(false));
        web.base_url = "https://jobs.example.org/".parse().unwrap();
        for kind in Kind::ALL {
            let cookie = make(kind, &web, "a".into(), Some(LIFETIME));
            assert!(cookie.name().starts_with("__Host-"), "{cookie}");
            assert_eq!(
                (cookie.secure(), cookie.path(), cookie.domain()),
                (Some(true), Some("/"), None)
            );
            assert_eq!(
                (cookie.http_only(), cookie.same_site()),
                (Some(true), Some(SameSite::Lax))
            );
        }
    }

    const LIFETIME: Duration = Duration::days(14);
}
