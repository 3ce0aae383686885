//! Operators' commands about accounts that are shut, sessions, and what is past.

use sqlx::PgPool;

use super::commands::events;
use crate::support::Program;

#[sqlx::test]
async fn accounts_are_shut_and_opened_and_sessions_ended(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["create_user", "stan", "-s"]).await.ok();
    let said = program.run(&["deactivate_user", "ada", "--by", "root"]).await.ok();
    assert_eq!(said.out, "User ada deactivated. Sessions ended: 0.\n");
    let said = program.run(&["deactivate_user", "ada", "--by", "root"]).await.ok();
    assert_eq!(said.out, "User ada was deactivated before.\n");
    let said = program.run(&["login-link", "ada"]).await.failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
    let said = program.run(&["activate-user", "ada", "--by", "root"]).await.ok();
    assert_eq!(said.out, "User ada activated.\n");
    let said = program.run(&["activate_user", "ada", "--by", "root"]).await.ok();
    assert_eq!(said.out, "User ada is active already.\n");
    let said = program.run(&["deactivate_user", "stan", "--by", "root"]).await.failed();
    assert!(said.err.contains("Make somebody else one first"), "{}", said.err);
    for command in ["deactivate_user", "activate_user"] {
        let said = program.run(&[command, "nobody"]).await.failed();
        assert!(said.err.contains("no such user"), "{}", said.err);
    }
    let said = program.run(&["end_sessions", "--user", "nobody"]).await.failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
    let said = program
        .run(&["end_sessions", "--user", "ada", "--by", "root"])
        .await
        .ok();
    assert_eq!(said.out, "Sessions ended: 0.\n");
    assert_eq!(
        events(&pool, "root").await,
        ["user_deactivated", "sessions_ended", "user_activated", "sessions_ended"]
    );
}

#[sqlx::test]
async fn what_of_signing_in_works_no_longer_is_deleted(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    sqlx::raw_sql(
        r#"INSERT INTO session (token_hash, user_id, expires_at, last_seen_at)
           SELECT n::text::bytea, 1, now() + n * interval '1 day', now() - (8 - n) * interval '1 day'
             FROM generate_series(-1, 2) n;
           INSERT INTO github_login (state_hash, browser_hash, verifier_sealed, next, expires_at)
           SELECT n::text::bytea, 'b', 'v', '/', now() + n * interval '1 hour' FROM generate_series(0, 1) n;
           INSERT INTO unfinished_login (token_hash, browser_hash, uid, login, next, expires_at)
           SELECT n::text::bytea, 'b', '1', 'ada', '/', now() + n * interval '1 hour' FROM generate_series(0, 1) n;
           INSERT INTO email_login (email, browser_hash, expires_at)
           SELECT 'a@example.org', 'b', now() + n * interval '1 hour' FROM generate_series(0, 1) n;
           INSERT INTO email_change (user_id, email, expires_at)
           SELECT 1, 'a@example.org', now() + n * interval '1 hour' FROM generate_series(0, 1) n;
           INSERT INTO attempt (what, subject, began_at)
           SELECT 'login_link', n::text::bytea, now() - n * interval '2 hours' FROM generate_series(0, 1) n"#,
    )
    .execute(&pool)
    .await
    .unwrap();
    let said = program.run(&["clearsessions"]).await.ok();
    // Of four sessions two are over and one of the others was not used for a week.
    assert_eq!(
        said.out,
        "Sessions deleted: 3. Login links deleted: 0. Unfinished sign-ins deleted: 3. \
         E-mail confirmations deleted: 1. Counts of attempts deleted: 1.\n"
    );
    for table in [
        "github_login",
        "unfinished_login",
        "email_login",
        "email_change",
        "attempt",
    ] {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 1, "{table}");
    }
}
