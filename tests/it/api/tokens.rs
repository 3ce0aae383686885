//! Tokens of backends, and their rotation.

use jobserver::config::Settings;
use jobserver::core::audit::By;
use jobserver::core::jobs::backends::{BackendInput, create_backend};
use jobserver::core::sealed::Sealer;
use rocket::http::Method;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use time::Duration;

use crate::support::{Backend, Site, count_statements};

const USER: &str = "/api/v2/users/ada/";

async fn rotate(site: &Site, overlap: Duration) -> String {
    let settings = Settings::for_tests("postgres://localhost/unused").unwrap_or_else(|error| panic!("{error}"));
    let sealer = Sealer::new(&settings.secrets.secret_key, None).unwrap();
    let input = BackendInput {
        slug: "tpp".to_owned(),
        rotate: Some(overlap),
        ..BackendInput::default()
    };
    let token = create_backend(&site.db, &sealer, &input, &By::operator("test"))
        .await
        .unwrap();
    token.expose_secret().to_owned()
}

async fn status(backend: &Backend, token: &str) -> u16 {
    backend
        .send(Method::Get, USER, &[("Authorization", token)], b"")
        .await
        .status
}

#[sqlx::test]
async fn every_wrong_token_has_its_answer(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let tpp = site.backend("tpp").await;
    let refusal = async |headers: &[(&str, &str)]| {
        let (answer, statements) = count_statements(tpp.send(Method::Get, USER, headers, b"")).await;
        let answer = answer.expect(403);
        assert_eq!(answer.header("WWW-Authenticate"), None);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        (answer.json()["detail"].as_str().unwrap().to_owned(), statements)
    };
    assert_eq!(refusal(&[]).await, ("Authorization header is missing".to_owned(), 0));
    assert_eq!(
        refusal(&[("Authorization", "")]).await,
        ("Authorization header is empty".to_owned(), 0)
    );
    let long = "x".repeat(100_000);
    let bearer = format!("Token {}", tpp.token);
    let shorter = &tpp.token[1..];
    for wrong in ["wrong", &long, &bearer, shorter, "ada:token"] {
        assert_eq!(
            refusal(&[("Authorization", wrong)]).await,
            ("Invalid token".to_owned(), 2)
        );
    }
    assert_eq!(status(&tpp, &tpp.token).await, 200);
    // One that is not active may still report.
    sqlx::raw_sql("UPDATE backend SET is_active = false")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert_eq!(status(&tpp, &tpp.token).await, 200);
}

#[sqlx::test]
async fn a_rotated_token_dies_at_once(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let tpp = site.backend("tpp").await;
    let new = rotate(&site, Duration::ZERO).await;
    assert_ne!(new, tpp.token);
    assert_eq!(status(&tpp, &tpp.token).await, 403);
    assert_eq!(status(&tpp, &new).await, 200);
}

#[sqlx::test]
async fn an_overlap_lets_the_old_token_live_until_it_ends(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.user("ada").await;
    let tpp = site.backend("tpp").await;
    let second = rotate(&site, Duration::hours(1)).await;
    // Which of the two a backend uses is known.
    let used = async || -> (bool, bool) {
        sqlx::query_as("SELECT old_token_last_used_at IS NOT NULL, token_last_used_at IS NOT NULL FROM backend")
            .fetch_one(site.db.pool())
            .await
            .unwrap()
    };
    let list = "/api/v2/job-requests/";
    assert_eq!(status(&tpp, &tpp.token).await, 200);
    assert_eq!(used().await, (true, false));
    tpp.send(Method::Get, list, &[("Authorization", &second)], b"")
        .await
        .expect(200);
    assert_eq!(used().await, (true, true));
    // Any endpoint tells, and at once when the other one was used last: that is the one to sign with.
    let old_is_newer = async || -> bool {
        sqlx::query_scalar("SELECT old_token_last_used_at > token_last_used_at FROM backend")
            .fetch_one(site.db.pool())
            .await
            .unwrap()
    };
    for (token, is_old) in [
        (&tpp.token, true),
        (&second, false),
        (&second, false),
        (&tpp.token, true),
    ] {
        let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
        tpp.send(Method::Post, "/api/v2/release-notifications/", &headers, b"{}")
            .await
            .expect(400);
        assert_eq!(old_is_newer().await, is_old);
    }

    sqlx::raw_sql("UPDATE backend SET old_token_expires_at = now() - interval '1 second'")
        .execute(site.db.pool())
        .await
        .unwrap();
    assert_eq!(status(&tpp, &tpp.token).await, 403);
    assert_eq!(status(&tpp, &second).await, 200);
    // Rotating again without an overlap ends both.
    let third = rotate(&site, Duration::ZERO).await;
    assert_eq!(status(&tpp, &second).await, 403);
    assert_eq!(status(&tpp, &third).await, 200);
}
