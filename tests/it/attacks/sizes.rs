//! More than the site takes, and what is no HTTP of ours.

use std::time::Duration;

use rocket::http::Method;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Ask;
use crate::site::serving::server;
use crate::support::{Site, http_client};

#[sqlx::test]
async fn a_form_has_a_most_and_says_so(pool: PgPool) {
    let site = Site::start(pool).await;
    let ada = site.sign_in("ada").await;
    let long = "a".repeat(256 * 1024);
    let main = ada
        .post("/settings/", &[("notify", &long)])
        .await
        .expect(413)
        .html()
        .main();
    assert!(main.contains("larger than 256 KB"), "{main}");
    let many = vec![("a", ""); 4000];
    let main = ada.post("/settings/", &many).await.expect(413).html().main();
    assert!(main.contains("more than 4000 items"), "{main}");
    // One less is read.
    let fits = vec![("a", ""); 3999];
    ada.post("/settings/", &fits).await.expect(200);
    // A file's form, or JSON, is no form of ours.
    let cookie = format!("sessionid={}", ada.cookies().await.swap_remove(0).1);
    for kind in ["multipart/form-data; boundary=x", "application/json", "text/plain"] {
        let ask = Ask {
            headers: vec![("Cookie", &cookie), ("Content-Type", kind)],
            ..Ask::default()
        };
        ask.send(&site, Method::Post, "/settings/").await.expect(403);
    }
}

#[sqlx::test]
async fn an_address_has_a_most(pool: PgPool) {
    let site = Site::start(pool).await;
    let ask = async |length: usize| {
        let path = format!("/status/?a={}", "b".repeat(length - "/status/a=".len()));
        site.anonymous().get(&path).await
    };
    ask(16 * 1024).await.expect(200);
    let main = ask(16 * 1024 + 1).await.expect(414).html().main();
    assert!(main.contains("longer than this site takes"), "{main}");
}

/// Clients of HTTP libraries send all of their body before they listen, and see a broken pipe when the connection
/// closes meanwhile.
#[sqlx::test]
async fn whoever_sends_too_much_is_told_so_and_not_cut_off(pool: PgPool) {
    let running = server(&pool).start(&["serve", "0"], "listening on").await;
    let world = crate::support::World::of_program(&pool);
    let token = world.backend("tpp").await;
    for (megabytes, expect) in [(33, false), (33, true), (100, false)] {
        let mut stream = TcpStream::connect(running.address()).await.unwrap();
        let length = megabytes * 1024 * 1024;
        let expectation = if expect { "Expect: 100-continue\r\n" } else { "" };
        let head = format!(
            "POST /api/v2/jobs/ HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{expectation}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        if expect {
            let mut go_on = [0; 25];
            stream.read_exact(&mut go_on).await.unwrap();
            assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let block = vec![b' '; 1024 * 1024];
        for _ in 0..megabytes {
            stream.write_all(&block).await.expect("the server reads on");
        }
        let mut answer = String::new();
        while !answer.contains("32MiB are allowed") {
            let mut part = [0; 1024];
            let read = stream.read(&mut part).await.unwrap();
            assert_ne!(read, 0, "{megabytes} {expect}: {answer}");
            answer.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        assert!(answer.starts_with("HTTP/1.1 413 "), "{megabytes} {expect}: {answer}");
    }
}

async fn raw(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may answer before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(20), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[sqlx::test]
async fn a_method_that_nobody_knows_is_answered_like_everything_else(pool: PgPool) {
    let mut running = server(&pool).start(&["serve", "0"], "listening on").await;
    let address = running.address();
    for method in ["PROPFIND", "BREW", "MKCOL", "SEARCH"] {
        for (path, kind) in [("/", "text/html"), ("/api/v2/jobs/", "application/json")] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let answer = raw(&address, request.as_bytes()).await.to_lowercase();
            assert!(answer.starts_with("http/1.1 400 "), "{method} {answer}");
            assert!(answer.contains(&format!("content-type: {kind}")), "{method} {answer}");
            for header in [
                "x-request-id: ",
                "x-content-type-options: nosniff",
                "x-frame-options: sameorigin",
            ] {
                assert!(answer.contains(header), "{method} {path} {header} {answer}");
            }
            assert_eq!(
                answer.contains("content-security-policy: default-src 'none'"),
                path == "/",
                "{answer}"
            );
        }
    }
    for method in ["TRACE", "CONNECT"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: x\r\nX-Secret: echo\r\nConnection: close\r\n\r\n");
        let answer = raw(&address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{method} {answer}");
        assert!(!answer.contains("X-Secret"), "{answer}");
    }
    // They are in the log, too.
    running.says("request finished").await;
}

/// What the HTTP library refuses by itself; the proxy in front takes less.
#[sqlx::test]
async fn headers_have_a_most(pool: PgPool) {
    let running = server(&pool).start(&["serve", "0"], "listening on").await;
    let address = running.address();
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(2 * 1024 * 1024));
    for (headers, what) in [(many, "many"), (long, "long")] {
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
        let answer = raw(&address, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(),
            "{what}: {answer}"
        );
    }
    // And goes on.
    let answer = http_client()
        .get(format!("http://{address}/health-check/"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}
