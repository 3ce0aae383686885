//! What strangers try at the login, and do not get.

use std::sync::Arc;

use jobserver::core::ports::{IdentityError, IdentityProvider};
use jobserver::web::dev_github::{Asked, Trouble};
use rocket::http::uri::Host;
use rocket::http::{ContentType, Header, Method};
use secrecy::SecretString;
use sqlx::PgPool;

use super::{cookie, rows, who};
use crate::support::github::{Github, account, identity_provider, set_off};
use crate::support::{Site, Visitor};

const DOES_NOT_GO_ON: &str = "This sign-in cannot be finished";

#[track_caller]
fn does_not_go_on(answer: crate::support::Answer) {
    assert_eq!(answer.expect(400).html().text("h1").as_deref(), Some(DOES_NOT_GO_ON));
}

#[sqlx::test]
async fn a_way_back_works_once(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let path = github.come_back(&set_off(&visitor, "/").await, account(7, "mona"), Trouble::Nothing);
    visitor.get(&path).await.expect(302);
    does_not_go_on(visitor.get(&path).await);
    visitor.post("/logout/", &[]).await.expect(302);
    does_not_go_on(visitor.get(&path).await);
    assert_eq!(who(&visitor).await, None);
    // Nor with a new code.
    let other = github.come_back(&set_off(&visitor, "/").await, account(7, "mona"), Trouble::Nothing);
    let code = other
        .split_once("code=")
        .unwrap()
        .1
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let state = path.split_once("state=").unwrap().1;
    does_not_go_on(
        visitor
            .get(&format!("/complete/github/?code={code}&state={state}"))
            .await,
    );
}

#[sqlx::test]
async fn a_way_back_is_its_browsers_alone(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    // Mallory would have the victim sign in as Mallory: with her own code and state, in the victim's
    // browser.
    let mallory = site.anonymous();
    let path = github.come_back(&set_off(&mallory, "/").await, account(666, "mallory"), Trouble::Nothing);
    let victim = site.anonymous();
    does_not_go_on(victim.get(&path).await);
    // Also when the victim is on a way of their own, and after Mallory's code was put to their state.
    let own = set_off(&victim, "/").await;
    does_not_go_on(victim.get(&path).await);
    let code = path.split_once("code=").unwrap().1.split('&').next().unwrap();
    let state = url::Url::parse(&own).unwrap();
    let state = state
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let answer = victim
        .get(&format!("/complete/github/?code={code}&state={state}"))
        .await;
    // The code was given for Mallory's challenge: GitHub does not exchange it for the victim's proof.
    let html = answer.expect(502).html();
    assert_eq!(html.text("h1").as_deref(), Some("GitHub did not confirm who you are"));
    assert_eq!(who(&victim).await, None);
    let [users, identities, sessions, ..] = rows(&site).await;
    assert_eq!((users, identities, sessions), (0, 0, 0));
}

#[sqlx::test]
async fn nobody_gets_a_session_that_somebody_else_chose(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let planted = "A".repeat(43);
    let victim = Visitor::new(site.client.clone(), Some(planted.clone()));
    let answer = github.sign_in(&victim, account(7, "mona")).await.expect(302);
    let session = cookie(&answer, "sessionid").expect("a session");
    assert_ne!(session, planted);
    assert_eq!(session.len(), 43);
    let mallory = Visitor::new(site.client.clone(), Some(planted));
    assert_eq!(who(&mallory).await, None);
    assert_eq!(who(&victim).await.as_deref(), Some("mona"));
    // Each login has a session of its own, and ends the one of its browser from before.
    let again = github.sign_in(&victim, account(7, "mona")).await.expect(302);
    assert_ne!(cookie(&again, "sessionid"), Some(session.clone()));
    let old = Visitor::new(site.client.clone(), Some(session));
    assert_eq!(who(&old).await, None);
}

#[sqlx::test]
async fn of_two_who_come_back_at_once_one_is_let_in(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let path = github.come_back(&set_off(&visitor, "/").await, account(7, "mona"), Trouble::Nothing);
    let (one, other) = tokio::join!(visitor.get(&path), visitor.get(&path));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 400]);
    assert_eq!(rows(&site).await, [1, 1, 1, 0, 0, 1]);
}

#[sqlx::test]
async fn two_first_logins_of_one_person_make_one_user(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let (here, there) = (site.anonymous(), site.anonymous());
    let one = github.come_back(&set_off(&here, "/").await, account(7, "mona"), Trouble::Nothing);
    let other = github.come_back(&set_off(&there, "/").await, account(7, "mona"), Trouble::Nothing);
    let (one, other) = tokio::join!(here.get(&one), there.get(&other));
    one.expect(302);
    other.expect(302);
    assert_eq!(rows(&site).await, [1, 1, 2, 0, 0, 1]);
}

#[sqlx::test]
async fn who_is_signed_in_does_not_become_somebody_else(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let ada = site.sign_in("ada").await;
    let before = rows(&site).await;
    for known in [false, true] {
        let html = github.sign_in(&ada, account(7, "mona")).await.expect(409).html();
        assert!(
            html.main().contains("You are signed in as somebody else"),
            "{}",
            html.main()
        );
        assert!(html.posted_forms().iter().any(|(action, _)| action == "/logout/"));
        assert_eq!(who(&ada).await.as_deref(), Some("ada"));
        if !known {
            assert_eq!(rows(&site).await, before, "nobody is made");
            github.sign_in(&site.anonymous(), account(7, "mona")).await.expect(302);
        }
    }
}

/// Presses the button from a page of another origin.
async fn pressed_from(site: &Site, headers: &[(&str, &str)], host: &str) -> crate::support::Answer {
    let mut request = site
        .client
        .post("/login/github/")
        .header(ContentType::Form)
        .body("next=/");
    request
        .inner_mut()
        .set_host(Host::parse_owned(host.to_owned()).unwrap());
    for (name, value) in headers {
        request = request.header(Header::new((*name).to_owned(), (*value).to_owned()));
    }
    let response = request.dispatch().await;
    crate::support::Answer {
        status: response.status().code,
        headers: response
            .headers()
            .iter()
            .map(|header| (header.name().to_string(), header.value().to_owned()))
            .collect(),
        body: response.into_string().await.unwrap_or_default(),
    }
}

#[sqlx::test]
async fn no_other_site_presses_the_button(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    for headers in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "http://localhost:8000"), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "http://localhost:8001"), ("Sec-Fetch-Site", "same-site")],
        &[("Origin", "http://localhost:8000.evil.example")],
    ] {
        let answer = pressed_from(&site, headers, "localhost:8000").await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    assert_eq!(rows(&site).await[3], 0, "no login was begun");
    let own = [("Origin", "http://localhost:8000"), ("Sec-Fetch-Site", "same-origin")];
    pressed_from(&site, &own, "localhost:8000").await.expect(302);
}

#[sqlx::test]
async fn whoever_is_here_under_another_name_is_shown_the_right_one_first(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    let headers = [("Origin", "http://127.0.0.1:8000"), ("Sec-Fetch-Site", "same-origin")];
    let html = pressed_from(&site, &headers, "127.0.0.1:8000").await.expect(200).html();
    assert_eq!(
        html.link("Sign in at localhost:8000").as_deref(),
        Some("http://localhost:8000/login/?next=/")
    );
    assert_eq!(rows(&site).await[3], 0);
    // A foreign page that says so does not get further than that either.
    let evil = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
    pressed_from(&site, &evil, "evil.example").await.expect(403);
}

#[sqlx::test]
async fn an_address_that_tries_too_often_waits(pool: PgPool) {
    let (_github, site) = Github::and_site(pool).await;
    let from = async |address: &str, method: Method, path: &'static str| {
        let request = site.client.req(method, path).remote(address.parse().unwrap());
        let response = request.dispatch().await;
        let wait = response.headers().get_one("Retry-After").map(str::to_owned);
        (response.status().code, wait)
    };
    for _ in 0..99 {
        assert_eq!(from("203.0.113.9:1", Method::Post, "/login/github/").await.0, 302);
    }
    assert_eq!(from("203.0.113.9:1", Method::Get, "/complete/github/").await.0, 400);
    for (method, path) in [(Method::Post, "/login/github/"), (Method::Get, "/complete/github/")] {
        let (status, wait) = from("203.0.113.9:2", method, path).await;
        assert_eq!(status, 429);
        assert!((1..=900).contains(&wait.unwrap().parse::<u32>().unwrap()));
    }
    assert_eq!(from("203.0.113.10:1", Method::Post, "/login/github/").await.0, 302);
}

#[sqlx::test]
async fn a_login_from_before_a_change_of_keys_is_begun_anew(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let visitor = site.anonymous();
    let path = github.come_back(&set_off(&visitor, "/").await, account(7, "mona"), Trouble::Nothing);
    let sealed = "UPDATE github_login SET verifier_sealed = decode(repeat('00', 80), 'hex')";
    sqlx::raw_sql(sealed).execute(site.db.pool()).await.unwrap();
    does_not_go_on(visitor.get(&path).await);
}

#[sqlx::test]
async fn nobody_is_led_off_the_site(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    for (n, next) in [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "evil",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let visitor = site.anonymous();
        let person = account(n as u64 + 1, &format!("mona{n}"));
        let answer = github.login_with(&visitor, next, person, Trouble::Nothing).await;
        assert_eq!(answer.expect(302).location(), "/", "{next:?}");
    }
    // What is ours, in letters that no address has, is still gone to.
    let visitor = site.anonymous();
    let answer = github.login_with(&visitor, "/a b/é?x=ü", account(99, "odd"), Trouble::Nothing);
    assert_eq!(answer.await.expect(302).location(), "/a%20b/%C3%A9?x=%C3%BC");
}

#[sqlx::test]
async fn the_stand_in_is_as_strict_as_github(pool: PgPool) {
    let (github, site) = Github::and_site(pool).await;
    let provider: Arc<dyn IdentityProvider> = {
        let mut settings = jobserver::config::Settings::for_tests("postgres://localhost/unused").unwrap();
        settings.github.login = github.login();
        identity_provider(&settings)
    };
    let code_of = |url: &str| {
        let url = url::Url::parse(url).unwrap();
        let asked = Asked::read(url.query().unwrap()).unwrap();
        let back = github.stand_in.decide(&asked, account(7, "mona"), Trouble::Nothing);
        let back = url::Url::parse(&back).unwrap();
        back.query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned()
    };
    let departure = provider.depart("state");
    let code = code_of(&departure.url);
    // PKCE: who did not set off does not find out, and the code is gone.
    let wrong = provider
        .identify(&code, SecretString::from("a".repeat(43)))
        .await
        .unwrap_err();
    assert!(
        matches!(&wrong, IdentityError::CodeRefused(why) if why == "bad_verification_code"),
        "{wrong}"
    );
    let gone = provider.identify(&code, departure.verifier).await.unwrap_err();
    assert!(matches!(gone, IdentityError::CodeRefused(_)), "{gone}");
    // With the right proof, once.
    let departure = provider.depart("state");
    let code = code_of(&departure.url);
    let (first, second) = (departure.verifier.clone(), departure.verifier);
    let identity = provider.identify(&code, first).await.unwrap();
    assert_eq!((identity.uid.as_str(), identity.login.as_str()), ("7", "mona"));
    assert!(provider.identify(&code, second).await.is_err());
    drop(site);
}
