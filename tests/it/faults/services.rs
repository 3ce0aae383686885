//! Services that fail in every way: what is written down of it, and that the message arrives when they
//! are mended.

use std::ops::RangeInclusive;

use jobserver::core::audit::By;
use jobserver::core::outbox::{self, Message};
use sqlx::PgPool;

use super::{By as Mail, House, REPO, kinds, stop};
use crate::fakes::{Fault, SmtpFault};

/// How long workers wait for a service here, in milliseconds.
const PATIENCE: &[&str] = &["--patience", "400"];
/// More calls than come.
const ALL: usize = 1000;

/// What becomes of a message.
enum Then {
    /// It waits, for so many seconds.
    Waits(RangeInclusive<f64>),
    Dead,
}

impl House {
    /// Waits until the first attempt at a message is over.
    pub async fn tried(&mut self, id: i64) -> Message {
        self.until(&format!(
            "EXISTS (SELECT FROM message WHERE id = {id} AND attempts > 0 AND claimed_until IS NULL)"
        ))
        .await;
        self.nothing_is_stuck().await;
        self.message(id).await
    }

    /// Stores a message of this kind while something is wrong, looks at what becomes of it, mends the
    /// service, and waits until it is delivered.
    async fn fails(&mut self, kind: &str, number: usize, words: &str, then: &Then) -> Message {
        let id = self.store(kinds::draft(kind, number)).await;
        let tried = self.tried(id).await;
        let error = tried.last_error.clone().unwrap_or_default();
        assert!(error.contains(words), "{words:?} is not in {error:?}");
        assert_eq!(tried.attempts, 1);
        match then {
            Then::Waits(pause) => {
                assert_eq!(tried.state, "waiting", "{error}");
                let seconds = (tried.next_attempt_at - time::OffsetDateTime::now_utc()).as_seconds_f64();
                assert!(pause.contains(&seconds), "{seconds} after {error}");
            }
            Then::Dead => assert_eq!(tried.state, "dead", "{error}"),
        }
        self.mend();
        self.delivered_at_last(id).await
    }

    pub fn mend(&self) {
        self.mailgun.mend();
        self.slack.mend();
        self.github.mend();
    }

    /// An operator does not wait for the next attempt.
    pub async fn delivered_at_last(&mut self, id: i64) -> Message {
        outbox::retry_message(&self.db, id, &By::operator("tests"))
            .await
            .unwrap();
        self.until_all_is_delivered().await;
        self.message(id).await
    }
}

/// What any service that speaks HTTP can do, what is said of it, how long it is left alone then, and
/// whether it did what it was asked.
fn troubles(pause: RangeInclusive<f64>) -> Vec<(Fault, &'static str, Then, bool)> {
    let waits = || Then::Waits(pause.clone());
    vec![
        (Fault::status(500), "500", waits(), false),
        (Fault::status(503), "503", waits(), false),
        (
            Fault::too_many(900),
            "heard too much",
            Then::Waits(850.0..=900.0),
            false,
        ),
        (Fault::HangBefore, "no answer within", waits(), false),
        (Fault::HangAfter, "no answer within", waits(), true),
        (Fault::CloseBefore, "cannot be reached", waits(), false),
        (Fault::CloseAfter, "cannot be reached", waits(), true),
        (Fault::json(200, "<html>"), "makes no sense", waits(), false),
    ]
}

#[sqlx::test]
async fn mailgun(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let worker = house.worker_with(PATIENCE).await;
    for (number, (fault, words, then, is_done)) in troubles(8.0..=18.5).into_iter().enumerate() {
        house.mailgun.fail(ALL, fault);
        let mail = house.fails("jobs_finished", number, words, &then).await;
        let message_id = format!("<{}@jobs.test>", mail.key);
        // At least once, and no repeat that a mailbox cannot tell.
        let copies = house.mailgun.repeats()[&message_id];
        assert_eq!(copies, if is_done { 2 } else { 1 }, "{words}");
    }
    let refusal = Fault::json(400, r#"{"message": "to parameter is not a valid address"}"#);
    house.mailgun.fail(1, refusal);
    house.fails("test_mail", 0, "not a valid address", &Then::Dead).await;
    stop(worker).await;
}

#[sqlx::test]
async fn slack(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let worker = house.worker_with(PATIENCE).await;
    let pause = 3.0..=6.1;
    let mut all = troubles(pause.clone());
    for (error, words) in [("internal_error", "Slack fails"), ("ratelimited", "heard too much")] {
        let answer = Fault::json(200, &format!(r#"{{"ok": false, "error": "{error}"}}"#));
        all.push((answer, words, Then::Waits(pause.clone()), false));
    }
    // A person mends these, and nothing is lost until then.
    for error in ["channel_not_found", "invalid_auth", "an_error_of_tomorrow"] {
        let answer = Fault::json(200, &format!(r#"{{"ok": false, "error": "{error}"}}"#));
        all.push((answer, error, Then::Waits(pause.clone()), false));
    }
    let answer = Fault::json(200, r#"{"ok": false, "error": "msg_too_long"}"#);
    all.push((answer, "msg_too_long", Then::Dead, false));
    for (number, (fault, words, then, _)) in all.into_iter().enumerate() {
        let before = house.slack.posted().len();
        house.slack.fail(ALL, fault);
        let message = house.fails("release_notified", number, words, &then).await;
        let posted = house.slack.posted();
        assert_eq!(posted.len(), before + 1, "{words}");
        assert_eq!(posted[before].client_msg_id, message.key);
    }
    stop(worker).await;
}

#[sqlx::test]
async fn mail_servers(pool: PgPool) {
    let mut house = House::sending(&pool, Mail::Smtp).await;
    let worker = house.worker_with(PATIENCE).await;
    let waits = || Then::Waits(8.0..=18.5);
    let troubles = [
        // Connections are kept: only the first mail is greeted.
        ("hello", SmtpFault::Close, "", waits(), false),
        (".", SmtpFault::Hang, "", waits(), true),
        ("MAIL", SmtpFault::Reply("421 4.3.2 Going down"), "421", waits(), false),
        (
            "RCPT",
            SmtpFault::Reply("451 4.7.1 Come back later"),
            "451",
            waits(),
            false,
        ),
        (
            "RCPT",
            SmtpFault::Reply("550 5.1.1 No such mailbox"),
            "550",
            Then::Dead,
            false,
        ),
        ("DATA", SmtpFault::Close, "", waits(), false),
        (".", SmtpFault::Reply("452 4.3.1 Disk full"), "452", waits(), false),
        (".", SmtpFault::Close, "", waits(), false),
        (".", SmtpFault::CloseAfter, "", waits(), true),
    ];
    for (number, (step, fault, words, then, is_done)) in troubles.into_iter().enumerate() {
        house.smtp.fail(step, fault);
        let mail = house.fails("jobs_finished", number, words, &then).await;
        let header = format!("Message-ID: <{}@jobs.test>", mail.key);
        let letters = house.smtp.letters();
        let copies = letters.iter().filter(|letter| letter.text.contains(&header)).count();
        assert_eq!(copies, if is_done { 2 } else { 1 }, "{step} {words}");
    }
    stop(worker).await;
}

/// The calls that closing a check makes when nothing is known of its issue.
const CALLS: [&str; 6] = [
    "GET /search/issues",
    "GET /repos/org/checks/labels",
    "POST /repos/org/checks/issues",
    "POST /repos/org/checks/issues/",
    "GET /repos/org/checks/issues/",
    "PATCH /repos/org/checks/issues/",
];

/// Each call of a delivery fails like this, each for a message of its own; then GitHub is mended.
async fn github_fails(pool: &PgPool, fault: Fault) {
    let mut house = House::new(pool).await;
    let worker = house.worker_with(PATIENCE).await;
    for (number, call) in CALLS.into_iter().enumerate() {
        house.github.fail_on(call, ALL, fault.clone());
        let id = house.store(kinds::draft("check_closed", number)).await;
        let tried = house.tried(id).await;
        // An issue without labels is better than none.
        if call != "GET /repos/org/checks/labels" {
            assert_eq!(tried.state, "waiting", "{call}: {:?}", tried.last_error);
            assert!(tried.last_error.is_some(), "{call}");
        }
        house.mend();
        if tried.state == "waiting" {
            house.delivered_at_last(id).await;
        }
    }
    stop(worker).await;
    let issues = house.github.issues(REPO);
    let titles: Vec<String> = issues.iter().map(|issue| issue.title.clone()).collect();
    assert_eq!(
        titles,
        (0..CALLS.len())
            .map(|number| kinds::title("check_opened", number))
            .collect::<Vec<_>>()
    );
    for issue in issues {
        assert_eq!(issue.comments.len(), 1, "{issue:?}");
        assert!(!issue.is_open, "{issue:?}");
    }
}

#[sqlx::test]
async fn github_fails_itself(pool: PgPool) {
    github_fails(&pool, Fault::status(500)).await;
}

#[sqlx::test]
async fn github_has_heard_too_much(pool: PgPool) {
    github_fails(&pool, Fault::too_many(900)).await;
}

#[sqlx::test]
async fn github_hangs(pool: PgPool) {
    github_fails(&pool, Fault::HangBefore).await;
}

#[sqlx::test]
async fn github_hangs_when_it_is_done(pool: PgPool) {
    github_fails(&pool, Fault::HangAfter).await;
}

#[sqlx::test]
async fn github_closes_early(pool: PgPool) {
    github_fails(&pool, Fault::CloseBefore).await;
}

#[sqlx::test]
async fn github_closes_when_it_is_done(pool: PgPool) {
    github_fails(&pool, Fault::CloseAfter).await;
}

#[sqlx::test]
async fn github_makes_no_sense(pool: PgPool) {
    github_fails(&pool, Fault::json(200, "<html>")).await;
}

#[sqlx::test]
async fn github_hides_a_repository_for_a_while(pool: PgPool) {
    let mut house = House::new(&pool).await;
    let worker = house.worker_with(PATIENCE).await;
    house.store(kinds::draft("check_opened", 1)).await;
    house.until_all_is_delivered().await;
    let waits = Then::Waits(0.0..=60.0);
    for kind in ["check_commented", "check_closed"] {
        house.github.fail(ALL, Fault::status(404));
        house.fails(kind, 1, "may not see it", &waits).await;
    }
    stop(worker).await;
    let issues = house.github.issues(REPO);
    let [issue] = issues.as_slice() else {
        panic!("{issues:?}")
    };
    assert_eq!((issue.comments.len(), issue.is_open), (2, false), "{issue:?}");
}

#[sqlx::test]
async fn labels_that_a_repository_lacks_are_reported_and_set_all_the_same(pool: PgPool) {
    let mut house = House::new(&pool).await;
    house.github.label(REPO, &["external", "Pending review"]);
    let worker = house.worker_with(PATIENCE).await;
    house.store(kinds::draft("check_commented", 1)).await;
    house.until_all_is_delivered().await;
    let said = stop(worker).await;
    let reports: Vec<&String> = said.iter().filter(|line| line.contains("lacks labels")).collect();
    let [report] = reports.as_slice() else {
        panic!("{said:?}")
    };
    for part in ["ERROR", "org", "checks", "With requester"] {
        assert!(report.contains(part), "{report}");
    }
    assert_eq!(house.github.issues(REPO)[0].labels, ["external", "With requester"]);
}
