//! `POST /api/v2/releases/workspace/<workspace>`

use rocket::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{announce, body, detail, file, site};
use crate::support::count_statements;

const NUL: &str = "Null characters are not allowed.";

#[sqlx::test]
async fn a_release_is_announced_with_its_files(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let files = [file("output/a.txt", b"one"), file("output/b.txt", b"two")];
    let answer = announce(&tpp, "olga", "ws", &body(Some("01JDB8Q5ZCY5V0Q7M1M9N0A1B2"), &files)).await;
    let answer = answer.expect(201);
    assert_eq!(answer.header("Release-Id"), Some("01JDB8Q5ZCY5V0Q7M1M9N0A1B2"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Set-Cookie"), None);
    let made = answer.json();
    assert_eq!(made["release_id"], "01JDB8Q5ZCY5V0Q7M1M9N0A1B2");
    let url = made["release_url"].as_str().unwrap();
    assert!(url.starts_with("http"), "{url}");
    assert!(
        url.ends_with("/project/ws/releases/01JDB8Q5ZCY5V0Q7M1M9N0A1B2/"),
        "{url}"
    );

    let (status, requested, metadata): (String, Value, Value) =
        sqlx::query_as("SELECT status, requested_files, metadata FROM release")
            .fetch_one(site.db.pool())
            .await
            .unwrap();
    assert_eq!(status, "REQUESTED");
    assert_eq!(metadata, json!({"tool": "airlock"}));
    assert_eq!(requested[0]["date"], "2026-01-15T09:29:58.123Z");
    let rows: Vec<(String, i64, bool, bool)> = sqlx::query_as(
        "SELECT name, size, uploaded_at IS NULL AND path = '', is_latest FROM release_file ORDER BY name",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        rows,
        [
            ("output/a.txt".to_owned(), 3, true, true),
            ("output/b.txt".to_owned(), 3, true, true)
        ]
    );
    site.drain().await;
    let posts = site.post().chat.take();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].text.contains("2 files"), "{}", posts[0].text);
    assert_eq!(posts[0].channel, "opensafely-releases");
}

#[sqlx::test]
async fn the_same_release_again_is_the_one_of_before(pool: PgPool) {
    let site = site(pool).await;
    site.world.global_roles("otto", &["OutputChecker"]).await;
    site.world.may_use("tpp", "otto").await;
    let tpp = site.backend("tpp").await;
    let announced = body(Some("01A"), &[file("a.txt", b"one"), file("b.txt", b"two")]);
    announce(&tpp, "olga", "ws", &announced).await.expect(201);
    let again = announce(&tpp, "otto", "ws", &announced).await.expect(201);
    assert_eq!(again.header("Release-Id"), Some("01A"));
    assert_eq!(site.world.number("SELECT count(*) FROM release").await, 1);
    assert_eq!(site.world.number("SELECT count(*) FROM release_file").await, 2);
    let by = site
        .world
        .number(
            "SELECT count(*) FROM release JOIN \"user\" u ON u.id = release.created_by_id WHERE u.username = 'olga'",
        )
        .await;
    assert_eq!(by, 1);
    site.drain().await;
    assert_eq!(site.post().chat.take().len(), 1);

    // With other files, or elsewhere, it is refused. The same contents under other names are other files.
    let renamed = body(Some("01A"), &[file("a.txt", b"two"), file("b.txt", b"one")]);
    assert_eq!(
        detail(announce(&tpp, "olga", "ws", &renamed).await, 400),
        "Release '01A' exists with other files"
    );
    let other = body(Some("01A"), &[file("a.txt", b"one")]);
    assert_eq!(
        detail(announce(&tpp, "olga", "ws", &other).await, 400),
        "This version of 'a.txt' has already been uploaded from backend 'tpp'"
    );
    let other = body(Some("01A"), &[file("c.txt", b"three")]);
    assert!(detail(announce(&tpp, "olga", "ws", &other).await, 400).contains("'01A'"));
    site.world.workspace("project", "other").await;
    assert!(detail(announce(&tpp, "olga", "other", &announced).await, 400).contains("another workspace"));
    site.world.may_use("emis", "olga").await;
    let emis = site.backend("emis").await;
    assert!(detail(announce(&emis, "olga", "ws", &announced).await, 400).contains("another workspace or backend"));
    assert_eq!(site.world.number("SELECT count(*) FROM release_file").await, 2);
}

#[sqlx::test]
async fn a_file_is_released_once_without_an_id_and_again_with_one(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let files = [file("a.txt", b"one")];
    let first = announce(&tpp, "olga", "ws", &body(None, &files)).await.expect(201);
    assert_eq!(first.header("Release-Id").unwrap().len(), 26);
    site.world.workspace("project", "other").await;
    assert_eq!(
        detail(announce(&tpp, "olga", "other", &body(None, &files)).await, 400),
        "This version of 'a.txt' has already been uploaded from backend 'tpp'"
    );
    announce(&tpp, "olga", "ws", &body(Some("01B"), &files))
        .await
        .expect(201);
    announce(&tpp, "olga", "ws", &body(None, &[file("a.txt", b"two")]))
        .await
        .expect(201);
    let latest = site
        .world
        .number("SELECT count(*) FROM release_file WHERE is_latest")
        .await;
    assert_eq!(latest, 1);
}

#[sqlx::test]
async fn one_file_announced_in_two_workspaces_at_once_is_released_once(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    site.world.workspace("project", "other").await;
    for round in 0..5 {
        let body = body(None, &[file("a.txt", format!("round {round}").as_bytes())]);
        let (one, other) = tokio::join!(
            announce(&tpp, "olga", "ws", &body),
            announce(&tpp, "olga", "other", &body)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 400]);
    }
}

#[sqlx::test]
async fn names_and_ids_that_play_tricks_are_refused(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let long = format!("output/{}.csv", "x".repeat(2000));
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "output/../../x",
        "output\\x",
        "C:\\x",
        "con.txt",
        "a\u{202e}b",
        "a\nb",
        long.as_str(),
    ] {
        let why = detail(
            announce(&tpp, "olga", "ws", &body(Some("01A"), &[file(name, b"x")])).await,
            400,
        );
        assert!(why.starts_with('\''), "{why}");
    }
    let nul = body(Some("01A"), &[file("a\0b", b"x")]);
    let answer = announce(&tpp, "olga", "ws", &nul).await.expect(400);
    assert_eq!(answer.json(), json!({"files": [{"name": [NUL], "url": [NUL]}]}));
    let twice = [file("a", b"x"), file("a", b"y")];
    assert!(detail(announce(&tpp, "olga", "ws", &body(Some("01A"), &twice)).await, 400).contains("Two files"));
    for id in ["", "a/b", "..", "01JDB8Q5ZCY5V0Q7M1M9N0A1B2X", "é"] {
        let why = detail(announce(&tpp, "olga", "ws", &body(Some(id), &[])).await, 400);
        assert!(why.contains("cannot be the id"), "{why}");
    }
    let mut negative = file("a", b"x");
    negative["size"] = json!(-1);
    let answer = announce(&tpp, "olga", "ws", &body(Some("01A"), &[negative]))
        .await
        .expect(400);
    assert_eq!(
        answer.json(),
        json!({"files": [{"size": ["Ensure this value is greater than or equal to 0."]}]})
    );
    assert_eq!(site.world.number("SELECT count(*) FROM release").await, 0);
    let mut number = body(Some("x"), &[]);
    number["metadata"]["airlock_id"] = json!(42);
    let answer = announce(&tpp, "olga", "ws", &number).await.expect(201);
    assert_eq!(answer.header("Release-Id"), Some("42"));
}

#[sqlx::test]
async fn what_is_wrong_is_told_in_order(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let path = "/api/v2/releases/workspace/ws";
    // The workspace, then the token, then the user, then the body.
    assert_eq!(
        detail(
            tpp.send(Method::Post, "/api/v2/releases/workspace/none", &[], b"{")
                .await,
            404
        ),
        "No Workspace matches the given query."
    );
    let json = ("Content-Type", "application/json");
    for (headers, why) in [
        (vec![], "Authorization header is missing"),
        (vec![("Authorization", "")], "Authorization header is empty"),
        (vec![("Authorization", "nope")], "Invalid token"),
        (
            vec![("Authorization", tpp.token.as_str())],
            "Authentication credentials were not provided.",
        ),
        (
            vec![("Authorization", tpp.token.as_str()), ("OS-User", "nobody")],
            "Authentication credentials were not provided.",
        ),
        // Belongs to the backend, may not release.
        (
            vec![("Authorization", tpp.token.as_str()), ("OS-User", "ada")],
            "Authentication credentials were not provided.",
        ),
    ] {
        let answer = tpp.send(Method::Post, path, &headers, b"{").await;
        assert_eq!(answer.header("WWW-Authenticate"), None);
        assert_eq!(detail(answer, 403), why);
    }
    let allowed = [json, ("Authorization", tpp.token.as_str()), ("OS-User", " olga ")];
    let broken = detail(tpp.send(Method::Post, path, &allowed, b"{").await, 400);
    assert!(broken.starts_with("JSON parse error - "), "{broken}");
    let answer = tpp.send(Method::Post, path, &allowed, b"[]").await.expect(400);
    assert_eq!(
        answer.json(),
        json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})
    );
    let text = [("Content-Type", "text/plain"), allowed[1], allowed[2]];
    assert_eq!(
        detail(tpp.send(Method::Post, path, &text, b"{}").await, 415),
        "Unsupported media type \"text/plain\" in request."
    );
    // May release, but does not belong to that backend.
    let emis = site.backend("emis").await;
    assert_eq!(
        detail(announce(&emis, "olga", "ws", &body(None, &[])).await, 403),
        "Authentication credentials were not provided."
    );
    site.world
        .so("UPDATE \"user\" SET is_active = false WHERE username = 'olga'")
        .await;
    assert_eq!(
        detail(announce(&tpp, "olga", "ws", &body(None, &[])).await, 403),
        "Authentication credentials were not provided."
    );
}

#[sqlx::test]
async fn a_browsers_session_beside_the_token_needs_its_proof(pool: PgPool) {
    let site = site(pool).await;
    let token = site.backend("tpp").await.token;
    let both = site
        .sign_in("ada")
        .await
        .saying("Authorization", token)
        .saying("OS-User", "olga");
    let answer = both.post_without_token("/api/v2/releases/workspace/none", &[]).await;
    assert!(detail(answer, 403).starts_with("CSRF Failed: "));
}

#[sqlx::test]
async fn many_files_take_no_more_statements(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let files = |count: usize| -> Vec<Value> { (0..count).map(|n| file(&format!("output/{n}.txt"), b"x")).collect() };
    let (one, few) = count_statements(announce(&tpp, "olga", "ws", &body(Some("01A"), &files(1)))).await;
    one.expect(201);
    let (many, most) = count_statements(announce(&tpp, "olga", "ws", &body(Some("01B"), &files(500)))).await;
    many.expect(201);
    assert_eq!(few, most);
}
