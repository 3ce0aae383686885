//! Lists of released files, and their contents, for bots and people.

use jobserver::core::access::Operator;
use jobserver::core::people::tokens;
use rocket::http::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::PgPool;

use super::{announce, body, detail, file, site};
use crate::support::{Site, count_statements, sha256};

async fn bot(site: &Site) -> String {
    let olive = Operator::at_the_command_line("olive");
    let token = tokens::create_bot(&site.db, "bot", &olive).await.unwrap();
    token.token.expose_secret().to_owned()
}

#[sqlx::test]
async fn the_latest_outputs_are_the_newest_of_each_backend_and_name(pool: PgPool) {
    let site = site(pool).await;
    site.world.backend("emis").await;
    site.release("ws", "tpp", "olga", &[("output/a.txt", b"old"), ("output/b.txt", b"b")])
        .await;
    let newer = site.release("ws", "tpp", "olga", &[("output/a.txt", b"new")]).await;
    site.release("ws", "emis", "olga", &[("output/a.txt", b"emis")]).await;
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE name = 'output/b.txt'")
        .await;
    let ada = site.sign_in("ada").await;
    let answer = ada.get("/api/v2/releases/workspace/ws").await.expect(200);
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let files = answer.json()["files"].as_array().unwrap().clone();
    let names: Vec<_> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["emis/output/a.txt", "tpp/output/a.txt", "tpp/output/b.txt"]);
    let a = &files[1];
    assert_eq!(a["id"], newer.files[0]);
    assert_eq!(a["url"], format!("/api/v2/releases/file/{}", newer.files[0]));
    assert_eq!(
        (&a["user"], &a["size"], &a["is_deleted"]),
        (&json!("olga"), &json!(3), &json!(false))
    );
    assert_eq!(a["sha256"], sha256(b"new"));
    assert_eq!(a["metadata"], json!({"tool": "airlock"}));
    assert_eq!((&a["review"], &files[2]["is_deleted"]), (&json!(null), &json!(true)));
    let date = a["date"].as_str().unwrap();
    assert!(date.ends_with("+00:00"), "{date}");
    assert!(
        answer
            .body
            .starts_with(r#"{"files":[{"name":"emis/output/a.txt","id":""#),
        "members come in the order that is documented: {}",
        answer.body
    );
}

#[sqlx::test]
async fn who_may_not_read_is_told_why(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "olga", &[("output/a.txt", b"some content")])
        .await;
    site.world.user("nobody").await;
    let token = bot(&site).await;
    let tpp = site.backend("tpp").await;
    for path in [
        "/api/v2/releases/workspace/ws".to_owned(),
        format!("/api/v2/releases/release/{}", released.id),
        format!("/api/v2/releases/file/{}", released.files[0]),
    ] {
        assert_eq!(detail(site.anonymous().get(&path).await, 403), "Invalid user or token");
        let empty = site.anonymous().saying("Authorization", "");
        assert_eq!(detail(empty.get(&path).await, 403), "Invalid user or token");
        let nobody = site.sign_in("nobody").await;
        assert_eq!(
            detail(nobody.get(&path).await, 403),
            "Invalid user or token for workspace ws"
        );
        // A bare backend token is no bot's.
        assert_eq!(detail(tpp.get(&path).await, 403), "Invalid user");
        // A session does not count beside a header.
        let both = site.sign_in("ada").await.saying("Authorization", "bot:wrong");
        assert_eq!(
            detail(both.get(&path).await, 403),
            "You do not have permission to perform this action."
        );
        tpp.send(Method::Get, &path, &[("Authorization", &format!("bot:{token}"))], b"")
            .await
            .expect(200);
        site.sign_in("ada").await.get(&path).await.expect(200);
    }
    for (path, model) in [
        ("/api/v2/releases/workspace/none", "Workspace"),
        ("/api/v2/releases/release/none", "Release"),
        ("/api/v2/releases/file/none", "ReleaseFile"),
        ("/api/v2/releases/file/a%00b", "ReleaseFile"),
    ] {
        assert_eq!(
            detail(site.anonymous().get(path).await, 404),
            format!("No {model} matches the given query.")
        );
    }
}

#[sqlx::test]
async fn a_content_is_answered_as_its_name_says_and_can_do_nothing(pool: PgPool) {
    let site = site(pool).await;
    let files: [(&str, &[u8]); 6] = [
        ("output/a.txt", b"some content"),
        ("output/report.HTML", b"<script>alert(1)</script>"),
        ("output/a.svg", b"<svg/>"),
        ("output/a.log", b"a log"),
        ("output/a.pdf", b"%PDF"),
        ("output/\u{e9} 1.csv", b"a,b"),
    ];
    let released = site.release("ws", "tpp", "olga", &files).await;
    let ada = site.sign_in("ada").await;
    for (place, (content_type, disposition)) in [
        ("text/plain; charset=utf-8", "inline; filename=\"a.txt\""),
        ("text/html; charset=utf-8", "inline; filename=\"report.HTML\""),
        ("image/svg+xml", "inline; filename=\"a.svg\""),
        ("application/octet-stream", "inline; filename=\"a.log\""),
        ("application/pdf", "inline; filename=\"a.pdf\""),
        ("text/csv; charset=utf-8", "inline; filename*=utf-8''%C3%A9%201.csv"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = ada
            .get(&format!("/api/v2/releases/file/{}", released.files[place]))
            .await
            .expect(200);
        assert_eq!(answer.body.as_bytes(), files[place].1);
        assert_eq!(answer.header("Content-Type"), Some(content_type));
        assert_eq!(answer.header("Content-Disposition"), Some(disposition));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(answer.header("Cache-Control"), Some("private, no-store"));
        assert!(answer.header("Last-Modified").unwrap().ends_with(" GMT"));
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("nonce"),
            "{policy}"
        );
        assert_eq!(
            policy.starts_with("sandbox;"),
            content_type != "application/pdf",
            "{policy}"
        );
        assert!(!policy.contains("script"), "{policy}");
    }
    let head = ada
        .bare(Method::Head, &format!("/api/v2/releases/file/{}", released.files[0]))
        .await
        .expect(200);
    assert_eq!(
        (head.body.as_str(), head.header("Content-Type")),
        ("", Some("text/plain; charset=utf-8"))
    );
}

#[sqlx::test]
async fn what_has_not_arrived_says_so_and_what_is_deleted_is_not_there(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    announce(&tpp, "olga", "ws", &body(Some("01A"), &[file("a.txt", b"x")]))
        .await
        .expect(201);
    let ada = site.sign_in("ada").await;
    let listed = ada.get("/api/v2/releases/release/01A").await.expect(200).json();
    let path = listed["files"][0]["url"].as_str().unwrap().to_owned();
    let answer = ada.get(&path).await.expect(200);
    assert_eq!(answer.body, "\"File not yet uploaded\"");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id")
        .await;
    assert_eq!(
        detail(ada.get(&path).await, 404),
        "No ReleaseFile matches the given query."
    );
    assert_eq!(
        detail(site.anonymous().get(&path).await, 404),
        "No ReleaseFile matches the given query."
    );
}

#[sqlx::test]
async fn only_our_own_proxy_is_told_where_a_file_lies(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "olga", &[("output/a.txt", b"some content")])
        .await;
    let path = format!("/api/v2/releases/file/{}", released.files[0]);
    let key: String = sqlx::query_scalar("SELECT path FROM release_file")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let ada = site.sign_in("ada").await.saying("Releases-Redirect", "/storage");
    let answer = ada.get(&path).await.expect(200);
    assert_eq!(
        (answer.body.as_str(), answer.header("X-Accel-Redirect")),
        ("some content", None)
    );
    let ada = site
        .sign_in("ada")
        .await
        .saying("Releases-Redirect", "/storage")
        .at("172.17.0.1");
    let answer = ada.get(&path).await.expect(200);
    assert_eq!((answer.body.as_str(), answer.header("Content-Type")), ("", None));
    assert_eq!(
        answer.header("X-Accel-Redirect"),
        Some(format!("/storage/{key}").as_str())
    );
    assert!(answer.header("Last-Modified").is_some());
    // Still only for those who may read it.
    let other = site
        .anonymous()
        .saying("Releases-Redirect", "/storage")
        .at("172.17.0.1");
    other.get(&path).await.expect(403);
}

#[sqlx::test]
async fn content_that_is_gone_or_altered_is_noticed(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "olga", &[("a.txt", b"some content"), ("b.txt", b"other")])
        .await;
    let ada = site.sign_in("ada").await;
    let keys: Vec<String> = sqlx::query_scalar("SELECT path FROM release_file ORDER BY name")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    std::fs::write(site.storage.path().join(&keys[0]), b"same length!").unwrap();
    std::fs::remove_file(site.storage.path().join(&keys[1])).unwrap();
    for id in &released.files {
        let answer = ada.get(&format!("/api/v2/releases/file/{id}")).await.expect(500);
        assert!(!answer.body.contains("same length"), "{}", answer.body);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
    }
}

#[sqlx::test]
async fn lists_take_no_more_statements_for_more_files(pool: PgPool) {
    let site = site(pool).await;
    let few = site.release("ws", "tpp", "olga", &[("a.txt", b"x")]).await;
    let ada = site.sign_in("ada").await;
    let (_, first) = count_statements(ada.get("/api/v2/releases/workspace/ws")).await;
    let (_, first_of_release) = count_statements(ada.get(&format!("/api/v2/releases/release/{}", few.id))).await;
    let names: Vec<String> = (0..100).map(|n| format!("output/{n}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let many = site.release("ws", "tpp", "olga", &files).await;
    let (answer, then) = count_statements(ada.get("/api/v2/releases/workspace/ws")).await;
    assert_eq!(answer.json()["files"].as_array().unwrap().len(), 101);
    let (_, then_of_release) = count_statements(ada.get(&format!("/api/v2/releases/release/{}", many.id))).await;
    assert_eq!((first, first_of_release), (then, then_of_release));
}

#[sqlx::test]
async fn what_was_said_of_a_file_is_listed_as_it_was_said(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    // Numbers beyond what `jsonb` holds, members in no order.
    let mut said = file("output/a.txt", b"1");
    said["metadata"] = json!("SAID");
    let said = body(Some("01A"), &[said]).to_string();
    let said = said.replace(
        "\"SAID\"",
        r#"{ "tool" : "air lock", "b": 1e-20000, "a": [-0, 1e308] }"#,
    );
    let headers = [
        ("Authorization", tpp.token.as_str()),
        ("OS-User", "olga"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    let path = "/api/v2/releases/workspace/ws";
    tpp.send(Method::Post, path, &headers, said.as_bytes())
        .await
        .expect(201);
    let ada = site.sign_in("ada").await;
    let listed = ada.get("/api/v2/releases/release/01A").await.expect(200).body;
    let wanted = r#""metadata":{"tool":"air lock","b":1e-20000,"a":[-0,1e308]}"#;
    assert!(listed.contains(wanted), "{listed}");
}
