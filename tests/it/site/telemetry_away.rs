//! Nobody who is told anything can stop or slow the site: a collector or a Sentry that hangs, is gone, or
//! answers nonsense changes no answer and no end.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::serving::server;
use crate::support::{Program, Running, Silent, World, http_client};

/// Visits of each page; many more spans than one batch has.
const VISITS: usize = 200;

/// How long the end may take: Rocket's own, and two seconds for last words. Far from what a hanging call
/// would take, if anything waited for it again and again.
const END: Duration = Duration::from_secs(8);

/// What everybody is answered: the status, and what the page is. Some of its words tell how late it is.
async fn answers(address: &str, session: &str) -> Vec<(u16, String)> {
    let client = http_client();
    let paths = [
        "/",
        "/status/",
        "/project/ws/",
        "/no/such/page/",
        "/api/v2/job-requests/",
    ];
    let mut answers = Vec::new();
    for path in paths.iter().cycle().take(VISITS) {
        let answer = client
            .get(format!("http://{address}{path}"))
            .header("Cookie", format!("sessionid={session}"))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        let title = body
            .split_once("<title>")
            .and_then(|(_, rest)| rest.split_once("</title>"))
            .map_or_else(|| body.clone(), |(title, _)| title.to_owned());
        answers.push((status, title));
    }
    answers
}

async fn end(running: &mut Running) -> Duration {
    let told = Instant::now();
    running.terminate();
    let (status, _) = running.ended().await;
    assert_eq!(status.code(), Some(0));
    told.elapsed()
}

async fn session(pool: &PgPool) -> String {
    let world = World::of_program(pool);
    world.usual().await;
    world.session("ada").await
}

/// The answers of the site without telemetry, and of the site with it.
async fn compare(pool: &PgPool, with: impl FnOnce(Program) -> Program) -> (Running, String) {
    let session = session(pool).await;
    let mut plain = server(pool).start(&["serve", "0"], "listening on").await;
    let expected = answers(&plain.address(), &session).await;
    end(&mut plain).await;
    let running = with(server(pool)).start(&["serve", "0"], "listening on").await;
    for (number, (with, without)) in answers(&running.address(), &session)
        .await
        .iter()
        .zip(&expected)
        .enumerate()
    {
        assert_eq!(with, without, "visit {number}");
    }
    (running, session)
}

#[sqlx::test]
async fn a_collector_that_hangs_holds_nobody_up(pool: PgPool) {
    let mut silent = Silent::start().await;
    let url = format!("http://{}", silent.address());
    let (mut running, session) = compare(&pool, |program| program.with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)).await;
    // It hangs now, with a batch of ours; and everybody is answered all the same.
    silent.holds_somebody().await;
    answers(&running.address(), &session).await;
    let took = end(&mut running).await;
    assert!(took < END, "{took:?}");
}

#[sqlx::test]
async fn a_collector_that_is_not_there_holds_nobody_up(pool: PgPool) {
    // A port that was free a moment ago, and stays ours.
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let url = format!("http://{address}");
    let (mut running, _) = compare(&pool, |program| program.with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)).await;
    let took = end(&mut running).await;
    assert!(took < END, "{took:?}");
}

#[sqlx::test]
async fn a_collector_that_fails_holds_nobody_up_and_is_told_of_once(pool: PgPool) {
    let failing = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500))
        .mount(&failing)
        .await;
    let (mut running, session) = compare(&pool, |program| {
        program.with("OTEL_EXPORTER_OTLP_ENDPOINT", &failing.uri())
    })
    .await;
    answers(&running.address(), &session).await;
    let told = Instant::now();
    running.terminate();
    let (status, lines) = running.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(told.elapsed() < END, "{:?}", told.elapsed());
    let complaints = lines
        .iter()
        .filter(|line| line.contains("telemetry collector takes nothing"));
    assert_eq!(complaints.count(), 1);
    assert!(failing.received_requests().await.unwrap().len() > 1);
}

#[sqlx::test]
async fn a_sentry_that_hangs_holds_nobody_up(pool: PgPool) {
    let mut silent = Silent::start().await;
    let dsn = format!("http://key@{}/1", silent.address());
    let (mut running, session) = compare(&pool, |program| program.with("SENTRY_DSN", &dsn)).await;
    // From now on every page of the workspace is an error, and more of them than may wait.
    sqlx::query("ALTER TABLE workspace RENAME TO elsewhere")
        .execute(&pool)
        .await
        .unwrap();
    let broken = answers(&running.address(), &session).await;
    assert!(broken.iter().any(|(status, _)| *status == 500), "{broken:?}");
    silent.holds_somebody().await;
    for _ in 0..4 {
        answers(&running.address(), &session).await;
    }
    let took = end(&mut running).await;
    assert!(took < END, "{took:?}");
}
