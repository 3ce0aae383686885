//! Archives of all files.

use std::io::{Cursor, Read as _};

use sqlx::PgPool;
use zip::ZipArchive;

use super::{download, site};

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

#[sqlx::test]
async fn what_is_damaged_breaks_the_archive_off(pool: PgPool) {
    let site = site(pool).await;
    let noise: Vec<u8> = (0..1_500_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let release = site.release("ws", "tpp", "ada", &[("a.png", &noise)]).await;
    let path: String = sqlx::query_scalar("SELECT path FROM release_file")
        .fetch_one(site.db.pool())
        .await
        .unwrap();
    let kept = site.storage.path().join(path);
    let mut content = std::fs::read(&kept).unwrap();
    content[1_400_000] ^= 1;
    std::fs::write(&kept, content).unwrap();
    let address = format!("/project/ws/releases/{}/download/", release.id);
    let (status, _, bytes) = download(&site, Some("ada"), &address).await;
    assert_eq!((status, bytes), (200, None), "the answer has no end");
}
