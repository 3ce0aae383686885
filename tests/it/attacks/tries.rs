//! Guessing.

use jobserver::core::audit::By;
use jobserver::core::people::actions::create_login_link;
use rocket::http::Method;
use secrecy::ExposeSecret;
use sqlx::PgPool;

use super::Ask;
use crate::support::{Answer, Site, count_statements};

const USERS: &str = "/api/v2/users/ada/";
const MOST: i32 = 300;

async fn show(site: &Site, token: &str, peer: &str) -> Answer {
    let ask = Ask {
        headers: vec![("Authorization", token)],
        peer: Some(peer),
        ..Ask::default()
    };
    ask.send(site, Method::Get, USERS).await
}

async fn tried(site: &Site) -> Option<i32> {
    sqlx::query_scalar("SELECT made FROM attempt WHERE what = 'backend_token'")
        .fetch_optional(site.db.pool())
        .await
        .unwrap()
}

async fn pretend_tried(site: &Site, times: i32) {
    let changed = sqlx::query("UPDATE attempt SET made = $1 WHERE what = 'backend_token'")
        .bind(times)
        .execute(site.db.pool())
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 1);
}

#[sqlx::test]
async fn wrong_tokens_of_backends_are_counted_and_right_ones_are_not(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let token = site.world.backend("tpp").await;
    let (answer, statements) = count_statements(show(&site, &token, "203.0.113.9")).await;
    answer.expect(200);
    let usual = statements;
    assert_eq!(tried(&site).await, None);

    for guess in ["guess-1", "guess-2", "guess-3"] {
        show(&site, guess, "203.0.113.9").await.expect(403);
    }
    assert_eq!(tried(&site).await, Some(3));
    pretend_tried(&site, MOST).await;
    let refused = show(&site, "guess-4", "203.0.113.9").await.expect(429);
    assert_eq!(refused.header("Content-Type"), Some("application/json"));
    let wait: i32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        detail,
        "There were too many attempts with a wrong token. Try again in 1 minute."
    );

    // Whoever has the right one is served, for the same few statements, from the very same address.
    let (answer, statements) = count_statements(show(&site, &token, "203.0.113.9")).await;
    answer.expect(200);
    assert_eq!(statements, usual);
    // And a guess from elsewhere is still told that it is wrong.
    show(&site, "guess-5", "198.51.100.7").await.expect(403);
}

#[sqlx::test]
async fn the_window_ends(pool: PgPool) {
    let site = Site::start(pool).await;
    let ends = async || {
        sqlx::raw_sql("UPDATE attempt SET began_at = began_at - interval '61 seconds'")
            .execute(site.db.pool())
            .await
            .unwrap();
    };
    show(&site, "guess-1", "203.0.113.9").await.expect(403);
    pretend_tried(&site, MOST).await;
    show(&site, "guess-2", "203.0.113.9").await.expect(429);
    ends().await;
    show(&site, "guess-3", "203.0.113.9").await.expect(403);
    assert_eq!(tried(&site).await, Some(1));
}

/// Somebody who changes the end of their IPv6 address, or says that they are somebody else.
#[sqlx::test]
async fn another_address_of_the_same_customer_is_the_same(pool: PgPool) {
    let site = Site::start(pool).await;
    show(&site, "guess-1", "2001:db8:1:2::1").await.expect(403);
    pretend_tried(&site, MOST).await;
    show(&site, "guess-2", "2001:db8:1:2:ffff::2").await.expect(429);
    show(&site, "guess-3", "2001:db8:1:3::1").await.expect(403);
    let ask = Ask {
        headers: vec![
            ("Authorization", "guess-4"),
            ("X-Forwarded-For", "198.51.100.7"),
            ("X-Real-IP", "198.51.100.7"),
        ],
        peer: Some("2001:db8:1:2::1"),
        ..Ask::default()
    };
    ask.send(&site, Method::Get, USERS).await.expect(429);
}

/// Looking at a link that somebody guessed is a try like using it; looking at one that works is none.
#[sqlx::test]
async fn links_are_not_guessed_by_looking(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let link = create_login_link(&site.db, "ada", &By::operator("test")).await.unwrap();
    let right = format!("/login-link/{}/", link.expose_secret());
    let ada = site.sign_in("ada").await;
    let cookie = ada.cookies().await.swap_remove(0);
    let cookie = format!("{}={}", cookie.0, cookie.1);
    let look = async |path: &str| {
        let ask = Ask {
            headers: vec![("Cookie", &cookie)],
            peer: Some("203.0.113.9"),
            ..Ask::default()
        };
        ask.send(&site, Method::Get, path).await
    };
    let made = async || {
        let made: Option<i32> = sqlx::query_scalar("SELECT made FROM attempt WHERE what = 'login_link'")
            .fetch_optional(site.db.pool())
            .await
            .unwrap();
        made
    };
    look(&right).await.expect(200);
    assert_eq!(made().await, None);
    for (count, path) in (1..).zip(["/login-link/guess/", "/settings/confirm-email/1.guess/"]) {
        look(path).await.expect(200);
        assert_eq!(made().await, Some(count), "{path}");
    }
    sqlx::raw_sql("UPDATE attempt SET made = 60")
        .execute(site.db.pool())
        .await
        .unwrap();
    for path in ["/login-link/guess/", "/settings/confirm-email/1.guess/"] {
        let refused = look(path).await.expect(429);
        assert!(refused.header("Retry-After").is_some(), "{path}");
    }
    look(&right).await.expect(200);
}

#[sqlx::test]
async fn a_page_says_how_long_to_wait(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let link = create_login_link(&site.db, "ada", &By::operator("test")).await.unwrap();
    let page = format!("/login-link/{}/", link.expose_secret());
    let trying = async || {
        let visitor = site.anonymous();
        let token = visitor.csrf_token(&page).await;
        let cookie = visitor.cookies().await.swap_remove(0);
        let cookie = format!("{}={}", cookie.0, cookie.1);
        let ask = Ask {
            headers: vec![("Cookie", &cookie), ("Origin", "http://localhost:8000")],
            form: vec![("csrfmiddlewaretoken", &token)],
            peer: Some("203.0.113.9"),
            ..Ask::default()
        };
        ask.send(&site, Method::Post, "/login-link/none/").await
    };
    trying().await.expect(302);
    sqlx::raw_sql("UPDATE attempt SET made = 1000")
        .execute(site.db.pool())
        .await
        .unwrap();
    let page = trying().await.expect(429);
    assert!(page.header("Retry-After").unwrap().parse::<i32>().unwrap() > 60);
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    let main = page.html().main();
    assert!(
        main.contains("too many attempts to use a sign-in link") && main.contains("minutes"),
        "{main}"
    );
}
