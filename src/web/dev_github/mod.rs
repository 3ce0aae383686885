//! What stands for GitHub in a development copy without an OAuth app: the pages where somebody says who
//! they are and the calls by which the site finds out. Anybody may be anybody here, so it is mounted in a
//! development copy alone.
//!
//! It is strict where GitHub is: codes work once, for the address and the client they were given for, and
//! for whoever proves to have asked (PKCE). What should go wrong is chosen with the person, and tests
//! launch the calls at a port of their own ([`StandIn::program`]).

mod calls;
mod pages;
mod people;
mod stand_in;

use std::sync::Arc;

use rocket::{Build, Rocket, Route, routes};

pub use people::{Account, Email, Trouble};
pub use stand_in::{Asked, StandIn};

use crate::config::{Profile, Settings};
use crate::web::forgery;

/// The state and the routes, below [`crate::config::GITHUB_STAND_IN`]; nothing unless this is a development
/// copy whose login leads here.
pub fn mounted(settings: &Settings) -> Option<(Arc<StandIn>, Vec<Route>)> {
    let login = &settings.github.login;
    if settings.profile != Profile::Development || !login.is_stand_in {
        return None;
    }
    let stand_in = StandIn::new(
        &login.key,
        login.secret.clone(),
        &settings.web.absolute(crate::adapters::github_login::CALLBACK),
    );
    // `calls::access_token` takes no form of a browser: a program calls it.
    let mut routes = calls::routes();
    let pages = routes![pages::authorize, pages::decide];
    routes.extend(pages.into_iter().map(forgery::guarded));
    Some((Arc::new(stand_in), routes))
}

impl StandIn {
    /// The calls alone, as a program at a port of its own: any free one with port 0.
    pub fn program(self: Arc<Self>, port: u16) -> Rocket<Build> {
        let config = rocket::Config {
            port,
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            log_level: rocket::config::LogLevel::Off,
            ..rocket::Config::debug_default()
        };
        rocket::custom(config).manage(self).mount("/", calls::routes())
    }
}
