//! `POST /api/v2/release-notifications/`.

use rocket::http::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Site, count_statements};

const PATH: &str = "/api/v2/release-notifications/";

async fn messages(site: &Site) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM message")
        .fetch_one(site.db.pool())
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_release_is_echoed_and_announced(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    for (path, body, echo) in [
        (
            PATH,
            json!({"created_by": "ada", "path": "/srv/ws"}),
            r#"{"created_by":"ada","path":"/srv/ws","files":null}"#,
        ),
        (
            "/api/v2/release-notifications",
            json!({"path": " /srv/ws ", "created_by": 7, "files": ["a.csv", 1.0, " é.csv "], "other": null}),
            r#"{"created_by":"7","path":"/srv/ws","files":["a.csv","1.0","é.csv"]}"#,
        ),
        (
            PATH,
            json!({"created_by": "ada", "path": "/srv/ws", "files": []}),
            r#"{"created_by":"ada","path":"/srv/ws","files":[]}"#,
        ),
    ] {
        let answer = tpp.post(path, &body).await.expect(201);
        assert_eq!(answer.body, echo);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
    site.drain().await;
    let posts = site.post().chat.take();
    assert!(posts.iter().all(|post| post.channel == "opensafely-releases"));
    let texts: Vec<_> = posts.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "ada released outputs from `/srv/ws` on tpp",
            "7 released 3 outputs from `/srv/ws` on tpp\n• `a.csv`\n• `1.0`\n• `é.csv`",
            "ada released 0 outputs from `/srv/ws` on tpp",
        ]
    );
}

#[sqlx::test]
async fn a_form_does_as_well(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    let headers = [
        ("Authorization", tpp.token.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let form = b"created_by=ada&path=%2Fp&files=a&files=b";
    let answer = tpp.send(Method::Post, PATH, &headers, form).await.expect(201);
    assert_eq!(answer.body, r#"{"created_by":"ada","path":"/p","files":["a","b"]}"#);
}

#[sqlx::test]
async fn faults_are_told_all_at_once_and_nothing_is_announced(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    for (body, answer) in [
        (
            "{}",
            r#"{"created_by":["This field is required."],"path":["This field is required."]}"#,
        ),
        (
            "",
            r#"{"created_by":["This field is required."],"path":["This field is required."]}"#,
        ),
        (
            r#"{"created_by":null,"path":" "}"#,
            r#"{"created_by":["This field may not be null."],"path":["This field may not be blank."]}"#,
        ),
        (
            r#"{"created_by":true,"path":[],"files":null}"#,
            r#"{"created_by":["Not a valid string."],"path":["Not a valid string."],"files":["This field may not be null."]}"#,
        ),
        (
            r#"{"created_by":"a\u0000b","path":"p\ud800"}"#,
            r#"{"created_by":["Null characters are not allowed."],"path":["Surrogate characters are not allowed: U+D800."]}"#,
        ),
        (
            r#"{"created_by":"a","path":"p","files":"x"}"#,
            r#"{"files":["Expected a list of items but got type \"str\"."]}"#,
        ),
        (
            r#"{"created_by":"a","path":"p","files":{"0":"x"}}"#,
            r#"{"files":["Expected a list of items but got type \"dict\"."]}"#,
        ),
        (
            r#"{"created_by":"a","path":"p","files":["ok","",null,{}]}"#,
            r#"{"files":{"1":["This field may not be blank."],"2":["This field may not be null."],"3":["Not a valid string."]}}"#,
        ),
        (
            "[1]",
            r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#,
        ),
        ("null", r#"{"non_field_errors":["No data provided"]}"#),
    ] {
        let refused = tpp.post_text(PATH, body).await.expect(400);
        assert_eq!(refused.body, answer, "{body}");
    }
    let syntax = tpp.post_text(PATH, "{").await.expect(400).json();
    assert!(syntax["detail"].as_str().unwrap().starts_with("JSON parse error - "));
    assert_eq!(messages(&site).await, 0);
}

#[sqlx::test]
async fn the_token_is_looked_at_first(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    for (method, body) in [(Method::Post, &b"{"[..]), (Method::Put, b"")] {
        let answer = tpp.send(method, PATH, &[], body).await.expect(403);
        assert_eq!(answer.body, r#"{"detail":"Authorization header is missing"}"#);
    }
    let token = [("Authorization", tpp.token.as_str())];
    let answer = tpp.send(Method::Put, PATH, &token, b"").await.expect(405);
    assert_eq!(answer.body, r#"{"detail":"Method \"PUT\" not allowed."}"#);
    assert_eq!(answer.header("Allow"), Some("POST, OPTIONS"));
    let session = site.sign_in("ada").await.bare(Method::Post, PATH).await.expect(403);
    assert_eq!(session.body, r#"{"detail":"Authorization header is missing"}"#);
    assert_eq!(messages(&site).await, 0);
}

#[sqlx::test]
async fn long_lists_are_cut_and_cost_no_more(pool: PgPool) {
    let site = Site::start(pool).await;
    let tpp = site.backend("tpp").await;
    let announce = async |files: usize| {
        let files: Vec<String> = (0..files).map(|number| format!("file-{number}.csv")).collect();
        let body = json!({"created_by": "ada", "path": "/srv/ws", "files": files});
        count_statements(tpp.post(PATH, &body)).await
    };
    let (_, few) = announce(1).await;
    let (answer, many) = announce(60).await;
    assert_eq!(answer.expect(201).json()["files"].as_array().unwrap().len(), 60);
    assert_eq!(few, many);
    site.drain().await;
    let posts = site.post().chat.take();
    assert!(
        posts[1]
            .text
            .starts_with("ada released 60 outputs from `/srv/ws` on tpp\n• `file-0.csv`\n")
    );
    assert!(
        posts[1].text.ends_with("• `file-49.csv`\n• and 10 more"),
        "{}",
        posts[1].text
    );
}
