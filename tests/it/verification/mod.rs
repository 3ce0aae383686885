//! The fakes held against the services they stand for. Each service has one contract, kept by whatever is
//! behind the adapter, and one list of calls whose answers are compared: every key that the fake answers
//! with has to be in the real answer, with a value of the same type.
//!
//! Against the fakes this runs with every other test. Against the real services it runs by
//! `just test-verification`, for those that there are credentials for.

mod github;
mod mailgun;
mod opencodelists;
mod shape;
mod slack;

use reqwest::RequestBuilder;
use serde_json::Value;

/// One answer, to be compared.
pub struct Answered {
    /// What was asked for.
    pub what: &'static str,
    pub status: u16,
    /// The body; text that is no JSON as a string.
    pub body: Value,
}

pub async fn ask(what: &'static str, request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answered { what, status, body }
}

/// Fails with every difference between the fake's answers and the real ones.
#[track_caller]
pub fn assert_alike(fake: &[Answered], real: &[Answered]) {
    let mut differences = Vec::new();
    assert_eq!(fake.len(), real.len());
    for (fake, real) in fake.iter().zip(real) {
        if fake.status != real.status {
            let statuses = format!("the fake answers {}, the real one {}", fake.status, real.status);
            differences.push(format!("{}: {statuses}: {}", fake.what, real.body));
        }
        differences.extend(shape::differences(fake.what, &fake.body, &real.body));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the environment gives, which whoever runs the checks against real services has to.
pub fn given(name: &str) -> String {
    let text = std::env::var(name).unwrap_or_default();
    assert!(
        !text.is_empty(),
        "{name} is not set: scripts/test-verification says what is needed"
    );
    text
}

/// Unlike every other: real services keep what earlier runs left.
pub fn unique() -> String {
    format!("{:016x}", rand::random::<u64>())
}
