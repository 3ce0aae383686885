//! Archives of all files.

use std::io::{Cursor, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jobserver::adapters::files::Files;
use jobserver::core::ports::{Content, FileStore, FileStoreError, Incoming, Kept};
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zip::ZipArchive;

use super::{download, people, site};
use crate::site::serving::server;
use crate::support::Site;

fn unpacked(bytes: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().to_owned(), content)
        })
        .collect()
}

#[sqlx::test]
async fn an_archive_holds_what_is_there_and_says_what_is_gone(pool: PgPool) {
    let site = site(pool).await;
    let noise: Vec<u8> = (0..3_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let files: &[(&str, &[u8])] = &[
        ("output/a b.txt", b"words"),
        ("output/gone.txt", b"1"),
        ("output/never.txt", b"1"),
        ("output/noise.png", &noise),
        ("output/\u{e9}.csv", b""),
    ];
    let release = site.release("ws", "tpp", "ada", files).await;
    sqlx::query(
        r#"UPDATE release_file SET deleted_at = '2026-03-12', deleted_by_id = (SELECT id FROM "user" WHERE username = 'ada')
           WHERE name = 'output/gone.txt'"#,
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    sqlx::query("UPDATE release_file SET uploaded_at = NULL, path = '' WHERE name = 'output/never.txt'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let base = format!("/project/ws/releases/{}/", release.id);
    let (status, named, bytes) = download(&site, Some("ada"), &format!("{base}download/")).await;
    assert_eq!(status, 200);
    assert_eq!(named, format!("attachment; filename=\"release-{}.zip\"", release.id));
    let entries = unpacked(bytes.unwrap());
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "output/a b.txt",
            "output/gone.txt",
            "output/noise.png",
            "output/\u{e9}.csv"
        ]
    );
    assert_eq!(entries[0].1, b"words");
    assert_eq!(entries[2].1, noise);
    assert_eq!(entries[3].1, b"");
    let note = String::from_utf8(entries[1].1.clone()).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[0], "This file was withdrawn by Ada on 12 Mar 2026.");
    assert!(
        lines[1].starts_with("http") && lines[1].ends_with(&format!("{base}output/gone.txt")),
        "{note}"
    );
    assert_eq!(lines.len(), 2);
}

#[sqlx::test]
async fn archives_are_named_by_what_they_are_of(pool: PgPool) {
    let site = site(pool).await;
    site.world.backend("emis").await;
    let one = site
        .release("ws", "tpp", "ada", &[("a.txt", b"tpp"), ("b.txt", b"b")])
        .await;
    let two = site.release("ws", "emis", "ada", &[("a.txt", b"emis")]).await;
    let files = [one.files[0].clone(), two.files[0].clone()];
    let public = site.snapshot("ws", "ada", &files, true).await;
    for (who, path, filename, names) in [
        (
            Some("ada"),
            "/project/ws/outputs/latest/download/".to_owned(),
            "workspace-ws.zip".to_owned(),
            &["emis/a.txt", "tpp/a.txt", "b.txt"][..],
        ),
        (
            None,
            format!("/project/ws/outputs/{public}/download/"),
            format!("release-{public}.zip"),
            &["emis/a.txt", "tpp/a.txt"],
        ),
    ] {
        let (status, named, bytes) = download(&site, who, &path).await;
        assert_eq!((status, named), (200, format!("attachment; filename=\"{filename}\"")));
        let found: Vec<String> = unpacked(bytes.unwrap()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, names);
    }
    site.anonymous()
        .get("/project/ws/outputs/latest/download/")
        .await
        .expect(302);
    site.sign_in("nobody")
        .await
        .get("/project/ws/outputs/latest/download/")
        .await
        .expect(404);
}

/// Where the contents of a site's files lie, by their names.
async fn kept(site: &Site, name: &str) -> PathBuf {
    let path: String = sqlx::query_scalar("SELECT path FROM release_file WHERE name = $1")
        .bind(name)
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    site.storage.path().join(path)
}

fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

#[sqlx::test]
async fn what_is_damaged_or_missing_is_named_and_the_rest_is_whole(pool: PgPool) {
    let site = site(pool).await;
    let (large, small) = (noise(1_500_000), b"a,b\n1,2\n");
    let files: &[(&str, &[u8])] = &[
        ("altered.csv", small),
        ("large.png", &large),
        ("missing.txt", b"1"),
        ("whole.csv", small),
    ];
    let release = site.release("ws", "tpp", "ada", files).await;
    std::fs::write(kept(&site, "altered.csv").await, b"a,b\n1,3\n").unwrap();
    let mut altered = large.clone();
    altered[1_400_000] ^= 1;
    std::fs::write(kept(&site, "large.png").await, altered).unwrap();
    std::fs::remove_file(kept(&site, "missing.txt").await).unwrap();
    let address = format!("/project/ws/releases/{}/download/", release.id);
    let (status, _, bytes) = download(&site, Some("ada"), &address).await;
    assert_eq!(status, 200);
    let entries = unpacked(bytes.unwrap());
    assert_eq!(entries.len(), 4);
    for (name, content) in &entries[..3] {
        let said = format!("{name}: damaged, not in here. Ask for it to be released again.\n");
        assert_eq!(String::from_utf8_lossy(content), said);
    }
    assert_eq!(entries[3], ("whole.csv".to_owned(), small.to_vec()));
}

/// A folder of which nothing can be read.
#[derive(Debug)]
struct Silent(Files);

#[async_trait]
impl FileStore for Silent {
    async fn begin(&self, key: &str) -> Result<Box<dyn Incoming>, FileStoreError> {
        self.0.begin(key).await
    }

    async fn open(&self, _: &str) -> Result<Content, FileStoreError> {
        Err(FileStoreError::Unavailable("nobody answers".to_owned()))
    }

    async fn open_part(&self, key: &str, _: Range<u64>) -> Result<Content, FileStoreError> {
        self.open(key).await
    }

    async fn remove(&self, key: &str) -> Result<(), FileStoreError> {
        self.0.remove(key).await
    }

    fn list(&self) -> BoxStream<'_, Result<Kept, FileStoreError>> {
        self.0.list()
    }

    async fn probe(&self) -> Result<(), FileStoreError> {
        self.0.probe().await
    }

    fn folder(&self) -> Option<&Path> {
        None
    }
}

#[sqlx::test]
async fn a_storage_that_does_not_answer_begins_no_archive(pool: PgPool) {
    let site = Site::start_keeping(pool, |folder| Arc::new(Silent(Files::folder(folder).unwrap()))).await;
    people(&site).await;
    let release = site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
    let address = format!("/project/ws/releases/{}/download/", release.id);
    let (status, named, _) = download(&site, Some("ada"), &address).await;
    assert_eq!((status, named.as_str()), (503, ""));
}

/// The head of an answer, and the connection that the rest of it comes on.
async fn begun(address: &str, path: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: jobs.test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "the answer has a head");
        head.push(byte[0]);
    }
    (String::from_utf8(head).unwrap().to_lowercase(), stream)
}

fn length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.unwrap_or_else(|| panic!("{head}")).parse().unwrap()
}

/// A download that was broken off must not look like one that was finished: browsers keep what ends properly.
#[sqlx::test]
async fn an_archive_that_breaks_in_the_middle_is_cut_off(pool: PgPool) {
    let site = site(pool.clone()).await;
    // More than what waits on the way to a client that does not read.
    let large = noise(64 * 1024 * 1024);
    let words = "all is well with the model\n".repeat(1000);
    let files: &[(&str, &[u8])] = &[("a.log", words.as_bytes()), ("z.png", &large)];
    let release = site.release("ws", "tpp", "ada", files).await;
    let public = site.snapshot("ws", "ada", &release.files, true).await;
    let path = format!("/project/ws/outputs/{public}/download/");
    let program = server(&pool).with("RELEASE_STORAGE", site.storage.path().to_str().unwrap());
    let running = program.start(&["serve", "0"], "listening on").await;

    let (head, mut stream) = begun(&running.address(), &path).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let mut archive = Vec::new();
    stream.read_to_end(&mut archive).await.unwrap();
    assert_eq!(archive.len(), length(&head));
    let entries = unpacked(archive);
    assert!(entries[0].1 == words.as_bytes() && entries[1].1 == large);

    // It is altered while it is sent.
    let (head, mut stream) = begun(&running.address(), &path).await;
    let kept = kept(&site, "z.png").await;
    let mut altered = large;
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(&kept, &altered).unwrap();
    let mut archive = Vec::new();
    // Whether the end is told or not: what came is less than what was announced.
    let _ = stream.read_to_end(&mut archive).await;
    assert!(archive.len() < length(&head), "{} of {}", archive.len(), length(&head));
}
