//! Operators' commands about releases, run as operators run them.

use std::path::{Path, PathBuf};

use sqlx::PgPool;

use super::commands::events;
use crate::support::{Program, sha256};

/// A folder with `files` beside the program's own.
pub fn folder(program: &Program, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = program.folder().join(name);
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// The files below the storage.
pub fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

#[sqlx::test]
async fn a_folder_is_released_with_what_lies_below(pool: PgPool) {
    let program = Program::new(&pool);
    folder(
        &program,
        "out",
        &[("a.csv", "1\n"), ("figures/deep/b.svg", "<svg/>"), ("empty.txt", "")],
    );
    let refused = program.run(&["release", "out"]).await.failed();
    assert_eq!(refused.err, "There is no such workspace.\n");
    assert_eq!(count(&pool, "SELECT count(*) FROM auditable_event").await, 0);

    let said = program.run(&["release", "out", "-c"]).await.ok();
    assert!(
        said.out
            .contains("Released 3 files.\nRelease: http://jobs.test/test-project/test-workspace/releases/"),
        "{}",
        said.out
    );
    assert_eq!(
        said.last_line(),
        "Workspace: http://jobs.test/test-project/test-workspace/"
    );
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM release_file WHERE uploaded_at IS NOT NULL ORDER BY name")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(names, ["a.csv", "empty.txt", "figures/deep/b.svg"]);
    assert_eq!(kept(&program.folder().join("releases")).len(), 3);
    assert!(events(&pool, "olive").await.contains(&"release_created".to_owned()));

    // The same again is refused and leaves nothing.
    let again = program.run(&["release", "out"]).await.failed();
    assert!(
        again.err.contains("This version of 'a.csv' has already been uploaded"),
        "{}",
        again.err
    );
    assert_eq!(kept(&program.folder().join("releases")).len(), 3);
    program.run(&["files", "verify"]).await.ok();
}

#[sqlx::test]
async fn a_folder_that_cannot_be_released_makes_nothing(pool: PgPool) {
    let program = Program::new(&pool);
    std::fs::create_dir(program.folder().join("none")).unwrap();
    folder(&program, "bad", &[("nul.txt", "x")]);
    let linked = folder(&program, "linked", &[("a", "x")]);
    std::os::unix::fs::symlink("/etc/passwd", linked.join("b")).unwrap();
    for (name, why) in [
        ("missing", "cannot be read"),
        ("none", "There are no files"),
        ("bad", "'nul.txt': Names that Windows keeps"),
        ("linked", "is neither a file nor a folder"),
    ] {
        let said = program.run(&["release", name, "-c"]).await.failed();
        assert!(said.err.contains(why), "{name}: {}", said.err);
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM auditable_event").await, 0);
    assert!(kept(&program.folder().join("releases")).is_empty());
}

/// How many rows there are of what `release --create` makes, and of the record of it.
async fn made(pool: &PgPool) -> i64 {
    count(
        pool,
        r#"SELECT (SELECT count(*) FROM "user") + (SELECT count(*) FROM backend) + (SELECT count(*) FROM project)
                + (SELECT count(*) FROM repo) + (SELECT count(*) FROM workspace) + (SELECT count(*) FROM release)
                + (SELECT count(*) FROM auditable_event)"#,
    )
    .await
}

#[sqlx::test]
async fn a_release_that_fails_makes_neither_user_nor_backend_nor_workspace(pool: PgPool) {
    let program = Program::new(&pool);
    folder(&program, "out", &[("a.csv", "1\n")]);
    for (name, why) in [
        ("--user=a/b", "username"),
        ("--backend=a b", "is no slug"),
        ("--workspace=a b", "can be no workspace"),
    ] {
        let said = program.run(&["release", "out", "-c", name]).await.failed();
        assert!(said.err.contains(why), "{name}: {}", said.err);
        assert_eq!(made(&pool).await, 0, "{name}");
    }
    assert!(kept(&program.folder().join("releases")).is_empty());
    program.run(&["release", "out", "-c"]).await.ok();
    let before = made(&pool).await;
    // From a backend that is there, for a workspace and a user who are not.
    let again = ["release", "out", "-c", "--workspace=new", "--user=newcomer"];
    let said = program.run(&again).await.failed();
    assert!(said.err.contains("has already been uploaded"), "{}", said.err);
    assert_eq!(made(&pool).await, before);
    assert_eq!(kept(&program.folder().join("releases")).len(), 1);
    // Letters that look alike in a username become one.
    folder(&program, "other", &[("a.csv", "2\n")]);
    let said = program.run(&["release", "other", "-c", "--user=\u{ff41}da"]).await.ok();
    assert!(
        said.out.starts_with("User ada created.\nReleased 1 file.\n"),
        "{}",
        said.out
    );
}

#[sqlx::test]
async fn a_file_that_is_too_large_is_not_released(pool: PgPool) {
    let program = Program::new(&pool).with("RELEASE_FILE_SIZE_LIMIT", "3");
    folder(&program, "out", &[("a.csv", "123"), ("b.csv", "1234")]);
    let said = program.run(&["release", "out", "-c"]).await.failed();
    assert!(said.err.starts_with("'b.csv' is too large: "), "{}", said.err);
    assert_eq!(made(&pool).await, 0);
    std::fs::remove_file(program.folder().join("out/b.csv")).unwrap();
    program.run(&["release", "out", "-c"]).await.ok();
    let requested: serde_json::Value = sqlx::query_scalar("SELECT requested_files FROM release")
        .fetch_one(&pool)
        .await
        .unwrap();
    let file = &requested[0];
    assert!(file["date"].as_str().unwrap().ends_with('Z'), "{file}");
    assert_eq!(
        (&file["metadata"], &file["review"]),
        (&serde_json::json!({}), &serde_json::Value::Null)
    );
}

#[sqlx::test]
async fn whoever_acted_and_in_whose_name_is_recorded(pool: PgPool) {
    let id = std::process::Command::new("id").arg("-un").output().unwrap();
    let of_system = String::from_utf8(id.stdout).unwrap().trim().to_owned();
    for (number, (user, login, by)) in [
        ("olive", "lena", "olive"),
        ("", "lena", "lena"),
        ("", "", of_system.as_str()),
    ]
    .into_iter()
    .enumerate()
    {
        let program = Program::new(&pool).with("USER", user).with("LOGNAME", login);
        folder(&program, "out", &[("a.csv", &number.to_string())]);
        program.run(&["release", "out", "-c"]).await.ok();
        let said = program
            .run(&["publish_files", "test-user", "test-workspace", "a.csv"])
            .await
            .ok();
        let snapshot = said
            .last_line()
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        sqlx::query("UPDATE publish_request SET decision = 'approved', decision_at = now(), decision_by_id = created_by_id WHERE decision IS NULL")
            .execute(&pool)
            .await
            .unwrap();
        program.run(&["unpublish_snapshot", &snapshot, "test-user"]).await.ok();
        let of: Vec<(String, String)> = sqlx::query_as(
            "SELECT type, target_user FROM auditable_event
              WHERE created_by = $1 AND type IN ('snapshot_created', 'publish_requested', 'snapshot_withdrawn')
              ORDER BY id",
        )
        .bind(by)
        .fetch_all(&pool)
        .await
        .unwrap();
        let expected = ["snapshot_created", "publish_requested", "snapshot_withdrawn"]
            .map(|kind| (kind.to_owned(), "test-user".to_owned()));
        assert_eq!(of, expected, "{user:?} {login:?}");
    }
}

#[sqlx::test]
async fn a_storage_that_takes_nothing_is_named_and_nothing_is_made(pool: PgPool) {
    let program = Program::new(&pool);
    folder(&program, "out", &[("a.csv", "1\n"), ("b.csv", "2\n")]);
    // Where the second content's folder would be, something else is.
    let storage = program.folder().join("releases");
    std::fs::create_dir_all(&storage).unwrap();
    let hash = sha256(b"2\n");
    std::fs::write(storage.join(&hash[..2]), "in the way").unwrap();
    let said = program.run(&["release", "out", "-c"]).await.failed();
    assert!(
        said.err.starts_with("The storage or the database does not answer: "),
        "{}",
        said.err
    );
    assert!(!said.err.contains("DATABASE_URL"), "{}", said.err);
    assert!(said.err.ends_with("Nothing was released.\n"), "{}", said.err);
    assert_eq!(count(&pool, "SELECT count(*) FROM auditable_event").await, 0);
    assert_eq!(count(&pool, r#"SELECT count(*) FROM "user""#).await, 0);
    assert_eq!(count(&pool, "SELECT count(*) FROM backend").await, 0);
    assert_eq!(kept(&storage).len(), 1);
    std::fs::remove_file(storage.join(&hash[..2])).unwrap();
    program.run(&["release", "out", "-c"]).await.ok();
}

#[sqlx::test]
async fn files_are_published_withdrawn_and_taken_out(pool: PgPool) {
    let program = Program::new(&pool);
    folder(&program, "one", &[("a.csv", "1\n"), ("b.csv", "2\n")]);
    folder(&program, "two", &[("a.csv", "3\n")]);
    program.run(&["release", "one", "-c"]).await.ok();
    program.run(&["release", "two"]).await.ok();
    let publish = ["publish_files", "test-user", "test-workspace"];
    for (arguments, why) in [
        (
            ["publish_files", "nobody", "test-workspace", "a.csv"],
            "There is no such user.",
        ),
        (
            ["publish_files", "test-user", "nowhere", "a.csv"],
            "There is no such workspace.",
        ),
        (
            ["publish_files", "test-user", "test-workspace", "c.csv"],
            "has no released file c.csv",
        ),
    ] {
        let said = program.run(&arguments).await.failed();
        assert!(said.err.contains(why), "{}", said.err);
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM snapshot").await, 0);
    let first = program.run(&[&publish[..], &["a.csv", "b.csv"]].concat()).await.ok();
    assert!(
        first
            .last_line()
            .starts_with("http://jobs.test/test-project/test-workspace/outputs/"),
        "{}",
        first.out
    );
    let again = program.run(&[&publish[..], &["b.csv", "a.csv"]].concat()).await.ok();
    assert_eq!(first.last_line(), again.last_line());
    // The newest version of a.csv.
    let newest = count(
        &pool,
        "SELECT count(*) FROM snapshot_file s JOIN release_file f ON f.id = s.release_file_id WHERE f.is_latest",
    )
    .await;
    assert_eq!(
        (newest, count(&pool, "SELECT count(*) FROM publish_request").await),
        (2, 1)
    );

    let id = first
        .last_line()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let said = program.run(&["unpublish_snapshot", &id, "test-user"]).await.failed();
    assert_eq!(said.err, "This snapshot is not published.\n");
    let said = program
        .run(&["remove_files_from_publish_request", &id, "a.csv", "x.csv"])
        .await
        .failed();
    assert!(said.err.contains("has no file x.csv"), "{}", said.err);
    assert_eq!(count(&pool, "SELECT count(*) FROM snapshot_file").await, 2);
    let said = program
        .run(&["remove_files_from_publish_request", &id, "a.csv", "a.csv"])
        .await
        .ok();
    assert_eq!(said.out, format!("Removed 1 from snapshot {id}.\n"));
    let recorded = "SELECT count(*) FROM auditable_event WHERE type = 'snapshot_files_removed' AND old = 'a.csv'";
    assert_eq!(count(&pool, recorded).await, 1);

    sqlx::query(
        "UPDATE publish_request SET decision = 'approved', decision_at = now(), decision_by_id = created_by_id",
    )
    .execute(&pool)
    .await
    .unwrap();
    let said = program
        .run(&["remove_files_from_publish_request", &id, "b.csv"])
        .await
        .failed();
    assert!(said.err.contains("is published; withdraw it first"), "{}", said.err);
    for arguments in [
        ["unpublish_snapshot", "999999", "test-user"],
        ["unpublish_snapshot", &id, "nobody"],
    ] {
        program.run(&arguments).await.failed();
    }
    assert_eq!(
        count(&pool, "SELECT count(*) FROM snapshot WHERE published_at IS NOT NULL").await,
        1
    );
    program.run(&["unpublish_snapshot", &id, "test-user"]).await.ok();
    assert_eq!(
        count(&pool, "SELECT count(*) FROM snapshot WHERE published_at IS NOT NULL").await,
        0
    );
    let events = events(&pool, "olive").await;
    for kind in [
        "snapshot_created",
        "publish_requested",
        "snapshot_files_removed",
        "snapshot_withdrawn",
    ] {
        assert!(events.iter().any(|event| event == kind), "{kind}: {events:?}");
    }
}

#[sqlx::test]
async fn missing_contents_are_made_up_in_copies_alone(pool: PgPool) {
    let program = Program::new(&pool);
    folder(
        &program,
        "out",
        &[("a.csv", "1\n"), ("b.png", "png"), ("c.json", "{}"), ("d.txt", "here")],
    );
    program.run(&["release", "out", "-c"]).await.ok();
    for path in kept(&program.folder().join("releases")) {
        if path.extension().is_some_and(|extension| extension != "txt") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let said = program.run(&["inflate_release_files"]).await.ok();
    assert_eq!(said.out, "2 contents made up, 1 files have theirs, 1 skipped.\n");
    assert!(said.err.contains("skipped b.png"), "{}", said.err);
    // What was made up is what the rows say now.
    let verified = program.run(&["files", "verify"]).await.failed();
    assert!(
        verified.out.contains("3 whole, 1 missing, 0 damaged"),
        "{}",
        verified.out
    );
}
