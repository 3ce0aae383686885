//! The adapters of outside services, each against a fake of its service that fails in every way.

mod codelists;
pub mod github;
mod github_failures;
mod github_login;
mod github_repos;
mod kept_mails;
mod mailgun;
mod printed;
mod slack;
mod smtp;
mod storage;

use std::fmt::Debug;
use std::time::Duration;

use jobserver::core::ports::{Mail, Undelivered};

use crate::fakes::Fault;
use crate::fakes::server::Answer;

/// Longer than any answer takes that comes at all.
pub const PATIENT: Duration = Duration::from_secs(30);
/// For services that never answer.
pub const IMPATIENT: Duration = Duration::from_millis(100);

/// An HTTP client as the program has it.
pub fn client() -> reqwest::Client {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().user_agent("Job Server (test)");
    client.build().unwrap()
}

/// What every service can do to a call that then is worth another attempt.
pub fn troubles() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [500, 502, 503, 504].map(Fault::status).into();
    faults.extend(["", "{", "null", "12", "[1]", "<html></html>"].map(|body| Fault::json(200, body)));
    faults.push(Fault::Answer(Answer {
        body: vec![0xff; 40],
        ..Answer::text(200, "")
    }));
    faults.push(Fault::json(200, &"[".repeat(100_000)));
    faults.extend([Fault::CloseBefore, Fault::CloseAfter]);
    faults
}

/// An address at which nobody listens.
pub fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Why it is to be tried again, and how long the service wants to be left alone.
#[track_caller]
pub fn later<T: Debug>(result: Result<T, Undelivered>) -> (String, Option<Duration>) {
    match result {
        Err(Undelivered::Later { why, after }) => (why, after),
        other => panic!("not put off: {other:?}"),
    }
}

#[track_caller]
pub fn refused<T: Debug>(result: Result<T, Undelivered>) -> String {
    match result {
        Err(Undelivered::Refused { why }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
pub fn missing<T: Debug>(result: Result<T, Undelivered>) -> String {
    match result {
        Err(Undelivered::Missing { why }) => why,
        other => panic!("not missing: {other:?}"),
    }
}

/// A mail with everything a mail can have.
pub fn mail() -> Mail {
    Mail {
        message_id: "01J0000000000000000000000A@jobs.example.org".to_owned(),
        from: "notifications@jobs.example.org".to_owned(),
        to: vec!["alice@example.org".to_owned(), "bob@example.org".to_owned()],
        bcc: vec!["carol@example.org".to_owned()],
        reply_to: Some("The Team <team@example.org>".to_owned()),
        subject: "succeeded: [os étude] run_all".to_owned(),
        text: "Hello\n\nYour job <b> has ended.\n".to_owned(),
        html: "<p>Hello</p><p>Your job &lt;b&gt; has ended — at last.</p>".to_owned(),
    }
}
