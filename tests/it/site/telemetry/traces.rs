//! Traces and figures, as a collector gets them.

use jobserver::core::outbox::{self, Content, Draft, TestMail};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use sqlx::PgPool;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::serving::server;
use super::{SENT, TRACEPARENT, github, holds_none, visit};
use crate::support::{Collector, Program, World, http_client};

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
async fn asking_for_a_repository_anew_is_a_span_that_names_it(pool: PgPool) {
    let mut collector = Collector::start().await;
    let github = MockServer::start().await;
    let facts = serde_json::json!({
        "name": "ws", "html_url": "https://github.com/opensafely/ws", "private": true, "topics": [],
        "created_at": "2024-01-02T03:04:05Z",
    });
    let answer = ResponseTemplate::new(200).set_body_json(facts);
    Mock::given(any()).respond_with(answer).mount(&github).await;
    let world = World::of_program(&pool);
    world.usual().await;
    let session = world.session("ada").await;
    let program = server(&pool)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with("GITHUB_API_URL", &github.uri());
    let running = program.start(&["serve", "0"], "listening on").await;
    visit(&running.address(), "/project/ws/", &session).await;
    let trace = collector.trace(|span| span.name == "GET /<project>/<workspace>").await;
    let span = trace
        .iter()
        .find(|span| span.name == "get_repo")
        .unwrap_or_else(|| panic!("{trace:#?}"));
    assert_eq!(span.attribute("repo_owner"), "opensafely");
    assert_eq!(span.attribute("repo_name"), "ws");
    assert_eq!(span.attribute("repo_is_private"), "true");
    assert!(trace.iter().any(|call| call.parent == span.id), "{trace:#?}");
}

#[sqlx::test]
async fn a_delivery_is_a_trace_of_its_own_and_tells_nothing_of_the_message(pool: PgPool) {
    let mut collector = Collector::start().await;
    let mailgun = MockServer::start().await;
    let taken = ResponseTemplate::new(200).set_body_json(serde_json::json!({"id": "<7@mg>", "message": "Queued"}));
    Mock::given(any()).respond_with(taken).mount(&mailgun).await;
    let program = Program::new(&pool)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with("EMAIL_BACKEND", "mailgun")
        .with("MAILGUN_API_URL", &mailgun.uri())
        .with("MAILGUN_API_KEY", "mail-s3cret")
        .with("ROCKET_TEMPLATE_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/templates"));
    let mail = Content::TestMail(TestMail { by: "olive".into() });
    let mut conn = pool.acquire().await.unwrap();
    outbox::send(&mut conn, Draft::new(mail, "grace@example.com", "test"))
        .await
        .unwrap();
    let mut running = program.start(&["worker"], "worker started").await;
    let trace = collector
        .trace(|span| span.attribute("url.template") == "/{domain}/messages")
        .await;
    let begin = trace.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!(begin.name, "outbox_mail");
    let call = trace
        .iter()
        .find(|span| span.name == "POST /{domain}/messages")
        .unwrap();
    assert_eq!((call.parent.as_str(), call.failed), (begin.id.as_str(), false));
    assert!(trace.iter().any(|span| span.attributes.contains_key("db.system.name")));
    running.terminate();
    running.ended().await;
    let deliveries = collector.metric("jobserver.outbox.deliveries").await;
    let (attributes, count) = &deliveries[0];
    assert_eq!(
        (attributes["service"].as_str(), attributes["outcome"].as_str(), *count),
        ("mail", "delivered", 1.0)
    );
    holds_none(&collector.bytes, &["grace@example.com", "olive", "mail-s3cret"]);
}
