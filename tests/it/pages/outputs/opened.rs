//! One file that is open, without scripts.

use sqlx::PgPool;

use super::site;
use crate::pages::lists::assert_accessible;
use crate::support::Html;

const CASES: &[(&str, &[u8])] = &[
    ("output/table.csv", b"name,n\r\n\"Smith, J\",\"<b>1</b>\"\nragged\n"),
    ("output/table.tsv", b"a\tb\n1\t2\n"),
    ("output/.hidden log.txt", b"<script>alert(1)</script> \xff\n"),
    ("output/model.json", br#"{"a":[1.10,{"b":null}]}"#),
    ("output/broken.json", b"{\"a\":"),
    ("output/plot.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("output/report.html", b"<script>alert(1)</script>"),
    ("output/paper.pdf", b"%PDF-1.4"),
    ("output/data.feather", b"binary"),
    ("output/empty.csv", b""),
    ("output/empty.txt", b""),
];

async fn opened(pool: PgPool) -> impl AsyncFn(&str) -> Html {
    let site = site(pool).await;
    let release = site.release("ws", "tpp", "ada", CASES).await;
    async move |name: &str| {
        let path = format!("/project/ws/releases/{}/{name}", release.id);
        let html = site.sign_in("ada").await.get(&path).await.expect(200).html();
        assert_accessible(&html);
        html
    }
}

#[sqlx::test]
async fn each_kind_is_shown_in_its_way(pool: PgPool) {
    let open = opened(pool).await;
    let html = open("output/table.csv").await;
    assert_eq!(html.texts(".sheet thead th"), ["name", "n"]);
    assert_eq!(html.texts(".sheet tbody td"), ["Smith, J", "<b>1</b>", "ragged", ""]);
    assert!(
        html.main().contains("2 rows below the first, 2 columns"),
        "{}",
        html.main()
    );
    assert_eq!(open("output/table.tsv").await.texts(".sheet tbody td"), ["1", "2"]);
    assert!(open("output/empty.csv").await.main().contains("This table is empty."));
    let html = open("output/empty.txt").await;
    assert!(html.main().contains("This file is empty."));
    assert_eq!(html.link("All of it"), None, "there is no more of it");
    // It was not written when it was released.
    assert!(
        html.text(".file-head .facts")
            .unwrap()
            .contains("0 bytes written in the backend")
    );

    let html = open("output/.hidden%20log.txt").await;
    assert_eq!(html.text("pre").as_deref(), Some("<script>alert(1)</script> \u{fffd}"));
    assert!(!html.has("pre script"));
    let html = open("output/model.json").await;
    assert_eq!(html.text("pre").as_deref(), Some(r#"{ "a": [ 1.10, { "b": null } ] }"#));
    assert_eq!(open("output/broken.json").await.text("pre").as_deref(), Some("{\"a\":"));
    let html = open("output/paper.pdf").await;
    assert_eq!(
        html.attribute("iframe", "src"),
        html.attribute("[data-file]", "data-raw")
    );
    assert!(open("output/data.feather").await.main().contains("No preview"));
    let html = open("output/plot.svg").await;
    assert_eq!(
        html.attribute(".file img", "src"),
        html.attribute("[data-file]", "data-raw")
    );
    assert_eq!(
        html.attribute(".file a[download]", "download").as_deref(),
        Some("plot.svg")
    );
}

#[sqlx::test]
async fn what_the_backend_said_of_a_file_is_for_those_who_see_releases(pool: PgPool) {
    let site = site(pool).await;
    let release = site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
    site.world
        .so(r#"UPDATE release_file SET metadata = '{"tool": "airlock", "airlock_id": "01REQ", "n": 3}'"#)
        .await;
    let public = site.snapshot("ws", "ada", &release.files, true).await;
    let of_release = format!("/project/ws/releases/{}/a.txt", release.id);
    let of_snapshot = format!("/project/ws/outputs/{public}/a.txt");
    let ada = site.sign_in("ada").await;
    for path in [&of_release, &of_snapshot, "/project/ws/outputs/latest/tpp/a.txt"] {
        let facts = ada
            .get(path)
            .await
            .expect(200)
            .html()
            .texts("[data-file] .dl dt, [data-file] .dl dd");
        for part in ["tool", "airlock", "airlock_id", "01REQ", "n", "3"] {
            assert!(facts.iter().any(|fact| fact == part), "{path} {part}: {facts:?}");
        }
    }
    let html = site.anonymous().get(&of_snapshot).await.expect(200).html();
    assert!(
        !html.main().contains("01REQ") && !html.main().contains("airlock"),
        "{}",
        html.main()
    );
}

#[sqlx::test]
async fn a_report_is_in_a_box_that_can_do_nothing(pool: PgPool) {
    let site = site(pool).await;
    let release = site.release("ws", "tpp", "ada", CASES).await;
    let base = format!("/project/ws/releases/{}/", release.id);
    let ada = site.sign_in("ada").await;
    let answer = ada.get(&format!("{base}output/report.html")).await.expect(200);
    let html = answer.html();
    assert_eq!(html.attribute("iframe", "sandbox").as_deref(), Some(""));
    let raw = format!("/api/v2/releases/file/{}", release.files[6]);
    assert_eq!(html.attribute("iframe", "src").as_ref(), Some(&raw));
    // Nothing else is shown in the box, such as a page of ours that a link leads to.
    let policy = answer.header("Content-Security-Policy").unwrap().to_owned();
    assert!(
        policy.ends_with(&format!("; frame-src http://localhost:8000{raw}")),
        "{policy}"
    );
    let answer = ada.get(&format!("{base}output/paper.pdf")).await.expect(200);
    let policy = answer.header("Content-Security-Policy").unwrap();
    let raw = format!("/api/v2/releases/file/{}", release.files[7]);
    assert!(
        policy.ends_with(&format!("; frame-src http://localhost:8000{raw}")),
        "{policy}"
    );
    assert!(!answer.body.contains("alert(1)"));
    // Other pages frame nothing.
    let answer = ada.get(&base).await.expect(200);
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(!policy.contains("frame-src"), "{policy}");
}

#[sqlx::test]
async fn a_long_table_has_pages(pool: PgPool) {
    let site = site(pool).await;
    let rows: String = (0..=1050).map(|n| format!("{n},x\n")).collect();
    let release = site.release("ws", "tpp", "ada", &[("long.csv", rows.as_bytes())]).await;
    let path = format!("/project/ws/releases/{}/long.csv", release.id);
    let ada = site.sign_in("ada").await;
    for (query, first, count) in [("", "1", 100), ("?page=2", "101", 100), ("?page=last", "1001", 50)] {
        let html = ada.get(&format!("{path}{query}")).await.expect(200).html();
        let numbers = html.texts(".sheet tbody th");
        assert_eq!((numbers[0].as_str(), numbers.len()), (first, count), "{query}");
        assert_eq!(html.texts(".sheet thead th"), ["0", "x"]);
    }
    for query in ["?page=0", "?page=12", "?page=x"] {
        ada.get(&format!("{path}{query}")).await.expect(404);
    }
}

#[sqlx::test]
async fn a_long_text_is_cut_and_says_so(pool: PgPool) {
    let site = site(pool).await;
    let text = "0123456789abcdef".repeat(100_000);
    let release = site.release("ws", "tpp", "ada", &[("long.log", text.as_bytes())]).await;
    let path = format!("/project/ws/releases/{}/long.log", release.id);
    let html = site.sign_in("ada").await.get(&path).await.expect(200).html();
    assert_eq!(html.text("pre").unwrap().len(), 256 * 1024);
    assert!(html.main().contains("the first 256 KB"), "{}", html.main());
    assert_eq!(
        html.link("All of it"),
        Some(format!("/api/v2/releases/file/{}", release.files[0]))
    );
}

#[sqlx::test]
async fn what_is_damaged_is_not_shown(pool: PgPool) {
    let site = site(pool).await;
    let large = vec![b'x'; 1_100_000];
    let files: &[(&str, &[u8])] = &[
        ("a.txt", b"as it was"),
        ("b.csv", b"a,b"),
        ("c.log", &large),
        ("d.png", b"PNG"),
        ("e.html", b"<p>"),
        ("f.pdf", &large),
        ("g.bin", b"x"),
    ];
    let release = site.release("ws", "tpp", "ada", files).await;
    for kept in walk(site.storage.path()) {
        let mut content = std::fs::read(&kept).unwrap();
        *content.last_mut().unwrap() ^= 1;
        std::fs::write(&kept, content).unwrap();
    }
    for is_missing in [false, true] {
        if is_missing {
            for kept in walk(site.storage.path()) {
                std::fs::remove_file(kept).unwrap();
            }
        }
        for (name, ..) in files {
            let path = format!("/project/ws/releases/{}/{name}", release.id);
            let html = site.sign_in("ada").await.get(&path).await.expect(200).html();
            assert!(html.main().contains("This file is damaged"), "{}", html.main());
            assert!(html.main().contains("support@example.org"), "{}", html.main());
            for shown in ["pre", ".sheet", "main img", "iframe", "main a[href^='/api/']"] {
                assert!(!html.has(shown), "{name}: {shown}");
            }
        }
    }
}

#[sqlx::test]
async fn what_is_too_large_to_be_shown_is_still_looked_for(pool: PgPool) {
    let site = site(pool).await;
    let release = site
        .release("ws", "tpp", "ada", &[("a.txt", &vec![b'x'; 20_000_001])])
        .await;
    let path = format!("/project/ws/releases/{}/a.txt", release.id);
    let ada = site.sign_in("ada").await;
    let html = ada.get(&path).await.expect(200).html();
    assert!(html.main().contains("Too large to show here"), "{}", html.main());
    for kept in walk(site.storage.path()) {
        std::fs::remove_file(kept).unwrap();
    }
    let html = ada.get(&path).await.expect(200).html();
    assert!(html.main().contains("This file is damaged"), "{}", html.main());
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false => found.push(path),
        }
    }
    found
}
