//! Operators' commands, run as operators run them.

use std::path::Path;
use std::process::Command;

use sqlx::PgPool;

use crate::support::Program;

pub(super) async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// The kinds of events, in order, of whoever did them.
pub(super) async fn events(pool: &PgPool, by: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT type FROM auditable_event WHERE created_by = $1 ORDER BY id")
        .bind(by)
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn roles(pool: &PgPool, username: &str) -> Vec<String> {
    sqlx::query_scalar(r#"SELECT roles FROM "user" WHERE username = $1"#)
        .bind(username)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn create_user_makes_one_and_then_only_adds(pool: PgPool) {
    let program = Program::new(&pool);
    let said = program.run(&["create_user", "ada", "-o", "--by", "root"]).await.ok();
    assert_eq!(said.out, "User ada created.\nRole OutputChecker added.\n");
    let (email, fullname): (String, String) = sqlx::query_as(r#"SELECT email, fullname FROM "user""#)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((email.as_str(), fullname.as_str()), ("ada@example.com", "ada"));
    assert_eq!(
        events(&pool, "root").await,
        [
            "user_created",
            "user_updated",
            "user_updated",
            "user_invited",
            "user_updated_roles"
        ]
    );

    let said = program
        .run(&["create-user", "ada", "--name", "Ada Lovelace", "--core-developer"])
        .await
        .ok();
    assert!(
        said.out
            .starts_with("User ada updated.\nRole ServiceAdministrator added.\n"),
        "{}",
        said.out
    );
    let all = [
        "OutputChecker",
        "ServiceAdministrator",
        "StaffAreaAdministrator",
        "TechSupport",
    ];
    assert_eq!(roles(&pool, "ada").await, all);
    // Whoever ran it is named by the operating system when nobody says.
    assert_eq!(events(&pool, "olive").await, ["user_updated", "user_updated_roles"]);

    // Nothing given, nothing changed, nothing recorded, nothing lost.
    program.run(&["create_user", "ada", "-s"]).await.ok();
    assert_eq!(roles(&pool, "ada").await, all);
    assert_eq!(events(&pool, "olive").await.len(), 2);
    assert_eq!(count(&pool, "SELECT count(*) FROM user_invitation").await, 1);

    // An invitation that was taken back stays so.
    program.run(&["revoke_invitations", "ada"]).await.ok();
    program.run(&["create_user", "ada", "-s"]).await.ok();
    assert_eq!(count(&pool, "SELECT count(*) FROM user_invitation").await, 1);
}

#[sqlx::test]
async fn create_user_refuses_what_cannot_be(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    for arguments in [
        vec!["create_user", "a b"],
        vec!["create_user", ""],
        vec!["create_user", "bob", "--email", "nonsense"],
        vec!["create_user", "bob", "--email", "ADA@example.com"],
        vec!["create_user", "bob", "--name", " "],
    ] {
        let said = program.run(&arguments).await.failed();
        assert!(
            !said.err.is_empty() && !said.err.contains("went wrong"),
            "{arguments:?}: {}",
            said.err
        );
    }
    assert_eq!(count(&pool, r#"SELECT count(*) FROM "user""#).await, 1);
    // One letter that stands for two is written as these.
    program.run(&["create_user", "\u{fb01}n"]).await.ok();
    assert_eq!(
        count(&pool, r#"SELECT count(*) FROM "user" WHERE username = 'fin'"#).await,
        1
    );
    // Not understood at all: another code, and how to call it.
    let said = program.run(&["create_user"]).await;
    assert_eq!(said.code, 2);
    assert!(said.err.contains("Usage"), "{}", said.err);
}

#[sqlx::test]
async fn ensure_admins_adds_and_warns(pool: PgPool) {
    let program = Program::new(&pool).with("ADMIN_USERS", "ada, nobody");
    for name in ["ada", "old-admin"] {
        program.run(&["create_user", name]).await.ok();
    }
    program.run(&["create_user", "old-admin", "-s"]).await.ok();
    let said = program.run(&["ensure_admins"]).await.ok();
    assert!(said.err.contains("nobody"), "{}", said.err);
    assert_eq!(
        roles(&pool, "ada").await,
        ["ServiceAdministrator", "StaffAreaAdministrator", "TechSupport"]
    );
    assert_eq!(roles(&pool, "old-admin").await, ["StaffAreaAdministrator"]);
    let before = events(&pool, "olive").await.len();
    program.run(&["ensure-admins"]).await.ok();
    assert_eq!(events(&pool, "olive").await.len(), before);
}

#[sqlx::test]
async fn create_backend_prints_the_token_last_each_time(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    let said = program
        .run(&["create_backend", "tpp", "--name", "TPP", "--user", "ada"])
        .await
        .ok();
    let token = said.last_line().to_owned();
    assert!(token.len() >= 40 && said.out.lines().count() > 1, "{}", said.out);
    let again = program.run(&["create_backend", "tpp", "--quiet"]).await.ok();
    assert_eq!(again.out, format!("{token}\n"));
    assert_eq!(count(&pool, "SELECT count(*) FROM backend_membership").await, 1);

    let said = program
        .run(&["create_backend", "emis", "--user", "nobody"])
        .await
        .failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
    for url in ["release-hatch", "ftp://host", "https://ada:secret@host"] {
        let said = program.run(&["create_backend", "emis", "--url", url]).await.failed();
        assert!(
            said.err.contains("Enter an address like https://host.example"),
            "{}",
            said.err
        );
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM backend").await, 1);

    let overlapping = program
        .run(&["create_backend", "tpp", "--rotate", "--overlap", "10m", "--quiet"])
        .await
        .ok();
    assert_ne!(overlapping.last_line(), token);
    assert_eq!(
        count(&pool, "SELECT count(*) FROM backend WHERE old_token_hash IS NOT NULL").await,
        1
    );
    program.run(&["create_backend", "tpp", "--rotate"]).await.ok();
    assert_eq!(
        count(&pool, "SELECT count(*) FROM backend WHERE old_token_hash IS NOT NULL").await,
        0
    );
    assert_eq!(
        count(
            &pool,
            "SELECT count(*) FROM auditable_event WHERE type = 'backend_token_rotated'"
        )
        .await,
        2
    );
    // An overlap without a rotation means nothing.
    assert_eq!(program.run(&["create_backend", "tpp", "--overlap", "5"]).await.code, 2);
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C"])
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[sqlx::test]
async fn create_rap_asks_for_jobs_at_a_commit(pool: PgPool) {
    let repos = tempfile::tempdir().unwrap();
    let repo = repos.path().join("opensafely/ws");
    std::fs::create_dir_all(&repo).unwrap();
    git(&repo, &["init", "--quiet"]);
    git(&repo, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    let mut commits = Vec::new();
    let definition = |text| format!("version: '4.0'\nactions: {{}}\n# {text}\n");
    for text in ["one", "two"] {
        std::fs::write(repo.join("project.yaml"), definition(text)).unwrap();
        git(&repo, &["add", "."]);
        git(&repo, &["commit", "--quiet", "-m", text]);
        commits.push(git(&repo, &["rev-parse", "HEAD"]));
    }
    let program = Program::new(&pool).with("LOCAL_GIT_REPOS", repos.path().to_str().unwrap());
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["create_backend", "tpp"]).await.ok();
    program.run(&["create_workspace", "ws", "ada"]).await.ok();

    let said = program
        .run(&["create_rap", "ws", "ada", "tpp", "-a", "first", "second"])
        .await
        .ok();
    let short = &commits[0][..10];
    program
        .run(&[
            "create-rap",
            "ws",
            "ada",
            "tpp",
            "--actions",
            "run_all",
            "--commit",
            short,
            "--force-run-dependencies",
        ])
        .await
        .ok();
    type Row = (String, String, String, Vec<String>, bool, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT identifier, sha, project_definition, requested_actions, force_run_dependencies, status
           FROM job_request ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(rows[0].0, said.last_line());
    assert_eq!(
        (rows[0].1.as_str(), rows[0].2.as_str(), rows[0].4),
        (commits[1].as_str(), definition("two").as_str(), false)
    );
    assert_eq!(rows[0].3, ["first", "second"]);
    assert_eq!(
        (rows[1].1.as_str(), rows[1].2.as_str(), rows[1].4),
        (commits[0].as_str(), definition("one").as_str(), true)
    );
    assert_eq!(rows[0].5, "unknown");

    for (arguments, reason) in [
        (["create_rap", "no", "ada", "tpp", "-a", "a"], "workspace"),
        (["create_rap", "ws", "no", "tpp", "-a", "a"], "user"),
        (["create_rap", "ws", "ada", "no", "-a", "a"], "backend"),
        (
            ["create_rap", "ws", "ada", "tpp", "-aa", "--commit=0123456789"],
            "0123456789",
        ),
    ] {
        let said = program.run(&arguments).await.failed();
        assert!(said.err.contains(reason), "{arguments:?}: {}", said.err);
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM job_request").await, 2);
}

#[sqlx::test]
async fn upkeep(pool: PgPool) {
    let program = Program::new(&pool);
    program.run(&["create_user", "ada"]).await.ok();
    program.run(&["login-link", "ada"]).await.ok();
    sqlx::query("UPDATE login_link SET expires_at = now() - interval '1 second'")
        .execute(&pool)
        .await
        .unwrap();
    let said = program.run(&["clearsessions"]).await.ok();
    assert_eq!(
        said.out,
        "Sessions deleted: 0. Login links deleted: 1. Unfinished sign-ins deleted: 0. \
         E-mail confirmations deleted: 0. Counts of attempts deleted: 0.\n"
    );
    let said = program.run(&["count_rows"]).await.ok();
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines.iter().any(|line| line.split_whitespace().eq(["user", "1"])),
        "{}",
        said.out
    );
    assert!(
        lines.iter().any(|line| line.split_whitespace().eq(["login_link", "0"])),
        "{}",
        said.out
    );
    assert!(lines.is_sorted(), "{}", said.out);
    let key = program.run(&["generate_secret_key"]).await.ok();
    assert!(key.out.trim().len() >= 40);
    let said = program.run(&["login-link", "nobody"]).await.failed();
    assert!(said.err.contains("no such user"), "{}", said.err);
}

#[sqlx::test]
async fn every_command_explains_itself(pool: PgPool) {
    let program = Program::new(&pool);
    let help = program.run(&["--help"]).await.ok().out;
    for command in [
        "serve",
        "worker",
        "migrate",
        "check",
        "login-link",
        "create_backend",
        "create_user",
        "create_workspace",
        "create_rap",
        "invite",
        "revoke_invitations",
        "roles",
        "grant_role",
        "remove_role",
        "create_bot",
        "personal_tokens",
        "personal_token_create",
        "personal_token_revoke",
        "ensure_admins",
        "count_rows",
        "clearsessions",
        "generate_secret_key",
        "demo",
        "outbox",
        "jobs",
        "job",
        "runjobs",
        "sendtestemail",
        "end_sessions",
        "deactivate_user",
        "activate_user",
        "reseal",
    ] {
        assert!(help.contains(command), "{command} is not listed");
        let said = program.run(&[command, "--help"]).await.ok();
        assert!(said.out.contains("Usage: jobserver"), "{command}: {}", said.out);
    }
}
