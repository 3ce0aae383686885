//! Where somebody is signed in, in the settings.

use sqlx::PgPool;

use super::lists::{assert_accessible, execute, usual};
use crate::support::{Html, Site, Visitor};

const PAGE: &str = "/settings/";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Signs in with a browser of this name, at this address, as people do.
async fn sign_in_at(site: &Site, username: &str, user_agent: &str, address: &str) -> Visitor {
    site.world.user(username).await;
    let by = jobserver::core::audit::By::operator("test");
    let link = jobserver::core::people::actions::create_login_link(&site.db, username, &by)
        .await
        .unwrap();
    let visitor = site.anonymous().at(address).saying("User-Agent", user_agent);
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    visitor.post(&path, &[]).await.expect(302);
    visitor
}

async fn page(visitor: &Visitor) -> Html {
    let html = visitor.get(PAGE).await.expect(200).html();
    assert_accessible(&html);
    html
}

/// Where the buttons lead that end a session.
async fn buttons(visitor: &Visitor) -> Vec<String> {
    page(visitor).await.attributes("#sessions li form", "action")
}

async fn ended(site: &Site) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT target_user, old FROM auditable_event WHERE type = 'sessions_ended' AND created_by_id IS NOT NULL ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap()
}

#[sqlx::test]
async fn it_says_where_somebody_is_signed_in_with_this_browser_first(pool: PgPool) {
    let site = usual(pool).await;
    sign_in_at(&site, "ada", "curl/8.5.0", "2001:db8::7").await;
    let here = sign_in_at(&site, "ada", FIREFOX, "203.0.113.9").await;
    sign_in_at(&site, "ada", "<b>\u{202e}", "203.0.113.10").await;
    sign_in_at(&site, "eve", FIREFOX, "198.51.100.1").await;
    execute(
        &site,
        "UPDATE session SET created_at = now() - interval '3 days', last_seen_at = now() - interval '2 hours'
                     WHERE user_agent LIKE 'curl%'",
    )
    .await;
    let rows = page(&here).await.texts("#sessions li");
    assert_eq!(rows.len(), 3, "{rows:#?}");
    assert!(rows[0].starts_with("Firefox on Linux This browser"), "{}", rows[0]);
    assert!(
        rows[0].contains("With a link from an operator") && rows[0].contains("from 203.0.113.9"),
        "{}",
        rows[0]
    );
    assert!(!rows[0].contains("Sign out"), "{}", rows[0]);
    assert!(
        rows[1].starts_with("An unknown browser") && rows[1].contains("203.0.113.10"),
        "{}",
        rows[1]
    );
    assert!(
        rows[2].starts_with("curl") && rows[2].contains("2001:db8::7"),
        "{}",
        rows[2]
    );
    assert!(
        rows[2].contains("Signed in 3 days ago") && rows[2].contains("last used 2 hours ago"),
        "{}",
        rows[2]
    );
    // Those that are over are not there.
    execute(
        &site,
        "UPDATE session SET last_seen_at = now() - interval '8 days' WHERE user_agent LIKE 'curl%'",
    )
    .await;
    assert_eq!(page(&here).await.count("#sessions li"), 2);
    execute(
        &site,
        "UPDATE session SET expires_at = now() WHERE address = '203.0.113.10'",
    )
    .await;
    let html = page(&here).await;
    assert_eq!(html.count("#sessions li"), 1);
    assert!(!html.has("form[action='/settings/sessions/revoke-others/']"));
}

#[sqlx::test]
async fn one_of_ones_own_sessions_can_be_ended(pool: PgPool) {
    let site = usual(pool).await;
    let (here, there) = (site.sign_in("ada").await, site.sign_in("ada").await);
    let [button] = &buttons(&here).await[..] else {
        panic!();
    };
    assert_eq!(here.post(button, &[]).await.expect(302).location(), PAGE);
    assert!(page(&here).await.text(".alert-success").unwrap().contains("signed out"));
    there.get(PAGE).await.expect(302);
    // It is gone: nothing else is.
    here.post(button, &[]).await.expect(404);
    assert_eq!(ended(&site).await, [("ada".to_owned(), "1".to_owned())]);
}

#[sqlx::test]
async fn nobody_ends_somebody_elses_session(pool: PgPool) {
    let site = usual(pool).await;
    let (ada, _other, eve) = (
        site.sign_in("ada").await,
        site.sign_in("ada").await,
        site.sign_in("eve").await,
    );
    let [button] = &buttons(&ada).await[..] else {
        panic!();
    };
    eve.post(button, &[]).await.expect(404);
    eve.post("/settings/sessions/revoke-others/", &[]).await.expect(302);
    assert_eq!(buttons(&ada).await.len(), 1);
    for id in ["0", "-1", "x", "99999999999999999999", "%00"] {
        eve.post(&format!("/settings/sessions/{id}/revoke/"), &[])
            .await
            .expect(404);
    }
    // Not by another site's form either, and not by looking.
    ada.post_without_token(button, &[]).await.expect(403);
    ada.get(button).await.expect(405);
    assert_eq!(buttons(&ada).await.len(), 1);
    assert!(ended(&site).await.is_empty());
}

#[sqlx::test]
async fn all_others_can_be_ended_at_once(pool: PgPool) {
    let site = usual(pool).await;
    let here = site.sign_in("ada").await;
    let (first, second, eve) = (
        site.sign_in("ada").await,
        site.sign_in("ada").await,
        site.sign_in("eve").await,
    );
    assert!(page(&here).await.main().contains("Sign out all 2 other browsers"));
    let others = "/settings/sessions/revoke-others/";
    assert_eq!(here.post(others, &[]).await.expect(302).location(), PAGE);
    assert!(
        page(&here)
            .await
            .text(".alert-success")
            .unwrap()
            .contains("2 other browsers are signed out")
    );
    first.get(PAGE).await.expect(302);
    second.get(PAGE).await.expect(302);
    eve.get(PAGE).await.expect(200);
    assert_eq!(ended(&site).await, [("ada".to_owned(), "2".to_owned())]);
    here.post(others, &[]).await.expect(302);
    assert!(
        page(&here)
            .await
            .text(".alert-success")
            .unwrap()
            .contains("signed in nowhere else")
    );
    assert_eq!(ended(&site).await.len(), 1);
}

#[sqlx::test]
async fn ending_this_browsers_session_signs_out(pool: PgPool) {
    let site = usual(pool).await;
    let ada = site.sign_in("ada").await;
    let id: i64 = sqlx::query_scalar("SELECT id FROM session")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let answer = ada
        .post(&format!("/settings/sessions/{id}/revoke/"), &[])
        .await
        .expect(302);
    assert_eq!(answer.location(), "/");
    assert_eq!(ada.cookie("sessionid").await, None);
    ada.get(PAGE).await.expect(302);
}
