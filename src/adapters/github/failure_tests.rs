//! GitHub failing in every way it can, for every verb.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::sample_repos::url;
use super::fake::{client, ok, refusal, settings};
use super::*;

async fn every_verb(host: &GitHub) -> Vec<(&'static str, CodeHostError)> {
    let (repo, at) = (url("study"), "0".repeat(40).parse().unwrap());
    vec![
        ("repositories", host.repositories("opensafely").await.unwrap_err()),
        ("topics", host.topics("opensafely").await.unwrap_err()),
        ("facts", host.facts(&repo).await.unwrap_err()),
        ("branches", host.branches(&repo).await.unwrap_err()),
        ("resolve", host.resolve(&repo, "main").await.unwrap_err()),
        ("file", host.file(&repo, &at, "project.yaml", 1000).await.unwrap_err()),
        ("listing", host.listing(&repo, &at, "codelists").await.unwrap_err()),
    ]
}

/// What every verb ends with when every call is answered like this, and how many calls were made.
async fn answered_with(answer: ResponseTemplate) -> (Vec<(&'static str, CodeHostError)>, usize) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let host = GitHub::new(client(), settings(&server.uri())).unwrap();
    let errors = every_verb(&host).await;
    (errors, server.received_requests().await.unwrap().len())
}

macro_rules! assert_all {
    ($errors:expr, $pattern:pat) => {
        for (verb, error) in $errors {
            assert!(matches!(&error, $pattern), "{verb}: {error:?}");
        }
    };
}

#[tokio::test]
async fn a_refused_token_is_unauthorised() {
    let (errors, calls) = answered_with(refusal(401, "Bad credentials")).await;
    assert_all!(errors, CodeHostError::Unauthorised);
    assert_eq!(calls, 7);
    let (errors, _) = answered_with(refusal(403, "Resource not accessible by personal access token")).await;
    assert_all!(errors, CodeHostError::Unauthorised);
}

#[tokio::test]
async fn a_used_up_allowance_says_until_when() {
    for status in [403, 429] {
        let answer = refusal(status, "Forbidden")
            .insert_header("x-ratelimit-remaining", "0")
            .insert_header("x-ratelimit-reset", "1893456000");
        let (errors, calls) = answered_with(answer).await;
        // Refused at once and once: nothing waits for the allowance.
        assert_eq!(calls, 7);
        for (verb, error) in errors {
            let CodeHostError::RateLimited { reset } = error else {
                panic!("{verb}: {error:?}")
            };
            assert_eq!(reset, Some(datetime!(2030-01-01 00:00 UTC)), "{verb}");
        }
    }
}

#[tokio::test]
async fn too_many_calls_at_once_say_for_how_long() {
    let before = OffsetDateTime::now_utc();
    let answer = refusal(403, "slow down").insert_header("retry-after", "60");
    let (errors, _) = answered_with(answer).await;
    for (verb, error) in errors {
        let CodeHostError::RateLimited { reset: Some(reset) } = error else {
            panic!("{verb}: {error:?}")
        };
        assert!(reset >= before + Duration::from_mins(1), "{verb}");
    }
}

#[tokio::test]
async fn a_rate_limit_without_a_time_is_still_one() {
    let (errors, _) = answered_with(refusal(403, "You have exceeded a secondary rate limit.")).await;
    assert_all!(errors, CodeHostError::RateLimited { reset: None });
    let (errors, _) = answered_with(ResponseTemplate::new(429)).await;
    assert_all!(errors, CodeHostError::RateLimited { reset: None });
    for nonsense in [
        "soon",
        "-9223372036854775808",
        "9223372036854775807",
        "99999999999999999999",
    ] {
        let answer = ResponseTemplate::new(429)
            .insert_header("retry-after", nonsense)
            .insert_header("x-ratelimit-reset", nonsense);
        let (errors, _) = answered_with(answer).await;
        assert_all!(errors, CodeHostError::RateLimited { .. });
    }
}

#[tokio::test]
async fn a_failing_github_is_unavailable_and_asked_once() {
    for status in [500, 502, 503, 504, 400, 418] {
        let (errors, calls) = answered_with(refusal(status, "Server Error")).await;
        for (verb, error) in &errors {
            let CodeHostError::Unavailable(detail) = error else {
                panic!("{verb}: {error:?}")
            };
            assert!(detail.to_string().contains(&status.to_string()), "{detail}");
            assert!(
                !error.to_string().contains("Server Error"),
                "a detail is shown: {error}"
            );
        }
        assert_eq!(calls, 7);
    }
}

#[tokio::test]
async fn a_refusal_with_an_endless_or_broken_body_is_still_that_refusal() {
    let (errors, _) = answered_with(ResponseTemplate::new(401).set_body_bytes(vec![b' '; 1 << 20])).await;
    assert_all!(errors, CodeHostError::Unauthorised);
    let (errors, _) = answered_with(ResponseTemplate::new(500).set_body_string("<html>")).await;
    assert_all!(errors, CodeHostError::Unavailable(_));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_unavailable() {
    for body in [
        "",
        "{",
        "<html></html>",
        "null",
        "12",
        r#"{"private": "perhaps"}"#,
        "[1]",
        "\0\u{1}",
    ] {
        let (errors, _) = answered_with(ResponseTemplate::new(200).set_body_string(body)).await;
        assert_all!(errors, CodeHostError::Unavailable(_));
    }
    let (errors, _) = answered_with(ResponseTemplate::new(200).set_body_bytes(vec![0xff; 40])).await;
    assert_all!(errors, CodeHostError::Unavailable(_));
    let deep = "[".repeat(100_000);
    let (errors, _) = answered_with(ResponseTemplate::new(200).set_body_string(deep)).await;
    assert_all!(errors, CodeHostError::Unavailable(_));
}

#[tokio::test]
async fn a_huge_answer_is_unavailable() {
    let padding = "x".repeat(9 * 1024 * 1024);
    let body = json!({ "private": false, "type": "dir", "entries": [], "padding": padding });
    let (errors, _) = answered_with(ok(body)).await;
    assert_all!(errors, CodeHostError::Unavailable(_));
}

#[tokio::test]
async fn a_silent_github_is_given_up() {
    let server = MockServer::start().await;
    let late = ok(json!({ "private": false })).set_delay(Duration::from_mins(10));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let short = Duration::from_millis(50);
    let impatient = GitHubSettings {
        call_timeout: short,
        listing_timeout: short,
        ..settings(&server.uri())
    };
    let host = GitHub::new(client(), impatient).unwrap();
    assert_all!(every_verb(&host).await, CodeHostError::TimedOut);
    // The client's own limit means the same.
    let client = reqwest::Client::builder().no_proxy().timeout(short).build().unwrap();
    let host = GitHub::new(client, settings(&server.uri())).unwrap();
    assert_all!(every_verb(&host).await, CodeHostError::TimedOut);
}

/// A server that reads a request, writes `answer` (again and again if `endless`), and hangs up.
async fn raw_server(answer: &'static [u8], endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                let mut written = connection.write_all(answer).await;
                while endless && written.is_ok() {
                    written = connection.write_all(b"1000\r\n").await;
                    written = written.and(connection.write_all(&[b' '; 0x1000]).await);
                    written = written.and(connection.write_all(b"\r\n").await);
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unavailable() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-len",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"private\": false",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"priv",
        b"SSH-2.0-OpenSSH\r\n",
    ] {
        let host = GitHub::new(client(), settings(&raw_server(answer, false).await)).unwrap();
        assert_all!(every_verb(&host).await, CodeHostError::Unavailable(_));
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let host = GitHub::new(client(), settings(&raw_server(head, true).await)).unwrap();
    assert_all!(every_verb(&host).await, CodeHostError::Unavailable(_));
}

#[tokio::test]
async fn nobody_listening_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let host = GitHub::new(client(), settings(&address)).unwrap();
    assert_all!(every_verb(&host).await, CodeHostError::Unavailable(_));
}

async fn graphql_answers(answer: Value) -> Result<Vec<Repository>, CodeHostError> {
    let server = MockServer::start().await;
    let answer = ok(answer).insert_header("x-ratelimit-reset", "1893456000");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    GitHub::new(client(), settings(&server.uri()))
        .unwrap()
        .repositories("opensafely")
        .await
}

fn organisation(nodes: &Value) -> Value {
    json!({ "organization": { "repositories": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } } } })
}

#[tokio::test]
async fn graphql_errors_come_with_status_200() {
    let errors = |kind: &str| json!({ "data": null, "errors": [{ "type": kind, "message": "words for the logs" }] });
    let found = graphql_answers(errors("NOT_FOUND")).await;
    assert!(matches!(found, Err(CodeHostError::OrgNotFound { .. })), "{found:?}");
    let found = graphql_answers(errors("RATE_LIMITED")).await;
    let Err(CodeHostError::RateLimited { reset }) = found else {
        panic!("{found:?}")
    };
    assert_eq!(reset, Some(datetime!(2030-01-01 00:00 UTC)));
    for kind in ["FORBIDDEN", "INSUFFICIENT_SCOPES"] {
        let found = graphql_answers(errors(kind)).await;
        assert!(matches!(found, Err(CodeHostError::Unauthorised)), "{found:?}");
    }
    let error = graphql_answers(errors("")).await.unwrap_err();
    let CodeHostError::Unavailable(detail) = &error else {
        panic!("{error:?}")
    };
    assert!(detail.to_string().contains("words for the logs"));
    assert!(!error.to_string().contains("words"));
}

#[tokio::test]
async fn a_graphql_answer_without_data_or_in_part_is_no_answer() {
    for answer in [json!({}), json!({ "data": null }), json!({ "errors": [] })] {
        let found = graphql_answers(answer).await;
        assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
    }
    let part = json!({ "data": organisation(&json!([])), "errors": [{ "message": "timed out" }] });
    let found = graphql_answers(part).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
    let found = graphql_answers(json!({ "data": { "organization": null } })).await;
    assert!(matches!(found, Err(CodeHostError::OrgNotFound { .. })), "{found:?}");
}

#[tokio::test]
async fn odd_repositories_in_a_list_are_left_out() {
    let node = |url: &str| json!({ "url": url, "isPrivate": false, "refs": null, "repositoryTopics": null });
    let nodes = json!([
        null,
        node("https://github.com/opensafely/Zebra"),
        node("https://github.com/opensafely/apple"),
        node("https://evil.example/opensafely/study"),
        node("javascript:alert(1)"),
    ]);
    let found = graphql_answers(json!({ "data": organisation(&nodes) })).await.unwrap();
    let names: Vec<&str> = found.iter().map(|repository| repository.name.as_str()).collect();
    assert_eq!(names, ["apple", "Zebra"]);
}

#[tokio::test]
async fn a_list_without_end_stops_at_the_limit() {
    let server = MockServer::start().await;
    let refs = json!({ "nodes": [{ "name": "b" }], "pageInfo": { "hasNextPage": false, "endCursor": null } });
    let node = json!({ "url": "https://github.com/opensafely/study", "isPrivate": false, "refs": refs });
    let repositories = json!({ "nodes": vec![node; 150], "pageInfo": { "hasNextPage": true, "endCursor": "same" } });
    Mock::given(any())
        .respond_with(ok(
            json!({ "data": { "organization": { "repositories": repositories } } }),
        ))
        .expect(10)
        .mount(&server)
        .await;
    let host = GitHub::new(client(), settings(&server.uri())).unwrap();
    let found = host.repositories("opensafely").await.unwrap();
    assert_eq!(found.len(), crate::core::ports::MAX_REPOSITORIES);
}

#[tokio::test]
async fn branches_without_end_stop_at_the_limit() {
    let server = MockServer::start().await;
    let names: Vec<Value> = (0..100)
        .map(|number| json!({ "name": format!("b{number:03}") }))
        .collect();
    let refs = json!({ "nodes": names, "pageInfo": { "hasNextPage": true, "endCursor": "same" } });
    let node = json!({ "url": "https://github.com/opensafely/study", "isPrivate": false, "refs": refs });
    let mut data = organisation(&json!([node]));
    data["repository"] = json!({ "refs": refs });
    Mock::given(any())
        .respond_with(ok(json!({ "data": data })))
        .expect(10)
        .mount(&server)
        .await;
    let host = GitHub::new(client(), settings(&server.uri())).unwrap();
    let found = host.repositories("opensafely").await.unwrap();
    assert_eq!(found[0].branches.len(), MAX_BRANCHES);
}

#[tokio::test]
async fn topics_that_may_not_be_all_are_no_answer() {
    let node = json!({ "url": "https://github.com/opensafely/study", "isPrivate": false });
    let endless = json!({ "hasNextPage": true, "endCursor": "same" });
    for (page_info, calls) in [
        (endless, 100),
        (Value::Null, 1),
        (json!({ "hasNextPage": true, "endCursor": null }), 1),
    ] {
        let repositories = json!({ "nodes": [node], "pageInfo": page_info });
        let answer = ok(json!({ "data": { "organization": { "repositories": repositories } } }));
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(answer)
            .expect(calls)
            .mount(&server)
            .await;
        let host = GitHub::new(client(), settings(&server.uri())).unwrap();
        let found = host.topics("opensafely").await;
        assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
    }
}
