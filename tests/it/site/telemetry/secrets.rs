//! What is in reports and in the log, and that no secret is.

use reqwest::header::{AUTHORIZATION, COOKIE};
use serde_json::Value;
use sqlx::PgPool;

use super::super::serving::server;
use super::{SENT, github, holds_none, visit};
use crate::support::{Sentry, World};

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
    let csrf_cookie = cookie(&page, "csrftoken");
    let html = crate::support::Html::parse(&page.text().await.unwrap());
    let csrf = html.attribute("input[name=csrfmiddlewaretoken]", "value").unwrap();
    let signed_in = client
        .post(format!("http://{address}{link}"))
        .header(COOKIE, format!("csrftoken={csrf_cookie}"))
        .header("Origin", "http://jobs.test")
        .form(&[("csrfmiddlewaretoken", csrf.as_str()), ("note", "form-s3cret")])
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), 302);
    let session_token = cookie(&signed_in, "sessionid");

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
    holds_none(
        log.as_bytes(),
        &[
            &link_token,
            &session_token,
            &csrf_cookie,
            &csrf,
            &token,
            "github-s3cret",
            crate::support::SECRET_KEY,
        ],
    );
}

/// The value of a cookie that an answer sets, which may set others.
fn cookie(answer: &reqwest::Response, name: &str) -> String {
    let cookies: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|header| header.to_str().unwrap())
        .collect();
    cookies
        .iter()
        .filter_map(|cookie| cookie.split(';').next()?.split_once('='))
        .find_map(|(of, value)| (of == name).then(|| value.to_owned()))
        .unwrap_or_else(|| panic!("{name} is not among {cookies:?}"))
}
