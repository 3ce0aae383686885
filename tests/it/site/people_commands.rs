//! Operators' commands about what people and bots are trusted with, run as operators run them.

use sqlx::PgPool;

use crate::support::Program;

/// Kind and subject of every event, in order.
async fn events(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT concat_ws(' ', type, created_by, target_user) FROM auditable_event ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn one<T>(pool: &PgPool, sql: &'static str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn roles_are_listed_granted_and_removed(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["roles"]).await.ok();
    for expected in [
        "OutputChecker, granted everywhere\n",
        "ProjectDeveloper, granted in a project\n",
        "ProjectCollaborator, granted everywhere or in a project\n",
        "  Permits snapshot_publish.\n",
    ] {
        assert!(said.out.contains(expected), "{}", said.out);
    }
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["create_workspace", "ws", "ada"]).await.ok();
    program.run(&["create_user", "bob"]).await.ok();
    let before = events(&pool).await.len();

    let said = program
        .run(&["grant_role", "bob", "OutputChecker", "--by", "root"])
        .await
        .ok();
    assert_eq!(said.out, "User bob got OutputChecker everywhere.\n");
    let said = program.run(&["grant-role", "bob", "OutputChecker"]).await.ok();
    assert_eq!(said.out, "User bob holds that everywhere already.\n");
    let said = program
        .run(&["grant_role", "bob", "ProjectDeveloper", "--project", "ws"])
        .await
        .ok();
    assert_eq!(
        said.out,
        "User bob is now a member of the project ws.\nUser bob got ProjectDeveloper in the project ws.\n"
    );
    program
        .run(&["grant_role", "bob", "ProjectDeveloper", "--project", "ws"])
        .await
        .ok();
    program
        .run(&["grant_role", "bob", "ProjectCollaborator", "--project", "ws"])
        .await
        .ok();
    let said = program
        .run(&["remove_role", "bob", "ProjectDeveloper", "--project", "ws"])
        .await
        .ok();
    assert_eq!(
        said.out,
        "User bob no longer holds ProjectDeveloper in the project ws.\n"
    );
    let said = program
        .run(&["remove-role", "bob", "ProjectDeveloper", "--project", "ws"])
        .await
        .ok();
    assert_eq!(said.out, "User bob did not hold ProjectDeveloper in the project ws.\n");
    program.run(&["remove_role", "bob", "OutputChecker"]).await.ok();
    // The former role, as old notes have it.
    let said = program.run(&["grant_role", "bob", "CoreDeveloper"]).await.ok();
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    assert_eq!(
        events(&pool).await[before..],
        [
            "user_updated_roles root bob",
            "project_member_added olive bob",
            "project_member_updated_roles olive bob",
            "project_member_updated_roles olive bob",
            "project_member_updated_roles olive bob",
            "user_updated_roles olive bob",
            "user_updated_roles olive bob",
        ]
    );
    let left: Vec<String> = one(
        &pool,
        r#"SELECT m.roles FROM project_membership m JOIN "user" u ON u.id = m.user_id WHERE u.username = 'bob'"#,
    )
    .await;
    assert_eq!(left, ["ProjectCollaborator"]);
}

#[sqlx::test]
async fn roles_that_cannot_be_granted_there_are_refused(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada", "-s"]).await.ok();
    program.run(&["create_workspace", "ws", "ada"]).await.ok();
    let before = events(&pool).await;
    for (arguments, why) in [
        (vec!["grant_role", "ada", "Wizard"], "jobserver roles"),
        (vec!["grant_role", "ada", "ProjectDeveloper"], "--project"),
        (
            vec!["grant_role", "ada", "OutputChecker", "--project", "ws"],
            "leave --project out",
        ),
        (vec!["grant_role", "nobody", "OutputChecker"], "no such user"),
        (
            vec!["grant_role", "ada", "ProjectDeveloper", "--project", "none"],
            "no such project",
        ),
        (vec!["remove_role", "nobody", "OutputChecker"], "no such user"),
        (
            vec!["remove_role", "ada", "ProjectDeveloper", "--project", "none"],
            "no such project",
        ),
        (
            vec!["remove_role", "ada", "StaffAreaAdministrator"],
            "Make somebody else one first",
        ),
    ] {
        let said = program.run(&arguments).await.failed();
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
    }
    assert_eq!(events(&pool).await, before);
}

#[sqlx::test]
async fn bots_are_made_with_a_token_that_is_shown_once(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["create_bot", "release-bot"]).await.ok();
    let token = said
        .out
        .strip_prefix("New token: release-bot:")
        .unwrap()
        .trim_end()
        .to_owned();
    assert_eq!(said.out.lines().count(), 1);
    let (digits, day) = token.split_at(64);
    assert!(
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
        "{token}"
    );
    let in_90_days: String = one(
        &pool,
        "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '90 days', '-YYYY-MM-DD')",
    )
    .await;
    assert_eq!(day, in_90_days);
    let (fullname, email): (String, Option<String>) = sqlx::query_as(r#"SELECT fullname, email FROM "user""#)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((fullname.as_str(), email), ("Release Bot", None));
    // What is stored is a hash, and nothing that was said is in the record.
    let stored: String = one(&pool, "SELECT hash FROM personal_token").await;
    assert!(stored.starts_with("sha256$") && !stored.contains(digits), "{stored}");
    let recorded: String = one(&pool, "SELECT string_agg(old || new, ' ') FROM auditable_event").await;
    assert!(!recorded.contains(digits), "{recorded}");

    let said = program.run(&["create-bot", "release-bot"]).await.failed();
    assert!(said.err.contains("already") && said.out.is_empty(), "{}", said.err);
    program.run(&["create_bot", "a b"]).await.failed();
    // A second one: neither has an address.
    program.run(&["create_bot", "other-bot"]).await.ok();
    // Nobody signs in as a bot with a GitHub login of its name.
    program.run(&["create_user", "release-bot", "--name", "Bot"]).await.ok();
    let said = program
        .run(&["invite", "release-bot", "--login", "somebody"])
        .await
        .failed();
    assert!(said.err.contains("personal token"), "{}", said.err);
    assert_eq!(one::<i64>(&pool, "SELECT count(*) FROM user_invitation").await, 0);
}

#[sqlx::test]
async fn tokens_are_listed_replaced_and_revoked(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["personal_tokens"]).await.ok();
    assert_eq!(said.out, "There are no personal tokens.\n");
    program.run(&["create_bot", "release-bot", "--by", "root"]).await.ok();
    program.run(&["create_bot", "other-bot"]).await.ok();
    let said = program.run(&["personal_token_create", "release-bot"]).await.ok();
    assert!(said.out.starts_with("New token: release-bot:"), "{}", said.out);
    let secret = said.out.trim_end().rsplit(':').next().unwrap()[..64].to_owned();
    let listed = program.run(&["personal-tokens", "release-bot"]).await.ok().out;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(
        lines[0].starts_with("3  release-bot  works until ") && lines[0].ends_with(" by olive"),
        "{listed}"
    );
    assert!(
        lines[1].starts_with("1  release-bot  works until ") && lines[1].ends_with(" by root"),
        "{listed}"
    );
    assert!(
        lines[0].contains(", never used, ") && !listed.contains(&secret),
        "{listed}"
    );

    let said = program.run(&["personal_token_revoke", "1", "--by", "root"]).await.ok();
    assert_eq!(said.out, "Token 1 is revoked.\n");
    let said = program.run(&["personal_token_revoke", "1"]).await.failed();
    assert!(said.err.contains("revoked before"), "{}", said.err);
    let said = program.run(&["personal_token_revoke", "99"]).await.failed();
    assert!(said.err.contains("no such token"), "{}", said.err);
    let listed = program.run(&["personal_tokens"]).await.ok().out;
    assert!(
        listed.contains("1  release-bot  revoked on ") && listed.contains(" by root, never used"),
        "{listed}"
    );
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let said = program.run(&["personal_tokens", "nobody"]).await.failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
    program.run(&["personal_token_create", "nobody"]).await.failed();
    sqlx::query(r#"UPDATE "user" SET is_active = false"#)
        .execute(&pool)
        .await
        .unwrap();
    let said = program.run(&["personal_token_create", "other-bot"]).await.failed();
    assert!(said.err.contains("deactivated"), "{}", said.err);
    let recorded = events(&pool).await;
    assert_eq!(
        recorded
            .iter()
            .filter(|event| event.starts_with("personal_token_revoked"))
            .count(),
        1
    );
    assert_eq!(
        recorded
            .iter()
            .filter(|event| event.starts_with("personal_token_created"))
            .count(),
        3
    );
}

#[sqlx::test]
async fn invitations_are_made_and_taken_back(pool: PgPool) {
    let program = Program::new(&pool);
    for name in ["ada", "bob"] {
        program.run(&["create_user", name]).await.ok();
    }
    // Made with the user.
    let said = program.run(&["invite", "ada"]).await.ok();
    assert_eq!(said.out, "The GitHub login ada is kept for ada already.\n");
    let said = program.run(&["invite", "ada", "--login", "ada-lovelace"]).await.ok();
    assert_eq!(said.out, "The first GitHub login of ada-lovelace will be ada's.\n");
    // One login, one user, whatever the letters' case.
    let said = program
        .run(&["invite", "bob", "--login", "Ada-Lovelace"])
        .await
        .failed();
    assert!(said.err.contains("kept for ada"), "{}", said.err);
    let said = program.run(&["revoke_invitations", "ada", "--by", "root"]).await.ok();
    assert_eq!(said.out.lines().count(), 2, "{}", said.out);
    let said = program.run(&["revoke-invitations", "ada"]).await.ok();
    assert_eq!(said.out, "No invitation of ada is open.\n");
    program.run(&["invite", "bob", "--login", "Ada-Lovelace"]).await.ok();
    let recorded = events(&pool).await;
    let revoked = recorded
        .iter()
        .filter(|event| *event == "user_invitation_revoked root ada")
        .count();
    assert_eq!(revoked, 2, "{recorded:?}");
    // Whoever signs in with GitHub already needs none.
    sqlx::query(r#"INSERT INTO social_account (user_id, provider, uid) SELECT id, 'github', '1' FROM "user" WHERE username = 'ada'"#)
        .execute(&pool)
        .await
        .unwrap();
    let said = program.run(&["invite", "ada"]).await.failed();
    assert!(said.err.contains("GitHub already"), "{}", said.err);
    for arguments in [
        ["invite", "nobody", "--login=x"],
        ["invite", "bob", "--login=a b"],
        ["revoke_invitations", "nobody", "--by=x"],
    ] {
        program.run(&arguments).await.failed();
    }
}

#[sqlx::test]
async fn ensure_admins_never_fails_for_a_name(pool: PgPool) {
    let program = Program::new(&pool).with("ADMIN_USERS", "nobody, ,Ada,gone");
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["create_user", "gone"]).await.ok();
    sqlx::query(r#"UPDATE "user" SET is_active = false WHERE username = 'gone'"#)
        .execute(&pool)
        .await
        .unwrap();
    let said = program.run(&["ensure_admins"]).await.ok();
    for name in ["nobody", "Ada", "gone"] {
        assert!(said.err.contains(&format!("ADMIN_USERS names {name},")), "{}", said.err);
    }
    assert_eq!(
        one::<Vec<String>>(&pool, r#"SELECT roles FROM "user" WHERE username = 'ada'"#).await,
        Vec::<String>::new()
    );
    let said = Program::new(&pool).run(&["ensure_admins"]).await.ok();
    assert_eq!(said.out, "ADMIN_USERS names nobody: nothing is changed.\n");
}

#[sqlx::test]
async fn a_username_that_is_an_address_is_where_its_mail_goes(pool: PgPool) {
    let program = Program::new(&pool);
    for (username, email) in [
        ("reader@example.org", Some("reader@example.org")),
        ("reader@", None),
        ("bob_2", Some("bob_2@example.com")),
    ] {
        program.run(&["create_user", username]).await.ok();
        let stored: Option<String> = sqlx::query_scalar(r#"SELECT email FROM "user" WHERE username = $1"#)
            .bind(username)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(stored.as_deref(), email, "{username}");
    }
}
