//! Over real connections: whoever is refused while they are still sending reads the answer all the same.

use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::site::serving::server;

/// More than lies on the way between two sockets.
const LARGE: usize = 16 * 1024 * 1024;

/// Sends all of a large body, and then reads the answer.
async fn send(address: &str, line: &str, headers: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head =
        format!("{line} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\nContent-Length: {LARGE}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..LARGE / chunk.len() {
        stream
            .write_all(&chunk)
            .await
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[sqlx::test]
async fn whoever_is_refused_reads_why(pool: PgPool) {
    let running = server(&pool).start(&["serve", "0"], "listening on").await;
    let world = crate::support::World::of_program(&pool);
    world.usual().await;
    let token = world.backend("tpp").await;
    let address = running.address();
    sqlx::query(
        "INSERT INTO release (id, workspace_id, backend_id, requested_files, metadata, created_by_id)
         SELECT '01A', w.id, b.id, '[]', '{}', w.created_by_id FROM workspace w, backend b
          WHERE w.name = 'ws' AND b.slug = 'tpp'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let known = format!("Authorization: {token}\r\n");
    let json = "Content-Type: application/json\r\n";
    let text = format!("{known}Content-Type: text/plain\r\n");
    let wrong = "Authorization: wrong\r\n";
    for (line, headers, status) in [
        ("POST /api/v2/releases/release/01A", wrong, 403),
        ("POST /api/v2/releases/release/01A", &*known, 403),
        ("POST /api/v2/releases/release/none", &*known, 404),
        ("POST /api/v2/releases/release/01A?format=api", &*known, 404),
        ("PUT /api/v2/releases/release/01A", &*known, 405),
        ("POST /api/v2/releases/release/01A/reviews", wrong, 403),
        ("POST /api/v2/releases/workspace/ws", wrong, 403),
        ("POST /api/v2/releases/workspace/none", json, 404),
        ("POST /api/v2/airlock/events", wrong, 403),
        ("POST /api/v2/jobs", wrong, 403),
        ("POST /api/v2/jobs", &*text, 415),
        ("POST /api/v2/releases/authenticate", wrong, 403),
        ("POST /api/v2/nowhere", wrong, 404),
    ] {
        let answer = send(&address, line, headers).await;
        let begin = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&begin), "{line}: {answer}");
        assert!(answer.contains("{\"detail\":"), "{line}: {answer}");
    }
}
