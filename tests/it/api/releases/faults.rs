//! Storages that fail, connections that end, two at once: nothing half there, and trying again works.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jobserver::adapters::files::Files;
use jobserver::core::access::Operator;
use jobserver::core::ports::{Content, FileStore, FileStoreError, Incoming, Kept};
use jobserver::core::releases::actions::inflate;
use jobserver::core::releases::storage::verify;
use serde_json::Value;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{announce, body, detail, file, kept, upload, with_checker};
use crate::site::serving::server;
use crate::support::{Backend, Site, sha256};

/// At what a storage fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum At {
    Nothing,
    Begin,
    Write,
    Finish,
    Full,
    Open,
    Remove,
    /// The content is there, and nobody hears of it.
    Finished,
}

/// A folder that fails when it is told to.
#[derive(Debug)]
struct Failing {
    files: Files,
    at: Arc<AtomicU8>,
}

fn fail(at: &AtomicU8, here: At) -> Result<(), FileStoreError> {
    let told = at.load(Ordering::SeqCst);
    if told == At::Full as u8 && here == At::Write {
        return Err(FileStoreError::Full("no space left on device".to_owned()));
    }
    if told == here as u8 {
        return Err(FileStoreError::Unavailable(format!("{here:?}, as it was told")));
    }
    Ok(())
}

struct FailingPart {
    part: Box<dyn Incoming>,
    at: Arc<AtomicU8>,
}

#[async_trait]
impl Incoming for FailingPart {
    async fn write(&mut self, bytes: Bytes) -> Result<(), FileStoreError> {
        fail(&self.at, At::Write)?;
        self.part.write(bytes).await
    }

    async fn finish(self: Box<Self>) -> Result<(), FileStoreError> {
        if let Err(error) = fail(&self.at, At::Finish) {
            self.part.discard().await;
            return Err(error);
        }
        self.part.finish().await?;
        fail(&self.at, At::Finished)
    }

    async fn discard(self: Box<Self>) {
        self.part.discard().await;
    }
}

#[async_trait]
impl FileStore for Failing {
    async fn begin(&self, key: &str) -> Result<Box<dyn Incoming>, FileStoreError> {
        fail(&self.at, At::Begin)?;
        Ok(Box::new(FailingPart {
            part: self.files.begin(key).await?,
            at: self.at.clone(),
        }))
    }

    async fn open(&self, key: &str) -> Result<Content, FileStoreError> {
        fail(&self.at, At::Open)?;
        self.files.open(key).await
    }

    async fn open_part(&self, key: &str, range: Range<u64>) -> Result<Content, FileStoreError> {
        fail(&self.at, At::Open)?;
        self.files.open_part(key, range).await
    }

    async fn remove(&self, key: &str) -> Result<(), FileStoreError> {
        fail(&self.at, At::Remove)?;
        self.files.remove(key).await
    }

    fn list(&self) -> BoxStream<'_, Result<Kept, FileStoreError>> {
        self.files.list()
    }

    async fn probe(&self) -> Result<(), FileStoreError> {
        fail(&self.at, At::Open)?;
        self.files.probe().await
    }

    fn folder(&self) -> Option<&Path> {
        self.files.folder()
    }
}

async fn failing_site(pool: PgPool) -> (Site, Arc<AtomicU8>) {
    let at = Arc::new(AtomicU8::new(0));
    let told = at.clone();
    let site = Site::start_keeping(pool, |folder| {
        let files = Files::folder(folder).unwrap();
        Arc::new(Failing { files, at: told })
    })
    .await;
    (with_checker(site).await, at)
}

#[sqlx::test]
async fn a_storage_that_is_down_is_told_to_operators(pool: PgPool) {
    let (site, at) = failing_site(pool).await;
    let ready = async || site.anonymous().get("/ready/").await.expect(200).body;
    assert!(!ready().await.contains("released files"));
    at.store(At::Open as u8, Ordering::SeqCst);
    let told = ready().await;
    assert!(
        told.contains("warning: the storage of released files does not answer\n"),
        "{told}"
    );
}

async fn announced(site: &Site, name: &str, content: &[u8]) -> Backend {
    let tpp = site.backend("tpp").await;
    announce(&tpp, "olga", "ws", &body(Some("01A"), &[file(name, content)]))
        .await
        .expect(201);
    tpp
}

#[sqlx::test]
async fn a_storage_that_fails_at_any_step_leaves_nothing_and_trying_again_works(pool: PgPool) {
    let (site, at) = failing_site(pool).await;
    let content = vec![b'x'; 3_000_000];
    let tpp = announced(&site, "output/a.txt", &content).await;
    for step in [At::Begin, At::Write, At::Full, At::Finish] {
        at.store(step as u8, Ordering::SeqCst);
        let answer = upload(&tpp, "01A", "output/a.txt", &content).await.expect(503);
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{step:?}");
        let said = answer.json()["detail"].as_str().unwrap().to_owned();
        match step {
            At::Full => assert_eq!(said, "The storage of released files is full."),
            _ => assert!(said.starts_with("The service cannot reach"), "{step:?}: {said}"),
        }
        assert!(answer.header("Retry-After").is_some(), "{step:?}");
        let uploaded = site
            .world
            .number("SELECT count(*) FROM release_file WHERE uploaded_at IS NOT NULL")
            .await;
        assert_eq!(uploaded, 0, "{step:?}");
        assert!(kept(&site).await.is_empty(), "{step:?}");
        assert!(!site.storage_has_files(), "{step:?}");
    }
    at.store(At::Nothing as u8, Ordering::SeqCst);
    let answer = upload(&tpp, "01A", "output/a.txt", &content).await.expect(201);
    let id = answer.header("File-Id").unwrap().to_owned();
    let olga = site.sign_in("olga").await;
    let path = format!("/api/v2/releases/file/{id}");
    at.store(At::Open as u8, Ordering::SeqCst);
    olga.get(&path).await.expect(503);
    at.store(At::Nothing as u8, Ordering::SeqCst);
    assert_eq!(olga.get(&path).await.expect(200).body.len(), content.len());
}

#[sqlx::test]
async fn a_content_that_is_lost_or_altered_is_told_apart_from_a_mistake(pool: PgPool) {
    let (site, _) = failing_site(pool).await;
    let released = site
        .release("ws", "tpp", "olga", &[("a.txt", b"one"), ("b.txt", b"two")])
        .await;
    let mut keys = kept(&site).await;
    keys.sort_by_key(|key| !key.contains(&released.files[0]));
    std::fs::remove_file(site.storage.path().join(&keys[0])).unwrap();
    std::fs::write(site.storage.path().join(&keys[1]), "TWO").unwrap();
    let olga = site.sign_in("olga").await;
    for (file, why) in [
        (
            &released.files[0],
            "The content of this file is missing from the storage.",
        ),
        (&released.files[1], "The content of this file is not what was uploaded."),
    ] {
        let answer = olga.get(&format!("/api/v2/releases/file/{file}")).await;
        assert_eq!(detail(answer, 500), why);
    }
}

#[sqlx::test]
async fn a_content_that_is_made_up_is_what_its_row_says_wherever_it_broke_off(pool: PgPool) {
    let (site, at) = failing_site(pool).await;
    site.release("ws", "tpp", "olga", &[("a.txt", b"one")]).await;
    let operator = Operator::at_the_command_line("test");
    for step in [At::Begin, At::Write, At::Finish, At::Finished] {
        for key in kept(&site).await {
            site.files.remove(&key).await.unwrap();
        }
        at.store(step as u8, Ordering::SeqCst);
        let broken = inflate(&site.db, &*site.files, &operator, &mut |_| ()).await;
        assert!(broken.is_err(), "{step:?}");
        at.store(At::Nothing as u8, Ordering::SeqCst);
        inflate(&site.db, &*site.files, &operator, &mut |_| ()).await.unwrap();
        let found = verify(&site.db, &*site.files, false, &mut |_| ()).await.unwrap();
        assert_eq!((found.whole, found.faults()), (1, 0), "{step:?}");
    }
}

#[sqlx::test]
async fn what_a_crash_left_without_a_row_is_replaced(pool: PgPool) {
    let (site, _) = failing_site(pool).await;
    let tpp = announced(&site, "a.txt", b"some content").await;
    // As after a crash between the content and its row, and with a bad content at that.
    let id: String = sqlx::query_scalar("SELECT id FROM release_file")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let key = jobserver::core::releases::names::key(&id, &sha256(b"some content"), "a.txt");
    let mut left = site.files.begin(&key).await.unwrap();
    left.write(Bytes::from_static(b"left")).await.unwrap();
    left.finish().await.unwrap();
    upload(&tpp, "01A", "a.txt", b"some content").await.expect(201);
    assert_eq!(std::fs::read(site.storage.path().join(&key)).unwrap(), b"some content");
}

#[sqlx::test]
async fn of_two_uploads_at_once_one_is_kept_whole(pool: PgPool) {
    let (site, _) = failing_site(pool).await;
    let content = vec![b'x'; 2_000_000];
    let tpp = announced(&site, "a.txt", &content).await;
    let (one, other) = tokio::join!(
        upload(&tpp, "01A", "a.txt", &content),
        upload(&tpp, "01A", "a.txt", &content)
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let refused = if one.status == 400 { one } else { other };
    assert_eq!(
        detail(refused, 400),
        "This version of 'a.txt' has already been uploaded from backend 'tpp'"
    );
    let keys = kept(&site).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(std::fs::read(site.storage.path().join(&keys[0])).unwrap(), content);
    site.drain().await;
    // One message of the release and one of the file.
    assert_eq!(site.post().chat.take().len(), 2);
}

/// Sends a request's bytes as they are; what came back until the server closed.
async fn raw(address: &str, parts: &[&[u8]]) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    for part in parts {
        stream.write_all(part).await.unwrap();
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the beginning of a request, and hangs up.
async fn cut(address: &str, parts: &[&[u8]]) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    for part in parts {
        stream.write_all(part).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    // Until the server has noticed.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[sqlx::test]
async fn real_connections_may_be_cut_chunked_and_in_latin_1(pool: PgPool) {
    let storage = tempfile::tempdir().unwrap();
    let folder = storage.path().to_str().unwrap().to_owned();
    let running = server(&pool)
        .with("RELEASE_STORAGE", &folder)
        .start(&["serve", "0"], "listening on")
        .await;
    let world = crate::support::World::of_program(&pool);
    world.usual().await;
    world.global_roles("olga", &["OutputChecker"]).await;
    world.may_use("tpp", "olga").await;
    let token = world.backend("tpp").await;
    let client = crate::support::http_client();
    let address = running.address();
    let base = format!("http://{address}");
    let files = [
        file("output/a.txt", b"some content"),
        file("\u{e9}.csv", b"latin"),
        file("c.txt", b"chunked"),
    ];
    let made = client
        .post(format!("{base}/api/v2/releases/workspace/ws"))
        .header("Authorization", &token)
        .header("OS-User", "olga")
        .json(&body(Some("01A"), &files))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["release_url"], format!("{base}/project/ws/releases/01A/"));

    let head = |disposition: &[u8], framing: &str| -> Vec<u8> {
        let mut head = format!(
            "POST /api/v2/releases/release/01A HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\nOS-User: olga\r\n\
             Content-Type: application/octet-stream\r\nConnection: close\r\n{framing}\r\nContent-Disposition: "
        )
        .into_bytes();
        head.extend_from_slice(disposition);
        head.extend_from_slice(b"\r\n\r\n");
        head
    };
    let uploaded = || async {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM release_file WHERE uploaded_at IS NOT NULL")
            .fetch_one(&pool)
            .await
            .unwrap();
        count
    };
    // Cut off in the middle: nothing is kept.
    let name = b"attachment; filename=\"output/a.txt\"";
    cut(&address, &[&head(name, "Content-Length: 12"), b"some "]).await;
    let chunked = head(name, "Transfer-Encoding: chunked");
    cut(&address, &[&chunked, b"5\r\nsome \r\n"]).await;
    assert_eq!(uploaded().await, 0);
    // In chunks, without a length.
    let chunks = b"5\r\nchunk\r\n2\r\ned\r\n0\r\n\r\n";
    let answer = raw(
        &address,
        &[
            &head(b"attachment; filename=\"c.txt\"", "Transfer-Encoding: chunked"),
            chunks,
        ],
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    // The single byte E9, as Airlock sends the name.
    let answer = raw(
        &address,
        &[
            &head(b"attachment; filename=\"\xe9.csv\"", "Content-Length: 5"),
            b"latin",
        ],
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let answer = raw(&address, &[&head(name, "Content-Length: 12"), b"some content"]).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("content-length: 0\r\n"),
        "{answer}"
    );
    assert_eq!(uploaded().await, 3);
    // Nothing of the broken ones lies about.
    let mut files = Vec::new();
    let mut folders = vec![storage.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    assert_eq!(files.len(), 3, "{files:?}");
}
