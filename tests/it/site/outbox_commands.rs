//! `jobserver outbox` and `sendtestemail`, as an operator runs them.

use jobserver::core::db::Db;
use jobserver::core::ports::Undelivered;
use sqlx::PgPool;

use crate::fakes::{FakeSmtp, SmtpFault};
use crate::outbox::{ScriptedCourier, attempt, draft, message, store};
use crate::support::Program;

async fn dead(db: &Db) -> i64 {
    let id = store(db, draft()).await;
    attempt(
        db,
        id,
        &ScriptedCourier::answering([Err(Undelivered::refused("no such box"))]),
    )
    .await;
    id
}

#[sqlx::test]
async fn the_list_shows_what_waits_and_what_is_dead_unless_told_otherwise(pool: PgPool) {
    let db = Db::from(pool.clone());
    let program = Program::new(&pool);
    assert!(
        program
            .run(&["outbox", "list"])
            .await
            .ok()
            .out
            .contains("no such messages")
    );
    let delivered = store(&db, draft()).await;
    attempt(&db, delivered, &ScriptedCourier::new()).await;
    let (dead, waiting) = (dead(&db).await, store(&db, draft()).await);

    let numbers = async |arguments: &[&str]| {
        let said = program.run(&[&["outbox", "list"], arguments].concat()).await.ok();
        let first = |line: &str| line.split_whitespace().next().and_then(|word| word.parse::<i64>().ok());
        said.out.lines().filter_map(first).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&[]).await, [waiting, dead]);
    assert_eq!(numbers(&["--state", "all"]).await, [waiting, dead, delivered]);
    assert_eq!(numbers(&["--state", "all", "--limit", "1"]).await, [waiting]);
    assert_eq!(numbers(&["--state", "dead", "--service", "mail"]).await, [dead]);
    assert_eq!(numbers(&["--service", "slack"]).await, [0_i64; 0]);
    let line = program.run(&["outbox", "list", "--state", "dead"]).await.ok().out;
    assert!(
        line.contains("someone@example.org") && line.contains("error=no such box"),
        "{line}"
    );

    let shown = program.run(&["outbox", "show", &dead.to_string()]).await.ok().out;
    for fact in ["test_mail (version 1)", "no such box", &message(&db, dead).await.key] {
        assert!(shown.contains(fact), "{fact} is not in {shown}");
    }
    let missing = program.run(&["outbox", "show", "999"]).await.failed();
    assert!(missing.err.contains("no such message"), "{}", missing.err);
}

#[sqlx::test]
async fn messages_are_retried_and_dropped_by_name_and_that_is_on_record(pool: PgPool) {
    let db = Db::from(pool.clone());
    let program = Program::new(&pool);
    let (first, second, third) = (dead(&db).await, dead(&db).await, dead(&db).await);
    program
        .run(&["outbox", "drop", &third.to_string(), "--by", "olga"])
        .await
        .ok();
    program.run(&["outbox", "retry", &first.to_string()]).await.ok();
    let said = program.run(&["outbox", "retry", "--dead"]).await.ok();
    assert!(said.out.contains("tried again: 1"), "{}", said.out);
    let states = [first, second, third].map(|id| (id, if id == third { "dropped" } else { "waiting" }));
    for (id, state) in states {
        assert_eq!(message(&db, id).await.state, state);
    }
    let events: Vec<(String, String, String)> =
        sqlx::query_as("SELECT type, target_id, created_by FROM auditable_event ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let event = |kind: &str, id: i64, by: &str| (kind.to_owned(), id.to_string(), by.to_owned());
    assert_eq!(
        events,
        [
            event("message_dropped", third, "olga"),
            event("message_retried", first, "olive"),
            event("message_retried", second, "olive"),
        ]
    );

    // What cannot be done is said, and the rest is done.
    let partly = program
        .run(&["outbox", "drop", "999", &first.to_string()])
        .await
        .failed();
    assert!(
        partly.err.contains("999") && partly.err.contains("Not done for 1 of 2"),
        "{}",
        partly.err
    );
    assert_eq!(message(&db, first).await.state, "dropped");
    assert_eq!(program.run(&["outbox", "retry"]).await.code, 2);
}

#[sqlx::test]
async fn figures_tell_the_depth_the_age_and_what_was_delivered(pool: PgPool) {
    let db = Db::from(pool.clone());
    let delivered = store(&db, draft()).await;
    attempt(&db, delivered, &ScriptedCourier::new()).await;
    dead(&db).await;
    store(&db, draft()).await;
    sqlx::query("UPDATE message SET created_at = now() - interval '125 minutes' WHERE state = 'waiting'")
        .execute(&pool)
        .await
        .unwrap();
    let figures = Program::new(&pool).run(&["outbox", "figures"]).await.ok().out;
    let words = |start: &str| {
        let line = figures.lines().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words("mail  "), "mail 1 2 h 5 min 1");
    assert_eq!(words("slack"), "slack 0 - 0");
    assert_eq!(words("mail test_mail"), "mail test_mail 1 1");
}

#[sqlx::test]
async fn a_test_mail_is_kept_printed_or_sent_as_the_settings_say(pool: PgPool) {
    let said = Program::new(&pool)
        .run(&["sendtestemail", "you@example.org"])
        .await
        .ok();
    assert!(said.out.contains("Kept in .local/mail"), "{}", said.out);

    let said = Program::new(&pool)
        .with("EMAIL_BACKEND", "console")
        .run(&["sendtestemail", "you@example.org"])
        .await
        .ok();
    assert!(said.out.contains("to: you@example.org"), "{}", said.out);

    let server = FakeSmtp::start().await;
    let through_server = || {
        Program::new(&pool)
            .with("EMAIL_BACKEND", "smtp")
            .with("SMTP_URL", &server.url())
    };
    let said = through_server().run(&["sendtestemail", "you@example.org"]).await.ok();
    assert!(
        said.out.contains("has taken the mail to you@example.org"),
        "{}",
        said.out
    );
    assert_eq!(server.letters()[0].to, ["you@example.org"]);
    let audited: Vec<(String, String, String)> =
        sqlx::query_as("SELECT type, target_id, created_by FROM auditable_event ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let sent: Vec<i64> = sqlx::query_scalar("SELECT id FROM message ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap();
    let event = |id: &i64| ("test_mail_sent".to_owned(), id.to_string(), "olive".to_owned());
    assert_eq!(audited, sent.iter().map(event).collect::<Vec<_>>());
    server.fail("RCPT", SmtpFault::Reply("550 5.1.1 No such user"));
    let said = through_server()
        .run(&["sendtestemail", "you@example.org"])
        .await
        .failed();
    assert!(said.err.contains("No such user"), "{}", said.err);
    // What is no address is not stored.
    let said = through_server().run(&["sendtestemail", "nobody"]).await.failed();
    assert_eq!(
        (said.code, said.err.contains("\"nobody\" is no e-mail address")),
        (1, true),
        "{}",
        said.err
    );
    assert_eq!(server.letters().len(), 1);
    // What may work later stays, and a worker goes on with it.
    server.fail("RCPT", SmtpFault::Reply("451 4.3.0 Try again later"));
    let said = through_server()
        .run(&["sendtestemail", "you@example.org"])
        .await
        .failed();
    assert!(said.err.contains("The worker goes on trying"), "{}", said.err);
    let states: Vec<String> = sqlx::query_scalar("SELECT state FROM message ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(states, ["delivered", "delivered", "delivered", "dead", "waiting"]);
}
