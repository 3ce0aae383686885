//! `jobserver site_alert`, as an operator runs it.

use sqlx::PgPool;

use crate::support::Program;

#[sqlx::test]
async fn alerts_are_made_listed_and_removed(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["site_alert", "list"]).await.ok();
    assert_eq!(said.out, "There are no alerts.\n");
    let message = "Slow <b>today</b>\nand tomorrow";
    let made = program
        .run(&[
            "site_alert",
            "add",
            message,
            "--title",
            "Sorry.",
            "--level",
            "info",
            "--until",
            "2126-01-01T00:00:00Z",
            "--by",
            "alice",
        ])
        .await
        .ok();
    assert!(made.out.starts_with("Alert 1 is made."), "{}", made.out);
    let later = ["site_alert", "add", "Later", "--from", "2126-01-01T00:00:00+01:00"];
    program.run(&later).await.ok();
    let listed = program.run(&["site_alert", "list"]).await.ok().out;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(lines[0].contains("to come") && lines[0].contains("warning"), "{listed}");
    assert!(
        lines[1].contains("shown") && lines[1].ends_with("Sorry. Slow <b>today</b> and tomorrow"),
        "{listed}"
    );
    let events: Vec<(String, String, String)> =
        sqlx::query_as("SELECT type, created_by, new FROM auditable_event ORDER BY id LIMIT 1")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(
        events,
        [("site_alert_created".to_owned(), "alice".to_owned(), message.to_owned())]
    );

    program.run(&["site-alert", "remove", "1"]).await.ok();
    let said = program.run(&["site_alert", "remove", "1"]).await.failed();
    assert_eq!(said.err, "There is no such site alert.\n");
    assert_eq!(program.run(&["site_alert", "list"]).await.ok().out.lines().count(), 1);
}

#[sqlx::test]
async fn what_nobody_would_see_or_understand_is_refused(pool: PgPool) {
    let program = Program::new(&pool);
    for (arguments, code, words) in [
        (&["  "][..], 1, "Enter a message."),
        (
            &["m", "--until", "2020-01-01T00:00:00Z"],
            1,
            "Choose an end in the future.",
        ),
        (
            &["m", "--from", "2126-01-02T00:00:00Z", "--until", "2126-01-01T00:00:00Z"],
            1,
            "Choose an end after the beginning.",
        ),
        (&["m", "--level", "error"], 2, "danger, info, success or warning"),
        (&["m", "--until", "tomorrow"], 2, "2026-11-25T18:00:00Z"),
    ] {
        let said = program.run(&[&["site_alert", "add"], arguments].concat()).await;
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
}
