//! The server as the platform runs it: started, stopped, replaced.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Html, Program, http_client};

/// The server with what lies beside it in an installation: templates, built assets, Rocket's settings.
pub fn server(pool: &PgPool) -> Program {
    let checkout = env!("CARGO_MANIFEST_DIR");
    Program::new(pool)
        .with("ROCKET_ADDRESS", "127.0.0.1")
        .with("ROCKET_TEMPLATE_DIR", &format!("{checkout}/templates"))
        .with("ROCKET_CONFIG", &format!("{checkout}/Rocket.toml"))
        .with("BUILT_ASSETS", &format!("{checkout}/assets/dist"))
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: jobs.test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_head(stream).await
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() == 1 {
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()
}

#[sqlx::test]
async fn it_stops_at_once_when_nobody_waits_for_an_answer(pool: PgPool) {
    let program = server(&pool);
    let mut running = program.start(&["serve", "0"], "listening on").await;
    let mut idle = TcpStream::connect(running.address()).await.unwrap();
    assert!(ask(&mut idle, "/health-check/").await.starts_with("HTTP/1.1 200"));

    // Browsers also connect ahead of any question.
    let _ahead = TcpStream::connect(running.address()).await.unwrap();

    let told = Instant::now();
    running.terminate();
    let (status, _) = running.ended().await;
    assert_eq!(status.code(), Some(0));
    // Connections without a question hold nothing up.
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
}

#[sqlx::test]
async fn whoever_asked_before_it_was_told_to_stop_is_answered(pool: PgPool) {
    let program = server(&pool);
    let mut running = program.start(&["serve", "0"], "listening on").await;
    // The visitor of this page waits for a row that we hold: the request is open for as long as we like.
    sqlx::query(r#"INSERT INTO "user" (username, fullname) VALUES ('ada', 'Ada')"#)
        .execute(&pool)
        .await
        .unwrap();
    let link = program.run(&["login-link", "ada"]).await.ok();
    let path = link.last_line().strip_prefix("http://jobs.test").unwrap().to_owned();
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE login_link IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let mut visitor = TcpStream::connect(running.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: jobs.test\r\n\r\n");
    visitor.write_all(request.as_bytes()).await.unwrap();
    // The server is at it when its statement waits for our lock.
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'login_link'::regclass AND NOT granted";
    tokio::time::timeout(Duration::from_secs(20), async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the request reaches the database");

    running.terminate();
    // It no longer listens once it stops; the one who asked is still served.
    let address = running.address();
    tokio::time::timeout(Duration::from_secs(20), async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nobody new is let in");
    lock.rollback().await.unwrap();
    assert!(read_head(&mut visitor).await.starts_with("HTTP/1.1 200"));
    let (status, _) = running.ended().await;
    assert_eq!(status.code(), Some(0));
}

#[sqlx::test]
async fn the_worker_stops_when_told(pool: PgPool) {
    let program = Program::new(&pool);
    let mut running = program.start(&["worker"], "worker started").await;
    running.terminate();
    let (status, rest) = running.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(rest.iter().any(|line| line.contains("worker stopped")), "{rest:?}");
}

#[sqlx::test]
async fn a_taken_port_is_told_with_a_remedy(pool: PgPool) {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = server(&pool).run(&["serve", &port]).await.failed();
    assert!(said.err.contains("set PORT to a free one"), "{}", said.err);
}

#[sqlx::test]
async fn the_front_end_is_sent_compressed_and_once(pool: PgPool) {
    let program = server(&pool);
    let running = program.start(&["serve", "0"], "listening on").await;
    let site = format!("http://{}", running.address());
    // A client that decodes nothing by itself.
    let client = http_client();
    let page = client.get(&site).send().await.unwrap().text().await.unwrap();
    let html = Html::parse(&page);
    let style = html.attribute("link[rel=stylesheet]", "href").unwrap();
    let ask = |accepted: &'static str| client.get(format!("{site}{style}")).header("Accept-Encoding", accepted);
    let mut lengths = Vec::new();
    for (accepted, encoding) in [("br, gzip", Some("br")), ("gzip", Some("gzip")), ("identity", None)] {
        let answer = ask(accepted).send().await.unwrap();
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header("content-encoding").as_deref(), encoding);
        assert_eq!(header("vary").as_deref(), Some("Accept-Encoding"));
        assert_eq!(header("content-type").as_deref(), Some("text/css; charset=utf-8"));
        assert_eq!(
            header("cache-control").as_deref(),
            Some("public, max-age=31536000, immutable")
        );
        let tag = header("etag").unwrap();
        let head = client
            .head(format!("{site}{style}"))
            .header("Accept-Encoding", accepted);
        let head = head.send().await.unwrap();
        let length: usize = head.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert_eq!(answer.bytes().await.unwrap().len(), length);
        lengths.push(length);
        let again = ask(accepted).header("If-None-Match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
    }
    assert!(lengths[0] < lengths[1] && lengths[1] * 2 < lengths[2], "{lengths:?}");
    let icon = client.get(format!("{site}/static/favicon.ico")).send().await.unwrap();
    assert_eq!(icon.headers()["content-type"], "image/x-icon");
    assert_eq!(icon.headers()["cache-control"], "public, max-age=3600");
}
