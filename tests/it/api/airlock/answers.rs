//! Who may tell, how the answers read, and that a refused event leaves nothing.

use rocket::http::Method;
use serde_json::json;
use sqlx::PgPool;

use super::{OK, PATH, event, event_with, events_kept, site, tell, written};
use crate::support::count_statements;

#[sqlx::test]
async fn an_event_is_kept_as_it_was_told(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let told = event_with(
        "Request_Returned",
        json!({"updates": [{"update": "file withdrawn", "group": "tables", "user": "olga"}, {"update_type": "x"}],
               "org": "o", "repo": "r"}),
    );
    let answer = tpp.post(PATH, &told).await.expect(201);
    assert_eq!(answer.body, OK);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Set-Cookie"), None);
    assert_eq!(answer.header("Allow"), Some("POST, OPTIONS"));
    let kept: String = sqlx::query_scalar(
        "SELECT concat_ws('|', request_id, type, workspace, w.name, author, a.username, e.username, u.username,
                          updates, github_org, github_repo, b.slug, received_at <= clock_timestamp())
           FROM airlock_event e JOIN workspace w ON w.id = workspace_id JOIN \"user\" a ON a.id = author_id
           JOIN \"user\" u ON u.id = user_id JOIN backend b ON b.id = backend_id",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        kept,
        "01JREQ|request_returned|ws|ws|ada|ada|olga|olga|[{\"user\": \"olga\", \"group\": \"tables\", \"update\": \
         \"file withdrawn\"}, {\"user\": null, \"group\": null, \"update\": \"x\"}]|o|r|tpp|t"
    );
}

#[sqlx::test]
async fn both_forms_of_the_address_answer_and_so_does_a_form(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let without_slash = tpp.post("/api/v2/airlock/events", &event("request_submitted")).await;
    assert_eq!(without_slash.expect(201).body, OK);
    let headers = [
        ("Authorization", tpp.token.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("OS-User", "olga"),
    ];
    let form = b"event_type=request_withdrawn&workspace=ws&request=01JREQ&request_author=ada&user=ada";
    let answer = tpp.send(Method::Post, PATH, &headers, form).await.expect(201);
    assert_eq!(answer.body, OK);
    assert_eq!(events_kept(&site).await, 2);
}

#[sqlx::test]
async fn what_can_be_told_at_once_is_told_with_201_and_leaves_nothing(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let mut incomplete = event("request_submitted");
    incomplete.as_object_mut().unwrap().remove("request_author");
    incomplete.as_object_mut().unwrap().remove("request");
    for (body, message) in [
        (event("nope").to_string(), "Unknown event type 'NOPE'"),
        (
            event_with("request_submitted", json!({"workspace": "gone"})).to_string(),
            "Unknown workspace 'gone'",
        ),
        (
            event_with("request_submitted", json!({"user": "eve", "request_author": "Ada"})).to_string(),
            "Unknown request author 'Ada'; Unknown user 'eve'",
        ),
        (
            incomplete.to_string(),
            "request: This field is required.; request_author: This field is required.",
        ),
        (
            event_with("request_submitted", json!({"updates": "x"})).to_string(),
            "updates: Expected a list of items but got type \\\"str\\\".",
        ),
        ("[1]".to_owned(), "Invalid data. Expected a dictionary, but got list."),
        ("null".to_owned(), "No data provided"),
        (
            String::new(),
            "event_type: This field is required.; workspace: This field is required.; request: This field is \
             required.; request_author: This field is required.; user: This field is required.",
        ),
    ] {
        let answer = tpp.post_text(PATH, &body).await.expect(201);
        assert_eq!(
            answer.body,
            format!(r#"{{"status":"error","message":"{message}"}}"#),
            "{body}"
        );
    }
    let syntax = tpp.post_text(PATH, "{").await.expect(201).json();
    assert_eq!(syntax["status"], "error");
    assert!(syntax["message"].as_str().unwrap().starts_with("JSON parse error - "));
    assert_eq!(events_kept(&site).await, 0);
    assert_eq!(written(&site).await, []);
}

#[sqlx::test]
async fn without_a_token_nothing_is_looked_at(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    for (headers, detail) in [
        (vec![], "Authorization header is missing"),
        (vec![("Authorization", "")], "Authorization header is empty"),
        (vec![("Authorization", "none")], "Invalid token"),
    ] {
        let answer = tpp.send(Method::Post, PATH, &headers, b"{").await.expect(403);
        assert_eq!(answer.body, format!(r#"{{"detail":"{detail}"}}"#));
        assert_eq!(answer.header("WWW-Authenticate"), None);
    }
    // The method is looked at before the token.
    let answer = site.anonymous().get(PATH).await.expect(405);
    assert_eq!(answer.body, r#"{"detail":"Method \"GET\" not allowed."}"#);
    // A browser's session must prove that a page of ours sent it, before the token is looked at.
    let answer = site.sign_in("ada").await.bare(Method::Post, PATH).await.expect(403);
    assert_eq!(answer.body, r#"{"detail":"CSRF Failed: CSRF cookie not set."}"#);
    assert_eq!(events_kept(&site).await, 0);
}

#[sqlx::test]
async fn with_a_token_a_body_that_cannot_be_read_is_no_broken_connection(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let huge = vec![b' '; 33 * 1024 * 1024];
    let bodies: [(&str, &[u8], &str); 3] = [
        ("text/plain", b"x", "Unsupported media type \"text/plain\" in request."),
        ("application/json", &huge, "The body is too large"),
        ("application/json", b"{", "JSON parse error - "),
    ];
    for (kind, body, message) in bodies {
        let headers = [("Authorization", tpp.token.as_str()), ("Content-Type", kind)];
        let answer = tpp.send(Method::Post, PATH, &headers, body).await.expect(201);
        let said = answer.json();
        assert_eq!(said["status"], "error");
        assert!(said["message"].as_str().unwrap().starts_with(message), "{said}");
    }
    assert_eq!(events_kept(&site).await, 0);
}

#[sqlx::test]
async fn statements_do_not_grow_with_updates_or_with_history(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let (_, few) = count_statements(tell(&tpp, &event("request_returned"))).await;
    for user in ["olga", "ada"].iter().cycle().take(10) {
        tell(&tpp, &event_with("request_resubmitted", json!({"user": user}))).await;
    }
    let updates: Vec<_> = (0..200)
        .map(|n| json!({"update": format!("file {n}"), "user": "ada"}))
        .collect();
    let many_updates = event_with("request_returned", json!({"updates": updates}));
    let (_, many) = count_statements(tell(&tpp, &many_updates)).await;
    assert_eq!(few, many);
    assert!(many <= 10, "{many}");
    // The record has them all; a message is bounded.
    let lengths: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT jsonb_array_length(updates) FROM airlock_event ORDER BY id DESC LIMIT 1)::bigint,
                (SELECT jsonb_array_length(payload->'updates') FROM message WHERE kind = 'request_returned'
                  ORDER BY id DESC LIMIT 1)::bigint",
    )
    .fetch_one(site.db.pool())
    .await
    .unwrap();
    assert_eq!(lengths, (200, 50));
}

#[sqlx::test]
async fn nobody_tells_of_a_request_of_another_backend(pool: PgPool) {
    let site = site(pool).await;
    let (tpp, emis) = (site.backend("tpp").await, site.backend("emis").await);
    let refused = |request: &str| json!({"status": "error", "message": format!("Request '{request}' is of another backend than emis")});
    // Told of before, and released without a word.
    tell(&tpp, &event("request_submitted")).await;
    site.release_called("01JREL", || "01F".to_owned(), "ws", "tpp", "ada", &[("a.txt", b"x")])
        .await;
    let before = (events_kept(&site).await, written(&site).await);
    for request in ["01JREQ", "01JREL"] {
        let told = event_with("request_released", json!({"request": request}));
        let answer = emis.post(PATH, &told).await.expect(201);
        assert_eq!(answer.json(), refused(request));
    }
    assert_eq!((events_kept(&site).await, written(&site).await), before);
    for request in ["01JREQ", "01JREL"] {
        tell(&tpp, &event_with("request_released", json!({"request": request}))).await;
    }
    tell(&emis, &event_with("request_submitted", json!({"request": "01JOTHER"}))).await;
}
