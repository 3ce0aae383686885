//! `jobserver files`, run as operators run it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jobserver::adapters::files::Files;
use jobserver::core::releases::storage::{remove_source, transfer};
use sqlx::PgPool;

use super::commands::events;
use super::release_commands::{folder, kept};
use crate::support::{Bucket, Program, Site};

fn age(path: &Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60))
        .unwrap();
}

/// What is on record of whoever runs the commands.
async fn told(pool: &PgPool) -> Vec<String> {
    events(pool, "olive").await
}

async fn released(pool: &PgPool) -> Program {
    let program = Program::new(pool);
    let files: Vec<(String, String)> = (0..9)
        .map(|n| (format!("f{n}.csv"), format!("content {n}\n")))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, content)| (&**name, &**content)).collect();
    folder(&program, "out", &files);
    program.run(&["release", "out", "-c"]).await.ok();
    program
}

#[sqlx::test]
async fn what_is_wrong_with_the_storage_is_said_and_what_nothing_needs_goes(pool: PgPool) {
    let program = released(&pool).await;
    let said = program.run(&["files", "verify"]).await.ok();
    assert!(
        said.out
            .starts_with("9 whole, 0 missing, 0 damaged, 0 left over, 0 orphans,"),
        "{}",
        said.out
    );

    let storage = program.folder().join("releases");
    let paths = kept(&storage);
    std::fs::remove_file(&paths[0]).unwrap();
    std::fs::write(&paths[1], "CONTENT 1\n").unwrap();
    std::fs::write(&paths[2], "short").unwrap();
    let deleted = paths[3].strip_prefix(&storage).unwrap().to_str().unwrap();
    sqlx::query("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE path = $1")
        .bind(deleted)
        .execute(&pool)
        .await
        .unwrap();
    let of_ours = |id: &str| format!("ab/{id}-{}.csv", "ab".repeat(32));
    let (orphan, young) = (of_ours("orphan"), of_ours("young"));
    let (broken, running) = (of_ours("broken") + "#1", of_ours("running") + "#2");
    let foreign = ["uploads/logo.png", "jobserver.dump", "notes#1"];
    for folder in ["ab", "uploads"] {
        std::fs::create_dir_all(storage.join(folder)).unwrap();
    }
    for name in [&*orphan, &*young, &*broken, &*running].into_iter().chain(foreign) {
        std::fs::write(storage.join(name), "x").unwrap();
    }
    for name in [&*orphan, &*broken].into_iter().chain(foreign) {
        age(&storage.join(name));
    }
    let odd = storage.join(std::ffi::OsStr::from_bytes(b"\xff.csv"));
    std::fs::write(&odd, "x").unwrap();
    age(&odd);

    let said = program.run(&["files", "verify"]).await.failed();
    for line in [
        "missing     ",
        "altered: its hash",
        "wrong size: 5 bytes, not 10",
        "left over   ",
        "orphan      ab/orphan-abab",
        ".csv#1",
        "not ours    uploads/logo.png: left alone",
        "not ours    jobserver.dump: left alone",
        "notes#1: left alone",
        "not ours    \u{fffd}.csv: left alone",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    assert!(
        said.out
            .contains("5 whole, 1 missing, 2 damaged, 1 left over, 1 orphans, 1 of broken uploads; 0 removed. 1 young"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("0 that wait for their row and 3 that are not ours"),
        "{}",
        said.out
    );
    assert_eq!(said.err, "6 faults.\n");
    assert!(storage.join(&orphan).exists() && paths[3].exists());

    assert!(!told(&pool).await.contains(&"released_orphans_removed".to_owned()));
    let said = program.run(&["files", "verify", "--remove-orphans"]).await.failed();
    assert_eq!(said.err, "3 faults.\n");
    assert!(told(&pool).await.contains(&"released_orphans_removed".to_owned()));
    for gone in [storage.join(orphan), storage.join(broken), paths[3].clone()] {
        assert!(!gone.exists(), "{}", gone.display());
    }
    let others = foreign.map(|name| storage.join(name));
    for stays in [storage.join(young), storage.join(running), paths[4].clone(), odd]
        .into_iter()
        .chain(others)
    {
        assert!(stays.exists(), "{}", stays.display());
    }
}

#[sqlx::test]
async fn nothing_is_taken_away_from_what_may_be_another_ones_storage(pool: PgPool) {
    let program = released(&pool).await;
    let storage = program.folder().join("releases");
    for path in kept(&storage) {
        age(&path);
    }
    // Another storage, in which somebody else's files lie.
    let other = program.folder().join("other");
    std::fs::rename(&storage, &other).unwrap();
    let key = format!("ab/theirs-{}.csv", "ab".repeat(32));
    std::fs::create_dir_all(storage.join("ab")).unwrap();
    std::fs::write(storage.join(&key), "theirs").unwrap();
    age(&storage.join(&key));
    let said = program.run(&["files", "verify", "--remove-orphans"]).await.failed();
    assert!(
        said.err.starts_with("No released file is here as it was uploaded: "),
        "{}",
        said.err
    );
    assert!(storage.join(&key).exists());
    // The storage is the right one, and the database is not.
    std::fs::remove_dir_all(&storage).unwrap();
    std::fs::rename(&other, &storage).unwrap();
    sqlx::raw_sql("DELETE FROM release_file; DELETE FROM release")
        .execute(&pool)
        .await
        .unwrap();
    let said = program.run(&["files", "verify", "--remove-orphans"]).await.failed();
    assert!(
        said.err.starts_with("The database knows of no released file"),
        "{}",
        said.err
    );
    assert_eq!(kept(&storage).len(), 9);
    let said = program.run(&["files", "verify"]).await.failed();
    assert_eq!(said.err, "9 faults.\n");
}

#[sqlx::test]
async fn what_is_uploaded_while_contents_move_stays_where_it_is(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    site.world.may_use("tpp", "olga").await;
    let before = site.release("ws", "tpp", "olga", &[("a.csv", b"one")]).await;
    let folder = tempfile::tempdir().unwrap();
    let target = Files::folder(folder.path()).unwrap();
    let mut said = Vec::new();
    let mut say = |line: &str| said.push(line.to_owned());
    let moved = transfer(&site.db, &*site.files, &target, &mut say).await.unwrap();
    assert_eq!((moved.copied, moved.faults), (1, 0));
    // The site goes on writing to where it always wrote.
    let meanwhile = site.release("ws", "tpp", "olga", &[("b.csv", b"two")]).await;
    let gone = remove_source(&site.db, &*site.files, &target, &mut say).await.unwrap();
    assert_eq!((gone.removed, gone.left), (1, 1));
    assert!(said.last().unwrap().starts_with("left     "), "{said:?}");
    let left = kept(site.storage.path());
    assert_eq!(left.len(), 1);
    assert!(
        left[0].to_str().unwrap().contains(&meanwhile.files[0]),
        "{left:?} {before:?}"
    );
}

#[sqlx::test]
async fn contents_move_to_a_bucket_and_back_whatever_breaks_it_off(pool: PgPool) {
    let program = released(&pool).await;
    let storage = program.folder().join("releases");
    let refused = program.run(&["files", "move"]).await.failed();
    assert!(refused.err.contains("There is no bucket"), "{}", refused.err);
    let bucket = Bucket::start().await;
    let program = bucket.of(program);

    let checked = program.run(&["check"]).await;
    assert!(
        checked
            .out
            .contains("The bucket of released files answers\n  released at http://127.0.0.1:"),
        "{}",
        checked.out
    );

    // Killed after the first: the rest follows.
    let mut running = program.start(&["files", "move"], "copied ").await;
    running.kill();
    running.ended().await;
    let said = program.run(&["files", "move"]).await.ok();
    assert!(said.out.contains("To switch: set RELEASE_S3_ENDPOINT"), "{}", said.out);
    let again = program.run(&["files", "move"]).await.ok();
    assert!(
        again.out.starts_with("0 copied (0 bytes), 9 were there, 0 faults."),
        "{}",
        again.out
    );
    assert_eq!(kept(&storage).len(), 9);
    // The program reads the bucket now.
    program.run(&["files", "verify"]).await.ok();

    let path = kept(&storage).remove(0);
    let content = std::fs::read(&path).unwrap();
    assert!(!told(&pool).await.contains(&"released_files_removed".to_owned()));
    let back = program.run(&["files", "move", "--remove-source"]).await.ok();
    assert!(told(&pool).await.contains(&"released_files_removed".to_owned()));
    assert!(
        back.out
            .ends_with("All are whole at the target; 9 taken away from the source.\n"),
        "{}",
        back.out
    );
    assert!(kept(&storage).is_empty());
    program.run(&["files", "move", "--to-folder"]).await.ok();
    assert_eq!(kept(&storage).len(), 9);
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[sqlx::test]
async fn what_is_damaged_is_not_moved_and_nothing_is_taken_away(pool: PgPool) {
    let program = released(&pool).await;
    let storage = program.folder().join("releases");
    std::fs::write(&kept(&storage)[0], "CONTENT X\n").unwrap();
    let bucket = Bucket::start().await;
    let program = bucket.of(program);
    let said = program.run(&["files", "move", "--remove-source"]).await.failed();
    assert!(
        said.out.contains("8 copied (80 bytes), 0 were there, 1 faults."),
        "{}",
        said.out
    );
    assert_eq!(kept(&storage).len(), 9);
}
