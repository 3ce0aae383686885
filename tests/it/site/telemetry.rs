//! What is told to collectors, to Sentry and in the log, and what never is.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::header::{AUTHORIZATION, COOKIE};
use serde_json::Value;
use sqlx::PgPool;
use wiremock::matchers::{any, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::serving::server;
use crate::support::{Collector, Sentry, World, http_client};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What somebody sends with a request and nobody else may learn.
const SENT: [&str; 4] = ["query-s3cret", "header-s3cret", "form-s3cret", "link-s3cret"];

/// A code host where there is one commit and nothing in it.
async fn github() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path_regex("/commits/"))
        .respond_with(ResponseTemplate::new(200).set_body_string("0123456789012345678901234567890123456789"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    server
}

async fn visit(address: &str, path: &str, session: &str) -> reqwest::Response {
    http_client()
        .get(format!("http://{address}{path}"))
        .header(COOKIE, format!("sessionid={session}"))
        .header(AUTHORIZATION, "Bearer header-s3cret")
        .header("traceparent", TRACEPARENT)
        .header("X-Request-Id", "journey-0001")
        .send()
        .await
        .unwrap()
}

#[track_caller]
fn holds_none(bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} is told");
    }
}

#[sqlx::test]
async fn one_trace_holds_a_request_its_statements_and_its_calls(pool: PgPool) {
    let mut collector = Collector::start().await;
    let github = github().await;
    let world = World::of_program(&pool);
    world.usual().await;
    let session = world.session("ada").await;
    let ada = world.user("ada").await.to_string();
    let program = server(&pool)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-honeycomb-team=collector-key")
        .with("GITHUB_API_URL", &github.uri())
        .with("JOBSERVER_GITHUB_TOKEN", "github-s3cret")
        .with("GITREF", "abc123");
    let mut running = program.start(&["serve", "0"], "listening on").await;

    let answer = visit(&running.address(), "/project/ws/run-jobs/?token=query-s3cret", &session).await;
    assert_eq!(answer.status(), 200);

    let trace = collector.trace(|span| span.name.contains("run-jobs")).await;
    let begin: Vec<_> = trace.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(begin.len(), 1, "{trace:#?}");
    let request = begin[0];
    assert_eq!(request.name, "GET /<project>/<workspace>/run-jobs/<reference..>");
    assert_eq!(request.kind, SpanKind::Server);
    assert_eq!(
        request.attribute("http.route"),
        "/<project>/<workspace>/run-jobs/<reference..>"
    );
    assert_eq!(request.attribute("http.request.method"), "GET");
    assert_eq!(request.attribute("http.response.status_code"), "200");
    assert_eq!(request.attribute("request_id"), "journey-0001");
    assert_eq!(request.attribute("user.id"), ada);
    assert!(!request.failed);
    // The caller's trace is linked to, and is not this one.
    assert_eq!(request.links, ["b7ad6b7169203331"]);
    assert_ne!(request.trace, "0af7651916cd43dd8448eb211c80319c");

    let statements: Vec<_> = trace
        .iter()
        .filter(|span| span.attributes.contains_key("db.system.name"))
        .collect();
    assert!(!statements.is_empty(), "{trace:#?}");
    for statement in &statements {
        assert_eq!(statement.parent, request.id, "{statement:?}");
        assert_eq!(statement.kind, SpanKind::Client);
        assert!(
            statement.attribute("db.query.summary").split(' ').count() <= 4,
            "{statement:?}"
        );
    }
    let calls: Vec<_> = trace
        .iter()
        .filter(|span| span.attributes.contains_key("url.template"))
        .collect();
    let commit = calls
        .iter()
        .find(|call| call.attribute("url.template") == "/repos/{owner}/{repo}/commits/{}")
        .unwrap_or_else(|| panic!("{trace:#?}"));
    assert_eq!(commit.name, "GET /repos/{owner}/{repo}/commits/{}");
    assert_eq!(commit.parent, request.id);
    assert_eq!(commit.kind, SpanKind::Client);
    assert_eq!(commit.attribute("server.address"), "127.0.0.1");
    assert_eq!(commit.attribute("http.response.status_code"), "200");
    assert!(!commit.failed);
    let lost = calls
        .iter()
        .find(|call| call.attribute("http.response.status_code") == "404")
        .unwrap();
    assert!(lost.failed, "{lost:?}");
    assert_eq!(statements.len() + calls.len() + 1, trace.len(), "{trace:#?}");

    // The code host is told which request and which span calls it.
    let asked = github.received_requests().await.unwrap();
    let told: Vec<String> = asked
        .iter()
        .map(|request| {
            assert_eq!(request.headers["x-request-id"], "journey-0001");
            request.headers["traceparent"].to_str().unwrap().to_owned()
        })
        .collect();
    assert!(
        told.contains(&format!("00-{}-{}-01", commit.trace, commit.id)),
        "{told:?}"
    );

    // What nobody needs to follow is not in traces: files, and the platform's questions.
    visit(&running.address(), "/health-check/", &session).await;
    visit(&running.address(), "/no/such/page/at/all/", &session).await;
    running.terminate();
    let (status, _) = running.ended().await;
    assert_eq!(status.code(), Some(0));
    let all = collector.rest().to_vec();
    assert!(all.iter().all(|span| !span.name.contains("health-check")), "{all:#?}");
    let lost = all
        .iter()
        .filter(|span| span.attribute("http.response.status_code") == "404" && span.parent.is_empty());
    assert_eq!(lost.count(), 1);

    let durations = collector.metric("http.server.request.duration").await;
    let (_, count) = durations
        .iter()
        .find(|(attributes, _)| attributes["http.route"] == "/<project>/<workspace>/run-jobs/<reference..>")
        .unwrap_or_else(|| panic!("{durations:?}"));
    assert_eq!(*count, 1.0);

    assert_eq!(collector.resource["service.name"], "job-server");
    assert_eq!(collector.resource["vcs.ref.head.revision"], "abc123");
    assert!(
        collector
            .headers
            .contains(&"x-honeycomb-team: collector-key".to_owned())
    );
    holds_none(&collector.bytes, &SENT);
    holds_none(
        &collector.bytes,
        &[
            &session,
            "github-s3cret",
            "collector-key",
            "s3cret",
            "opensafely",
            "no/such/page",
        ],
    );
}

#[sqlx::test]
async fn instrumentations_can_be_switched_off_one_by_one(pool: PgPool) {
    let mut collector = Collector::start().await;
    let github = github().await;
    let world = World::of_program(&pool);
    world.usual().await;
    let session = world.session("ada").await;
    let program = server(&pool)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "psycopg2,requests")
        .with("GITHUB_API_URL", &github.uri());
    let mut running = program.start(&["serve", "0"], "listening on").await;
    visit(&running.address(), "/project/ws/run-jobs/", &session).await;
    let trace = collector.trace(|span| span.name.contains("run-jobs")).await;
    running.terminate();
    running.ended().await;
    assert_eq!(trace.len(), 1, "{trace:#?}");
    assert_eq!(collector.rest().len(), 1);
    // Without a span of its own a call belongs to no trace, and still to a request.
    let asked = github.received_requests().await.unwrap();
    assert!(asked.iter().all(
        |request| !request.headers.contains_key("traceparent") && request.headers["x-request-id"] == "journey-0001"
    ));
}

#[sqlx::test]
async fn a_sync_is_traced_with_its_backend_and_a_job_page_with_its_jobs_trace(pool: PgPool) {
    let mut collector = Collector::start().await;
    let world = World::of_program(&pool);
    world.usual().await;
    let token = world.backend("tpp").await;
    let (request, identifier) = world.request(crate::support::Request::default()).await;
    let program = server(&pool)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with("LOG_FORMAT", "json");
    let mut running = program.start(&["serve", "0"], "listening on").await;
    let address = running.address();
    let report = serde_json::json!([{
        "identifier": "job1", "rap_id": identifier, "job_request_id": identifier, "action": "a", "run_command": "",
        "status": "succeeded", "status_code": "", "status_message": "Completed",
        "created_at": "2026-03-01T12:00:00Z", "started_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:10:00Z", "completed_at": "2026-03-01T12:10:00Z",
        "trace_context": {"traceparent": TRACEPARENT},
    }]);
    let answer = http_client()
        .post(format!("http://{address}/api/v2/jobs/"))
        .header(AUTHORIZATION, &token)
        .json(&report)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    let trace = collector.trace(|span| span.name == "POST /api/v2/jobs").await;
    let sync = trace.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!(sync.attribute("backend"), "tpp");
    assert_eq!(sync.attribute("job_requests"), identifier);
    assert_eq!(sync.attribute("jobs.reported"), "1");
    assert_eq!(sync.attribute("jobs.completed"), "1");
    assert!(sync.links.is_empty());
    // What the telemetry link of the workspace's page asks for.
    let done = trace.iter().find(|span| span.name == "update_job").unwrap();
    assert_eq!(done.parent, sync.id);
    for (name, value) in [
        ("workspace_name", "ws"),
        ("status", "succeeded"),
        ("completed", "true"),
        ("status_change", "true"),
        ("current_runtime", "600"),
    ] {
        assert_eq!(done.attribute(name), value, "{name}");
    }

    let page = http_client()
        .get(format!("http://{address}/project/ws/{request}/job1/"))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let trace = collector
        .trace(|span| span.name.starts_with("GET /<project>/<workspace>/<id>/<identifier>"))
        .await;
    let page = trace.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!(page.links, ["b7ad6b7169203331"]);

    // A refused token is an exception on its request, and is not told.
    http_client()
        .post(format!("http://{address}/api/v2/jobs/"))
        .header(AUTHORIZATION, "header-s3cret")
        .json(&report)
        .send()
        .await
        .unwrap();
    let trace = collector.trace(|span| !span.events.is_empty()).await;
    let refused = trace.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!(refused.events[0]["exception.message"], "Invalid token");

    running.terminate();
    let (_, lines) = running.ended().await;
    holds_none(&collector.bytes, &[&token, "header-s3cret"]);
    let over: Value = lines
        .iter()
        .find(|line| line.contains("jobs are over"))
        .map(|line| serde_json::from_str(line).unwrap())
        .unwrap();
    assert_eq!(over["jobs"], "job1");
    assert_eq!(over["span"]["job_requests"], identifier);
    assert_eq!(over["span"]["backend"], "tpp");
}

#[sqlx::test]
async fn an_error_is_reported_with_its_request_and_without_secrets(pool: PgPool) {
    let mut sentry = Sentry::start().await;
    let world = World::of_program(&pool);
    let session = world.session("ada").await;
    let ada = world.user("ada").await;
    let program = server(&pool)
        .with("SENTRY_DSN", &sentry.dsn())
        .with("SENTRY_ENVIRONMENT", "staging")
        .with("SLACK_BOT_TOKEN", "xoxb-s3cret")
        .with("LOG_FORMAT", "json");
    // A database that blurts out whatever it knows.
    let secrets = format!(
        "{} xoxb-s3cret sessionid={session} /login-link/link-s3cret/",
        crate::support::SECRET_KEY
    );
    for statement in [
        "ALTER TABLE login_link RENAME TO hidden_link".to_owned(),
        format!(
            "CREATE FUNCTION blurt() RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today: {secrets}'; END $$"
        ),
        "CREATE VIEW login_link AS SELECT * FROM hidden_link WHERE blurt()".to_owned(),
    ] {
        // The statements are the test's own.
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&pool)
            .await
            .unwrap();
    }
    let mut running = program.start(&["serve", "0"], "listening on").await;
    let answer = visit(
        &running.address(),
        "/login-link/link-s3cret/?token=query-s3cret",
        &session,
    )
    .await;
    assert_eq!(answer.status(), 500);

    let (event, text) = sentry.item("event").await;
    // An event without a level is an error.
    assert_eq!(event.get("level"), None);
    assert_eq!(event["environment"], "staging");
    assert_eq!(
        event["user"],
        serde_json::json!({"id": ada.to_string(), "username": "ada"})
    );
    assert_eq!(event["tags"]["request_id"], "journey-0001");
    assert_eq!(event["tags"]["route"], "/login-link/<token>");
    assert_eq!(event["tags"]["method"], "GET");
    assert!(
        text.contains("not today: ***** ***** sessionid=***** /login-link/*****/"),
        "{text}"
    );
    holds_none(text.as_bytes(), &SENT);
    holds_none(text.as_bytes(), &[&session, "xoxb", crate::support::SECRET_KEY]);

    running.terminate();
    let (_, lines) = running.ended().await;
    let failed: Value = lines
        .iter()
        .find(|line| line.contains("\"message\":\"request failed\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .unwrap();
    assert_eq!(failed["status"], 500);
    assert_eq!(failed["request_id"], "journey-0001");
    assert_eq!(failed["user_id"], ada);
    assert_eq!(failed["client"], "127.0.0.1");
}

#[sqlx::test]
async fn a_whole_journey_leaves_no_secret_in_the_log_however_loud_it_is(pool: PgPool) {
    let github = github().await;
    let world = World::of_program(&pool);
    world.usual().await;
    let token = world.backend("tpp").await;
    let program = server(&pool)
        .with("GITHUB_API_URL", &github.uri())
        .with("JOBSERVER_GITHUB_TOKEN", "github-s3cret")
        .with("LOG_FORMAT", "json")
        .with("RUST_LOG", "trace");
    let link = program.run(&["login-link", "ada"]).await.ok();
    let link = link.last_line().strip_prefix("http://jobs.test").unwrap().to_owned();
    let link_token = link.split('/').nth(2).unwrap().to_owned();
    let mut running = program.start(&["serve", "0"], "listening on").await;
    let address = running.address();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    // Signing in by a link, as a browser does.
    let page = client
        .get(format!("http://{address}{link}?token=query-s3cret"))
        .send()
        .await
        .unwrap();
    let csrf_cookie = cookie(&page);
    let html = crate::support::Html::parse(&page.text().await.unwrap());
    let csrf = html.attribute("input[name=csrfmiddlewaretoken]", "value").unwrap();
    let signed_in = client
        .post(format!("http://{address}{link}"))
        .header(COOKIE, &csrf_cookie)
        .header("Origin", "http://jobs.test")
        .form(&[("csrfmiddlewaretoken", csrf.as_str()), ("note", "form-s3cret")])
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), 302);
    let session = cookie(&signed_in);
    let session_token = session.strip_prefix("sessionid=").unwrap().to_owned();

    let page = visit(&address, "/project/ws/run-jobs/?token=query-s3cret", &session_token).await;
    assert_eq!(page.status(), 200);
    let answer = client
        .get(format!(
            "http://{address}/api/v2/job-requests/?backend=tpp&token=query-s3cret"
        ))
        .header(AUTHORIZATION, &token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);

    running.terminate();
    let (_, lines) = running.ended().await;
    let log = lines.join("\n");
    // It was loud, and it told of all of it.
    assert!(
        log.contains("request started") && log.contains("sqlx::query"),
        "{}",
        log.len()
    );
    let ended: Vec<Value> = lines
        .iter()
        .filter(|line| line.contains("request finished"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let paths: Vec<&str> = ended.iter().map(|line| line["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "/login-link/…",
            "/login-link/…",
            "/project/ws/run-jobs/",
            "/api/v2/job-requests/"
        ]
    );
    assert!(
        ended
            .iter()
            .all(|line| line["request_id"].is_string() && line["status"].is_number())
    );
    assert!(ended[2]["user_id"].is_number());
    holds_none(log.as_bytes(), &SENT);
    let csrf_token = csrf_cookie.split_once('=').unwrap().1;
    holds_none(
        log.as_bytes(),
        &[
            &link_token,
            &session_token,
            csrf_token,
            &csrf,
            &token,
            "github-s3cret",
            crate::support::SECRET_KEY,
        ],
    );
}

/// The cookie that an answer sets, `name=value`.
fn cookie(answer: &reqwest::Response) -> String {
    let header = answer.headers().get_all("set-cookie").iter().next().unwrap();
    header.to_str().unwrap().split(';').next().unwrap().to_owned()
}
