//! Signing in by a one-time link, and out.

use jobserver::core::audit::By;
use jobserver::core::people::actions::create_login_link;
use secrecy::ExposeSecret;
use sqlx::PgPool;

use crate::support::Site;

#[sqlx::test]
async fn a_link_signs_in_once(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let link = create_login_link(&site.db, "ada", &By::operator("test")).await.unwrap();
    let path = format!("/login-link/{}/", link.expose_secret());

    let visitor = site.anonymous();
    let page = visitor.get(&path).await.expect(200).html();
    assert!(page.main().contains("Ada"), "{}", page.main());
    // Looking does not use it up.
    visitor.get(&path).await.expect(200);
    let answer = visitor.post(&path, &[]).await.expect(302);
    assert_eq!(answer.location(), "/");
    let cookie = answer
        .headers
        .iter()
        .find(|(_, value)| value.starts_with("sessionid="))
        .unwrap();
    assert!(
        cookie.1.contains("HttpOnly") && cookie.1.contains("SameSite=Lax"),
        "{}",
        cookie.1
    );

    let somebody_else = site.anonymous();
    // Whoever comes too late is told so, and has no session.
    let page = somebody_else.get(&path).await.expect(200).html();
    assert!(page.main().contains("does not work"), "{}", page.main());
    assert!(!somebody_else.get("/login/").await.expect(200).body.contains("Sign out"));

    assert_eq!(visitor.post("/logout/", &[]).await.expect(302).location(), "/");
    assert_eq!(visitor.get("/login/").await.status, 200);
}

#[sqlx::test]
async fn a_form_needs_its_token(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let refused = ada.post_without_token("/logout/", &[]).await.expect(403);
    let main = refused.html().main();
    assert!(main.starts_with("CSRF") && main.contains("reload the page"), "{main}");
    // It is about the page, not about a right that somebody could be given.
    assert!(!main.contains("permission") && !main.contains("role"), "{main}");
    ada.post_without_token("/logout/", &[("csrfmiddlewaretoken", "forged")])
        .await
        .expect(403);
    // Still signed in: the login page sends on.
    assert_eq!(
        ada.get("/login/?next=/status/").await.expect(302).location(),
        "/status/"
    );
}
