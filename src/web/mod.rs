//! Everything that knows Rocket.
//!
//! A request goes: fairings ([`fairings`]) → route ([`routes`]) → guards ([`guards`]), which say who asks
//! and prove what they may do → one action of `core` → a view → a template of the same name.

pub mod address;
pub mod announcements;
pub mod api;
mod as_sent;
pub mod catchers;
pub mod components;
pub mod cookies;
pub mod database;
pub mod dev_github;
pub mod drain;
pub mod fairings;
pub mod files;
pub mod forgery;
pub mod forms;
pub mod guards;
pub mod headers;
pub mod limits;
pub mod live;
pub mod message;
pub mod old_addresses;
pub mod pages;
pub mod responders;
pub mod routes;
pub mod session_cookie;
pub mod staff;
pub mod static_files;
pub mod upload_form;
pub mod uploads;
pub mod view;
pub mod zip;

use std::sync::Arc;

use rocket::{Build, Rocket};
use secrecy::ExposeSecret;

use crate::config::{GITHUB_STAND_IN, Settings};
use crate::core::db::Db;
use crate::core::ports::{CodeHost, CodelistChecker, FileStore, IdentityProvider};
use crate::core::sealed::Sealer;

/// What the web needs from outside: settings, the database, the services behind their ports.
#[derive(Clone)]
pub struct App {
    pub settings: Arc<Settings>,
    pub db: Db,
    pub code_host: Arc<dyn CodeHost>,
    pub codelists: Arc<dyn CodelistChecker>,
    /// Who vouches for people who sign in.
    pub identities: Arc<dyn IdentityProvider>,
    pub sealer: Sealer,
    pub assets: Arc<static_files::Assets>,
    pub live: live::Live,
    /// Where released files are kept.
    pub files: Arc<dyn FileStore>,
    /// What is told on top of every page.
    pub announcements: announcements::Announcements,
    /// Which addresses of before lead on.
    pub old_addresses: old_addresses::OldAddresses,
}

/// The very program: used by `jobserver serve` and by every test.
pub fn build(app: App) -> Rocket<Build> {
    let figment = figment(&app.settings);
    let kept_mails = pages::dev_mail::mounted(&app.settings);
    let stand_in = dev_github::mounted(&app.settings);
    let headers = headers::SecurityHeaders::new(&app.settings);
    let database = database::Database::from(database::Pool::from(app.db.clone()));
    let rocket = rocket::custom(figment)
        .manage(database)
        .attach(as_sent::MethodAsSent)
        .attach(fairings::RequestContext)
        .attach(view::templates())
        .attach(session_cookie::SessionCookie)
        .manage(headers.clone())
        .attach(headers)
        .manage(app)
        .mount("/", routes::all())
        .register("/", catchers::pages())
        .register("/api", catchers::api());
    let rocket = match kept_mails {
        Some((mails, routes)) => rocket.manage(mails).mount("/", routes::below("", routes)),
        None => rocket,
    };
    match stand_in {
        Some((stand_in, routes)) => rocket
            .manage(stand_in)
            .mount(GITHUB_STAND_IN, routes::below(GITHUB_STAND_IN, routes)),
        None => rocket,
    }
}

/// Rocket's own settings: `Rocket.toml` and `ROCKET_*`, and over them what our settings say of port,
/// address and key.
fn figment(settings: &Settings) -> rocket::figment::Figment {
    rocket::Config::figment()
        .merge(("port", settings.web.port))
        .merge(("address", settings.web.address))
        .merge(("secret_key", settings.secrets.rocket_secret_key.expose_secret()))
}
