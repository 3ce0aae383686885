//! The list of files: what is gone, and what is long.

use sqlx::PgPool;

use super::site;
use crate::support::{Site, count_statements};

#[sqlx::test]
async fn what_was_withdrawn_or_never_came_is_told_and_not_opened(pool: PgPool) {
    let site = site(pool).await;
    let files: &[(&str, &[u8])] = &[("here.txt", b"1"), ("gone.txt", b"1"), ("never.txt", b"1")];
    let release = site.release("ws", "tpp", "ada", files).await;
    sqlx::query(
        r#"UPDATE release_file SET deleted_at = '2026-03-12', deleted_by_id = (SELECT id FROM "user" WHERE username = 'ada')
           WHERE name = 'gone.txt'"#,
    )
    .execute(site.db.pool())
    .await
    .unwrap();
    sqlx::query("UPDATE release_file SET uploaded_at = NULL, path = '' WHERE name = 'never.txt'")
        .execute(site.db.pool())
        .await
        .unwrap();
    let base = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let html = ada.get(&base).await.expect(200).html();
    assert_eq!(html.texts(".tree-gone"), ["gone.txt withdrawn by Ada on 12 Mar 2026"]);
    assert_eq!(html.texts(".tree-late"), ["never.txt not uploaded yet"]);
    assert!(!html.has(".tree-gone a") && !html.has(".tree-late a"));
    assert!(html.has(".crumbs a[href='/project/ws/releases/']"));
    // Every place counts alike.
    let amount = "1 file, 1 byte, 1 withdrawn, 1 not uploaded yet";
    assert!(html.main().contains(amount), "{}", html.main());
    let snapshot = site.snapshot("ws", "ada", &release.files, true).await;
    for (who, path) in [
        ("ada", "/project/ws/releases/".to_owned()),
        ("ada", "/project/releases/".to_owned()),
        ("ada", "/project/ws/outputs/latest/".to_owned()),
        ("ada", format!("/project/ws/outputs/{snapshot}/")),
        ("ada", "/project/ws/outputs/".to_owned()),
    ] {
        let html = site.sign_in(who).await.get(&path).await.expect(200).html();
        assert!(html.main().contains(amount), "{path}: {}", html.main());
    }
    // What was withdrawn before the rest was public is not the public's.
    let amount_of_public = "1 file, 1 byte, 1 not uploaded yet";
    for path in [
        format!("/project/ws/outputs/{snapshot}/"),
        "/project/ws/outputs/".to_owned(),
        "/project/".to_owned(),
    ] {
        let html = site.sign_in("nobody").await.get(&path).await.expect(200).html();
        assert!(html.main().contains(amount_of_public), "{path}: {}", html.main());
    }
    let html = ada.get("/project/ws/releases/").await.html();
    let summaries = html.texts("main details > summary");
    assert!(
        summaries[0].starts_with(&format!("{amount} of the release from tpp")),
        "{summaries:?}"
    );
    for (name, words) in [
        ("gone.txt", "It was withdrawn by Ada on 12 Mar 2026."),
        ("never.txt", "This file has not been uploaded yet"),
        ("never.txt", "look again later"),
        ("never.txt", "support@example.org"),
    ] {
        let html = ada.get(&format!("{base}{name}")).await.expect(200).html();
        assert!(html.text("[data-pane]").unwrap().contains(words), "{}", html.main());
        assert!(!html.has("[data-file]"));
    }
}

#[sqlx::test]
async fn what_should_have_come_long_ago_is_asked_about(pool: PgPool) {
    let site = site(pool).await;
    let release = site.release("ws", "tpp", "ada", &[("never.txt", b"1")]).await;
    site.world
        .so("UPDATE release_file SET uploaded_at = NULL, path = '', created_at = now() - interval '2 days'")
        .await;
    let path = format!("/project/ws/releases/{}/never.txt", release.id);
    let html = site.sign_in("ada").await.get(&path).await.expect(200).html();
    assert!(html.main().contains("It should be here by now."), "{}", html.main());
}

/// A release of so many files whose contents are nowhere, in folders of a thousand.
async fn many(site: &Site, count: i32) -> String {
    let release = site.release("ws", "tpp", "ada", &[]).await;
    sqlx::query(
        "INSERT INTO release_file (id, release_id, workspace_id, backend_id, name, path, filehash, size, mtime,
                                   created_by_id, uploaded_at)
         SELECT 'f' || n, id, workspace_id, backend_id, 'output/part-' || n / 1000 || '/file-' || n || '.txt', 'k' || n,
                '', 10, now(), created_by_id, now()
         FROM release, generate_series(1, $2) AS n WHERE id = $1",
    )
    .bind(&release.id)
    .bind(count)
    .execute(site.db.pool())
    .await
    .unwrap();
    format!("/project/ws/releases/{}/", release.id)
}

#[sqlx::test]
async fn a_long_list_is_unfolded_bit_by_bit_in_as_many_statements(pool: PgPool) {
    let site = site(pool).await;
    let short = many(&site, 10).await;
    sqlx::query("UPDATE release_file SET id = 'short' || id, is_latest = false")
        .execute(site.db.pool())
        .await
        .unwrap();
    let long = many(&site, 10_000).await;
    let ada = site.sign_in("ada").await;
    let (_, of_short) = count_statements(ada.get(&short)).await;
    let (answer, of_long) = count_statements(ada.get(&long)).await;
    assert_eq!(of_short, of_long);
    let html = answer.expect(200).html();
    assert!(html.main().contains("10,000 files"), "{}", html.main());
    assert_eq!((html.count("a.tree-folder"), html.count(".tree details")), (11, 0));
    let unfolded = ada.get(&format!("{long}?in=part-3")).await.expect(200).html();
    assert_eq!(
        (unfolded.count("a.tree-folder"), unfolded.count(".tree a.tree-row")),
        (10, 1001)
    );
    // The folder of what is open is there without being asked for.
    let (answer, _) = count_statements(ada.get(&format!("{long}output/part-7/file-7001.txt"))).await;
    let html = answer.expect(200).html();
    assert_eq!(html.texts(".tree details > summary .tree-name"), ["part-7"]);
    assert_eq!(html.texts(".tree [aria-current]"), ["file-7001.txt 10 bytes"]);
    // No content is behind it, which it says.
    assert!(html.main().contains("damaged"), "{}", html.main());
}

#[sqlx::test]
async fn files_are_listed_by_date_too(pool: PgPool) {
    let site = site(pool).await;
    let files: &[(&str, &[u8])] = &[("a.txt", b"1"), ("b/c.txt", b"1"), ("b/d.txt", b"1")];
    let release = site.release("ws", "tpp", "ada", files).await;
    site.world
        .so(
            "UPDATE release_file SET created_at = created_at - interval '2 days' WHERE name = 'a.txt';
             UPDATE release_file SET created_at = created_at - interval '1 day' WHERE name = 'b/c.txt'",
        )
        .await;
    let base = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let names = ".tree-row:not(.tree-overview) .tree-name";
    let html = ada.get(&base).await.expect(200).html();
    assert_eq!(html.texts(names), ["c.txt", "d.txt", "a.txt"]);
    assert_eq!(html.texts(".files-order [aria-current]"), ["By name"]);
    let html = ada.get(&format!("{base}?sort=date")).await.expect(200).html();
    assert_eq!(html.texts(names), ["b/d.txt", "b/c.txt", "a.txt"]);
    assert_eq!(html.texts(".files-order [aria-current]"), ["By date"]);
    // The order stays when a file is opened.
    let href = html.attributes(".tree-row", "href")[1].clone();
    assert_eq!(href, format!("{base}b/d.txt?sort=date#file-title"));
    let html = ada.get(href.trim_end_matches("#file-title")).await.expect(200).html();
    assert_eq!(html.texts(names), ["b/d.txt", "b/c.txt", "a.txt"]);
    assert_eq!(html.texts(".tree-row[aria-current] .tree-name"), ["b/d.txt"]);
}

#[sqlx::test]
async fn a_filter_is_the_servers_and_files_carry_it_on(pool: PgPool) {
    let site = site(pool).await;
    let files: &[(&str, &[u8])] = &[
        ("o/a.csv", b"1"),
        ("o/b/c.csv", b"1"),
        ("o/b/d.txt", b"1"),
        ("o/e/f.txt", b"1"),
    ];
    let release = site.release("ws", "tpp", "ada", files).await;
    let base = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let shown = "li:not([hidden]) > .tree-row:not(.tree-overview)";
    let html = ada.get(&format!("{base}?filter=CSV")).await.expect(200).html();
    assert_eq!(html.texts("[data-filter-count]"), ["2 of 4 files"]);
    assert_eq!(html.attribute("[data-filter]", "value").as_deref(), Some("CSV"));
    // The rest is there for scripts that filter anew.
    assert_eq!((html.count(shown), html.count(".tree-row")), (2, 5));
    assert_eq!((html.count(".tree details"), html.count(".tree details[open]")), (2, 1));
    let href = format!("{base}o/b/c.csv?filter=CSV#file-title");
    assert!(
        html.attributes(shown, "href").contains(&href),
        "{:?}",
        html.attributes(shown, "href")
    );
    assert_eq!(
        html.attributes(".files-order a", "href"),
        ["?sort=name&filter=CSV", "?sort=date&filter=CSV"]
    );
    let html = ada.get(href.trim_end_matches("#file-title")).await.expect(200).html();
    assert_eq!(html.attribute("[data-filter]", "value").as_deref(), Some("CSV"));
    assert_eq!(html.texts("[aria-current=page] .tree-name"), ["c.csv"]);
    assert_eq!(
        html.attribute(".tree-overview", "href"),
        Some(format!("{base}?filter=CSV"))
    );
}

#[sqlx::test]
async fn a_long_list_is_filtered_whole_and_tells_what_became_of_files(pool: PgPool) {
    let site = site(pool).await;
    let long = many(&site, 5000).await;
    site.world
        .so(
            "UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE id = 'f4321';
             UPDATE release_file SET uploaded_at = NULL, path = '' WHERE id = 'f3432'",
        )
        .await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(&format!("{long}?filter=part-+432")).await.expect(200).html();
    // 432, 1432, 2432, 3432, 4432 and 4320 to 4329.
    assert_eq!(html.texts("[data-filter-count]"), ["15 of 5,000 files"]);
    assert_eq!(
        (html.count(".tree li a.tree-row"), html.count("a.tree-folder")),
        (14, 0)
    );
    assert!(html.texts(".tree-gone")[0].starts_with("part-4/file-4321.txt withdrawn by Ada"));
    assert_eq!(html.texts(".tree-late"), ["part-3/file-3432.txt not uploaded yet"]);
    let hrefs = html.attributes(".tree-row", "href");
    let wanted = format!("{long}output/part-4/file-4320.txt?filter=part-+432#file-title");
    assert!(hrefs.contains(&wanted), "{hrefs:?}");
}

/// On a narrow screen there is room for one of them.
#[sqlx::test]
async fn the_list_is_folded_beside_a_file(pool: PgPool) {
    let site = site(pool).await;
    let release = site
        .release("ws", "tpp", "ada", &[("a b.txt", b"1"), ("c.txt", b"2")])
        .await;
    let base = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let html = ada.get(&base).await.expect(200).html();
    assert!(html.has("details.files-fold[open]") && !html.has("a[href='#file-title']"));
    assert_eq!(
        html.attribute("link[rel=canonical]", "href"),
        Some(format!("http://localhost:8000{base}"))
    );
    let html = ada.get(&format!("{base}a%20b.txt")).await.expect(200).html();
    assert!(html.has("details.files-fold:not([open])") && html.has("nav a[href='#file-title']"));
    assert!(html.has("h2#file-title[tabindex='-1']"));
    // A file's page is called as it is linked.
    assert_eq!(
        html.attribute("link[rel=canonical]", "href"),
        Some(format!("http://localhost:8000{base}a%20b.txt"))
    );
}
