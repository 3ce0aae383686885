//! Addresses that somebody is sent on to.

use rocket::http::Method;
use sqlx::PgPool;
use url::Url;

use super::{Ask, peopled};
use crate::support::Site;

const FOREIGN: &[&str] = &[
    "https://evil.com/",
    "HTTPS://EVIL.COM",
    "//evil.com",
    "///evil.com",
    "////evil.com/%2e%2e",
    "/\\evil.com",
    "\\\\evil.com",
    "\\/\\/evil.com",
    "/\t/evil.com",
    "/\n/evil.com",
    "\u{0}//evil.com",
    " //evil.com",
    "/.//evil.com",
    "/x/../..//evil.com",
    "/%2e%2e//evil.com",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http:evil.com",
    "evil.com",
    "@evil.com",
    "/\u{85}/evil.com",
    "",
];

/// Paths of ours that look otherwise.
const OWN: &[&str] = &[
    "/%2F%2Fevil.com",
    "/%5C%5Cevil.com",
    "/%09/evil.com",
    "/%0d%0aLocation:%20https://evil.com",
    "/\u{ff0f}\u{ff0f}evil.com",
    "/ü b/?q=ü",
    "/{}|^`\"<>[]",
    "/status/?a=1&b=//evil.com#c",
];

/// Every place that sends somebody to a `next`, as long as they are signed in.
async fn sent_to(site: &Site, place: &str, next: &str) -> String {
    let encoded = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
    let ada = site.sign_in("ada").await;
    let answer = match place {
        "login" => ada.get(&format!("/login/?next={encoded}")).await,
        "edit" => {
            ada.post(&format!("/project/edit/?next={encoded}"), &[("status", "ongoing")])
                .await
        }
        "logout" => ada.post(&format!("/logout/?next={encoded}"), &next_field(next)).await,
        other => panic!("{other}"),
    };
    answer.expect(302).location().to_owned()
}

/// The field that a form would have, unless it is one that no form may have.
fn next_field(next: &str) -> Vec<(&str, &str)> {
    Some(("next", next))
        .filter(|_| !next.contains('\0'))
        .into_iter()
        .collect()
}

fn assert_ours(place: &str, next: &str, location: &str) {
    assert!(
        location.starts_with('/') && !location.starts_with("//"),
        "{place} {next:?}: {location:?}"
    );
    assert!(
        location.is_ascii() && !location.contains(['\\', '\r', '\n', '\t']),
        "{place} {next:?}: {location:?}"
    );
    for base in ["https://jobs.test/login/", "http://localhost:8000/project/edit/?next=x"] {
        let base = Url::parse(base).unwrap();
        let there = base.join(location).unwrap();
        assert_eq!(there.origin(), base.origin(), "{place} {next:?}: {location:?}");
        assert!(!there.path().starts_with("//"), "{place} {next:?}: {location:?}");
    }
}

#[sqlx::test]
async fn nobody_is_sent_to_another_site(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    let long = format!("/{}", "a".repeat(5_000));
    for (place, default) in [("login", "/"), ("edit", "/project/"), ("logout", "/")] {
        for next in FOREIGN.iter().copied().chain([long.as_str()]) {
            let location = sent_to(&site, place, next).await;
            assert_eq!(location, default, "{place} {next:?}");
        }
        for next in OWN {
            assert_ours(place, next, &sent_to(&site, place, next).await);
        }
    }
}

/// What is kept of where to go while somebody is on the way through GitHub, or waits for a mail.
async fn kept(site: &Site, table: &'static str) -> String {
    let statement = format!("SELECT next FROM {table} ORDER BY id DESC LIMIT 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn no_login_keeps_the_address_of_another_site(pool: PgPool) {
    let site = Site::start(pool).await;
    for (number, next) in FOREIGN.iter().chain(OWN).enumerate() {
        let is_own = OWN.contains(next);
        let visitor = site.anonymous();
        let email = format!("reader{number}@example.org");
        let mut fields = next_field(next);
        visitor.post("/login/github/", &fields).await.expect(302);
        fields.push(("email", &email));
        visitor.post("/login/", &fields).await.expect(200);
        for table in ["github_login", "email_login"] {
            let kept = kept(&site, table).await;
            assert_ours(table, next, &kept);
            assert!(is_own || kept == "/", "{table} {next:?}: {kept}");
        }
    }
}

/// A page that is only for people signed in, at an address that browsers could read as another site's.
#[sqlx::test]
async fn the_way_back_from_the_login_page_is_ours(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    for path in [
        "//settings/",
        "///settings",
        "/settings//",
        "//settings/?next=//evil.com",
        "/%2Fsettings/",
    ] {
        let answer = Ask::default().send(&site, Method::Get, path).await;
        if answer.status != 302 {
            assert_eq!(answer.status, 404, "{path}");
            continue;
        }
        let location = answer.location().to_owned();
        assert_ours("login", path, &location);
        // And where the login page leads from there.
        let ada = site.sign_in("ada").await;
        let onward = ada.get(&location).await.expect(302).location().to_owned();
        assert_ours("onward", path, &onward);
    }
}

/// What a form's address answers to a GET may be nothing: people are sent back to the form.
#[sqlx::test]
async fn whoever_was_signed_out_meanwhile_comes_back_to_the_form(pool: PgPool) {
    let site = Site::start(pool).await;
    peopled(&site).await;
    for (path, referer, next) in [
        (
            "/project/ws/1/cancel/",
            "http://localhost:8000/project/ws/1/?a=1",
            "/project/ws/1/%3Fa%3D1",
        ),
        (
            "/project/ws/archive-toggle/",
            "http://localhost:8000/project/ws/",
            "/project/ws/",
        ),
        (
            "/project/edit/",
            "http://localhost:8000/project/edit/",
            "/project/edit/",
        ),
        // Not ours, and nothing at all.
        ("/project/ws/1/cancel/", "", "/"),
        ("/project/ws/1/cancel/", "http://localhost:8000//evil.com", "/"),
        // A page that was itself the answer to a form.
        (
            "/project/ws/1/cancel/",
            "http://localhost:8000/project/ws/archive-toggle/",
            "/",
        ),
        ("/project/ws/1/cancel/", "http://localhost:8000/logout/", "/"),
    ] {
        let mut headers = vec![("Origin", "http://localhost:8000")];
        if !referer.is_empty() {
            headers.push(("Referer", referer));
        }
        let ask = Ask {
            headers,
            ..Ask::default()
        };
        let answer = ask.send(&site, Method::Post, path).await.expect(302);
        assert_eq!(answer.location(), format!("/login/?next={next}"), "{path} {referer}");
        let page = site
            .anonymous()
            .get(&next.replace("%3F", "?").replace("%3D", "="))
            .await;
        assert!([200, 302].contains(&page.status), "{next}: {}", page.status);
    }
    // A foreign page that sends the form is refused, and learns nothing.
    let ask = Ask {
        headers: vec![("Referer", "https://evil.com/")],
        ..Ask::default()
    };
    ask.send(&site, Method::Post, "/project/ws/1/cancel/").await.expect(403);
}
