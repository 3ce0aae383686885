//! A published file's own address.

use rocket::http::Method;
use sqlx::PgPool;

use super::site;
use crate::support::sha256;

#[sqlx::test]
async fn a_published_file_is_everybodys_and_asked_about_each_time(pool: PgPool) {
    let site = site(pool).await;
    let content = b"<h1>Results</h1>";
    let released = site.release("ws", "tpp", "ada", &[("out/report.html", content)]).await;
    site.snapshot("ws", "ada", &released.files, true).await;
    let path = format!("/project/ws/published/{}/", released.files[0]);
    let etag = format!("\"{}\"", sha256(content));
    let ada = site.sign_in("ada").await;
    for visitor in [&site.anonymous(), &ada] {
        let answer = visitor.get(&path).await.expect(200);
        assert_eq!(answer.body.as_bytes(), content);
        for (name, value) in [
            ("Cache-Control", "public, no-cache"),
            ("ETag", etag.as_str()),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Disposition", "inline; filename=\"report.html\""),
            ("X-Content-Type-Options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
        assert!(
            answer
                .header("Content-Security-Policy")
                .unwrap()
                .starts_with("sandbox;")
        );
        assert!(answer.header("Last-Modified").unwrap().ends_with(" GMT"));
        assert_eq!(answer.header("Set-Cookie"), None);
        // The same for everybody, so that every cache may keep it.
        assert_eq!(answer.header("Vary"), None);
    }
    let head = site.anonymous().bare(Method::Head, &path).await.expect(200);
    assert_eq!((head.body.as_str(), head.header("ETag")), ("", Some(etag.as_str())));
    for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let again = site
            .anonymous()
            .saying("If-None-Match", known)
            .get(&path)
            .await
            .expect(304);
        assert_eq!((again.body.as_str(), again.header("ETag")), ("", Some(etag.as_str())));
        assert_eq!(again.header("Set-Cookie"), None);
    }
    site.anonymous()
        .saying("If-None-Match", "\"old\"")
        .get(&path)
        .await
        .expect(200);
    // A date counts as long as no version is named.
    let since = || {
        let date = head.header("Last-Modified").unwrap().to_owned();
        site.anonymous().saying("If-Modified-Since", date)
    };
    since().get(&path).await.expect(304);
    since().saying("If-None-Match", "\"old\"").get(&path).await.expect(200);

    // What was known does not outlast what is public.
    site.world.so("DELETE FROM publish_request").await;
    let visitor = site.anonymous().saying("If-None-Match", etag);
    let gone = visitor.get(&path).await.expect(404);
    assert!(gone.html().main().contains("not"), "a page");
    assert_eq!(gone.header("Vary"), Some("Cookie"));
    ada.get(&path).await.expect(404);
}

#[sqlx::test]
async fn no_other_address_leads_to_it(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
        .await;
    site.snapshot("ws", "ada", &released.files[..1], true).await;
    site.snapshot("ws", "ada", &released.files, false).await;
    site.world.workspace("project", "second").await;
    site.world.workspace("other", "third").await;
    let file = &released.files[0];
    let ada = site.sign_in("ada").await;
    for path in [
        format!("/project/second/published/{file}/"),
        format!("/other/ws/published/{file}/"),
        format!("/other/third/published/{file}/"),
        format!("/project/ws/published/{}/", released.files[1]),
        "/project/ws/published/none/".to_owned(),
        "/project/ws/published/%00/".to_owned(),
    ] {
        site.anonymous().get(&path).await.expect(404);
        ada.get(&path).await.expect(404);
    }
    site.anonymous()
        .get(&format!("/project/ws/published/{file}"))
        .await
        .expect(200);
}

#[sqlx::test]
async fn content_that_is_missing_or_altered_is_said_to_be(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"what was checked")])
        .await;
    site.snapshot("ws", "ada", &released.files, true).await;
    let path = format!("/project/ws/published/{}/", released.files[0]);
    let key: String = sqlx::query_scalar("SELECT path FROM release_file")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let mut altered = site.files.begin(&key).await.unwrap();
    altered
        .write(bytes::Bytes::from_static(b"what was altered"))
        .await
        .unwrap();
    altered.finish().await.unwrap();
    let answer = site.anonymous().get(&path).await.expect(500);
    assert!(!answer.body.contains("what was altered"));
    assert_ne!(answer.header("Cache-Control"), Some("public, no-cache"));
    site.files.remove(&key).await.unwrap();
    site.anonymous().get(&path).await.expect(500);
}

/// It serves the folder's file under headers of its own: nothing tells a browser there to take it for nothing of ours.
#[sqlx::test]
async fn the_proxy_serves_nothing_that_a_browser_runs(pool: PgPool) {
    let site = site(pool).await;
    let names = [
        "a.html",
        "a.HTML",
        "a.svg",
        "a.pdf",
        "a.svgz",
        "a.xml",
        "a.xhtml",
        "a.htm",
        "a.md",
        "a.js",
        "a",
        "a.html.bin",
        "a.csv",
        "a.tsv",
        "a.txt",
        "a.json",
        "a.png",
        "a.JPG",
        "a.jpeg",
        "a.gif",
        "a.csv.gz",
    ];
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"<script>1</script>"[..])).collect();
    let released = site.release("ws", "tpp", "ada", &files).await;
    site.snapshot("ws", "ada", &released.files, true).await;
    let ada = site
        .sign_in("ada")
        .await
        .saying("Releases-Redirect", "/storage")
        .at("172.17.0.1");
    for (name, id) in names.iter().zip(&released.files) {
        for path in [
            format!("/project/ws/published/{id}/"),
            format!("/api/v2/releases/file/{id}"),
        ] {
            let answer = ada.get(&path).await.expect(200);
            let is_harmless = ["csv", "tsv", "txt", "json", "png", "jpg", "jpeg", "gif", "gz", "svgz"]
                .iter()
                .any(|ending| name.to_lowercase().ends_with(&format!(".{ending}")));
            let by_proxy = answer.header("X-Accel-Redirect").is_some();
            assert_eq!(by_proxy, is_harmless, "{name} at {path}");
            assert_eq!(answer.body.is_empty(), by_proxy, "{name} at {path}");
        }
    }
}
