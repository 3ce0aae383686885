//! Where released files are kept: a folder and a real server that speaks S3 do the same.

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::TryStreamExt as _;
use jobserver::adapters::files::{Files, staged};
use jobserver::core::ports::{FileStore, FileStoreError};
use tokio::io::AsyncReadExt as _;

use super::{PATIENT, nowhere};
use crate::support::{Bucket, files_at, sha256};

async fn keep(files: &Files, key: &str, parts: &[Bytes]) -> Result<(), FileStoreError> {
    let mut incoming = files.begin(key).await?;
    for part in parts {
        incoming.write(part.clone()).await?;
    }
    incoming.finish().await
}

async fn read(files: &Files, key: &str) -> Vec<u8> {
    let mut content = files.open(key).await.unwrap();
    let mut bytes = Vec::new();
    content.body.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(content.size, bytes.len() as u64);
    bytes
}

async fn keys(files: &Files) -> Vec<String> {
    let kept: Vec<_> = files.list().try_collect().await.unwrap();
    let mut keys: Vec<String> = kept.into_iter().map(|kept| kept.key).collect();
    keys.sort();
    keys
}

/// 12 MiB and a bit, in chunks that fit no part.
fn large() -> Vec<Bytes> {
    let bytes: Vec<u8> = (0..12 * 1024 * 1024 + 7_u32)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    bytes.chunks(777_777).map(Bytes::copy_from_slice).collect()
}

/// A part, of how much, and what was read of it.
async fn part(files: &Files, key: &str, range: Range<u64>) -> (u64, u64, Vec<u8>) {
    let mut content = files.open_part(key, range).await.unwrap();
    let mut bytes = Vec::new();
    content.body.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(content.size, bytes.len() as u64);
    (content.size, content.whole, bytes)
}

async fn parts_are_read(files: &Files) {
    assert!(matches!(
        files.open_part("ab/none", 0..1).await,
        Err(FileStoreError::Missing)
    ));
    let whole = large().concat();
    let size = whole.len() as u64;
    for range in [0..1, 5..11, 6_000_000..9_000_001, size - 1..size, 0..size] {
        let (read, of, bytes) = part(files, "cd/large", range.clone()).await;
        assert_eq!((read, of), (range.end - range.start, size));
        let (start, end) = (
            usize::try_from(range.start).unwrap(),
            usize::try_from(range.end).unwrap(),
        );
        assert_eq!(bytes, whole[start..end], "{range:?}");
    }
    // What is shorter than it should be is read as far as it goes.
    assert_eq!(part(files, "ab/small.csv", 2..10).await, (2, 4, b"b\n".to_vec()));
    for (key, range, size) in [
        ("ab/small.csv", 4..5, 4),
        ("ab/small.csv", 9..20, 4),
        ("ab/empty", 0..1, 0),
    ] {
        assert_eq!(part(files, key, range).await, (0, size, Vec::new()), "{key}");
    }
}

async fn behaves(files: &Files) {
    assert!(matches!(files.open("ab/none").await, Err(FileStoreError::Missing)));
    files.remove("ab/none").await.unwrap();
    assert!(keys(files).await.is_empty());

    keep(files, "ab/empty", &[]).await.unwrap();
    keep(files, "ab/small.csv", &[Bytes::from("a,"), Bytes::from("b\n")])
        .await
        .unwrap();
    keep(files, "cd/large", &large()).await.unwrap();
    assert_eq!(read(files, "ab/empty").await, b"");
    assert_eq!(read(files, "ab/small.csv").await, b"a,b\n");
    assert_eq!(sha256(&read(files, "cd/large").await), sha256(&large().concat()));
    assert_eq!(keys(files).await, ["ab/empty", "ab/small.csv", "cd/large"]);
    parts_are_read(files).await;

    keep(files, "ab/small.csv", &[Bytes::from("c\n")]).await.unwrap();
    assert_eq!(read(files, "ab/small.csv").await, b"c\n");

    // Nothing is to be seen before the end, and what was there stays until then.
    let mut incoming = files.begin("cd/large").await.unwrap();
    let mut fresh = files.begin("cd/fresh").await.unwrap();
    for part in large() {
        incoming.write(part.clone()).await.unwrap();
        fresh.write(part).await.unwrap();
    }
    assert_eq!(keys(files).await, ["ab/empty", "ab/small.csv", "cd/large"]);
    incoming.discard().await;
    drop(fresh);
    assert_eq!(sha256(&read(files, "cd/large").await), sha256(&large().concat()));

    for key in keys(files).await {
        files.remove(&key).await.unwrap();
    }
    assert!(keys(files).await.is_empty());
    assert!(files.begin("../x").await.is_err() && files.open("a//b").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_what_is_finished_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path()).unwrap();
    assert_eq!(files.folder(), Some(folder.path().canonicalize().unwrap().as_path()));
    behaves(&files).await;
    until(async || staged(folder.path()).unwrap().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_what_is_finished_and_nothing_else() {
    let bucket = Bucket::start().await;
    let files = bucket.files(PATIENT);
    assert_eq!(files.folder(), None);
    behaves(&files).await;
    until(async || bucket.unfinished().await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_no_empty_one() {
    let bucket = Bucket::start().await;
    bucket.files(PATIENT).probe().await.unwrap();
    let files = bucket.missing(PATIENT);
    let no_bucket = |error: &FileStoreError| matches!(error, FileStoreError::Unavailable(_));
    for error in [
        files.probe().await.unwrap_err(),
        files.open("ab/x").await.unwrap_err(),
        files.open_part("ab/x", 0..1).await.unwrap_err(),
        keep(&files, "ab/x", &[Bytes::from("x")]).await.unwrap_err(),
        keep(&files, "ab/large", &large()).await.unwrap_err(),
        files.list().try_collect::<Vec<_>>().await.unwrap_err(),
    ] {
        assert!(no_bucket(&error), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_hides_nothing_else() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    let files = Files::folder(folder.path()).unwrap();
    for key in ["ab/x", "cd/y"] {
        keep(&files, key, &[Bytes::from("x")]).await.unwrap();
    }
    let odd = std::ffi::OsStr::from_bytes(b"\xff.csv");
    for place in ["", "ab", "cd"] {
        std::fs::write(folder.path().join(place).join(odd), "x").unwrap();
    }
    let odd = "\u{fffd}.csv";
    let expected = ["ab/x", &format!("ab/{odd}"), "cd/y", &format!("cd/{odd}"), odd];
    assert_eq!(keys(&files).await, expected);
}

/// What a dropped upload leaves is taken away behind its back.
async fn until(is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENT, "something is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_is_given_up_soon() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for endpoint in [nowhere(), format!("http://{}", silent.local_addr().unwrap())] {
        let files = files_at(&endpoint, Duration::from_millis(500));
        let started = Instant::now();
        let unavailable = |error: &FileStoreError| matches!(error, FileStoreError::Unavailable(_));
        assert!(unavailable(&files.open("ab/x").await.unwrap_err()));
        assert!(unavailable(
            &keep(&files, "ab/x", &[Bytes::from("x")]).await.unwrap_err()
        ));
        assert!(unavailable(&files.remove("ab/x").await.unwrap_err()));
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}

struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// A real file system without room, which only root may make: others run this for nothing, and it says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_apart_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=3m", "tmpfs"];
    let done = Command::new("mount").args(mount).arg(folder.path()).status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("not root, or mounting is not allowed here: a full disk was not tried");
        return;
    }
    let mounted = Mounted(folder.path());
    let files = Files::folder(folder.path()).unwrap();
    let result = keep(&files, "cd/large", &large()).await;
    assert!(matches!(result, Err(FileStoreError::Full(_))), "{result:?}");
    until(async || staged(folder.path()).unwrap().is_empty()).await;
    // What is left is unlinked; the room is there again once its last handle is closed, too.
    until(async || keep(&files, "ab/small", &[Bytes::from("x")]).await.is_ok()).await;
    assert_eq!(keys(&files).await, ["ab/small"]);
    drop(mounted);
}
