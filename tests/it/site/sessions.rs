//! Sessions: which cookie is one, for how long, and what ends it.

mod endings;
mod rotation;

use jobserver::core::audit::By;
use jobserver::core::people::sessions;
use jobserver::core::sealed::token_hash;
use secrecy::SecretString;
use sqlx::PgPool;

use crate::support::{Site, Visitor, count_statements};

const COOKIE: &str = "sessionid";
/// A page that only those signed in see, and that asks for a form token.
const PAGE: &str = "/settings/";

async fn so(site: &Site, sql: &'static str) {
    sqlx::raw_sql(sql).execute(site.db.pool()).await.unwrap();
}

async fn number(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(site.db.pool()).await.unwrap()
}

async fn kinds(site: &Site) -> Vec<String> {
    sqlx::query_scalar("SELECT type FROM auditable_event WHERE created_by <> 'test' ORDER BY id")
        .fetch_all(site.db.pool())
        .await
        .unwrap()
}

/// What the answer has the browser do with its session's cookie.
fn told(answer: &crate::support::Answer) -> Vec<&str> {
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    cookies
        .map(|(_, value)| value.as_str())
        .filter(|value| value.starts_with("sessionid="))
        .collect()
}

/// A second browser with the same cookies, as whoever copied them has it.
async fn copy(site: &Site, visitor: &Visitor) -> Visitor {
    let copy = site.anonymous();
    copy.set_cookie(COOKIE, &visitor.cookie(COOKIE).await.unwrap()).await;
    copy
}

#[sqlx::test]
async fn a_cookie_of_somebodys_choice_never_becomes_a_session(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let chosen = "A".repeat(43);
    let victim = site.anonymous();
    victim.set_cookie(COOKIE, &chosen).await;
    let link = jobserver::core::people::actions::create_login_link(&site.db, "ada", &By::operator("test"))
        .await
        .unwrap();
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    // Whoever chose the cookie also keeps the victim's browser from forgetting it.
    let page = victim.get(&path).await.expect(200);
    assert!(told(&page)[0].contains("Max-Age=0"), "{:?}", told(&page));
    let token = page
        .html()
        .attribute("main input[name=csrfmiddlewaretoken]", "value")
        .unwrap();
    victim.set_cookie(COOKIE, &chosen).await;
    let answer = victim
        .post_without_token(&path, &[("csrfmiddlewaretoken", &token)])
        .await
        .expect(302);
    let [cookie] = told(&answer)[..] else {
        panic!("{:?}", told(&answer));
    };
    assert!(!cookie.contains(&chosen), "{cookie}");
    victim.get(PAGE).await.expect(200);
    assert_ne!(victim.cookie(COOKIE).await.unwrap(), chosen);
    let attacker = site.anonymous();
    attacker.set_cookie(COOKIE, &chosen).await;
    attacker.get(PAGE).await.expect(302);
}

#[sqlx::test]
async fn signing_in_ends_the_session_that_the_browser_had(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("eve").await;
    let browser = site.sign_in("ada").await;
    let copy = copy(&site, &browser).await;
    let link = jobserver::core::people::actions::create_login_link(&site.db, "eve", &By::operator("test"))
        .await
        .unwrap();
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    browser.post(&path, &[]).await.expect(302);
    assert!(browser.get(PAGE).await.expect(200).body.contains("eve"));
    copy.get(PAGE).await.expect(302);
    assert_eq!(
        kinds(&site).await,
        ["user_signed_in", "user_signed_in", "user_signed_out"]
    );
}

#[sqlx::test]
async fn a_cookie_that_names_no_session_is_deleted_by_whatever_answers(pool: PgPool) {
    let site = Site::start(pool).await;
    for value in ["x", &"A".repeat(43), "%00", &"é".repeat(5000), ""] {
        // A page, a page for those signed in, no page at all, and what no handler answers.
        for path in ["/status/", PAGE, "/no/such/page/at/all/", "/403"] {
            let visitor = site.anonymous();
            visitor.set_cookie(COOKIE, value).await;
            let answer = visitor.get(path).await;
            assert!(answer.status < 500, "{path}");
            let [cookie] = told(&answer)[..] else {
                panic!("{path} {value:?}: {:?}", told(&answer));
            };
            for part in ["sessionid=;", "Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(part), "{path}: {cookie}");
            }
        }
    }
    // Who has none is given none, and no session's cookie is touched.
    assert!(told(&site.anonymous().get("/status/").await).is_empty());
    let ada = site.sign_in("ada").await;
    assert!(told(&ada.get(PAGE).await.expect(200)).is_empty());
}

#[sqlx::test]
async fn the_form_of_a_page_shown_to_a_forgotten_session_can_be_sent(pool: PgPool) {
    let site = Site::start(pool).await;
    let visitor = site.sign_in("ada").await;
    so(&site, "DELETE FROM session").await;
    let link = jobserver::core::people::actions::create_login_link(&site.db, "ada", &By::operator("test"))
        .await
        .unwrap();
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    let page = visitor.get(&path).await.expect(200).html();
    let token = page.attribute("main input[name=csrfmiddlewaretoken]", "value").unwrap();
    visitor
        .post_without_token(&path, &[("csrfmiddlewaretoken", &token)])
        .await
        .expect(302);
    visitor.get(PAGE).await.expect(200);
}

#[sqlx::test]
async fn a_session_ends_fourteen_days_after_sign_in_however_much_it_is_used(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let answer = ada.get(PAGE).await.expect(200);
    // Looking at pages does not make it longer.
    assert!(told(&answer).is_empty());
    let days = number(
        &site,
        "SELECT extract(day FROM expires_at - created_at + interval '1 second')::bigint FROM session",
    );
    assert_eq!(days.await, 14);
    so(&site, "UPDATE session SET expires_at = now() + interval '1 minute'").await;
    ada.get(PAGE).await.expect(200);
    so(&site, "UPDATE session SET expires_at = now()").await;
    assert_eq!(ada.get(PAGE).await.expect(302).location(), "/login/?next=/settings/");
}

#[sqlx::test]
async fn a_session_that_nobody_uses_ends_after_seven_days(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    so(
        &site,
        "UPDATE session SET last_seen_at = now() - interval '7 days' + interval '1 minute'",
    )
    .await;
    ada.get(PAGE).await.expect(200);
    // That was a use: it goes on.
    assert_eq!(
        number(
            &site,
            "SELECT count(*) FROM session WHERE last_seen_at > now() - interval '1 minute'"
        )
        .await,
        1
    );
    so(&site, "UPDATE session SET last_seen_at = now() - interval '7 days'").await;
    ada.get(PAGE).await.expect(302);
}

#[sqlx::test]
async fn use_is_noted_once_in_some_minutes_and_costs_no_statement_otherwise(pool: PgPool) {
    let site = Site::start(pool).await;
    site.old_addresses.refresh(&site.db).await.unwrap();
    let ada = site.sign_in("ada").await;
    let (answer, usual) = count_statements(ada.get("/no/such/page/at/all/")).await;
    answer.expect(404);
    assert_eq!(usual, 1, "the session's user");
    so(&site, "UPDATE session SET last_seen_at = now() - interval '4 minutes'").await;
    let (_, statements) = count_statements(ada.get("/no/such/page/at/all/")).await;
    assert_eq!(statements, 1);
    assert_eq!(
        number(
            &site,
            "SELECT count(*) FROM session WHERE last_seen_at > now() - interval '1 minute'"
        )
        .await,
        0
    );
    so(&site, "UPDATE session SET last_seen_at = now() - interval '6 minutes'").await;
    let (_, statements) = count_statements(ada.get("/no/such/page/at/all/")).await;
    assert_eq!(statements, 2);
    assert_eq!(
        number(
            &site,
            "SELECT count(*) FROM session WHERE last_seen_at > now() - interval '1 minute'"
        )
        .await,
        1
    );
    let (_, statements) = count_statements(ada.get("/no/such/page/at/all/")).await;
    assert_eq!(statements, 1);
}

#[sqlx::test]
async fn only_the_hash_of_a_token_is_kept_and_a_hash_is_no_token(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let token = ada.cookie(COOKIE).await.unwrap();
    let kept: Vec<u8> = sqlx::query_scalar("SELECT token_hash FROM session")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, token_hash(&token));
    for stolen in [
        data_encoding::BASE64URL_NOPAD.encode(&kept),
        data_encoding::HEXLOWER.encode(&kept),
    ] {
        let thief = site.anonymous();
        thief.set_cookie(COOKIE, &stolen).await;
        thief.get(PAGE).await.expect(302);
        let mut conn = site.db.read().await.unwrap();
        assert!(
            sessions::find(&mut conn, &SecretString::from(stolen))
                .await
                .unwrap()
                .is_none()
        );
    }
}
