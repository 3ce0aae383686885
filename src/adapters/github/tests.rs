use secrecy::SecretString;
use serde_json::{Value, json};
use time::macros::datetime;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::code_host_behaviour::code_host_behaviour;
use super::super::sample_repos::{Sample, url};
use super::fake::{self, client, ok, refusal, settings};
use super::*;

async fn set_up(sample: &Sample) -> (GitHub, MockServer) {
    fake::start(sample.root()).await
}

code_host_behaviour!(set_up);

/// A server that answers nothing but what a test mounts.
async fn bare() -> (GitHub, MockServer) {
    let server = MockServer::start().await;
    let host = GitHub::new(client(), settings(&server.uri())).unwrap();
    (host, server)
}

const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

fn sha() -> CommitSha {
    SHA1.parse().unwrap()
}

#[tokio::test]
async fn a_call_carries_the_token_and_one_user_agent() {
    let sample = Sample::new();
    let (host, server) = set_up(&sample).await;
    host.facts(&url("study")).await.unwrap();
    host.repositories("opensafely").await.unwrap();
    for request in server.received_requests().await.unwrap() {
        assert_eq!(request.headers["authorization"], "Bearer s3cret-token");
        let agents: Vec<_> = request.headers.get_all("user-agent").iter().collect();
        assert_eq!(agents, ["OpenSAFELY Jobs"]);
        assert!(request.headers.contains_key("x-github-api-version"));
    }
}

#[tokio::test]
async fn without_a_token_calls_are_anonymous() {
    for token in [None, Some(SecretString::from(""))] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ok(json!({ "private": false })))
            .mount(&server)
            .await;
        let anonymous = GitHubSettings {
            token,
            ..settings(&server.uri())
        };
        GitHub::new(client(), anonymous)
            .unwrap()
            .facts(&url("study"))
            .await
            .unwrap();
        let requests = server.received_requests().await.unwrap();
        assert!(
            requests
                .iter()
                .all(|request| !request.headers.contains_key("authorization"))
        );
    }
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_named() {
    let error = |settings| GitHub::new(client(), settings).unwrap_err();
    for address in [
        "ftp://api.github.com",
        "https://me:secret@api.github.com",
        "https://api.github.com?x=1",
        "mailto:x",
    ] {
        assert!(
            matches!(error(settings(address)), GitHubSettingsError::Address(_)),
            "{address}"
        );
    }
    let token = GitHubSettings {
        token: Some(SecretString::from("s3cret\n")),
        ..settings("http://localhost")
    };
    let token = error(token);
    assert_eq!(token, GitHubSettingsError::Token);
    assert!(!token.to_string().contains("s3cret"));
    let agent = GitHubSettings {
        user_agent: "a\nb".to_owned(),
        ..settings("http://localhost")
    };
    assert_eq!(error(agent), GitHubSettingsError::UserAgent);
}

#[tokio::test]
async fn the_token_shows_in_no_debug_text() {
    let settings = settings("http://localhost:1");
    let host = GitHub::new(client(), settings.clone()).unwrap();
    let error = host.facts(&url("study")).await.unwrap_err();
    for text in [
        format!("{settings:?}"),
        format!("{host:?}"),
        format!("{error:?}"),
        error.to_string(),
    ] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn facts_and_repositories_know_when_a_repository_was_created() {
    let sample = Sample::new();
    let (host, _server) = set_up(&sample).await;
    let created = Some(datetime!(2024-01-02 03:04:05 UTC));
    assert_eq!(host.facts(&url("study")).await.unwrap().created_at, created);
    assert_eq!(host.repositories("opensafely").await.unwrap()[0].created_at, created);
}

#[tokio::test]
async fn a_branch_takes_one_call_and_so_does_a_full_commit() {
    let sample = Sample::new();
    let (host, server) = set_up(&sample).await;
    host.resolve(&url("study"), "feature/new-codes").await.unwrap();
    host.resolve(&url("study"), sample.first.as_str()).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let paths: Vec<&str> = requests.iter().map(|request| request.url.path()).collect();
    let commit = format!("/api/v3/repos/opensafely/study/commits/{}", sample.first);
    assert_eq!(
        paths,
        [
            "/api/v3/repos/opensafely/study/commits/heads/feature/new-codes",
            commit.as_str()
        ]
    );
}

#[tokio::test]
async fn what_can_be_no_reference_or_path_takes_no_call() {
    let (host, server) = bare().await;
    for text in ["--upload-pack=x", "@{upstream}", "..", "a b"] {
        assert!(matches!(
            host.resolve(&url("study"), text).await,
            Err(CodeHostError::RefNotFound { .. })
        ));
    }
    for text in ["..", "../x", "a/../../x", "/etc/passwd", ""] {
        assert!(matches!(
            host.file(&url("study"), &sha(), text, 1).await,
            Err(CodeHostError::FileNotFound { .. })
        ));
    }
    assert!(matches!(
        host.listing(&url("study"), &sha(), "..").await,
        Err(CodeHostError::FileNotFound { .. })
    ));
    assert!(matches!(
        host.repositories("..").await,
        Err(CodeHostError::OrgNotFound { .. })
    ));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_renamed_repository_is_followed_with_the_token() {
    let (host, server) = bare().await;
    let moved = |to: &str| ResponseTemplate::new(301).insert_header("location", format!("{}{to}", server.uri()));
    Mock::given(path("/repos/opensafely/old"))
        .respond_with(moved("/repositories/1"))
        .mount(&server)
        .await;
    Mock::given(path("/repositories/1"))
        .and(header("authorization", "Bearer s3cret-token"))
        .respond_with(ok(json!({ "private": true, "default_branch": "main" })))
        .mount(&server)
        .await;
    Mock::given(path(format!("/repos/opensafely/old/commits/{SHA1}")))
        .respond_with(moved(&format!("/repositories/1/commits/{SHA1}")))
        .mount(&server)
        .await;
    Mock::given(path(format!("/repositories/1/commits/{SHA1}")))
        .respond_with(ResponseTemplate::new(200).set_body_string(SHA1))
        .mount(&server)
        .await;
    assert!(host.facts(&url("old")).await.unwrap().private);
    assert_eq!(host.resolve(&url("old"), SHA1).await.unwrap(), sha());
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_carry_the_token() {
    let (host, server) = bare().await;
    let other = MockServer::start().await;
    Mock::given(path("/repos/opensafely/old"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", other.uri()))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ok(json!({ "private": false })))
        .mount(&other)
        .await;
    host.facts(&url("old")).await.unwrap();
    let requests = other.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let (host, server) = bare().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", format!("{}/again", server.uri())))
        .mount(&server)
        .await;
    let found = host.facts(&url("old")).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
}

#[tokio::test]
async fn a_next_page_at_another_host_is_not_fetched() {
    let (host, server) = bare().await;
    let other = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(
            ok(json!([{ "name": "main" }])).insert_header("link", format!("<{}/x>; rel=\"next\"", other.uri())),
        )
        .mount(&server)
        .await;
    let found = host.branches(&url("study")).await;
    assert!(matches!(found, Err(CodeHostError::Unavailable(_))), "{found:?}");
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn branches_stop_at_the_limit_even_in_a_circle() {
    let (host, server) = bare().await;
    let names: Vec<Value> = (0..100)
        .map(|number| json!({ "name": format!("b{number:03}") }))
        .collect();
    let again = format!("<{}/repos/opensafely/study/branches>; rel=\"next\"", server.uri());
    Mock::given(path("/repos/opensafely/study/branches"))
        .respond_with(ok(json!(names)).insert_header("link", again))
        .expect(10)
        .mount(&server)
        .await;
    assert_eq!(host.branches(&url("study")).await.unwrap().len(), MAX_BRANCHES);
}

#[tokio::test]
async fn the_first_page_of_branches_asks_for_a_hundred() {
    let (host, server) = bare().await;
    Mock::given(path("/repos/opensafely/study/branches"))
        .and(query_param("per_page", "100"))
        .respond_with(ok(json!([{ "name": "b" }, { "name": "a" }])))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(host.branches(&url("study")).await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn a_folder_in_the_older_form_is_read_as_well() {
    let (host, server) = bare().await;
    Mock::given(method("GET"))
        .respond_with(ok(
            json!([{ "name": "b", "type": "file" }, { "name": "a", "type": "dir" }]),
        ))
        .mount(&server)
        .await;
    assert_eq!(host.listing(&url("study"), &sha(), "x").await.unwrap(), ["a", "b"]);
    let found = host.file(&url("study"), &sha(), "x", 10).await;
    assert!(matches!(found, Err(CodeHostError::FileNotFound { .. })), "{found:?}");
}

async fn file_answers(answer: Value, blob: Option<ResponseTemplate>) -> Result<Vec<u8>, CodeHostError> {
    let (host, server) = bare().await;
    Mock::given(path("/repos/opensafely/study/contents/a"))
        .respond_with(ok(answer))
        .mount(&server)
        .await;
    if let Some(blob) = blob {
        let path = path(format!("/repos/opensafely/study/git/blobs/{SHA1}"));
        Mock::given(path).respond_with(blob).mount(&server).await;
    }
    host.file(&url("study"), &sha(), "a", 4).await
}

#[tokio::test]
async fn a_file_that_is_larger_than_it_says_is_too_large() {
    let inline = json!({ "type": "file", "size": 1, "encoding": "base64", "content": "MTIzNDU=\n" });
    let found = file_answers(inline, None).await;
    assert!(
        matches!(found, Err(CodeHostError::TooLarge { limit: 4, .. })),
        "{found:?}"
    );
    let apart = json!({ "type": "file", "size": 1, "encoding": "none", "content": "", "sha": SHA1 });
    let blob = ResponseTemplate::new(200).set_body_string("12345");
    let found = file_answers(apart.clone(), Some(blob)).await;
    assert!(
        matches!(found, Err(CodeHostError::TooLarge { limit: 4, .. })),
        "{found:?}"
    );
    let blob = ResponseTemplate::new(200).set_body_string("1234");
    assert_eq!(file_answers(apart, Some(blob)).await.unwrap(), b"1234");
}

#[tokio::test]
async fn a_file_github_does_not_give_out_for_its_size_is_too_large() {
    let too_large = json!({ "message": "This API returns blobs up to 100 MB", "errors": [{ "code": "too_large" }] });
    let refused = ResponseTemplate::new(403).set_body_json(&too_large);
    let apart = json!({ "type": "file", "encoding": "none", "sha": SHA1 });
    let found = file_answers(apart, Some(refused.clone())).await;
    assert!(matches!(found, Err(CodeHostError::TooLarge { .. })), "{found:?}");
    let (host, server) = bare().await;
    Mock::given(method("GET")).respond_with(refused).mount(&server).await;
    let found = host.file(&url("study"), &sha(), "a", 4).await;
    assert!(matches!(found, Err(CodeHostError::TooLarge { .. })), "{found:?}");
    let found = host.listing(&url("study"), &sha(), "a").await;
    assert!(matches!(found, Err(CodeHostError::FileNotFound { .. })), "{found:?}");
}

#[tokio::test]
async fn a_file_with_nonsense_in_its_fields_is_unavailable() {
    for answer in [
        json!({ "type": "file", "size": 1, "encoding": "base64", "content": "*" }),
        json!({ "type": "file", "size": 1, "encoding": "none", "sha": "../../../user" }),
        json!({ "type": "file", "size": 1 }),
        json!({ "size": 1 }),
        json!("text"),
    ] {
        let found = file_answers(answer.clone(), None).await;
        assert!(
            matches!(found, Err(CodeHostError::Unavailable(_))),
            "{answer}: {found:?}"
        );
    }
    // The blob is gone by the time it is fetched.
    let apart = json!({ "type": "file", "encoding": "none", "sha": SHA1 });
    let found = file_answers(apart, Some(refusal(404, "Not Found"))).await;
    assert!(matches!(found, Err(CodeHostError::FileNotFound { .. })), "{found:?}");
}
