//! `releases/authenticate` and `releases/authorise` are about the users of the backend that asks.

use jobserver::core::people::attempts::Who;
use jobserver::core::people::login_token::{self, Reading};
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgPool;

use crate::site::login::token_of;
use crate::support::Site;

const AUTHENTICATE: &str = "/api/v2/releases/authenticate";
const AUTHORISE: &str = "/api/v2/releases/authorise";

#[sqlx::test]
async fn a_backend_is_told_of_its_own_users_alone(pool: PgPool) {
    let site = Site::start(pool).await;
    let (tpp, emis) = (site.backend("tpp").await, site.backend("emis").await);
    let token = token_of(&site, "ada").await;
    let refused = r#"{"detail":"User ada does not have access to any backends"}"#;
    for (path, body) in [
        (AUTHENTICATE, json!({"user": "ada", "token": token})),
        (AUTHENTICATE, json!({"user": "ada", "token": "wrong"})),
        (AUTHORISE, json!({"user": "ada"})),
    ] {
        assert_eq!(emis.post(path, &body).await.expect(403).body, refused, "{path}");
    }
    // The right token was not used up, and wrong ones elsewhere cost it no try.
    for _ in 0..5 {
        emis.post(AUTHENTICATE, &json!({"user": "ada", "token": "wrong"}))
            .await
            .expect(403);
    }
    tpp.post(AUTHENTICATE, &json!({"user": "ada", "token": token}))
        .await
        .expect(200);

    site.world.may_use("emis", "ada").await;
    emis.post(AUTHORISE, &json!({"user": "ada"})).await.expect(200);
    let token = token_of(&site, "ada").await;
    emis.post(AUTHENTICATE, &json!({"user": "ada", "token": token}))
        .await
        .expect(200);
}

#[sqlx::test]
async fn a_membership_that_ended_between_the_look_and_the_use_counts(pool: PgPool) {
    let site = Site::start(pool).await;
    let emis = {
        site.backend("emis").await;
        site.world.backend_id("emis").await
    };
    let words = SecretString::from(token_of(&site, "ada").await);
    site.world.may_use("emis", "ada").await;
    let who = Who {
        account: Some("ada"),
        address: None,
    };
    let proven = login_token::prove(&site.db, "ada", &words, Reading::Exact, Some(emis), who)
        .await
        .unwrap()
        .unwrap();
    // They may use another one still.
    sqlx::query("DELETE FROM backend_membership WHERE backend_id = $1")
        .bind(emis)
        .execute(site.db.pool())
        .await
        .unwrap();
    let mut tx = site.db.begin().await.unwrap();
    let used = login_token::use_up(&mut tx, &proven, "EMIS").await.unwrap();
    assert!(used.is_err(), "{used:?}");
}
