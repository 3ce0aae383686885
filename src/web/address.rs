//! Where a request comes from, behind proxies.

use std::net::{IpAddr, SocketAddr};

use rocket::Request;

use super::App;
use crate::config::WebSettings;

/// The most addresses of `X-Forwarded-For` that are looked at: no request passes more proxies of ours.
const MOST_HOPS: usize = 16;

/// Who asks: the peer, or whom our proxies say they speak for. Each proxy adds the address it
/// was asked from at the end, so the last one that is no proxy of ours is it; what stands before it, the
/// visitor may have made up.
pub fn client_address(request: &Request<'_>) -> Option<IpAddr> {
    let peer = request.remote()?.ip().to_canonical();
    let Some(app) = request.rocket().state::<App>() else {
        return Some(peer);
    };
    let said: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
    Some(client_behind(peer, &said, &app.settings.web))
}

/// Whether a proxy of ours brought the request: what it says in headers of its own is to be believed.
pub fn comes_through_our_proxy(request: &Request<'_>) -> bool {
    let peer = request.remote().map(|remote| remote.ip().to_canonical());
    let app = request.rocket().state::<App>();
    matches!((peer, app), (Some(peer), Some(app)) if app.settings.web.trusts_proxy(peer))
}

/// `said` is the header's values, in the order they came: together they are one list.
fn client_behind(peer: IpAddr, said: &[&str], web: &WebSettings) -> IpAddr {
    let mut client = peer;
    let from_the_right = said.iter().rev().flat_map(|value| value.rsplit(','));
    for address in from_the_right.take(MOST_HOPS) {
        if !web.trusts_proxy(client) {
            break;
        }
        let Some(address) = parsed(address.trim()) else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

/// An address as proxies write it: some add the port, and IPv6 may stand in brackets.
fn parsed(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse() {
        return Some(address);
    }
    text.parse::<SocketAddr>().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_visitor_is_who_the_last_of_our_proxies_saw() {
        let web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        let client = |peer: &str, said: &[&str]| client_behind(peer.parse().unwrap(), said, &web).to_string();
        for (said, is) in [
            (&[][..], "172.17.0.2"),
            (&["203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9,172.17.0.3"], "203.0.113.9"),
            // Several headers are one list.
            (&["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9", "172.17.0.3"], "203.0.113.9"),
            // With a port, in brackets, as IPv4 in IPv6.
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9, ::ffff:172.17.0.3"], "203.0.113.9"),
            // What is no address ends the list where it stands.
            (&["sessionid=secret"], "172.17.0.2"),
            (&["203.0.113.9, unknown"], "172.17.0.2"),
            (&["203.0.113.9, "], "172.17.0.2"),
            (&[""], "172.17.0.2"),
            (&["unknown, 203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9, unknown, 172.17.0.3"], "172.17.0.3"),
            (&["203.0.113.9\r\n"], "203.0.113.9"),
            (&["1.2.3"], "172.17.0.2"),
            (&["fe80::1%eth0"], "172.17.0.2"),
        ] {
            assert_eq!(client("172.17.0.2", said), is, "{said:?}");
        }
        // Who is no proxy of ours speaks for nobody else.
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn an_endless_list_is_not_read_to_its_end() {
        let web = Settings::for_tests("postgres://db/jobserver").unwrap().web;
        let list = format!("203.0.113.9{}", ",172.17.0.3".repeat(10_000));
        let client = client_behind("172.17.0.2".parse().unwrap(), &[&list], &web);
        assert_eq!(client.to_string(), "172.17.0.3");
    }
}
