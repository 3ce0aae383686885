//! Addresses that a client says it has.

use rocket::http::Method;
use sqlx::PgPool;

use super::Ask;
use crate::support::Site;

/// Where a wrong token is counted, asked through HTTP: as many subjects as there were addresses.
async fn counted(site: &Site) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM attempt WHERE what = 'backend_token'")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn only_what_our_own_proxies_add_counts(pool: PgPool) {
    let site = Site::start(pool).await;
    let guess = async |peer: &str, said: &[&str]| {
        let mut headers = vec![("Authorization", "guess-of-a-token")];
        headers.extend(said.iter().map(|said| ("X-Forwarded-For", *said)));
        let ask = Ask {
            headers,
            peer: Some(peer),
            ..Ask::default()
        };
        ask.send(&site, Method::Get, "/api/v2/users/ada/").await.expect(403);
        counted(&site).await
    };
    let long = "198.51.100.1,".repeat(10_000) + "203.0.113.9";
    // One and the same visitor, whatever they say.
    for (peer, said) in [
        ("203.0.113.9", &[][..]),
        ("203.0.113.9", &["198.51.100.1"]),
        ("203.0.113.9", &["198.51.100.1, 198.51.100.2", "198.51.100.3"]),
        ("203.0.113.9", &["172.17.0.1"]),
        ("172.17.0.2", &["203.0.113.9"]),
        ("172.17.0.2", &["198.51.100.1, 203.0.113.9"]),
        ("172.17.0.2", &["198.51.100.1", "203.0.113.9"]),
        ("172.17.0.2", &["203.0.113.9, 172.17.0.9"]),
        ("172.17.0.2", &["203.0.113.9:5555"]),
        ("172.17.0.2", &["::ffff:203.0.113.9"]),
        ("172.17.0.2", &["'; DROP TABLE attempt; --, 203.0.113.9"]),
        ("172.17.0.2", &[&long]),
    ] {
        assert_eq!(
            guess(peer, said).await,
            1,
            "{peer} {:?}",
            said.first().map(|said| said.len())
        );
    }
    // Others are others.
    assert_eq!(guess("172.17.0.2", &["203.0.113.10"]).await, 2);
    assert_eq!(guess("172.17.0.2", &["2001:db8::1"]).await, 3);
    assert_eq!(guess("172.17.0.2", &["[2001:db8::2]:443"]).await, 3);
    // What is no address is the proxy's own.
    assert_eq!(guess("172.17.0.2", &["garbage"]).await, 4);
    assert_eq!(guess("172.17.0.2", &[]).await, 4);
}
