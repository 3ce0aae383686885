//! What each client does, from its first call to its last.

use rocket::http::Method;
use serde_json::json;
use sqlx::PgPool;

use super::{announce, body, detail, file, site, upload};
use crate::support::{Backend, Site};

const REQUEST: &str = "01JDB8Q5ZCY5V0Q7M1M9N0A1B2";

async fn event(backend: &Backend, event_type: &str, user: &str, updates: serde_json::Value) {
    let body = json!({
        "event_type": event_type, "workspace": "ws", "request": REQUEST, "request_author": "ada", "user": user,
        "updates": updates, "org": "test-org", "repo": "checks"
    });
    let answer = backend.post("/api/v2/airlock/events/", &body).await.expect(201);
    assert_eq!(answer.json(), json!({"status": "ok"}));
}

async fn mailed(site: &Site) -> Vec<String> {
    site.drain().await;
    site.post().mail.take().into_iter().map(|mail| mail.text).collect()
}

fn files() -> [serde_json::Value; 2] {
    [file("output/a.txt", b"one"), file("output/b.txt", b"two")]
}

#[sqlx::test]
async fn the_first_airlock_approves_before_it_releases(pool: PgPool) {
    let site = site(pool).await;
    site.world
        .so("UPDATE \"user\" SET email = 'ada@example.org' WHERE username = 'ada'")
        .await;
    let tpp = site.backend("tpp").await;
    event(&tpp, "request_submitted", "ada", json!(null)).await;
    event(&tpp, "request_approved", "olga", json!(null)).await;
    // There is no release to link yet.
    assert_eq!(mailed(&site).await, Vec::<String>::new());
    let made = announce(&tpp, "olga", "ws", &body(Some(REQUEST), &files()))
        .await
        .expect(201);
    assert_eq!(made.header("Release-Id"), Some(REQUEST));
    upload(&tpp, REQUEST, "output/a.txt", b"one").await.expect(201);
    // The connection was lost; released again from the beginning.
    announce(&tpp, "olga", "ws", &body(Some(REQUEST), &files()))
        .await
        .expect(201);
    let again = detail(upload(&tpp, REQUEST, "output/a.txt", b"one").await, 400);
    assert_eq!(
        again,
        "This version of 'output/a.txt' has already been uploaded from backend 'tpp'"
    );
    upload(&tpp, REQUEST, "output/b.txt", b"two").await.expect(201);
    event(&tpp, "request_released", "olga", json!(null)).await;
    let mails = mailed(&site).await;
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains(&format!("/project/ws/releases/{REQUEST}/")),
        "{}",
        mails[0]
    );
}

#[sqlx::test]
async fn the_newest_airlock_approves_with_a_release_and_uploads_in_the_background(pool: PgPool) {
    let site = site(pool).await;
    site.world
        .so("UPDATE \"user\" SET email = 'ada@example.org' WHERE username = 'ada'")
        .await;
    let tpp = site.backend("tpp").await;
    event(&tpp, "request_submitted", "ada", json!(null)).await;
    announce(&tpp, "olga", "ws", &body(Some(REQUEST), &files()))
        .await
        .expect(201);
    event(
        &tpp,
        "request_approved",
        "olga",
        json!([{"update": "2 files will be uploaded"}]),
    )
    .await;
    let mails = mailed(&site).await;
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains(&format!("/project/ws/releases/{REQUEST}/")),
        "{}",
        mails[0]
    );
    assert!(mails[0].contains("2 files will be uploaded"), "{}", mails[0]);
    for (name, content) in [("output/a.txt", b"one"), ("output/b.txt", b"two")] {
        upload(&tpp, REQUEST, name, content).await.expect(201);
        let again = upload(&tpp, REQUEST, name, content).await.expect(400).json();
        let text = again["detail"].as_str().unwrap();
        assert!(
            text.contains(&format!("This version of '{name}' has already been uploaded")),
            "{text}"
        );
    }
    event(&tpp, "request_released", "olga", json!(null)).await;
    let mails = mailed(&site).await;
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains(&format!("/project/ws/releases/{REQUEST}/")),
        "{}",
        mails[0]
    );
}

#[sqlx::test]
async fn release_hatch_creates_uploads_and_reviews(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let mut announced = file("output/a.txt", b"one");
    announced["url"] = json!("https://hatch.example.org:8001/workspace/ws/current/output/a.txt");
    let made = announce(&tpp, "olga", "ws", &body(None, std::slice::from_ref(&announced)))
        .await
        .expect(201);
    let id = made.header("Release-Id").unwrap().to_owned();
    // What hatch hands on to its own callers must have neither of these.
    for header in ["Content-Encoding", "Transfer-Encoding"] {
        assert_eq!(made.header(header), None);
    }
    upload(&tpp, &id, "output/a.txt", b"one").await.expect(201);
    announced["review"] = json!({"status": "APPROVED", "comments": {}});
    let mut review = body(None, &[announced]);
    review["review"] = json!({"status": "APPROVED", "comments": {}});
    let headers = [
        ("Authorization", tpp.token.as_str()),
        ("OS-User", "olga"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    let path = format!("/api/v2/releases/release/{id}/reviews");
    let answer = tpp
        .send(Method::Post, &path, &headers, review.to_string().as_bytes())
        .await;
    answer.expect(200);
}

#[sqlx::test]
async fn osrelease_asks_how_outputs_are_released_and_is_told_of_repeats(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let flow = site.anonymous().get("/api/v2/workspaces/ws/status").await.expect(200);
    assert_eq!(flow.body, r#"{"uses_new_release_flow":true}"#);
    let announced = body(None, &files());
    let first = announce(&tpp, "olga", "ws", &announced).await.expect(201);
    let id = first.header("Release-Id").unwrap().to_owned();
    upload(&tpp, &id, "output/a.txt", b"one").await.expect(201);
    assert!(detail(announce(&tpp, "olga", "ws", &announced).await, 400).contains("already been uploaded"));
    assert!(detail(upload(&tpp, &id, "output/a.txt", b"one").await, 400).contains("already been uploaded"));
}

#[sqlx::test]
async fn every_address_answers_with_and_without_a_slash(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "olga", &[("a.txt", b"one")]).await;
    let snapshot = site.snapshot("ws", "ada", &released.files, true).await;
    let ada = site.sign_in("ada").await;
    for path in [
        "/api/v2/releases/workspace/ws".to_owned(),
        format!("/api/v2/releases/release/{}", released.id),
        format!("/api/v2/releases/file/{}", released.files[0]),
        format!("/api/v2/workspaces/ws/snapshots/{snapshot}"),
    ] {
        ada.get(&path).await.expect(200);
        ada.get(&format!("{path}/")).await.expect(200);
        let other = site.anonymous().bare(Method::Put, &path).await;
        assert_eq!(detail(other, 405), "Method \"PUT\" not allowed.");
    }
}
