//! The token for release-hatch, while a backend's token is rotated and while the key is.

use jobserver::core::releases::level_4::signed;
use sqlx::PgPool;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::serving::server;
use crate::support::{Backend, SECRET_KEY, Site};

const URL: &str = "https://l4.example.org/workspace/ws";

/// The token that the page carries, if it was signed with one of these; which.
async fn signed_with<'a>(site: &Site, tokens: &[&'a str]) -> Option<&'a str> {
    let page = site
        .sign_in("ada")
        .await
        .get("/project/ws/files/tpp/")
        .await
        .expect(200);
    let shown = page.html().attribute("#outputsSPA", "data-auth-token").unwrap();
    let (payload, _) = shown.rsplit_once('.').unwrap();
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    assert_eq!((&payload["url"], &payload["user"]), (&URL.into(), &"ada".into()));
    let expiry = OffsetDateTime::parse(payload["expiry"].as_str().unwrap(), &Rfc3339).unwrap();
    let left = expiry - OffsetDateTime::now_utc();
    assert!((29..=30).contains(&left.whole_minutes()), "{left}");
    tokens
        .iter()
        .copied()
        .find(|token| signed(token, URL, "ada", expiry).unwrap() == shown)
}

async fn site(pool: &PgPool, key: &'static str, old: Option<&'static str>) -> Site {
    Site::start_with(pool.clone(), |settings| {
        settings.secrets.secret_key = key.into();
        settings.secrets.old_secret_key = old.map(Into::into);
    })
    .await
}

#[sqlx::test]
async fn while_two_tokens_live_the_one_that_the_backend_used_last_signs(pool: PgPool) {
    let before = site(&pool, SECRET_KEY, None).await;
    before.world.usual().await;
    let first = before.world.backend("tpp").await;
    before
        .world
        .so("UPDATE backend SET level_4_url = 'https://l4.example.org/' WHERE slug = 'tpp'")
        .await;
    assert_eq!(signed_with(&before, &[&first]).await, Some(&*first));

    let rotate = ["create_backend", "tpp", "--rotate", "--overlap", "3600"];
    let second = server(&pool)
        .with("SECRET_KEY", SECRET_KEY)
        .run(&rotate)
        .await
        .ok()
        .last_line()
        .to_owned();
    let both = [&*first, &*second];
    let uses = |token: &str| Backend::new(before.client.clone(), token.to_owned());
    uses(&first).get("/api/v2/job-requests/").await.expect(200);
    assert_eq!(signed_with(&before, &both).await, Some(&*first));
    uses(&second).get("/api/v2/job-requests/").await.expect(200);
    assert_eq!(signed_with(&before, &both).await, Some(&*second));
    before
        .world
        .so("UPDATE backend SET old_token_expires_at = now() - interval '1 second', token_last_used_at = NULL")
        .await;
    assert_eq!(signed_with(&before, &both).await, Some(&*second));

    // With another key, the one from before still opens it.
    let during = site(
        &pool,
        "the-second-key-for-tests-that-is-long-enough-to-be-one",
        Some(SECRET_KEY),
    )
    .await;
    assert_eq!(signed_with(&during, &both).await, Some(&*second));
}
