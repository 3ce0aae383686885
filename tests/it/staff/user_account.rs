//! Somebody's account, as staff open and shut it: sign-in, sessions, tokens, invitations.

use jobserver::core::access::Operator;
use jobserver::core::people::tokens;
use secrecy::ExposeSecret;
use sqlx::PgPool;

use super::{events, said, told, with_stan};
use crate::support::must_not_be_logged;

#[sqlx::test]
async fn an_account_is_shut_and_opened(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let there = site.sign_in("ada").await;
    let path = "/staff/users/ada/";
    let html = stan.get(path).await.html();
    assert!(html.main().contains("1 session is ended"), "{}", html.main());
    for _ in 0..2 {
        assert_eq!(
            stan.post("/staff/users/ada/deactivate/", &[])
                .await
                .expect(302)
                .location(),
            path
        );
    }
    there.get("/settings/").await.expect(302);
    assert!(
        stan.get(path)
            .await
            .html()
            .main()
            .contains("This account is deactivated")
    );
    for _ in 0..2 {
        stan.post("/staff/users/ada/activate/", &[]).await.expect(302);
    }
    assert_eq!(
        events(&site, &["user_deactivated", "user_activated"]).await,
        [
            told("user_deactivated", "is_active", "true", "false", "ada", "stan"),
            told("user_activated", "is_active", "false", "true", "ada", "stan"),
        ]
    );
    stan.post("/staff/users/stan/deactivate/", &[]).await.expect(302);
    let words = said(&stan, "/staff/users/stan/").await;
    assert!(words.contains("You cannot deactivate yourself"), "{words}");
    for act in ["activate", "deactivate", "invite", "sessions/revoke-all", "roles/clear"] {
        stan.post(&format!("/staff/users/nobody/{act}/"), &[]).await.expect(404);
    }
}

#[sqlx::test]
async fn sessions_are_ended_one_by_one_or_all(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (first, second) = (site.sign_in("ada").await, site.sign_in("ada").await);
    site.world.user("eve").await;
    let forms = stan.get("/staff/users/ada/").await.html().posted_forms();
    let revoke: Vec<&String> = forms
        .iter()
        .map(|(action, _)| action)
        .filter(|action| action.contains("/sessions/") && !action.ends_with("revoke-all/"))
        .collect();
    assert_eq!(revoke.len(), 2, "{forms:?}");
    // Not through somebody else's page.
    stan.post(&revoke[0].replace("/ada/", "/eve/"), &[]).await.expect(404);
    stan.post(revoke[0], &[]).await.expect(302);
    stan.post(revoke[0], &[]).await.expect(404);
    let mut states = [
        first.get("/settings/").await.status,
        second.get("/settings/").await.status,
    ];
    states.sort_unstable();
    assert_eq!(states, [200, 302]);
    stan.post("/staff/users/ada/sessions/revoke-all/", &[])
        .await
        .expect(302);
    first.get("/settings/").await.expect(302);
    second.get("/settings/").await.expect(302);
    assert_eq!(
        events(&site, &["sessions_ended"]).await,
        [
            told("sessions_ended", "", "1", "", "ada", "stan"),
            told("sessions_ended", "", "1", "", "ada", "stan"),
        ]
    );
}

#[sqlx::test]
async fn personal_tokens_are_listed_and_revoked(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let operator = Operator::at_the_command_line("test");
    let token = tokens::create(&site.db, "ada", &operator).await.unwrap();
    must_not_be_logged(token.token.expose_secret());
    let path = format!("/staff/users/ada/tokens/{}/revoke/", token.id);
    let answer = stan.get("/staff/users/ada/").await;
    assert!(!answer.body.contains(token.token.expose_secret()));
    assert!(answer.html().posted_forms().iter().any(|(action, _)| *action == path));
    stan.post(&path.replace("/ada/", "/stan/"), &[]).await.expect(404);
    stan.post(&path, &[]).await.expect(302);
    stan.post(&path, &[]).await.expect(302);
    let html = stan.get("/staff/users/ada/").await.html();
    assert!(
        html.main().contains("Revoked") && html.text(".alert").unwrap().contains("was revoked before"),
        "{}",
        html.main()
    );
    assert_eq!(events(&site, &["personal_token_revoked"]).await.len(), 1);
    stan.post("/staff/users/ada/tokens/0/revoke/", &[]).await.expect(404);
}

#[sqlx::test]
async fn who_has_no_login_at_github_can_be_invited_from_their_page(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let path = "/staff/users/ada/";
    assert!(
        stan.get(path)
            .await
            .html()
            .has("form[action='/staff/users/ada/invite/'] #id_login")
    );
    let html = stan
        .post("/staff/users/ada/invite/", &[("login", "a b")])
        .await
        .expect(200)
        .html();
    assert!(html.main().contains("is no username"), "{}", html.main());
    assert_eq!(html.attribute("#id_login", "value").as_deref(), Some("a b"));
    assert_eq!(html.attribute("#id_username", "value").as_deref(), Some("ada"));
    stan.post("/staff/users/ada/invite/", &[("login", "lovelace")])
        .await
        .expect(302);
    let html = stan.get(path).await.html();
    assert!(html.main().contains("lovelace") && html.main().contains("once the invited account signs in"));
    assert!(!html.has("#id_login"));
    site.world.github("grace").await;
    assert!(!stan.get("/staff/users/grace/").await.html().has("#id_login"));
    let html = stan
        .post("/staff/users/grace/invite/", &[("login", "hopper")])
        .await
        .expect(200)
        .html();
    assert!(
        html.main().contains("grace signs in with GitHub already."),
        "{}",
        html.main()
    );
    assert_eq!(events(&site, &["user_invited"]).await.len(), 1);
}
