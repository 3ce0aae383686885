//! Names that a client says the site has.

use rocket::http::Method;
use sqlx::PgPool;

use super::{Ask, peopled, usual_address};
use crate::support::Site;

#[sqlx::test]
async fn no_page_believes_the_name_it_is_asked_by(pool: PgPool) {
    let site = Site::start_with(pool, |settings| settings.web.debug = true).await;
    peopled(&site).await;
    let session = site.world.session("ada").await;
    let cookie = format!("sessionid={session}");
    let routes: Vec<_> = site.client.rocket().routes().cloned().collect();
    let mut asked = 0;
    for route in routes.iter().filter(|route| route.method == Method::Get) {
        let path = usual_address(route);
        for cookies in [None, Some(&*cookie)] {
            let mut headers = vec![
                ("X-Forwarded-Host", "forwarded.evil.com"),
                ("X-Forwarded-Proto", "gopher"),
                ("X-Forwarded-Port", "6666"),
                ("X-Original-URL", "/evil.com"),
                ("Forwarded", "host=forwarded.evil.com;proto=gopher"),
                ("X-Host", "forwarded.evil.com"),
            ];
            headers.extend(cookies.map(|cookie| ("Cookie", cookie)));
            let ask = Ask {
                headers,
                host: Some("evil.com:6666"),
                peer: Some("172.17.0.2"),
                ..Ask::default()
            };
            let answer = ask.send(&site, Method::Get, &path).await;
            // The API's links to other pages of a list follow the caller, by the clients' contract.
            let is_list = route.uri.path() == "/api/v2/job-requests";
            for word in ["evil.com", "6666", "gopher"] {
                assert!(is_list || !answer.body.contains(word), "{path} {word}");
                for (name, value) in &answer.headers {
                    assert!(!value.contains(word), "{path} {name}: {value}");
                }
            }
            asked += 1;
        }
    }
    assert!(asked > 80, "{asked}");
}

#[sqlx::test]
async fn the_way_to_the_login_page_is_ours_whatever_the_name(pool: PgPool) {
    let site = Site::start(pool).await;
    let ask = Ask {
        host: Some("evil.com"),
        ..Ask::default()
    };
    let answer = ask.send(&site, Method::Get, "/settings/?a=1").await.expect(302);
    assert_eq!(answer.location(), "/login/?next=/settings/%3Fa%3D1");
    let page = ask.send(&site, Method::Get, "/event-log/").await.expect(200).html();
    let canonical = page.attribute("link[rel=canonical]", "href");
    assert_eq!(canonical.as_deref(), Some("http://localhost:8000/event-log/"));
}

#[sqlx::test]
async fn only_our_own_proxies_say_that_there_was_https(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    for _ in 0..2 {
        site.world.request(crate::support::Request::default()).await;
    }
    let next = async |peer: &'static str| {
        let ask = Ask {
            headers: vec![("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.com")],
            host: Some("jobs.test"),
            peer: Some(peer),
            ..Ask::default()
        };
        let answer = ask
            .send(&site, Method::Get, "/api/v2/job-requests/?limit=1")
            .await
            .expect(200);
        answer.json()["next"].as_str().unwrap().to_owned()
    };
    assert!(next("172.17.0.2").await.starts_with("https://jobs.test/"));
    assert!(next("203.0.113.9").await.starts_with("http://jobs.test/"));
}
