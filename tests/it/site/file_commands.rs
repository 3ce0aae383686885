//! `jobserver files`, run as operators run it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use sqlx::PgPool;

use super::commands::events;
use super::release_commands::{folder, kept};
use crate::support::{Bucket, Program};

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
    std::fs::create_dir_all(storage.join("zz")).unwrap();
    for name in ["zz/orphan", "zz/young", "zz/broken#1", "zz/running#2"] {
        std::fs::write(storage.join(name), "x").unwrap();
    }
    age(&storage.join("zz/orphan"));
    age(&storage.join("zz/broken#1"));

    let said = program.run(&["files", "verify"]).await.failed();
    for line in [
        "missing     ",
        "altered: its hash",
        "wrong size: 5 bytes, not 10",
        "left over   ",
        "orphan      zz/orphan",
        "broken#1",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    assert!(
        said.out
            .contains("5 whole, 1 missing, 2 damaged, 1 left over, 1 orphans, 1 of broken uploads; 0 removed. 1 young"),
        "{}",
        said.out
    );
    assert_eq!(said.err, "6 faults.\n");
    assert!(storage.join("zz/orphan").exists() && paths[3].exists());

    assert!(!told(&pool).await.contains(&"released_orphans_removed".to_owned()));
    let said = program.run(&["files", "verify", "--remove-orphans"]).await.failed();
    assert_eq!(said.err, "3 faults.\n");
    assert!(told(&pool).await.contains(&"released_orphans_removed".to_owned()));
    for gone in [storage.join("zz/orphan"), storage.join("zz/broken#1"), paths[3].clone()] {
        assert!(!gone.exists(), "{}", gone.display());
    }
    for stays in [storage.join("zz/young"), storage.join("zz/running#2"), paths[4].clone()] {
        assert!(stays.exists(), "{}", stays.display());
    }
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
        back.out.contains("All 9 are whole at the target; 9 taken away"),
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
