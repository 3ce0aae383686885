//! Making a single-use token on the settings page.

use sqlx::PgPool;

use crate::support::{Site, Visitor};

const PAGE: &str = "/settings/";

async fn make(visitor: &Visitor) -> Option<String> {
    let html = visitor.post(PAGE, &[("token", "")]).await.expect(200).html();
    html.text(".words")
}

#[sqlx::test]
async fn it_is_shown_once_and_told_by_mail(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.github("ada").await;
    site.world.may_use("tpp", "ada").await;
    site.world.inside("tpp", &["203.0.113.0/24"]).await;
    let ada = site.sign_in("ada").await;
    assert!(!ada.get(PAGE).await.html().main().contains("You made a token"));
    let words = make(&ada).await.unwrap();
    assert!(words.split(' ').all(|word| (5..=9).contains(&word.len())) && words.split(' ').count() == 3);
    let page = ada.get(PAGE).await.expect(200);
    assert!(!page.body.contains(&words));
    assert!(page.html().main().contains("You have a token that works until"));
    let hour = r#"SELECT round(extract(epoch FROM login_token_expires_at - now()) / 60)::int8 FROM "user" WHERE username = 'ada'"#;
    assert_eq!(site.world.number(hour).await, 60);

    // Nothing that is stored says it, not even in part.
    let stored: Vec<String> = sqlx::query_scalar(
        r#"SELECT u::text FROM "user" u UNION ALL SELECT m::text FROM message m UNION ALL SELECT e::text FROM auditable_event e"#,
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    for row in &stored {
        assert!(words.split(' ').all(|word| !row.contains(word)), "{row}");
    }
    assert!(stored.iter().any(|row| row.contains("argon2$argon2id$v=19$")));
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM auditable_event WHERE type = 'login_token_made'")
            .await,
        1
    );

    // A new one ends the one before.
    let newer = make(&ada).await.unwrap();
    for (token, status) in [(&words, 200), (&newer, 302)] {
        let inside = site.anonymous().at("203.0.113.9");
        let csrf = inside.csrf_token("/login/").await;
        let fields = [
            ("user", "ada"),
            ("token", token.as_str()),
            ("csrfmiddlewaretoken", &csrf),
        ];
        inside
            .post_without_token("/login-with-token/", &fields)
            .await
            .expect(status);
    }
    site.drain().await;
    assert_eq!(site.post().mail.take().len(), 3);
}

#[sqlx::test]
async fn only_who_signs_in_with_github_and_may_use_a_backend_makes_one(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.github("no-backend").await;
    site.world.may_use("tpp", "no-github").await;
    for (username, why) in [
        ("no-backend", "nowhere to sign in with one"),
        ("no-github", "for people who sign in with GitHub."),
        ("nobody", "GitHub and may use a backend."),
    ] {
        let visitor = site.sign_in(username).await;
        let page = visitor.get(PAGE).await.expect(200).html();
        assert!(page.main().contains(why), "{}", page.main());
        assert!(!page.has("button[name=token]"));
        let answer = visitor.post(PAGE, &[("token", "")]).await.expect(200).html();
        assert!(
            answer
                .text(".notices .alert-danger")
                .unwrap()
                .contains("No token was made")
        );
        assert!(!answer.has(".words"));
    }
    assert_eq!(
        site.world
            .number(r#"SELECT count(*) FROM "user" WHERE login_token IS NOT NULL"#)
            .await,
        0
    );
    assert_eq!(site.world.number("SELECT count(*) FROM message").await, 0);
}

#[sqlx::test]
async fn making_too_many_is_refused(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.github("ada").await;
    site.world.may_use("tpp", "ada").await;
    let ada = site.sign_in("ada").await;
    for _ in 0..10 {
        assert!(make(&ada).await.is_some());
    }
    let answer = ada.post(PAGE, &[("token", "")]).await.expect(429);
    assert!(answer.header("Retry-After").is_some());
}
