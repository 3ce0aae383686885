//! The lists of releases.

use sqlx::PgPool;

use super::{RELEASES, nobody, site};
use crate::pages::lists::assert_accessible;
use crate::support::{Site, Visitor, count_statements};

const OF_PROJECT: &str = "/project/releases/";

#[sqlx::test]
async fn without_a_release_there_is_no_list(pool: PgPool) {
    let site = site(pool).await;
    let ada = site.sign_in("ada").await;
    for path in [RELEASES, OF_PROJECT, "/project/nope/releases/", "/nope/releases/"] {
        site.anonymous().get(path).await.expect(404);
        ada.get(path).await.expect(404);
    }
    for path in [
        "/project/",
        "/project/logs/",
        "/project/members/",
        "/project/ws/",
        "/project/ws/logs/",
    ] {
        let html = ada.get(path).await.expect(200).html();
        assert!(!html.has(".tabs a[href$='releases/']"), "{path}");
    }
    site.release("ws", "tpp", "ada", &[]).await;
    for path in ["/project/", "/project/logs/", "/project/members/"] {
        let html = site.anonymous().get(path).await.expect(200).html();
        assert!(html.has(".tabs a[href='/project/releases/']"), "{path}");
    }
    for path in ["/project/ws/", "/project/ws/logs/", "/project/ws/outputs/"] {
        let html = site.anonymous().get(path).await.expect(200).html();
        assert!(html.has(".tabs a[href='/project/ws/releases/']"), "{path}");
    }
}

#[sqlx::test]
async fn strangers_learn_who_released_and_when_and_nothing_else(pool: PgPool) {
    let site = site(pool).await;
    let secret = "output/zebra-figures.csv";
    site.release("ws", "tpp", "ada", &[(secret, &[b'x'; 7321]), ("other.txt", b"1")])
        .await;
    let strangers = [site.anonymous(), nobody(&site).await];
    for (visitor, path) in strangers.iter().flat_map(|who| [(who, RELEASES), (who, OF_PROJECT)]) {
        let answer = visitor.get(path).await.expect(200);
        assert_accessible(&answer.html());
        let text = answer.html().main();
        assert!(text.contains("Released from tpp") && text.contains("by Ada"), "{text}");
        for leak in ["zebra", "other.txt", "7.1", "7321", "2 files", "Latest", "Download"] {
            assert!(!answer.body.contains(leak), "{path} tells {leak}: {text}");
        }
        assert!(
            !answer.html().has("main details") && !answer.html().has("main li a"),
            "{text}"
        );
        // A release without files looks the same.
        assert!(!text.contains("no file in it"));
    }
}

#[sqlx::test]
async fn who_may_see_files_gets_to_each(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release(
            "ws",
            "tpp",
            "ada",
            &[("output/a b#1.csv", b"1,2"), ("é/late.txt", b"x"), ("gone.txt", b"x")],
        )
        .await;
    site.world
        .so("UPDATE release_file SET path = '', uploaded_at = NULL WHERE name LIKE '%late.txt'")
        .await;
    site.world
        .so(
            r#"UPDATE release_file SET deleted_at = '2026-03-01 12:00Z', deleted_by_id =
               (SELECT id FROM "user" WHERE username = 'checker') WHERE name = 'gone.txt'"#,
        )
        .await;
    site.release("ws", "tpp", "ada", &[]).await;
    let ada = site.sign_in("ada").await;
    let html = ada.get(RELEASES).await.expect(200).html();
    assert_accessible(&html);
    let href = format!("{RELEASES}{}/", released.id);
    assert!(html.has(&format!("a[href='{href}']")) && html.has(&format!("a[href='{href}download/']")));
    assert_eq!(
        html.attributes("main .release-files a", "href"),
        [format!("{href}output/a%20b%231.csv")],
        "what is not there leads nowhere"
    );
    let rows = html.texts("main .release-files li");
    assert!(
        rows[0].contains("gone.txt withdrawn by Checker on 1 Mar 2026 12:00:00 UTC"),
        "{rows:?}"
    );
    assert!(
        rows[1].contains("output/a b#1.csv") && rows[1].contains("3 bytes"),
        "{rows:?}"
    );
    assert!(rows[2].contains("not uploaded yet"), "{rows:?}");
    assert_eq!(html.count("main li.is-gone"), 1);
    assert_eq!(html.count("main li.is-late"), 1);
    assert!(html.main().contains("There is no file in it"));
    assert!(html.has("main details") && !html.has("main details[open]"));
    assert!(
        html.has("a[href='/project/ws/outputs/latest/']") && html.has("a[href='/project/ws/outputs/latest/prepare/']")
    );

    // The project's list has its files unfolded, and says of which workspace they are.
    let html = ada.get(OF_PROJECT).await.expect(200).html();
    assert!(html.has("main details[open]") && html.has("article a[href='/project/ws/']"));
    assert!(!html.has("a[href$='latest/']"));
}

#[sqlx::test]
async fn latest_outputs_are_offered_when_there_are_any(pool: PgPool) {
    let site = site(pool).await;
    site.release("ws", "tpp", "ada", &[]).await;
    let ada = site.sign_in("ada").await;
    assert!(!ada.get(RELEASES).await.html().main().contains("Latest outputs"));
    site.release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"1")])
        .await;
    site.release("ws", "tpp", "ada", &[("a.txt", b"2")]).await;
    assert!(
        ada.get(RELEASES)
            .await
            .html()
            .main()
            .contains("of all releases: 2 files")
    );
    // To be published is for developers to ask.
    let checker = site.sign_in("checker").await.get(RELEASES).await.expect(200).html();
    assert!(checker.main().contains("Latest outputs") && !checker.has("a[href$='prepare/']"));
}

#[sqlx::test]
async fn a_long_release_is_cut_and_the_list_has_pages(pool: PgPool) {
    let site = site(pool).await;
    let names: Vec<String> = (0..103).map(|number| format!("output/{number:04}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let long = site.release("ws", "tpp", "ada", &files).await;
    for _ in 0..25 {
        site.release("ws", "tpp", "ada", &[]).await;
    }
    let ada = site.sign_in("ada").await;
    let first = ada.get(RELEASES).await.expect(200).html();
    assert_eq!(first.count("main article"), 25);
    assert!(!first.main().contains("103 files in"), "the newest first");
    let second = ada.get(&format!("{RELEASES}?page=2")).await.expect(200).html();
    assert_eq!(second.count("main article"), 1);
    assert_eq!(second.count("main .release-files li"), 101);
    assert!(second.main().contains("103 files") && second.main().contains("3 more"));
    let more = second.attributes("main .release-files li:last-child a", "href");
    assert_eq!(more, [format!("{RELEASES}{}/", long.id)]);
    assert!(!second.main().contains("Latest outputs"), "they head the first page");
    for wrong in ["3", "0", "x"] {
        ada.get(&format!("{RELEASES}?page={wrong}")).await.expect(404);
    }
    ada.get(&format!("{OF_PROJECT}?page=last")).await.expect(200);
}

async fn statements(who: &Visitor, path: &str) -> usize {
    let (answer, statements) = count_statements(who.get(path)).await;
    answer.expect(200);
    statements
}

#[sqlx::test]
async fn statements_do_not_grow(pool: PgPool) {
    let site: Site = site(pool).await;
    let ada = site.sign_in("ada").await;
    let stranger = site.anonymous();
    ada.get("/").await;
    for releases in [1, 7] {
        for _ in 0..releases {
            site.release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
                .await;
        }
        assert_eq!(statements(&stranger, RELEASES).await, 2, "workspace, releases");
        assert_eq!(
            statements(&ada, RELEASES).await,
            5,
            "also session, files, how many are the latest"
        );
        assert_eq!(statements(&stranger, OF_PROJECT).await, 2);
        assert_eq!(statements(&ada, OF_PROJECT).await, 4);
    }
}
