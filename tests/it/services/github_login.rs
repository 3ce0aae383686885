//! GitHub's login: what is asked of it, and what becomes of every answer.

use std::time::Duration;

use jobserver::adapters::github_login::{GithubLogin, GithubLoginSettings};
use jobserver::core::ports::{Identity, IdentityError, IdentityProvider};
use secrecy::SecretString;
use serde_json::json;

use super::{IMPATIENT, PATIENT, nowhere};
use crate::fakes::Fault;
use crate::fakes::github_login::{FakeGitHubLogin, TOKEN};
use crate::fakes::server::Answer;
use crate::support::github::login_client;

const SECRET: &str = "client-s3cret";
const CODE: &str = "code-s3cret";
const EXCHANGE: &str = "POST /web/login";

fn at(address: &str, timeout: Duration) -> GithubLogin {
    let settings = GithubLoginSettings {
        client_id: "Iv1.client id".to_owned(),
        client_secret: SECRET.into(),
        web: format!("{address}/web/").parse().unwrap(),
        api: format!("{address}/api/v3").parse().unwrap(),
        callback: "https://jobs.example.org/complete/github/".parse().unwrap(),
        timeout,
    };
    GithubLogin::new(login_client(), settings)
}

fn to(fake: &FakeGitHubLogin) -> GithubLogin {
    at(&fake.url(), PATIENT)
}

async fn identify(login: &GithubLogin) -> Result<Identity, IdentityError> {
    login.identify(CODE, SecretString::from("verifier-s3cret")).await
}

/// What went wrong, which tells nobody a secret.
async fn failure(login: &GithubLogin) -> IdentityError {
    let error = identify(login).await.unwrap_err();
    let said = format!("{error} {error:?}");
    for secret in [SECRET, CODE, TOKEN, "verifier-s3cret", "127.0.0.1"] {
        assert!(!said.contains(secret), "{said}");
    }
    error
}

#[tokio::test]
async fn people_are_sent_with_everything_encoded() {
    let login = at("https://github.example", PATIENT);
    let departure = login.depart("a state & more");
    let (page, query) = departure.url.split_once('?').unwrap();
    assert_eq!(page, "https://github.example/web/login/oauth/authorize");
    for pair in [
        "response_type=code",
        "client_id=Iv1.client+id",
        "state=a+state+%26+more",
        "redirect_uri=https%3A%2F%2Fjobs.example.org%2Fcomplete%2Fgithub%2F",
        "scope=user%3Aemail",
        "code_challenge_method=S256",
    ] {
        assert!(query.split('&').any(|part| part == pair), "{pair} is not in {query}");
    }
    assert!(!departure.url.contains(SECRET) && !format!("{login:?}").contains(SECRET));
}

#[tokio::test]
async fn a_code_is_exchanged_and_two_things_are_asked() {
    let fake = FakeGitHubLogin::start().await;
    let identity = identify(&to(&fake)).await.unwrap();
    let expected = Identity {
        uid: "583231".to_owned(),
        login: "octocat".to_owned(),
        name: Some("Mona Cat".to_owned()),
        email: Some("mona@example.org".to_owned()),
    };
    assert_eq!(identity, expected);
    let calls = fake.calls();
    assert_eq!(calls.len(), 3);
    let exchange = &calls[0];
    let mut form = exchange.form();
    form.sort();
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        form,
        [
            ("client_id", "Iv1.client id"),
            ("client_secret", SECRET),
            ("code", CODE),
            ("code_verifier", "verifier-s3cret"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", "https://jobs.example.org/complete/github/"),
        ]
    );
    assert_eq!(exchange.header("accept"), Some("application/json"));
    assert_eq!(
        exchange.header("authorization"),
        None,
        "the secret is in the form alone"
    );
    for call in &calls[1..] {
        assert_eq!(call.header("authorization"), Some(format!("token {TOKEN}").as_str()));
        assert_eq!(call.header("accept"), Some("application/vnd.github+json"));
    }
    assert!(
        calls
            .iter()
            .all(|call| call.header("user-agent") == Some("OpenSAFELY Jobs"))
    );
}

#[tokio::test]
async fn refusals_with_status_200_are_told_apart() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    for (name, ours) in [
        ("bad_verification_code", false),
        ("unverified_user_email", false),
        ("something_new", false),
        ("incorrect_client_credentials", true),
        ("redirect_uri_mismatch", true),
        ("application_suspended", true),
    ] {
        for status in [200, 400, 401] {
            fake.exchanges(Answer::json(
                status,
                &json!({ "error": name, "error_description": CODE }),
            ));
            let (said, is_ours) = match failure(&login).await {
                IdentityError::CodeRefused(said) => (said, false),
                IdentityError::Misconfigured(said) => (said, true),
                other => panic!("{name} with status {status}: {other}"),
            };
            assert!(said.contains(name), "{said}");
            assert_eq!(is_ours, ours, "{name}");
        }
    }
    assert!(
        fake.calls().iter().all(|call| call.method == "POST"),
        "nothing is asked without a token"
    );
}

#[tokio::test]
async fn nonsense_for_a_code_is_told_as_such() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    let html = Answer::text(200, "<html>hello</html>").with("content-type", "text/html");
    let form = Answer::text(200, &format!("access_token={TOKEN}&token_type=bearer"))
        .with("content-type", "application/x-www-form-urlencoded");
    for answer in [
        html,
        form,
        Answer::json(200, &json!({ "access_token": 7 })),
        Answer::json(200, &json!([TOKEN])),
        Answer::text(200, ""),
        Answer::text(404, "Not Found"),
        Answer::text(302, "").with("location", "http://127.0.0.1:1/elsewhere"),
    ] {
        fake.exchanges(answer.clone());
        let error = failure(&login).await;
        assert!(matches!(error, IdentityError::Unreadable(_)), "{answer:?}: {error}");
    }
    assert_eq!(fake.count(), 7, "no redirect is followed");
}

#[tokio::test]
async fn a_github_in_trouble_is_away() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    for target in [EXCHANGE, "GET /api/v3/user"] {
        for fault in [
            Fault::status(500),
            Fault::status(502),
            Fault::status(503),
            Fault::CloseBefore,
            Fault::CloseAfter,
            Fault::json(200, &" ".repeat(2 * 1024 * 1024)),
        ] {
            fake.fail_on(target, 1, fault.clone());
            let error = failure(&login).await;
            assert!(
                matches!(error, IdentityError::Away { .. }),
                "{target} {fault:?}: {error}"
            );
        }
        fake.fail_on(target, 1, Fault::too_many(40));
        let IdentityError::Away { after, .. } = failure(&login).await else {
            panic!("{target}")
        };
        assert_eq!(after, Some(Duration::from_secs(40)));
    }
    let error = failure(&at(&nowhere(), PATIENT)).await;
    assert!(matches!(error, IdentityError::Away { .. }), "{error}");
    // It is well again.
    identify(&login).await.unwrap();
}

#[tokio::test]
async fn a_silent_github_is_given_up() {
    let fake = FakeGitHubLogin::start().await;
    let login = at(&fake.url(), IMPATIENT);
    for target in [EXCHANGE, "GET /api/v3/user"] {
        for fault in [Fault::HangBefore, Fault::HangAfter] {
            fake.fail_on(target, 1, fault);
            let IdentityError::Away { why, .. } = failure(&login).await else {
                panic!("{target}")
            };
            assert!(why.contains("no answer within"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_profile_says_who_it_is_of() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    for profile in [
        json!({ "login": "octocat" }),
        json!({ "id": null, "login": "octocat" }),
        json!({ "id": 0, "login": "octocat" }),
        json!({ "id": -7, "login": "octocat" }),
        json!({ "id": "7", "login": "octocat" }),
        json!({ "id": 7.5, "login": "octocat" }),
        json!({ "id": 7 }),
        json!({ "id": 7, "login": " " }),
        json!({ "id": 7, "login": "a\nb" }),
        json!({ "id": 7, "login": "a".repeat(151) }),
        json!([]),
    ] {
        fake.profile(&profile);
        let error = failure(&login).await;
        assert!(matches!(error, IdentityError::Unreadable(_)), "{profile}: {error}");
    }
    for (name, kept) in [
        (json!(null), None),
        (json!(""), None),
        (json!(" \u{a0}\t "), None),
        (json!("  Mona\n\u{0} Cat "), Some("Mona Cat".to_owned())),
        (json!("é".repeat(500)), Some("é".repeat(150))),
    ] {
        fake.profile(&json!({ "id": u64::MAX, "login": "octocat", "name": name }));
        let identity = identify(&login).await.unwrap();
        assert_eq!((identity.name, identity.uid), (kept, u64::MAX.to_string()));
    }
}

#[tokio::test]
async fn a_token_that_opens_nothing_and_other_refusals() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    for status in [401, 403] {
        fake.fail_on("GET /api/v3/user", 2, Fault::status(status));
        let error = failure(&login).await;
        assert!(matches!(error, IdentityError::CodeRefused(_)), "{status}: {error}");
        fake.mend();
    }
    // Somebody whose addresses are not ours to see has none.
    for status in [401, 403, 404] {
        fake.emails(Answer::json(status, &json!({ "message": "no" })));
        assert_eq!(identify(&login).await.unwrap().email, None);
    }
    for nonsense in [
        Answer::json(200, &json!({})),
        Answer::text(200, "x"),
        Answer::text(418, ""),
    ] {
        fake.emails(nonsense);
        assert!(matches!(failure(&login).await, IdentityError::Unreadable(_)));
    }
}

/// GitHub says 403 also when it wants fewer calls: that is no refusal of the person.
#[tokio::test]
async fn a_limit_that_looks_like_a_refusal_is_waited_for() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    let limits = [
        (("retry-after", "40"), Some(Duration::from_secs(40))),
        (("x-ratelimit-remaining", "0"), None),
    ];
    for target in ["GET /api/v3/user", "GET /api/v3/user/emails"] {
        for ((name, value), expected) in limits {
            let limit = Answer::json(403, &json!({ "message": "API rate limit exceeded" })).with(name, value);
            fake.fail_on(target, 1, Fault::Answer(limit));
            match failure(&login).await {
                IdentityError::Away { after, .. } => assert_eq!(after, expected, "{target} {name}"),
                other => panic!("{target} {name}: {other}"),
            }
            fake.mend();
        }
    }
    // With calls left, it is one.
    let refusal = Answer::json(403, &json!({ "message": "no" })).with("x-ratelimit-remaining", "59");
    fake.emails(refusal);
    assert_eq!(identify(&login).await.unwrap().email, None);
}

#[tokio::test]
async fn only_addresses_that_are_verified_count() {
    let fake = FakeGitHubLogin::start().await;
    let login = to(&fake);
    let email = |address: &str, primary: bool, verified: bool| json!({ "email": address, "primary": primary, "verified": verified });
    let long = format!("{}@example.org", "a".repeat(243));
    for (list, kept) in [
        (json!([]), None),
        (json!([email("a@x.org", true, false)]), None),
        (json!([{ "email": "a@x.org", "primary": true }]), None),
        (
            json!([email("b@x.org", false, true), email("a@x.org", true, true)]),
            Some("a@x.org"),
        ),
        (
            json!([email("a@x.org", true, false), email("b@x.org", false, true)]),
            Some("b@x.org"),
        ),
        (
            json!([email(&long, true, true), email("b@x.org", false, true)]),
            Some("b@x.org"),
        ),
        (json!([email("a b@x.org", true, true)]), None),
        (json!([email("@x.org", true, true)]), None),
        (json!([email("7+a@users.noreply.GitHub.com", true, true)]), None),
    ] {
        fake.emails(Answer::json(200, &list));
        assert_eq!(identify(&login).await.unwrap().email.as_deref(), kept, "{list}");
    }
}
