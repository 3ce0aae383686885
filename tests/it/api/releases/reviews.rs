//! `POST /api/v2/releases/release/<release>/reviews`

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{announce, body, detail, file, site};
use crate::support::{Answer, Backend, Site};

const PATH: &str = "/api/v2/releases/release/01A/reviews";

async fn announced(pool: PgPool) -> (Site, Backend) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let files = [file("a.txt", b"one"), file("b.txt", b"two")];
    announce(&tpp, "olga", "ws", &body(Some("01A"), &files))
        .await
        .expect(201);
    (site, tpp)
}

fn reviewed(name: &str, content: &[u8], status: &str) -> Value {
    let mut file = file(name, content);
    file["review"] = json!({"status": status, "comments": {"why": "because"}});
    file
}

fn review(files: &[Value]) -> Value {
    let mut body = body(None, files);
    body["review"] = json!({"status": "APPROVED", "comments": {}});
    body
}

async fn send(backend: &Backend, user: &str, body: &Value) -> Answer {
    let headers = [
        ("Authorization", backend.token.as_str()),
        ("OS-User", user),
        ("Content-Type", "application/json"),
    ];
    backend
        .send(Method::Post, PATH, &headers, body.to_string().as_bytes())
        .await
}

#[sqlx::test]
async fn a_checker_reviews_by_a_backend_or_a_browser(pool: PgPool) {
    let (site, tpp) = announced(pool).await;
    let body = review(&[
        reviewed("a.txt", b"one", "APPROVED"),
        reviewed("b.txt", b"two", "REJECTED"),
    ]);
    let answer = send(&tpp, "olga", &body).await.expect(200);
    assert_eq!((answer.body.as_str(), answer.header("Content-Type")), ("", None));
    let rows: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT f.name, r.status, r.comments FROM release_file_review r JOIN release_file f ON f.id = r.release_file_id
         ORDER BY f.name",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    let why = json!({"why": "because"});
    assert_eq!(
        rows,
        [
            ("a.txt".to_owned(), "APPROVED".to_owned(), why.clone()),
            ("b.txt".to_owned(), "REJECTED".to_owned(), why)
        ]
    );
    let moments = site
        .world
        .number("SELECT count(DISTINCT created_at) FROM release_file_review")
        .await;
    assert_eq!(moments, 1);
    let kept: Value = sqlx::query_scalar("SELECT review FROM release")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(kept["status"], "APPROVED");
    site.sign_in("olga").await.post_json(PATH, &body).await.expect(200);
    assert_eq!(site.world.number("SELECT count(*) FROM release_file_review").await, 4);
}

#[sqlx::test]
async fn nobody_else_does(pool: PgPool) {
    let (site, tpp) = announced(pool).await;
    let body = review(&[]);
    let refused = "Authentication credentials were not provided.";
    let json = [("Content-Type", "application/json")];
    let anonymous = tpp.send(Method::Post, PATH, &json, body.to_string().as_bytes()).await;
    assert_eq!(detail(anonymous, 403), refused);
    assert_eq!(detail(send(&tpp, "ada", &body).await, 403), refused);
    assert_eq!(detail(send(&tpp, "", &body).await, 403), refused);
    site.world.may_use("emis", "olga").await;
    let emis = site.backend("emis").await;
    assert_eq!(
        detail(send(&emis, "olga", &body).await, 400),
        "Release is from backend tpp not emis"
    );
    let ada = site.sign_in("ada").await;
    assert_eq!(detail(ada.post_json(PATH, &body).await, 403), refused);
    let olga = site.sign_in("olga").await;
    let forged = olga.post_without_token(PATH, &[]).await;
    assert!(detail(forged, 403).starts_with("CSRF Failed"));
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM release WHERE review IS NOT NULL")
            .await,
        0
    );
}

#[sqlx::test]
async fn what_does_not_fit_changes_nothing(pool: PgPool) {
    let (site, tpp) = announced(pool).await;
    let right = || reviewed("a.txt", b"one", "APPROVED");
    for (files, why) in [
        (
            vec![right(), reviewed("x.txt", b"one", "APPROVED")],
            "Unknown file x.txt",
        ),
        (vec![right(), reviewed("b.txt", b"other", "APPROVED")], "Expected sha "),
        (vec![right(), file("b.txt", b"two")], "No review of file b.txt"),
    ] {
        let said = detail(send(&tpp, "olga", &review(&files)).await, 400);
        assert!(said.starts_with(why), "{said}");
    }
    let answer = send(&tpp, "olga", &review(&[reviewed("a.txt", b"one", "approved")]))
        .await
        .expect(400);
    assert_eq!(
        answer.json(),
        json!({"files": [{"review": {"status": ["\"approved\" is not a valid choice."]}}]})
    );
    assert_eq!(site.world.number("SELECT count(*) FROM release_file_review").await, 0);
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM release WHERE review IS NOT NULL")
            .await,
        0
    );
}
