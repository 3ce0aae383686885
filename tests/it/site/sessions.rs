//! Sessions: which cookie is one, for how long, and what ends it.

use jobserver::core::audit::By;
use jobserver::core::db::Db;
use jobserver::core::people::{deactivation, sessions};
use jobserver::core::sealed::token_hash;
use secrecy::SecretString;
use sqlx::PgPool;

use crate::support::{Site, Visitor, count_statements, until_waiting};

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

async fn rights_changed(db: &Db, username: &str) {
    let mut tx = db.begin().await.unwrap();
    let id: i32 = sqlx::query_scalar(r#"SELECT id FROM "user" WHERE username = $1"#)
        .bind(username)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    sessions::rights_changed(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
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
async fn after_a_change_of_rights_the_next_page_gives_a_new_token(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let eve = site.sign_in("eve").await;
    let before = ada.cookie(COOKIE).await.unwrap();
    let copy = copy(&site, &ada).await;
    let open_page = ada.get(PAGE).await.expect(200).html();
    let old_token = open_page.attribute("input[name=csrfmiddlewaretoken]", "value").unwrap();
    rights_changed(&site.db, "ada").await;

    // A form that is sent, and what scripts fetch, go on with the token that they have.
    let fields = [
        ("csrfmiddlewaretoken", old_token.as_str()),
        ("notifications", "1"),
        ("notify", "nothing"),
    ];
    let answer = ada.post_without_token(PAGE, &fields).await.expect(302);
    assert!(told(&answer).is_empty());
    let script = site.anonymous().saying("Sec-Fetch-Mode", "cors");
    script.set_cookie(COOKIE, &before).await;
    assert!(told(&script.get(PAGE).await.expect(200)).is_empty());
    assert!(
        told(&eve.get(PAGE).await.expect(200)).is_empty(),
        "only of whom it is about"
    );

    let answer = ada.get(PAGE).await.expect(200);
    let [cookie] = told(&answer)[..] else {
        panic!("{:?}", told(&answer));
    };
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=1209600"));
    let after = ada.cookie(COOKIE).await.unwrap();
    assert_ne!(after, before);
    // The page's own forms fit its new cookie.
    let token = answer
        .html()
        .attribute("input[name=csrfmiddlewaretoken]", "value")
        .unwrap();
    let fields = [
        ("csrfmiddlewaretoken", token.as_str()),
        ("notifications", "1"),
        ("notify", "failures"),
    ];
    ada.post_without_token(PAGE, &fields).await.expect(302);
    // It is one change: the next page is as usual.
    assert!(told(&ada.get(PAGE).await.expect(200)).is_empty());

    // What was on its way is answered, for a minute; whoever copied the cookie is out then.
    copy.get(PAGE).await.expect(200);
    so(
        &site,
        "UPDATE session SET previous_token_until = now() WHERE previous_token_until IS NOT NULL",
    )
    .await;
    copy.get(PAGE).await.expect(302);
    ada.get(PAGE).await.expect(200);
    assert_eq!(number(&site, "SELECT count(*) FROM session").await, 2);
}

#[sqlx::test]
async fn the_new_token_also_arrives_with_an_error_page(pool: PgPool) {
    let site = Site::start(pool).await;
    for path in ["/no/such/page/at/all/", "/404", "/project/edit/"] {
        let ada = site.sign_in("ada").await;
        let before = ada.cookie(COOKIE).await.unwrap();
        rights_changed(&site.db, "ada").await;
        let answer = ada.get(path).await.expect(404);
        assert_eq!(told(&answer).len(), 1, "{path}");
        let after = ada.cookie(COOKIE).await.unwrap();
        assert_ne!(after, before, "{path}");
        // Its form to sign out fits.
        let token = answer
            .html()
            .attribute("input[name=csrfmiddlewaretoken]", "value")
            .unwrap();
        ada.post_without_token("/logout/", &[("csrfmiddlewaretoken", &token)])
            .await
            .expect(302);
        assert_eq!(ada.cookie(COOKIE).await, None);
    }
}

#[sqlx::test]
async fn of_two_pages_at_once_one_gets_the_new_token_and_both_are_shown(pool: PgPool) {
    let site = Site::start(pool).await;
    let (first, other) = (site.sign_in("ada").await, site.anonymous());
    other.set_cookie(COOKIE, &first.cookie(COOKIE).await.unwrap()).await;
    rights_changed(&site.db, "ada").await;
    let mut held = site.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM session FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let release = async {
        // Both have seen that a new one is due.
        until_waiting(&site.db, 2).await;
        held.commit().await.unwrap();
    };
    let (one, two, ()) = tokio::join!(first.get(PAGE), other.get(PAGE), release);
    let (one, two) = (one.expect(200), two.expect(200));
    assert_eq!(told(&one).len() + told(&two).len(), 1);
    let renewed = if told(&one).is_empty() { &other } else { &first };
    so(&site, "UPDATE session SET previous_token_until = now()").await;
    renewed.get(PAGE).await.expect(200);
}

#[sqlx::test]
async fn deactivation_ends_sessions_at_once_and_activation_brings_none_back(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let ada = site.sign_in("ada").await;
    let link = jobserver::core::people::actions::create_login_link(&site.db, "ada", &By::operator("test"))
        .await
        .unwrap();
    ada.get(PAGE).await.expect(200);
    let by = By::operator("root");
    assert_eq!(deactivation::deactivate(&site.db, "ada", &by).await.unwrap(), Some(1));
    assert_eq!(ada.get(PAGE).await.expect(302).location(), "/login/?next=/settings/");
    assert_eq!(deactivation::deactivate(&site.db, "ada", &by).await.unwrap(), None);
    assert!(deactivation::activate(&site.db, "ada", &by).await.unwrap());
    assert!(!deactivation::activate(&site.db, "ada", &by).await.unwrap());
    ada.get(PAGE).await.expect(302);
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    let page = site.anonymous().get(&path).await.expect(200).html();
    assert!(page.main().contains("does not work"), "{}", page.main());
    assert!(deactivation::deactivate(&site.db, "nobody\0", &by).await.is_err());
    let events: Vec<String> =
        sqlx::query_scalar("SELECT type FROM auditable_event WHERE created_by = 'root' ORDER BY id")
            .fetch_all(site.db.pool())
            .await
            .unwrap();
    assert_eq!(events, ["user_deactivated", "sessions_ended", "user_activated"]);
}

#[sqlx::test]
async fn a_user_whose_row_says_inactive_is_nobody_whatever_sessions_there_are(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    so(&site, r#"UPDATE "user" SET is_active = false"#).await;
    ada.get(PAGE).await.expect(302);
}

#[sqlx::test]
async fn who_signs_in_while_being_deactivated_is_not_let_in(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let mut held = site.db.begin().await.unwrap();
    sqlx::query(r#"UPDATE "user" SET is_active = false WHERE username = 'ada'"#)
        .execute(&mut *held)
        .await
        .unwrap();
    let db = site.db.clone();
    let id = site_user(&site).await;
    let signing_in = tokio::spawn(async move {
        let mut tx = db.begin().await.unwrap();
        let started = sessions::start(&mut tx, id, sessions::Method::Link, sessions::Place::default()).await;
        tx.commit().await.unwrap();
        started
    });
    until_waiting(&site.db, 1).await;
    held.commit().await.unwrap();
    assert!(signing_in.await.unwrap().is_err());
    assert_eq!(number(&site, "SELECT count(*) FROM session").await, 0);
}

async fn site_user(site: &Site) -> i32 {
    sqlx::query_scalar(r#"SELECT id FROM "user" WHERE username = 'ada'"#)
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn the_last_administrator_stays_also_when_the_last_two_are_removed_at_once(pool: PgPool) {
    let site = Site::start(pool).await;
    for name in ["stan", "olga"] {
        site.world.global_roles(name, &["StaffAreaAdministrator"]).await;
    }
    // Of the last two, each sees the other: the lock makes them take turns.
    let mut held = site.db.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('administrators'))")
        .execute(&mut *held)
        .await
        .unwrap();
    let removals: Vec<_> = ["stan", "olga"]
        .map(|name| {
            let db = site.db.clone();
            tokio::spawn(async move { deactivation::deactivate(&db, name, &By::operator("root")).await })
        })
        .into();
    until_waiting(&site.db, 2).await;
    held.commit().await.unwrap();
    let mut ended = Vec::new();
    for removal in removals {
        ended.push(removal.await.unwrap().is_ok());
    }
    ended.sort_unstable();
    assert_eq!(ended, [false, true]);
    let left = number(
        &site,
        r#"SELECT count(*) FROM "user" WHERE is_active AND roles <> '{}'"#,
    )
    .await;
    assert_eq!(left, 1);
}

#[sqlx::test]
async fn signing_out_goes_where_it_is_asked_to_within_the_site(pool: PgPool) {
    let site = Site::start(pool).await;
    for (path, fields, leads_to) in [
        ("/logout/", &[][..], "/"),
        ("/logout/?next=/status/", &[], "/status/"),
        ("/logout/", &[("next", "/event-log/")], "/event-log/"),
        ("/logout/?next=//evil.example/", &[], "/"),
        ("/logout/", &[("next", "https://evil.example/")], "/"),
        ("/logout/", &[("next", "/\\evil.example")], "/"),
    ] {
        let ada = site.sign_in("ada").await;
        let copy = copy(&site, &ada).await;
        assert_eq!(ada.post(path, fields).await.expect(302).location(), leads_to);
        assert_eq!(ada.cookie(COOKIE).await, None);
        // It is over for every copy of the cookie.
        copy.get(PAGE).await.expect(302);
    }
    assert_eq!(number(&site, "SELECT count(*) FROM session").await, 0);
    let signed_out = "SELECT count(*) FROM auditable_event WHERE type = 'user_signed_out' AND target_user = 'ada'";
    assert_eq!(number(&site, signed_out).await, 6);
    let ada = site.sign_in("ada").await;
    ada.get("/logout/").await.expect(405);
    // Who is not signed in, or not any more, is sent on just the same.
    let token = ada
        .get(PAGE)
        .await
        .html()
        .attribute("input[name=csrfmiddlewaretoken]", "value")
        .unwrap();
    so(&site, "DELETE FROM session").await;
    let fields = [("csrfmiddlewaretoken", token.as_str())];
    assert_eq!(
        ada.post_without_token("/logout/", &fields).await.expect(302).location(),
        "/"
    );
    assert_eq!(ada.cookie(COOKIE).await, None);
    site.anonymous().post_without_token("/logout/", &[]).await.expect(403);
}

#[sqlx::test]
async fn a_refused_sign_in_is_recorded_when_it_is_known_whose_it_was(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let link = jobserver::core::people::actions::create_login_link(&site.db, "ada", &By::operator("test"))
        .await
        .unwrap();
    let path = format!("/login-link/{}/", secrecy::ExposeSecret::expose_secret(&link));
    let (first, second) = (site.anonymous(), site.anonymous());
    second.get(&path).await.expect(200);
    let token = second
        .get(&path)
        .await
        .html()
        .attribute("main input[name=csrfmiddlewaretoken]", "value")
        .unwrap();
    first.post(&path, &[]).await.expect(302);
    let fields = [("csrfmiddlewaretoken", token.as_str())];
    second.post_without_token(&path, &fields).await.expect(302);
    assert_eq!(second.cookie(COOKIE).await, None);
    let refused: Vec<(String, String, Option<i32>)> =
        sqlx::query_as("SELECT target_user, new, created_by_id FROM auditable_event WHERE type = 'sign_in_refused'")
            .fetch_all(site.db.pool())
            .await
            .unwrap();
    assert_eq!(refused, [("ada".to_owned(), "link".to_owned(), None)]);
    // A link that nobody made is nobody's.
    second
        .post_without_token("/login-link/none/", &fields)
        .await
        .expect(302);
    assert_eq!(
        number(
            &site,
            "SELECT count(*) FROM auditable_event WHERE type = 'sign_in_refused'"
        )
        .await,
        1
    );
}

#[sqlx::test]
async fn what_somebody_could_come_back_with_ends_with_the_sessions(pool: PgPool) {
    for username in [Some("ada"), None] {
        let site = Site::start(pool.clone()).await;
        site.world.user("ada").await;
        for sql in [
            r#"UPDATE "user" SET login_token = 'x', login_token_expires_at = now() + interval '1 hour',
                      login_token_failures = 1 WHERE username = 'ada'"#,
            "INSERT INTO email_login (email, browser_hash, next, expires_at)
             SELECT upper(email), decode(repeat('00', 32), 'hex'), '/', now() + interval '1 hour'
               FROM \"user\" WHERE username = 'ada'",
            "INSERT INTO email_change (user_id, email, expires_at)
             SELECT id, 'eve@example.com', now() + interval '1 hour' FROM \"user\" WHERE username = 'ada'",
        ] {
            assert_eq!(
                sqlx::query(sql).execute(&pool).await.unwrap().rows_affected(),
                1,
                "{sql}"
            );
        }
        sessions::end_all(&site.db, username, &By::operator("root"))
            .await
            .unwrap();
        for left in [
            r#"SELECT count(*) FROM "user" WHERE login_token IS NOT NULL OR login_token_expires_at IS NOT NULL"#,
            r#"SELECT count(*) FROM "user" WHERE login_token_failures > 0"#,
            "SELECT count(*) FROM email_login",
            "SELECT count(*) FROM email_change",
        ] {
            assert_eq!(number(&site, left).await, 0, "{username:?}: {left}");
        }
    }
}

#[sqlx::test]
async fn all_sessions_or_one_persons_end_when_an_operator_says_so(pool: PgPool) {
    let site = Site::start(pool).await;
    let (ada, eve) = (site.sign_in("ada").await, site.sign_in("eve").await);
    let by = By::operator("root");
    assert_eq!(sessions::end_all(&site.db, Some("ada"), &by).await.unwrap(), 1);
    ada.get(PAGE).await.expect(302);
    eve.get(PAGE).await.expect(200);
    assert!(sessions::end_all(&site.db, Some("nobody"), &by).await.is_err());
    assert_eq!(sessions::end_all(&site.db, None, &by).await.unwrap(), 1);
    eve.get(PAGE).await.expect(302);
    assert_eq!(
        number(
            &site,
            "SELECT count(*) FROM auditable_event WHERE type = 'sessions_ended' AND created_by = 'root'"
        )
        .await,
        2
    );
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
