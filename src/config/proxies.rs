//! Which peers may say on whose behalf they speak.

use std::fmt;
use std::net::IpAddr;

/// A proxy, or a range of proxies, whose `X-Forwarded-For` header is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// One address.
    Address(IpAddr),
    /// Every address whose usual text form starts so. It must end with a dot or colon, because
    /// `10.1` would also let in 10.100 to 10.199.
    Prefix(String),
}

impl TrustedProxy {
    /// Reads `172.17.0.`, `fd00:` or a whole address.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let ends = text.ends_with('.') || text.ends_with(':');
        let v4 = text.split('.').filter(|part| !part.is_empty());
        let looks_v4 = text.ends_with('.')
            && (1..=3).contains(&v4.clone().count())
            && v4.clone().all(|part| part.parse::<u8>().is_ok())
            && !text.contains("..")
            && !text.starts_with('.');
        let looks_v6 = text.ends_with(':') && text.len() > 1 && text.chars().all(|c| c == ':' || c.is_ascii_hexdigit());
        (ends && (looks_v4 || looks_v6)).then(|| Self::Prefix(text.to_ascii_lowercase()))
    }

    /// Whether the peer is this proxy. An IPv4 peer of an IPv6 socket counts as IPv4.
    pub fn matches(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match self {
            Self::Address(address) => *address == peer,
            Self::Prefix(prefix) => peer.to_string().starts_with(prefix),
        }
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Prefix(prefix) => prefix.fmt(f),
        }
    }
}
