//! Tokens of backends: shown once, and nowhere else.

use sqlx::PgPool;

use super::{events, told, with_stan};
use crate::support::{Answer, Backend, Site, Visitor, must_not_be_logged};

/// The token that an answer shows, and that nothing may ever log.
fn token_in(answer: &Answer) -> String {
    let token = answer.html().text("pre").expect("a token is shown");
    let token = token.trim().to_owned();
    assert_eq!(token.len(), 40, "{token}");
    assert!(token.chars().all(|c| c.is_ascii_hexdigit()), "{token}");
    must_not_be_logged(&token);
    assert_eq!(answer.header("Cache-Control"), Some("private, no-store"));
    token
}

async fn status_with(site: &Site, token: &str) -> u16 {
    let backend = Backend::new(site.client.clone(), token.to_owned());
    backend.get("/api/v2/job-requests/").await.status
}

/// No page shows it, no cookie holds it, no row of the record or of the outbox knows it.
async fn is_nowhere(site: &Site, stan: &Visitor, id: i32, token: &str) {
    for path in [
        "/staff/".to_owned(),
        "/staff/?q=new".to_owned(),
        "/staff/events/".to_owned(),
        "/staff/events/?format=csv".to_owned(),
        "/staff/backends/".to_owned(),
        "/staff/backends/?format=csv".to_owned(),
        format!("/staff/backends/{id}/"),
        format!("/staff/backends/{id}/edit/"),
        format!("/staff/backends/{id}/rotate-token/"),
        format!("/staff/backends/{id}/audit-log/"),
        "/".to_owned(),
        "/status/".to_owned(),
    ] {
        let answer = stan.get(&path).await.expect(200);
        assert!(!answer.body.contains(token), "{path}");
    }
    for (name, value) in stan.cookies().await {
        assert!(!value.contains(token), "the cookie {name}");
    }
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT to_jsonb(e)::text FROM auditable_event e UNION ALL SELECT to_jsonb(b)::text FROM backend b",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    let hex = data_encoding::HEXLOWER.encode(token.as_bytes());
    for row in rows {
        assert!(!row.contains(token) && !row.contains(&hex), "{row}");
    }
}

#[sqlx::test]
async fn the_token_of_a_new_backend_is_shown_once(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let fields = [
        ("name", "New <b>"),
        ("slug", "new-one"),
        ("transport", "poll"),
        ("alert_after", "300"),
        ("is_active", "on"),
    ];
    let answer = stan.post("/staff/backends/add/", &fields).await.expect(200);
    let token = token_in(&answer);
    assert!(!answer.body.contains("New <b>"));
    assert_eq!(status_with(&site, &token).await, 200);
    assert_eq!(
        events(&site, &["backend_created", "backend_updated"]).await,
        [
            told("backend_created", "", "", "", "", "stan"),
            told("backend_updated", "slug", "", "new-one", "", "stan"),
            told("backend_updated", "name", "", "New <b>", "", "stan"),
            told("backend_updated", "is_active", "no", "yes", "", "stan"),
        ]
    );
    let id = site.world.backend_id("new-one").await;
    is_nowhere(&site, &stan, id, &token).await;
}

#[sqlx::test]
async fn another_token_ends_the_present_one_at_once(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (old, id) = (site.world.backend("tpp").await, site.world.backend_id("tpp").await);
    let path = format!("/staff/backends/{id}/rotate-token/");
    // Asking issues none.
    assert!(stan.get(&path).await.expect(200).html().main().contains("shown once"));
    assert_eq!(status_with(&site, &old).await, 200);
    let new = token_in(&stan.post(&path, &[]).await.expect(200));
    assert_ne!(old, new);
    assert_eq!(
        (status_with(&site, &old).await, status_with(&site, &new).await),
        (403, 200)
    );
    is_nowhere(&site, &stan, id, &new).await;
    assert_eq!(
        events(&site, &["backend_token_rotated"]).await,
        [told("backend_token_rotated", "", "", "", "", "stan")]
    );
    let html = stan.post(&path, &[("overlap", "31536000")]).await.expect(200).html();
    assert!(
        html.main().contains("Choose how long the old token is to work."),
        "{}",
        html.main()
    );
    assert_eq!(status_with(&site, &new).await, 200, "nothing was issued");
}

#[sqlx::test]
async fn the_old_token_works_for_as_long_as_was_chosen(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (old, id) = (site.world.backend("tpp").await, site.world.backend_id("tpp").await);
    let (page, path) = (
        format!("/staff/backends/{id}/"),
        format!("/staff/backends/{id}/rotate-token/"),
    );
    let new = token_in(&stan.post(&path, &[("overlap", "86400")]).await.expect(200));
    assert_eq!(
        (status_with(&site, &old).await, status_with(&site, &new).await),
        (200, 200)
    );
    let rotated = &events(&site, &["backend_token_rotated"]).await[0];
    assert_eq!(rotated.1, "old_token_until");
    assert!(rotated.3.ends_with('Z'), "{}", rotated.3);
    let html = stan.get(&page).await.expect(200).html();
    assert!(html.main().contains("The old one works until"), "{}", html.main());
    assert!(
        stan.get(&path)
            .await
            .html()
            .main()
            .contains("An older token still works")
    );
    let end = format!("{page}end-old-token/");
    stan.post(&end, &[]).await.expect(302);
    stan.post(&end, &[]).await.expect(302);
    assert_eq!(
        (status_with(&site, &old).await, status_with(&site, &new).await),
        (403, 200)
    );
    assert_eq!(
        events(&site, &["backend_old_token_ended"]).await,
        [told("backend_old_token_ended", "", "", "", "", "stan")]
    );
    for path in ["/staff/backends/0/rotate-token/", "/staff/backends/0/end-old-token/"] {
        stan.post(path, &[]).await.expect(404);
    }
    stan.get("/staff/backends/0/rotate-token/").await.expect(404);
}

#[sqlx::test]
async fn a_form_that_is_sent_twice_issues_one_token(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (old, id) = (site.world.backend("tpp").await, site.world.backend_id("tpp").await);
    assert_eq!(status_with(&site, &old).await, 200, "it is in use");
    let path = format!("/staff/backends/{id}/rotate-token/");
    let seen = async |visitor: &Visitor| {
        let html = visitor.get(&path).await.expect(200).html();
        html.attribute("main input[name=seen]", "value").expect("a version")
    };
    let first = seen(&stan).await;
    let new = token_in(
        &stan
            .post(&path, &[("overlap", "86400"), ("seen", &first)])
            .await
            .expect(200),
    );
    let again = stan
        .post(&path, &[("overlap", "0"), ("seen", &first)])
        .await
        .expect(200)
        .html();
    assert!(!again.has("pre"), "no token is shown");
    let told = again.text("[data-errors]").expect("a summary");
    assert!(told.contains("stan issued a token just now"), "{told}");
    assert_eq!(
        (status_with(&site, &old).await, status_with(&site, &new).await),
        (200, 200)
    );
    assert_eq!(events(&site, &["backend_token_rotated"]).await.len(), 1);
    // The form that came back knows of it: sent on purpose, it issues another.
    let next = again.attribute("main input[name=seen]", "value").unwrap();
    assert_ne!(first, next);
    let newer = token_in(
        &stan
            .post(&path, &[("overlap", "86400"), ("seen", &next)])
            .await
            .expect(200),
    );
    assert_eq!(
        (status_with(&site, &new).await, status_with(&site, &newer).await),
        (200, 200)
    );
    assert_eq!(status_with(&site, &old).await, 403, "two at most");
}

#[sqlx::test]
async fn a_token_that_nobody_used_gives_way_to_the_one_in_use(pool: PgPool) {
    let (site, stan) = with_stan(pool).await;
    let (old, id) = (site.world.backend("tpp").await, site.world.backend_id("tpp").await);
    assert_eq!(status_with(&site, &old).await, 200, "it is in use");
    let path = format!("/staff/backends/{id}/rotate-token/");
    let lost = token_in(&stan.post(&path, &[("overlap", "86400")]).await.expect(200));
    let html = stan.get(&path).await.expect(200).html();
    assert!(html.main().contains("It is the one in use"), "{}", html.main());
    let answer = stan.post(&path, &[("overlap", "3600")]).await.expect(200);
    assert_eq!(answer.html().count("main button[data-copy]"), 1);
    let new = token_in(&answer);
    assert_eq!(
        (
            status_with(&site, &old).await,
            status_with(&site, &lost).await,
            status_with(&site, &new).await
        ),
        (200, 403, 200)
    );
    // Where none is to go on, none does.
    let last = token_in(&stan.post(&path, &[("overlap", "0")]).await.expect(200));
    assert_eq!(
        (
            status_with(&site, &old).await,
            status_with(&site, &new).await,
            status_with(&site, &last).await
        ),
        (403, 403, 200)
    );
    let rotated = events(&site, &["backend_token_rotated"]).await;
    assert!(!rotated[0].3.contains('.'), "to the second: {}", rotated[0].3);
}
