//! Cookies that somebody made up, found or kept.

use rocket::http::Method;
use sqlx::PgPool;

use super::Ask;
use crate::support::Site;

async fn is_signed_in(site: &Site, cookie: &str) -> bool {
    let ask = Ask {
        headers: vec![("Cookie", cookie)],
        ..Ask::default()
    };
    let answer = ask.send(site, Method::Get, "/settings/").await;
    assert!([200, 302].contains(&answer.status), "{cookie} {}", answer.status);
    answer.status == 200
}

#[sqlx::test]
async fn a_made_up_cookie_is_nobody(pool: PgPool) {
    let site = Site::start(pool).await;
    let session = site.world.session("ada").await;
    assert!(is_signed_in(&site, &format!("sessionid={session}")).await);
    let hash: String = sqlx::query_scalar("SELECT encode(token_hash, 'hex') FROM session")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let long = "a".repeat(50_000);
    for forged in [
        "",
        "1",
        "ada",
        // What is in the database opens nothing.
        &hash,
        &session.to_lowercase(),
        &session[1..],
        &format!("{session}A"),
        &format!("{session}%00"),
        "' OR 1=1 --",
        "../../",
        &long,
    ] {
        assert!(!is_signed_in(&site, &format!("sessionid={forged}")).await, "{forged}");
    }
    // The name of the https site's cookie means nothing here, and the other way round.
    assert!(!is_signed_in(&site, &format!("__Host-sessionid={session}")).await);
}

#[sqlx::test]
async fn on_a_site_with_https_only_its_own_cookie_counts(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.base_url = "https://jobs.test".parse().unwrap()
    })
    .await;
    let session = site.world.session("ada").await;
    assert!(is_signed_in(&site, &format!("__Host-sessionid={session}")).await);
    // A host below ours, or somebody on the way, can set this one.
    assert!(!is_signed_in(&site, &format!("sessionid={session}")).await);
}

#[sqlx::test]
async fn a_stale_cookie_is_nobody(pool: PgPool) {
    let site = Site::start(pool).await;
    let session = site.world.session("ada").await;
    let cookie = format!("sessionid={session}");
    assert!(is_signed_in(&site, &cookie).await);
    sqlx::raw_sql(
        "UPDATE session SET created_at = now() - interval '1 year', expires_at = now() - interval '1 second'",
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    assert!(!is_signed_in(&site, &cookie).await);
    // Nor is one that somebody kept from before they signed out.
    let ada = site.sign_in("ada").await;
    let kept = format!("sessionid={}", ada.cookies().await[0].1);
    ada.post("/logout/", &[]).await.expect(302);
    assert!(!is_signed_in(&site, &kept).await);
}

/// Whoever plants a cookie in somebody's browser does not know what they are signed in by afterwards.
#[sqlx::test]
async fn no_session_is_fixed_before_signing_in(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let planted = site.world.session("mallory").await;
    let link = jobserver::core::people::actions::create_login_link(
        &site.db,
        "ada",
        &jobserver::core::audit::By::operator("test"),
    )
    .await
    .unwrap();
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    let victim = site.with_session(&planted);
    victim.post(&path, &[]).await.expect(302);
    let now = victim.cookies().await;
    let now = &now.iter().find(|(name, _)| name == "sessionid").unwrap().1;
    assert_ne!(*now, planted);
    // And the planted one is nobody's any more.
    assert!(!is_signed_in(&site, &format!("sessionid={planted}")).await);
    assert!(is_signed_in(&site, &format!("sessionid={now}")).await);
}

#[sqlx::test]
async fn a_page_never_sets_a_cookie_that_scripts_can_read(pool: PgPool) {
    let site = Site::start_with(pool, |settings| {
        settings.web.base_url = "https://jobs.test".parse().unwrap()
    })
    .await;
    site.world.usual().await;
    let ada = site.sign_in("ada").await;
    for answer in [
        site.anonymous().get("/login-link/none/").await,
        site.anonymous().get("/login/").await,
        ada.post("/settings/", &[("notify", "nothing")]).await,
        site.anonymous().get("/login-with-url/none/").await.expect(302),
        ada.post("/logout/", &[]).await,
    ] {
        for (_, cookie) in answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            // One that is taken back holds nothing.
            if cookie.contains("Max-Age=0") {
                continue;
            }
            for must in ["__Host-", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(cookie.contains(must), "{must}: {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}
