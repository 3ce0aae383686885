//! Trying whether errors are reported.

use sqlx::PgPool;

use crate::pages::lists::{assert_accessible, usual};

#[sqlx::test]
async fn an_error_fails_and_a_message_does_not(pool: PgPool) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    let html = stan.get("/staff/sentry/").await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(html.link("Fail").as_deref(), Some("/staff/sentry/error"));
    stan.get("/staff/sentry/error").await.expect(500);
    let answer = stan.get("/staff/sentry/message").await.expect(302);
    assert_eq!(answer.location(), "/staff/sentry/");
    let said = stan
        .get("/staff/sentry/")
        .await
        .expect(200)
        .html()
        .text("body")
        .unwrap();
    assert!(said.contains("Look whether it has arrived"), "{said}");
    site.sign_in("ada").await.get("/staff/sentry/error").await.expect(403);
}

#[sqlx::test]
async fn both_may_be_sent_too_with_a_token(pool: PgPool) {
    let site = usual(pool).await;
    site.world.global_roles("stan", &["StaffAreaAdministrator"]).await;
    let stan = site.sign_in("stan").await;
    for path in ["/staff/sentry/error", "/staff/sentry/message"] {
        stan.post_without_token(path, &[]).await.expect(403);
    }
    stan.post("/staff/sentry/error", &[]).await.expect(500);
    let answer = stan.post("/staff/sentry/message", &[]).await.expect(302);
    assert_eq!(answer.location(), "/staff/sentry/");
    site.sign_in("ada")
        .await
        .post("/staff/sentry/message", &[])
        .await
        .expect(403);
}
