//! Parts of a file, by the header `Range`.

use rocket::http::Method;
use sqlx::PgPool;

use super::site;
use crate::support::{Answer, Site, sha256};

/// Larger than what is looked at whole before it is sent.
fn large() -> Vec<u8> {
    (0..1_500_000_u32)
        .map(|n| b'a' + u8::try_from(n % 23).unwrap())
        .collect()
}

async fn ask(site: &Site, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut ada = site.sign_in("ada").await;
    for (name, value) in headers {
        ada = ada.saying(name, (*value).to_owned());
    }
    ada.get(path).await
}

#[sqlx::test]
async fn one_part_is_answered_by_itself(pool: PgPool) {
    let site = site(pool).await;
    let large = large();
    let released = site
        .release(
            "ws",
            "tpp",
            "ada",
            &[("a.txt", b"0123456789"), ("large.pdf", &large), ("e.txt", b"")],
        )
        .await;
    site.snapshot("ws", "ada", &released.files, true).await;
    let contents: [&[u8]; 3] = [b"0123456789", &large, b""];
    for (content, file) in contents.into_iter().zip(&released.files) {
        // The API's clients are promised neither.
        let api = format!("/api/v2/releases/file/{file}");
        for range in ["bytes=0-3", "bytes=99999999-"] {
            let answer = ask(&site, &api, &[("Range", range)]).await.expect(200);
            assert_eq!(answer.body.as_bytes(), content);
            for header in ["ETag", "Accept-Ranges", "Content-Range"] {
                assert_eq!(answer.header(header), None, "{header}");
            }
        }
        let path = format!("/project/ws/published/{file}/");
        {
            let size = content.len();
            let whole = ask(&site, &path, &[]).await.expect(200);
            assert_eq!(whole.header("Accept-Ranges"), Some("bytes"));
            assert_eq!(whole.body.as_bytes(), content);
            let etag = format!("\"{}\"", sha256(content));
            assert_eq!(whole.header("ETag"), Some(etag.as_str()));
            for (range, start, end) in [
                ("bytes=0-3".to_owned(), 0, 4),
                ("bytes=5-".to_owned(), 5, size),
                ("bytes=-2".to_owned(), size.saturating_sub(2), size),
                (format!("bytes=4-{}", size + 100), 4, size),
                ("bytes=0-".to_owned(), 0, size),
                ("bytes=-99999999999999999999".to_owned(), 0, size),
            ] {
                if size == 0 {
                    continue;
                }
                let answer = ask(&site, &path, &[("Range", &range)]).await.expect(206);
                assert_eq!(answer.body.as_bytes(), &content[start..end], "{range} of {path}");
                let range = format!("bytes {start}-{}/{size}", end - 1);
                assert_eq!(answer.header("Content-Range"), Some(range.as_str()));
                for same in [
                    "Content-Type",
                    "ETag",
                    "Last-Modified",
                    "Cache-Control",
                    "Content-Security-Policy",
                ] {
                    assert_eq!(answer.header(same), whole.header(same), "{same}");
                }
            }
            for beyond in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
                let answer = ask(&site, &path, &[("Range", &beyond)]).await.expect(416);
                assert_eq!(answer.header("Content-Range"), Some(format!("bytes */{size}").as_str()));
                assert_eq!(answer.body, "");
            }
            for other in ["bytes=0-1,3-4", "bytes=3-2", "lines=0-1", "bytes=x"] {
                let answer = ask(&site, &path, &[("Range", other)]).await.expect(200);
                assert_eq!(answer.body.as_bytes(), content, "{other}");
                assert_eq!(answer.header("Content-Range"), None);
            }
        }
    }
}

#[sqlx::test]
async fn a_part_of_another_version_or_of_headers_alone_is_none(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.txt", b"0123456789")]).await;
    site.snapshot("ws", "ada", &released.files, true).await;
    let path = format!("/project/ws/published/{}/", released.files[0]);
    let etag = format!("\"{}\"", sha256(b"0123456789"));
    let part = ("Range", "bytes=0-3");
    let date = ask(&site, &path, &[]).await.header("Last-Modified").unwrap().to_owned();
    ask(&site, &path, &[part, ("If-Range", &etag)]).await.expect(206);
    for other in ["\"other\"", &format!("W/{etag}"), &date, ""] {
        let answer = ask(&site, &path, &[part, ("If-Range", other)]).await.expect(200);
        assert_eq!(answer.body, "0123456789", "{other}");
    }
    // Whoever has it all needs no part.
    ask(&site, &path, &[part, ("If-None-Match", &etag)]).await.expect(304);
    let head = site
        .anonymous()
        .saying("Range", "bytes=0-3")
        .bare(Method::Head, &path)
        .await
        .expect(200);
    assert_eq!(head.header("Content-Range"), None);
}

#[sqlx::test]
async fn parts_are_for_whom_the_whole_is(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.txt", b"0123456789")]).await;
    let (file, range) = (&released.files[0], || site.anonymous().saying("Range", "bytes=0-3"));
    range().get(&format!("/project/ws/published/{file}/")).await.expect(404);
    range().get(&format!("/api/v2/releases/file/{file}")).await.expect(403);
}

#[sqlx::test]
async fn no_part_of_an_altered_content_is_taken_for_what_it_was(pool: PgPool) {
    let site = site(pool).await;
    let large = large();
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"0123456789"), ("large.txt", &large)])
        .await;
    let paths: Vec<String> = sqlx::query_scalar("SELECT path FROM release_file ORDER BY name")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    site.snapshot("ws", "ada", &released.files, true).await;
    // The same size, and a shorter one.
    let mut altered = large.clone();
    altered[700_000] = b'!';
    for other in [&altered[..], &large[..1_200_000]] {
        std::fs::write(site.storage.path().join(&paths[0]), b"01234x6789").unwrap();
        std::fs::write(site.storage.path().join(&paths[1]), other).unwrap();
        for file in &released.files {
            let path = format!("/project/ws/published/{file}/");
            for range in ["bytes=0-3", "bytes=-3", "bytes=5-7"] {
                ask(&site, &path, &[("Range", range)]).await.expect(500);
            }
        }
    }
    for path in paths {
        std::fs::remove_file(site.storage.path().join(path)).unwrap();
    }
    for file in &released.files {
        let path = format!("/project/ws/published/{file}/");
        ask(&site, &path, &[("Range", "bytes=1-2")]).await.expect(500);
    }
}

#[sqlx::test]
async fn of_a_file_whose_size_was_said_wrong_the_whole_is_sent(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.txt", b"0123456789")]).await;
    site.snapshot("ws", "ada", &released.files, true).await;
    sqlx::raw_sql("UPDATE release_file SET size = 11")
        .execute(site.db.pool())
        .await
        .unwrap();
    let path = format!("/project/ws/published/{}/", released.files[0]);
    let answer = ask(&site, &path, &[("Range", "bytes=2-5")]).await.expect(200);
    assert_eq!(answer.body, "0123456789");
}
