//! `POST /api/v2/releases/release/<release>`

use rocket::http::Method;
use serde_json::json;
use sqlx::PgPool;

use super::{announce, body, detail, file, kept, site, upload, upload_as, with_checker};
use crate::support::{Backend, Site, sha256};

async fn announced(site: &Site, files: &[(&str, &[u8])]) -> Backend {
    let tpp = site.backend("tpp").await;
    let files: Vec<_> = files.iter().map(|(name, content)| file(name, content)).collect();
    announce(&tpp, "olga", "ws", &body(Some("01A"), &files))
        .await
        .expect(201);
    tpp
}

#[sqlx::test]
async fn a_file_is_kept_as_it_was_announced(pool: PgPool) {
    let site = site(pool).await;
    let tpp = announced(&site, &[("output/a.txt", b"some content")]).await;
    let answer = upload(&tpp, "01A", "output/a.txt", b"some content").await.expect(201);
    assert_eq!((answer.body.as_str(), answer.header("Content-Type")), ("", None));
    let id = answer.header("File-Id").unwrap();
    assert!(answer.location().starts_with("http"));
    assert!(answer.location().ends_with(&format!("/api/v2/releases/file/{id}")));
    let key = format!("{}/{id}-{}.txt", &sha256(b"some content")[..2], sha256(b"some content"));
    assert_eq!(kept(&site).await, [key.as_str()]);
    assert_eq!(std::fs::read(site.storage.path().join(&key)).unwrap(), b"some content");
    let path: String = sqlx::query_scalar("SELECT path FROM release_file WHERE uploaded_at IS NOT NULL")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    assert_eq!(path, key);
    site.drain().await;
    let posts = site.post().chat.take();
    let text = &posts.last().unwrap().text;
    assert!(text.contains("output/a.txt") && text.contains("0.0Mb"), "{text}");
    assert!(text.contains("/project/ws/releases/01A/output/a.txt|"), "{text}");

    assert_eq!(
        detail(upload(&tpp, "01A", "output/a.txt", b"other").await, 400),
        "This version of 'output/a.txt' has already been uploaded from backend 'tpp'"
    );
}

#[sqlx::test]
async fn refusals_come_in_order_and_leave_nothing(pool: PgPool) {
    let site = with_checker(Site::start_with(pool, |settings| settings.releases.file_size_limit = 1000).await).await;
    let tpp = announced(&site, &[("output/a.txt", b"some content")]).await;
    let path = "/api/v2/releases/release/01A";
    assert_eq!(
        detail(
            tpp.send(Method::Post, "/api/v2/releases/release/none", &[], b"x").await,
            404
        ),
        "No Release matches the given query."
    );
    let answer = tpp
        .send(
            Method::Post,
            path,
            &[("Authorization", &tpp.token), ("OS-User", "ada")],
            b"x",
        )
        .await;
    assert_eq!(detail(answer, 403), "Authentication credentials were not provided.");
    let missing = "Missing filename. Request should include a Content-Disposition header with a filename parameter.";
    for (disposition, content, why) in [
        (
            Some("attachment; filename=\"output/a.txt\""),
            &[b'x'; 1001][..],
            "File is too large, it must be below 0.0Mb",
        ),
        (None, b"", "No data uploaded"),
        (Some("attachment; filename=\"output/a.txt\""), b"", "No data uploaded"),
        (None, b"some content", missing),
        (Some("attachment"), b"some content", missing),
        (Some("attachment; filename=\"\""), b"some content", missing),
        (
            Some("attachment; filename=\"output/b.txt\""),
            b"some content",
            "File output/b.txt not requested in release 01A",
        ),
        (
            Some("attachment; filename=\"output/a.txt\""),
            b"some other content",
            "Contents of uploaded file does not match the file which a review was requested for",
        ),
    ] {
        let answer = upload_as(&tpp, "01A", disposition, content).await;
        assert_eq!(detail(answer, 400), why);
    }
    site.world.may_use("emis", "olga").await;
    let emis = site.backend("emis").await;
    assert_eq!(
        detail(upload(&emis, "01A", "output/a.txt", b"some content").await, 400),
        "Release is from backend tpp not emis"
    );
    assert!(kept(&site).await.is_empty());
    assert_eq!(std::fs::read_dir(site.storage.path()).unwrap().count(), 0);
    upload(&tpp, "01A", "output/a.txt", b"some content").await.expect(201);
}

#[sqlx::test]
async fn names_come_as_clients_send_them(pool: PgPool) {
    let site = site(pool).await;
    let files: [(&str, &[u8]); 5] = [
        ("output/a.txt", b"1"),
        ("output/b.txt", b"2"),
        ("output/c;\"d\".txt", b"3"),
        ("é.csv", b"4"),
        ("ü.csv", b"5"),
    ];
    let tpp = announced(&site, &files).await;
    for (disposition, content) in [
        ("attachment; filename=output/a.txt", b"1"),
        ("attachment; filename*=UTF-8''output%2Fb.txt", b"2"),
        ("attachment; filename=\"output/c;\"d\".txt\"", b"3"),
        ("attachment; filename=\"é.csv\"", b"4"),
    ] {
        upload_as(&tpp, "01A", Some(disposition), content).await.expect(201);
    }
    // A header of one byte beyond ASCII never reaches us: the content tells which file it is.
    let missing = detail(upload_as(&tpp, "01A", None, b"none of these").await, 400);
    assert!(missing.starts_with("Missing filename"), "{missing}");
    upload_as(&tpp, "01A", None, b"5").await.expect(201);
    let again = detail(upload_as(&tpp, "01A", None, b"5").await, 400);
    assert_eq!(
        again,
        "This version of 'ü.csv' has already been uploaded from backend 'tpp'"
    );
    let uploaded = site
        .world
        .number("SELECT count(*) FROM release_file WHERE uploaded_at IS NOT NULL")
        .await;
    assert_eq!(uploaded, 5);
}

#[sqlx::test]
async fn two_files_that_no_header_names_and_hold_the_same_come_one_after_the_other(pool: PgPool) {
    let site = site(pool).await;
    let tpp = announced(&site, &[("é.csv", b"same"), ("ü.csv", b"same")]).await;
    for _ in 0..2 {
        upload_as(&tpp, "01A", None, b"same").await.expect(201);
    }
    // The client looks for the name that it sent.
    let why = detail(upload_as(&tpp, "01A", None, b"same").await, 400);
    for name in ["é.csv", "ü.csv"] {
        let before = format!("This version of '{name}' has already been uploaded from backend 'tpp'");
        assert!(why.contains(&before), "{why}");
    }
    assert_eq!(kept(&site).await.len(), 2);
}

#[sqlx::test]
async fn no_name_with_nul_is_a_fault_of_ours(pool: PgPool) {
    let site = site(pool).await;
    let tpp = announced(&site, &[("a", b"x")]).await;
    for content in [&b"x"[..], b""] {
        let answer = upload_as(&tpp, "01A", Some("attachment; filename*=UTF-8''a%00b"), content).await;
        let expected = if content.is_empty() {
            "No data uploaded"
        } else {
            "not requested in release 01A"
        };
        assert!(detail(answer, 400).contains(expected));
    }
}

#[sqlx::test]
async fn an_empty_file_can_be_released(pool: PgPool) {
    let site = site(pool).await;
    let tpp = announced(&site, &[("empty.log", b"")]).await;
    let answer = upload(&tpp, "01A", "empty.log", b"").await.expect(201);
    let file = site
        .sign_in("olga")
        .await
        .get(
            answer
                .location()
                .split_once("/api")
                .map(|(_, p)| format!("/api{p}"))
                .unwrap()
                .as_str(),
        )
        .await;
    assert_eq!((file.status, file.body.as_str()), (200, ""));
    assert!(detail(upload(&tpp, "01A", "empty.log", b"").await, 400).contains("has already been uploaded"));
}

#[sqlx::test]
async fn an_empty_file_that_no_header_names_can_be_released(pool: PgPool) {
    let site = site(pool).await;
    let tpp = announced(&site, &[("ü.log", b""), ("a.log", b"")]).await;
    upload_as(&tpp, "01A", None, b"").await.expect(201);
    let again = detail(upload_as(&tpp, "01A", None, b"").await, 400);
    assert!(again.starts_with("This version of 'ü.log'"), "{again}");
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM release_file WHERE uploaded_at IS NOT NULL AND size = 0")
            .await,
        1
    );
    // Nothing where nothing of that kind was announced is no file.
    let body = body(Some("01B"), &[file("ö.log", b"1")]);
    announce(&tpp, "olga", "ws", &body).await.expect(201);
    assert_eq!(detail(upload_as(&tpp, "01B", None, b"").await, 400), "No data uploaded");
}

/// A release as it was made before its files had rows.
async fn of_before(site: &Site, id: &str, files: &[serde_json::Value]) -> Backend {
    let tpp = site.backend("tpp").await;
    announce(&tpp, "olga", "ws", &body(Some(id), files)).await.expect(201);
    sqlx::query("DELETE FROM release_file WHERE release_id = $1")
        .bind(id)
        .execute(site.db.pool())
        .await
        .unwrap();
    tpp
}

#[sqlx::test]
async fn files_of_a_release_of_before_get_their_rows_by_being_uploaded(pool: PgPool) {
    let site = site(pool).await;
    let files = [
        file("output/a.txt", b"one"),
        file("ü.csv", b"two"),
        file("../c.txt", b"3"),
    ];
    let tpp = of_before(&site, "01A", &files[..2]).await;
    assert_eq!(
        detail(upload(&tpp, "01A", "output/a.txt", b"other").await, 400),
        "Contents of uploaded file does not match the file which a review was requested for"
    );
    assert!(detail(upload(&tpp, "01A", "output/x.txt", b"one").await, 400).contains("not requested"));
    assert!(kept(&site).await.is_empty());
    assert_eq!(site.world.number("SELECT count(*) FROM release_file").await, 0);
    let answer = upload(&tpp, "01A", "output/a.txt", b"one").await.expect(201);
    let id = answer.header("File-Id").unwrap().to_owned();
    upload_as(&tpp, "01A", None, b"two").await.expect(201);
    assert_eq!(
        detail(upload(&tpp, "01A", "output/a.txt", b"one").await, 400),
        "This version of 'output/a.txt' has already been uploaded from backend 'tpp'"
    );
    let olga = site.sign_in("olga").await;
    let path = format!("/api/v2/releases/file/{id}");
    assert_eq!(olga.get(&path).await.expect(200).body, "one");
    let listed = olga.get("/api/v2/releases/release/01A").await.expect(200).json();
    let names: Vec<&str> = listed["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["output/a.txt", "ü.csv"]);
    assert_eq!(listed["files"][0]["metadata"], json!({"tool": "airlock"}));
    assert_eq!(kept(&site).await.len(), 2);

    // Asked for again by its id it is the same, whatever has arrived.
    let again = announce(&tpp, "olga", "ws", &body(Some("01A"), &files[..2]))
        .await
        .expect(201);
    assert_eq!(again.header("Release-Id"), Some("01A"));
    // A name that nobody looked at when it was announced is none.
    sqlx::query("UPDATE release SET requested_files = $1 WHERE id = '01A'")
        .bind(json!(files))
        .execute(site.db.pool())
        .await
        .unwrap();
    assert!(detail(upload(&tpp, "01A", "../c.txt", b"3").await, 400).contains("not requested"));
}

#[sqlx::test]
async fn a_file_that_arrives_late_is_not_the_latest(pool: PgPool) {
    let site = site(pool).await;
    let tpp = of_before(&site, "01A", &[file("a.txt", b"one")]).await;
    announce(&tpp, "olga", "ws", &body(Some("01B"), &[file("a.txt", b"two")]))
        .await
        .expect(201);
    upload(&tpp, "01A", "a.txt", b"one").await.expect(201);
    let latest: Vec<String> = sqlx::query_scalar("SELECT release_id FROM release_file WHERE is_latest")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(latest, ["01B"]);
    let tpp = of_before(&site, "01C", &[file("a.txt", b"three")]).await;
    let (one, other) = tokio::join!(
        upload(&tpp, "01C", "a.txt", b"three"),
        upload(&tpp, "01C", "a.txt", b"three")
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let latest: Vec<String> = sqlx::query_scalar("SELECT release_id FROM release_file WHERE is_latest")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(latest, ["01C"]);
    // What the slower one kept is gone.
    assert_eq!(kept(&site).await.len(), 2);
}

const MISMATCH: &str = "Contents of uploaded file does not match the file which a review was requested for";

#[sqlx::test]
async fn what_was_announced_with_another_size_or_no_hash_is_refused(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let mut short = file("a.txt", b"some content");
    short["size"] = json!(3);
    let mut empty = file("b.txt", b"some content");
    empty["size"] = json!(0);
    let mut odd = file("c.txt", b"some content");
    odd["sha256"] = json!("some hash");
    announce(&tpp, "olga", "ws", &body(Some("01A"), &[short, empty, odd]))
        .await
        .expect(201);
    for name in ["a.txt", "b.txt"] {
        assert_eq!(detail(upload(&tpp, "01A", name, b"some content").await, 400), MISMATCH);
    }
    let why = detail(upload(&tpp, "01A", "c.txt", b"some content").await, 400);
    assert!(
        why.starts_with(MISMATCH) && why.contains("64 hexadecimal digits"),
        "{why}"
    );
    assert!(kept(&site).await.is_empty());
}

#[sqlx::test]
async fn a_hash_in_capital_letters_is_the_same_hash(pool: PgPool) {
    let site = site(pool).await;
    let tpp = site.backend("tpp").await;
    let in_capitals = |name: &str, content: &[u8]| {
        let mut file = file(name, content);
        file["sha256"] = json!(sha256(content).to_uppercase());
        file
    };
    let announced = [in_capitals("a.txt", b"one"), in_capitals("\u{fc}.txt", b"two")];
    announce(&tpp, "olga", "ws", &body(Some("01A"), &announced))
        .await
        .expect(201);
    upload(&tpp, "01A", "a.txt", b"one").await.expect(201);
    upload_as(&tpp, "01A", None, b"two").await.expect(201);
    // Nor does their case make another release, or another file.
    let small = [file("a.txt", b"one"), file("\u{fc}.txt", b"two")];
    let again = announce(&tpp, "olga", "ws", &body(Some("01A"), &small))
        .await
        .expect(201);
    assert_eq!(again.header("Release-Id"), Some("01A"));
    let again = announce(&tpp, "olga", "ws", &body(None, &announced)).await;
    assert!(detail(again, 400).contains("has already been uploaded"));
    // As one of before may have announced it.
    let tpp = of_before(&site, "01B", &[in_capitals("c.txt", b"three")]).await;
    upload(&tpp, "01B", "c.txt", b"three").await.expect(201);
}

#[sqlx::test]
async fn a_content_may_begin_like_a_form(pool: PgPool) {
    let site = site(pool).await;
    let contents: [&[u8]; 3] = [b"_method=put&x=1", b"&_method=delete", b"_method=get&a,b"];
    let names = ["a.csv", "b.csv", "c.csv"];
    let files: Vec<(&str, &[u8])> = names.into_iter().zip(contents).collect();
    let tpp = announced(&site, &files).await;
    for (name, content) in files {
        let disposition = format!("attachment; filename=\"{name}\"");
        let headers = [
            ("Authorization", tpp.token.as_str()),
            ("OS-User", "olga"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Disposition", &disposition),
        ];
        let path = "/api/v2/releases/release/01A";
        tpp.send(Method::Post, path, &headers, content).await.expect(201);
    }
}

#[sqlx::test]
async fn a_large_file_comes_through_whole(pool: PgPool) {
    let site = site(pool).await;
    let content: Vec<u8> = (0..5_000_001_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let tpp = announced(&site, &[("output/big.bin", &content)]).await;
    upload(&tpp, "01A", "output/big.bin", &content).await.expect(201);
    let keys = kept(&site).await;
    assert_eq!(std::fs::read(site.storage.path().join(&keys[0])).unwrap(), content);
}
