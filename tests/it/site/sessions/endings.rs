//! What ends sessions: signing out, deactivation, an operator. And who is not let in.

use jobserver::core::audit::By;
use jobserver::core::people::{deactivation, sessions};
use sqlx::PgPool;

use super::{COOKIE, PAGE, copy, number, so};
use crate::support::{Site, until_waiting};

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
