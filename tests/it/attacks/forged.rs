//! Requests that another site makes with a visitor's browser.

use jobserver::web::api::ENDPOINTS;
use jobserver::web::forgery::guarded;
use jobserver::web::forms::CsrfForm;
use rocket::http::Method;
use rocket::{post, routes};
use serde_json::Value;
use sqlx::PgPool;

use super::{Ask, address, changing, everything, is_of_api, peopled, usual};
use crate::support::{Answer, Site, Visitor};

/// What another site's page has a browser say, whatever it puts into the form.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("Origin", "https://evil.com"), ("Sec-Fetch-Site", "cross-site")],
    &[("Origin", "https://evil.com")],
    &[("Sec-Fetch-Site", "cross-site")],
    // Another host of our own domain, another port.
    &[("Sec-Fetch-Site", "same-site")],
    &[("Origin", "http://evil.localhost:8000")],
    &[("Origin", "http://localhost:8001")],
    // A frame in a sandbox, a page of type `data:`.
    &[("Origin", "null")],
    // An old browser.
    &[("Referer", "https://evil.com/http://localhost:8000/")],
];

async fn cookies(visitor: &Visitor) -> String {
    let pairs = visitor.cookies().await;
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// A form with everything right, and a stolen token that fits: the sender alone is wrong.
#[sqlx::test]
async fn no_other_site_can_send_a_form_even_with_its_token(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let token = ada.csrf_token("/").await;
    let cookies = cookies(&ada).await;
    let before = everything(&site).await;
    let mut sent = 0;
    for route in changing(&site).iter().filter(|route| !is_of_api(route)) {
        let path = address(route, usual);
        for foreign in FOREIGN {
            let mut headers = foreign.to_vec();
            headers.push(("Cookie", &cookies));
            let ask = Ask {
                headers,
                form: vec![("csrfmiddlewaretoken", &token), ("status", "retired"), ("jobs", "all")],
                ..Ask::default()
            };
            let answer = ask.send(&site, route.method, &path).await;
            assert_eq!(answer.status, 403, "{route} {foreign:?}");
            assert!(answer.html().main().starts_with("CSRF"), "{route} {foreign:?}");
            assert_eq!(everything(&site).await, before, "{route} {foreign:?}");
            sent += 1;
        }
    }
    assert!(sent > 50, "{sent}");
    // It is the sender that was wrong: the same from our own page is taken.
    ada.post("/project/edit/", &[("status", "retired")]).await.expect(302);
    assert_ne!(everything(&site).await, before);
}

/// Every route that changes something, with a session, from our own page by its looks, but without the token.
#[sqlx::test]
async fn no_handler_forgets_the_token(pool: PgPool) {
    let site = Site::start_with(pool, |settings| settings.web.debug = true).await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let others_token = site.sign_in("mallory").await.csrf_token("/").await;
    let cookies = cookies(&ada).await;
    let before = everything(&site).await;
    for route in changing(&site).iter().filter(|route| !is_of_api(route)) {
        let path = address(route, usual);
        // Setting off to GitHub is nothing that a session proves.
        if route.uri.path() == "/login/github" {
            continue;
        }
        // There is no other provider, whoever asks: it takes no form and does nothing.
        let expected = if route.uri.path() == "/login/<_provider>" {
            404
        } else {
            403
        };
        let all_right = [
            ("status", "retired"),
            ("jobs", "all"),
            ("notify", "nothing"),
            ("fullname", "Eve"),
        ];
        for token in [
            None,
            Some(""),
            Some("forged"),
            Some(&*others_token),
            Some(&*"A".repeat(86)),
        ] {
            let mut form = all_right.to_vec();
            form.extend(token.map(|token| ("csrfmiddlewaretoken", token)));
            let ask = Ask {
                headers: vec![
                    ("Origin", "http://localhost:8000"),
                    ("Sec-Fetch-Site", "same-origin"),
                    ("Cookie", &cookies),
                ],
                form,
                ..Ask::default()
            };
            let answer = ask.send(&site, route.method, &path).await;
            assert_eq!(answer.status, expected, "{route} {token:?} {}", answer.body);
            assert_eq!(everything(&site).await, before, "{route} {token:?}");
        }
    }
    // Nobody was signed out either.
    ada.get("/settings/").await.expect(200);
}

#[post("/careless")]
fn careless() -> &'static str {
    "done"
}

#[post("/careful", data = "<_form>")]
fn careful(_form: CsrfForm) -> &'static str {
    "done"
}

/// Whoever writes a handler and forgets the form finds out at the first try.
#[sqlx::test]
async fn a_handler_without_a_form_cannot_answer(pool: PgPool) {
    let routes = routes![careless, careful].into_iter().map(guarded).collect();
    let site = Site::start_mounting(pool, |_| (), routes).await;
    let ada = site.sign_in("ada").await;
    let answer = ada.post("/careful", &[]).await.expect(200);
    assert_eq!(answer.body, "done");
    ada.post_without_token("/careful", &[]).await.expect(403);
    let answer = ada.post("/careless", &[]).await.expect(500);
    assert!(!answer.body.contains("done"), "{}", answer.body);
}

/// A method that a form asks for in its first field goes where that method goes, with the same proof.
#[sqlx::test]
async fn a_form_that_names_another_method_needs_its_proof_too(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let ada = site.sign_in("ada").await;
    let before = everything(&site).await;
    for method in ["put", "patch", "delete", "post"] {
        let answer = ada
            .post_without_token("/project/edit/", &[("_method", method), ("status", "retired")])
            .await;
        assert!([403, 405].contains(&answer.status), "{method} {}", answer.status);
    }
    assert_eq!(everything(&site).await, before);
}

fn detail(answer: &Answer) -> String {
    match answer.json()["detail"].take() {
        Value::String(detail) => detail,
        other => panic!("{other}"),
    }
}

/// Where the API knows sessions, a browser's request needs the proof, also with a token that is right.
#[sqlx::test]
async fn the_api_takes_no_forged_request_of_a_session(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let backend = site.backend("tpp").await;
    let ada = site.sign_in("ada").await;
    let token = ada.csrf_token("/").await;
    let cookies = cookies(&ada).await;
    let mut asked = 0;
    for route in changing(&site)
        .iter()
        .filter(|route| is_of_api(route) && route.method == Method::Post)
    {
        let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == route.uri.path()) else {
            continue;
        };
        let path = address(route, usual);
        let send = async |headers: &[(&str, &str)]| {
            let mut all = vec![("Authorization", backend.token.as_str()), ("Cookie", &*cookies)];
            all.extend(headers);
            let ask = Ask {
                headers: all,
                json: Some("[]"),
                ..Ask::default()
            };
            ask.send(&site, route.method, &path).await
        };
        let without = send(&[]).await;
        if !endpoint.knows_sessions {
            // The cookies of a browser mean nothing there.
            assert!(!without.body.contains("CSRF"), "{path} {}", without.body);
            continue;
        }
        let without = without.expect(403);
        assert_eq!(detail(&without), "CSRF Failed: CSRF cookie not set.", "{path}");
        for foreign in FOREIGN {
            let mut headers = foreign.to_vec();
            headers.push(("X-CSRFToken", &token));
            let refused = send(&headers).await.expect(403);
            assert!(detail(&refused).starts_with("CSRF Failed: "), "{path} {foreign:?}");
            assert!(detail(&refused).contains(" checking failed - "), "{path} {foreign:?}");
        }
        let ours = send(&[("X-CSRFToken", &token), ("Origin", "http://localhost:8000")]).await;
        // Some want more than the token: the name of somebody who may.
        assert!(!ours.body.contains("CSRF"), "{path} {}", ours.body);
        asked += 1;
    }
    assert!(asked >= 3, "{asked}");
}

/// Where the API knows no sessions, a cookie is no answer to anything.
#[sqlx::test]
async fn a_session_opens_nothing_that_needs_a_token(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let admin = ["StaffAreaAdministrator", "TechSupport", "ServiceAdministrator"];
    site.world.global_roles("stan", &admin).await;
    let stan = site.sign_in("stan").await;
    let users = stan.get("/api/v2/users/ada/").await.expect(403);
    assert_eq!(detail(&users), "Authorization header is missing");
    let session = stan.cookies().await.swap_remove(0).1;
    for header in [session.clone(), format!("Bearer {session}"), format!("stan:{session}")] {
        let ask = Ask {
            headers: vec![("Authorization", &header)],
            ..Ask::default()
        };
        let answer = ask.send(&site, Method::Get, "/api/v2/users/ada/").await.expect(403);
        assert_eq!(detail(&answer), "Invalid token");
    }
}
