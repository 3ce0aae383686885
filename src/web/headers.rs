//! The headers that protect, on every answer.
//!
//! | Header | On | Why |
//! |---|---|---|
//! | `Content-Security-Policy` with a nonce | pages | only our own scripts and styles run, forms lead to us or to GitHub's sign-in, nobody frames us |
//! | `Content-Security-Policy` that allows nothing | what is no page, outside of the API and the front end's files | what a browser is made to open as a page does nothing |
//! | `Cache-Control: private, no-store` | whatever is made for somebody signed in | neither a proxy nor the way back after signing out shows it |
//! | `Cache-Control: private, no-cache` | other pages | they hold a token of one visitor's form |
//! | `Strict-Transport-Security` | all, where `BASE_URL` has https | browsers do not try without |
//! | `X-XSS-Protection` | the API | its clients were promised the header; in pages it only helps attackers of old browsers |
//! | the others | all | |

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{ContentType, Header};
use rocket::{Request, Response};
use url::Url;

use super::fairings::{SignedInAs, context, is_below};
use super::static_files::DEV_SERVER;
use super::view::PLAUSIBLE;
use crate::config::Settings;

/// What this request's page shows in a frame, as its policy says it.
#[derive(Debug, Default)]
struct Frames(String);

/// Lets the page that answers this request show what is at this path of ours in a frame, and nothing else: a link in
/// there leads nowhere. Other pages show no frames.
pub fn frame_our_own(request: &Request<'_>, base_url: &Url, path: &str) {
    // Neither separates a policy's parts when it is encoded.
    let path = path.replace(';', "%3B").replace(',', "%2C");
    let origin = base_url.origin().ascii_serialization();
    // A copy may be visited by another name than its own: then its frames are there, too.
    let visited = request.host().map(ToString::to_string);
    let is_plain = |host: &String| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    let also = visited
        .filter(|host| is_plain(host) && !origin.ends_with(&format!("//{host}")))
        .map(|host| format!(" {host}{path}"))
        .unwrap_or_default();
    request.local_cache(|| Frames(format!("; frame-src {origin}{path}{also}")));
}

/// Where else this request's page shows pictures from.
#[derive(Debug, Default)]
struct PicturesFrom(String);

/// Lets the page that answers this request show pictures from these origins, which are `https://` and a host. Said
/// once for a page.
pub fn show_pictures_from(request: &Request<'_>, origins: impl IntoIterator<Item = String>) {
    let origins: String = origins.into_iter().map(|origin| format!(" {origin}")).collect();
    request.local_cache(|| PicturesFrom(origins));
}

/// What a page shows in a frame of what its scripts fetched. The frame is bound by the page's own policy too.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    #[default]
    Unframed,
    /// Without an address. Its inline styles apply.
    Report,
    /// At a `blob:` of the page's own.
    Pdf,
}

/// Where else this request's page may connect to, and what of that it shows in a frame.
#[derive(Debug, Default)]
struct ConnectsTo {
    origin: String,
    frames: Fetched,
}

/// Lets the scripts of the page that answers this request fetch from one more origin, and show one file of it in a
/// frame: what they made themselves, and nothing that has an address.
pub fn connect_to(request: &Request<'_>, origin: String, frames: Fetched) {
    request.local_cache(|| ConnectsTo {
        origin: format!(" {origin}"),
        frames,
    });
}

/// What pages may load from other places, by the settings: none, as a rule.
#[derive(Default)]
struct Elsewhere {
    scripts: Vec<String>,
    styles: Vec<String>,
    fonts: Vec<String>,
    connections: Vec<String>,
}

fn listed(sources: &[String]) -> String {
    sources.iter().map(|source| format!(" {source}")).collect()
}

/// Headers that every answer carries, and the content security policy.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    policy_before_connections: String,
    policy_before_pictures: String,
    policy_before_styles: String,
    policy_before_nonce: String,
    policy_after_nonce: String,
    /// Of what is no page.
    bare_policy: String,
    is_https: bool,
}

impl SecurityHeaders {
    pub fn new(settings: &Settings) -> Self {
        let mut from = Elsewhere::default();
        if settings.web.assets_dev_mode {
            from.scripts.push(DEV_SERVER.to_owned());
            from.styles.push("'unsafe-inline'".to_owned());
            from.styles.push(DEV_SERVER.to_owned());
            from.fonts.push(DEV_SERVER.to_owned());
            from.connections.push(DEV_SERVER.to_owned());
            from.connections.push(DEV_SERVER.replacen("http", "ws", 1));
        }
        if settings.web.plausible_domain.is_some() {
            from.scripts.push(PLAUSIBLE.to_owned());
            from.connections.push(PLAUSIBLE.to_owned());
        }
        let report = settings
            .web
            .csp_report_uri
            .as_ref()
            .map(|uri| format!("; report-uri {uri}"))
            .unwrap_or_default();
        Self {
            policy_before_connections: format!(
                "default-src 'none'; base-uri 'none'; connect-src 'self'{connections}",
                connections = listed(&from.connections),
            ),
            policy_before_pictures: format!(
                "; font-src 'self' data:{fonts}; form-action 'self' {github}; frame-ancestors 'self'; img-src 'self' blob: data:",
                fonts = listed(&from.fonts),
                github = settings.github.login.web_url.origin().ascii_serialization(),
            ),
            policy_before_styles: format!(
                "; manifest-src 'self'; object-src 'none'; style-src 'self'{styles}",
                styles = listed(&from.styles),
            ),
            policy_before_nonce: format!("; script-src 'self'{scripts} 'nonce-", scripts = listed(&from.scripts),),
            bare_policy: format!(
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'{report}"
            ),
            policy_after_nonce: format!("'{report}"),
            is_https: settings.web.base_url.scheme() == "https",
        }
    }
}

#[rocket::async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info {
            name: "security headers",
            kind: Kind::Response,
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        self.protect(request, response);
    }
}

impl SecurityHeaders {
    /// Puts them on an answer. What an answer says itself about caches and its policy stays: it is stricter.
    pub(in crate::web) fn protect(&self, request: &Request<'_>, response: &mut Response<'_>) {
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Permissions-Policy", "browsing-topics=(), interest-cohort=()"),
        ] {
            response.set_header(Header::new(name, value));
        }
        if self.is_https {
            response.set_header(Header::new(
                "Strict-Transport-Security",
                "max-age=31536000; includeSubDomains",
            ));
        }
        let is_page = response
            .content_type()
            .is_some_and(|content_type| content_type == ContentType::HTML);
        let is_for_somebody = request.local_cache(SignedInAs::default).0.get().is_some();
        if is_for_somebody {
            set_unless_set(response, "Cache-Control", "private, no-store");
        } else if is_page {
            set_unless_set(response, "Cache-Control", "private, no-cache");
        }
        // A released file that is a page has a policy of its own, and is no page of ours.
        let is_file = response.headers().contains("Content-Security-Policy");
        if is_below(request, "api") && (!is_page || is_file) {
            response.set_header(Header::new("X-XSS-Protection", "1; mode=block"));
            response.set_header(Header::new("Vary", "Accept, Cookie"));
            return;
        }
        if is_below(request, "static") && !is_page {
            return;
        }
        // What every cache may keep is the same for everybody, whatever cookies they show.
        let is_shared = response
            .headers()
            .get_one("Cache-Control")
            .is_some_and(|cache| cache.starts_with("public"));
        if !is_shared {
            set_unless_set(response, "Vary", "Cookie");
        }
        let policy = if is_page {
            self.policy(request)
        } else {
            self.bare_policy.clone()
        };
        set_unless_set(response, "Content-Security-Policy", policy);
    }

    fn policy(&self, request: &Request<'_>) -> String {
        let frames = &request.local_cache(Frames::default).0;
        let connects = request.local_cache(ConnectsTo::default);
        let (styles, fetched) = match connects.frames {
            Fetched::Unframed => ("", ""),
            Fetched::Report => (" 'unsafe-inline'", ""),
            Fetched::Pdf => ("", "; frame-src blob:"),
        };
        format!(
            "{}{}{}{}{}{styles}{}{}{}{frames}{fetched}",
            self.policy_before_connections,
            connects.origin,
            self.policy_before_pictures,
            request.local_cache(PicturesFrom::default).0,
            self.policy_before_styles,
            self.policy_before_nonce,
            context(request).nonce,
            self.policy_after_nonce
        )
    }
}

fn set_unless_set(response: &mut Response<'_>, name: &'static str, value: impl Into<String>) {
    if !response.headers().contains(name) {
        response.set_header(Header::new(name, value.into()));
    }
}
