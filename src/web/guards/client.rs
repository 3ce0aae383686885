//! Whoever asks, as the network and their browser show them. Nothing of this is proof of anything.

use std::net::IpAddr;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::core::people::attempts::Who;
use crate::core::people::sessions::Place;
use crate::web::fairings::client_address;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Client<'r> {
    /// The visitor's, as far as our own proxies say; unknown in a test without a network.
    pub address: Option<IpAddr>,
    /// What the browser calls itself; empty when it does not say.
    pub user_agent: &'r str,
}

impl<'r> Client<'r> {
    pub fn of(request: &'r Request<'_>) -> Self {
        Self {
            address: client_address(request),
            user_agent: request.headers().get_one("User-Agent").unwrap_or_default(),
        }
    }

    /// Where a session is begun.
    pub fn place(&self) -> Place<'r> {
        Place {
            user_agent: self.user_agent,
            address: self.address,
        }
    }

    /// Who tries something, by the address alone.
    pub fn who(&self) -> Who<'static> {
        Who {
            account: None,
            address: self.address,
        }
    }

    /// Who tries something in the name of `account`.
    pub fn who_says<'a>(&self, account: &'a str) -> Who<'a> {
        Who {
            account: Some(account),
            address: self.address,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self::of(request))
    }
}
