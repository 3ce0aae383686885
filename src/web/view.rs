//! What templates are given. A page's view is a flat struct that serialises to its template's context;
//! `page` is the frame around it. Every text and yes-or-no is computed here or in the views, nothing
//! in a template.

mod forms;
mod frame;
mod graph;
pub mod honeycomb;
mod parts;
mod repo_pages;
mod requests;
mod runs;
mod safe_html;
mod text;

use rocket::fairing::Fairing;
use rocket::http::Status as HttpStatus;
use rocket::response::Responder;
use rocket::{Request, Response};
use rocket_dyn_templates::Template;
use serde::Serialize;
use time::OffsetDateTime;

use super::announcements::{self, Announcement};
use super::components;
use super::fairings::context;
use super::guards::Visit;
use super::pages::dev_mail;
pub use forms::*;
pub use frame::*;
pub use graph::{Graph, Told as ToldOfAction};
pub use parts::*;
pub use repo_pages::{repo_href, sign_off_href, staff_repo_href};
pub use requests::*;
pub use runs::*;
pub use safe_html::SafeHtml;
pub use text::*;

/// The template engine: strict, so that a view without a field its template names is a fault that a
/// test finds, not an empty space that nobody sees.
pub fn templates() -> impl Fairing {
    Template::custom(|engines| {
        engines.handlebars.set_strict_mode(true);
        components::install(&mut engines.handlebars);
    })
}

/// The page analytics service.
pub(in crate::web) const PLAUSIBLE: &str = "https://plausible.io";

/// The frame of a page: what its layout needs to know.
#[derive(Debug, Serialize)]
pub struct Chrome {
    pub title: String,
    pub site_name: String,
    pub description: Option<String>,
    pub canonical: String,
    pub og: Option<SocialPreview>,
    pub path: String,
    pub template: &'static str,
    pub user: Option<AccountMenu>,
    pub nav: Vec<NavItem>,
    pub login_href: String,
    pub breadcrumbs: Vec<Crumb>,
    pub flash: Vec<Notice>,
    pub banners: Vec<Announcement>,
    pub nonce: String,
    pub csrf: String,
    pub debug: bool,
    /// Where mails are shown that were kept instead of sent; only in a development copy.
    pub kept_mails_href: Option<&'static str>,
    pub request_id: String,
    pub assets: AssetLinks,
    pub scripts: Vec<String>,
    pub analytics: Option<Analytics>,
    pub year: i32,
}

/// A page: its frame, its template and its view.
pub struct Page {
    status: HttpStatus,
    template: Template,
}

#[derive(Serialize)]
struct Rendered<'a, V: Serialize> {
    page: &'a Chrome,
    #[serde(flatten)]
    view: &'a V,
}

impl<'r> Visit<'r> {
    /// The frame of a page with this title.
    pub fn chrome(&self, title: impl Into<String>) -> Chrome {
        let settings = &self.app.settings;
        let path = self.path();
        let canonical_path = if path.ends_with('/') {
            path.to_owned()
        } else {
            format!("{path}/")
        };
        let base = settings.web.base_url.as_str().trim_end_matches('/');
        let mut banners = Vec::new();
        if settings.web.disable_creating_jobs {
            banners.push(Announcement::from(Banner::warning(
                "Job creation is switched off.",
                "New jobs cannot be asked for on some backends at the moment. Jobs already running go on.",
            )));
        }
        banners.extend(announcements::banners(self));
        Chrome {
            title: title.into(),
            site_name: settings.web.site_name.clone(),
            description: None,
            canonical: format!("{base}{canonical_path}"),
            og: None,
            path: path.to_owned(),
            template: "",
            user: self.signed_in().map(|user| AccountMenu {
                username: user.username.clone(),
                name: user.fullname.clone(),
                href: format!("/users/{}/", encode_segment(&user.username)),
                via: self.social_login(),
                is_staff: user.may_enter_staff_area(),
                staff_href: self.staff_href("/staff/"),
            }),
            nav: [("Event log", "/event-log/"), ("Status", "/status/")]
                .into_iter()
                .chain(self.staff_href("/staff/").map(|_| ("Staff area", "/staff/")))
                .map(|(label, href)| NavItem {
                    label,
                    href,
                    active: canonical_path.starts_with(href),
                })
                .collect(),
            login_href: login_href(path, self.query()),
            breadcrumbs: Vec::new(),
            flash: self
                .shown_message()
                .into_iter()
                .map(|(tone, text)| Notice::of_message(tone, text))
                .collect(),
            banners,
            nonce: context(self.request).nonce.clone(),
            csrf: if self.signed_in().is_some() {
                self.csrf.for_page(self.request)
            } else {
                String::new()
            },
            debug: settings.web.debug,
            kept_mails_href: dev_mail::is_mounted(settings).then_some(dev_mail::HREF),
            request_id: self.request_id().to_owned(),
            assets: self.app.assets.links(),
            scripts: Vec::new(),
            analytics: settings.web.plausible_domain.as_ref().map(|domain| Analytics {
                script: format!("{PLAUSIBLE}/js/script.pageview-props.tagged-events.js"),
                domain: domain.clone(),
            }),
            year: OffsetDateTime::now_utc().year(),
        }
    }

    /// A page with status 200.
    pub fn render<V: Serialize>(&self, template: &'static str, chrome: Chrome, view: &V) -> Page {
        render(HttpStatus::Ok, template, chrome, view)
    }
}

/// A page with any status.
pub fn render<V: Serialize>(status: HttpStatus, template: &'static str, mut chrome: Chrome, view: &V) -> Page {
    chrome.template = template;
    Page {
        status,
        template: Template::render(template, Rendered { page: &chrome, view }),
    }
}

impl Chrome {
    /// A step of the way to this page: what kind of thing (`Project`, say), its name, its address.
    pub fn crumb(self, kind: &'static str, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.step(kind, label.into(), Some(href.into()))
    }

    /// The last step: this page.
    pub fn here(self, kind: &'static str, label: impl Into<String>) -> Self {
        self.step(kind, label.into(), None)
    }

    fn step(mut self, kind: &'static str, label: String, href: Option<String>) -> Self {
        if self.breadcrumbs.is_empty() {
            let home = Crumb {
                location: None,
                title: "Home".to_owned(),
                url: Some("/".to_owned()),
                id: "crumb-0".to_owned(),
                active: false,
            };
            self.breadcrumbs.push(home);
        }
        self.breadcrumbs.push(Crumb {
            // That a page is a page goes without saying.
            location: (kind != "Page").then_some(kind),
            title: label,
            active: href.is_none(),
            url: href,
            id: format!("crumb-{}", self.breadcrumbs.len()),
        });
        self
    }

    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The title and text that other sites show when this page is linked there.
    pub fn preview(mut self, title: impl Into<String>, description: impl Into<String>) -> Self {
        self.og = Some(SocialPreview {
            title: title.into(),
            url: self.canonical.clone(),
            description: description.into(),
        });
        self
    }

    /// A form that comes back with errors says so in its title, which is what a screen reader reads first.
    pub fn with_errors(mut self, has_errors: bool) -> Self {
        if has_errors {
            self.title.insert_str(0, "Error: ");
        }
        self
    }

    /// A message about what was just done, or failed.
    pub fn notice(mut self, tone: &'static str, text: impl Into<String>) -> Self {
        self.flash.push(Notice::of_message(tone, text.into()));
        self
    }

    /// Adds a script of the built front end, by its entry's name.
    pub fn script(mut self, visit: &Visit<'_>, name: &str) -> Self {
        self.scripts.push(visit.app.assets.script(name));
        self
    }

    /// Gives an anonymous visitor's page a form token too (and the cookie that goes with it).
    pub fn with_form(mut self, visit: &Visit<'_>) -> Self {
        if self.csrf.is_empty() {
            self.csrf = visit.csrf.for_page(visit.request);
        }
        self
    }
}

/// The login page's address, to come back to `path` and `query`. The login page itself is not come
/// back to: its link keeps where it leads.
pub fn login_href(path: &str, query: Option<&str>) -> String {
    let next = match query {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    };
    if path.trim_end_matches('/') == "/login" {
        return next;
    }
    format!("/login/?next={}", encode_next(&next))
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response: Response<'static> = self.template.respond_to(request)?;
        response.set_status(self.status);
        Ok(response)
    }
}
