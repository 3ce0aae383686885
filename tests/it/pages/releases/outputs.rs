//! The list of snapshots, and what other pages say of outputs.

use sqlx::PgPool;

use super::{OUTPUTS, RELEASES, WORKSPACE, nobody, site};
use crate::pages::lists::assert_accessible;
use crate::support::count_statements;

#[sqlx::test]
async fn drafts_are_for_those_who_see_files(pool: PgPool) {
    let site = site(pool).await;
    let empty = site.anonymous().get(OUTPUTS).await.expect(200).html();
    assert_accessible(&empty);
    assert!(empty.main().contains("Nothing is published yet") && !empty.has("main table"));
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
        .await;
    let draft = site.snapshot("ws", "ada", &released.files[..1], false).await;
    for stranger in [site.anonymous(), nobody(&site).await] {
        let answer = stranger.get(OUTPUTS).await.expect(200);
        let text = answer.html().main();
        assert!(text.contains("Nothing is published yet"), "{text}");
        for leak in ["1 file", "Waiting", &format!("outputs/{draft}/")] {
            assert!(!answer.body.contains(leak), "{leak}: {text}");
        }
    }
    let public = site.snapshot("ws", "ada", &released.files, true).await;
    let html = site.anonymous().get(OUTPUTS).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.attributes("main tbody th a", "href"),
        [format!("{OUTPUTS}{public}/")]
    );
    assert!(html.main().contains("2 files") && !html.has("main .pill"));
    let html = site.sign_in("ada").await.get(OUTPUTS).await.expect(200).html();
    assert_accessible(&html);
    assert_eq!(
        html.attributes("main tbody th a", "href"),
        [format!("{OUTPUTS}{public}/"), format!("{OUTPUTS}{draft}/")],
        "the newest first"
    );
    assert_eq!(html.texts("main .pill"), ["Published", "Waiting for a decision"]);
    site.anonymous().get(&format!("{OUTPUTS}?page=2")).await.expect(404);
    site.anonymous().get("/project/nope/outputs/").await.expect(404);
}

#[sqlx::test]
async fn statements_do_not_grow(pool: PgPool) {
    let site = site(pool).await;
    let ada = site.sign_in("ada").await;
    ada.get("/").await;
    for _ in 0..4 {
        let released = site.release("ws", "tpp", "ada", &[("a.txt", b"1")]).await;
        site.snapshot("ws", "ada", &released.files, true).await;
        let (answer, statements) = count_statements(ada.get(OUTPUTS)).await;
        answer.expect(200);
        assert_eq!(
            statements, 4,
            "session, workspace, snapshots, whether there is a release"
        );
    }
}

#[sqlx::test]
async fn a_workspace_says_what_of_it_is_out(pool: PgPool) {
    let site = site(pool).await;
    let card = "section[aria-labelledby=outputs-title]";
    let html = site.anonymous().get(WORKSPACE).await.expect(200).html();
    assert!(html.text(card).unwrap().contains("Nothing has been released yet"));
    assert_eq!(html.attributes(&format!("{card} a"), "href"), [OUTPUTS]);

    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
        .await;
    site.snapshot("ws", "ada", &released.files, false).await;
    site.snapshot("ws", "ada", &released.files[..1], true).await;
    let stranger = site.anonymous().get(WORKSPACE).await.html();
    let text = stranger.text(card).unwrap();
    assert!(
        text.contains("1 set of files is public") && !text.contains("wait"),
        "{text}"
    );
    assert_eq!(
        stranger.attributes(&format!("{card} a"), "href"),
        ["/project/ws/releases/", OUTPUTS]
    );
    let ada = site.sign_in("ada").await;
    assert!(
        ada.get(WORKSPACE)
            .await
            .html()
            .text(card)
            .unwrap()
            .contains("1 waits for a decision")
    );
    let publisher = site.sign_in("publisher").await;
    let text = publisher.get(WORKSPACE).await.html().text(card).unwrap();
    assert!(text.contains("1 waits for your decision"), "{text}");
    // Whoever decides and may not see drafts would find a page that is not there.
    site.world.global_roles("decider", &["OutputPublisher"]).await;
    let decider = site.sign_in("decider").await.get(WORKSPACE).await.html();
    let text = decider.text(card).unwrap();
    assert!(
        text.contains("1 set of files is public") && !text.contains("wait"),
        "{text}"
    );
    // Those who see drafts find more there than what is published.
    for (visitor, heading) in [(&ada, "Outputs"), (&site.anonymous(), "Published outputs 1")] {
        let html = visitor.get(OUTPUTS).await.expect(200).html();
        assert_eq!(html.text("h1").as_deref(), Some(heading));
        let name = heading.trim_end_matches(" 1");
        for page in [OUTPUTS, WORKSPACE, RELEASES, "/project/ws/logs/"] {
            let html = visitor.get(page).await.expect(200).html();
            assert_eq!(html.link(name).as_deref(), Some(OUTPUTS), "{page}");
        }
        assert_eq!(
            html.main().contains("1 published, 1 waiting for a decision"),
            name == "Outputs"
        );
    }

    // Level 4 files: the right, and a backend of one's own where they can be looked at.
    let level_4 = format!("{card} a[href='/project/ws/files/']");
    assert!(!ada.get(WORKSPACE).await.html().has(&level_4));
    site.world
        .so("UPDATE backend SET level_4_url = 'https://level-4.example.org'")
        .await;
    assert!(ada.get(WORKSPACE).await.html().has(&level_4));
    assert!(!publisher.get(WORKSPACE).await.html().has(&level_4));
    assert!(
        !site.sign_in("checker").await.get(WORKSPACE).await.html().has(&level_4),
        "no backend"
    );
}

#[sqlx::test]
async fn a_project_shows_what_each_workspace_published_last(pool: PgPool) {
    let site = site(pool).await;
    let card = "section[aria-labelledby=outputs-title]";
    assert!(!site.anonymous().get("/project/").await.expect(200).html().has(card));
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
        .await;
    site.snapshot("ws", "ada", &released.files[..1], true).await;
    let newest = site.snapshot("ws", "ada", &released.files, true).await;
    let draft = site.snapshot("ws", "ada", &released.files[1..], false).await;
    let ada = site.sign_in("ada").await;
    for visitor in [&site.anonymous(), &ada] {
        let html = visitor.get("/project/").await.expect(200).html();
        assert_eq!(
            html.attributes(&format!("{card} a"), "href"),
            [format!("{OUTPUTS}{newest}/")],
            "not {draft}, which is a draft"
        );
        assert!(html.text(card).unwrap().contains("2 files"));
    }
}

#[sqlx::test]
async fn what_checkers_said_shows_with_the_release(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.txt", b"1"), ("b.txt", b"2")])
        .await;
    let ada = site.sign_in("ada").await;
    let path = format!("/project/ws/releases/{}/", released.id);
    let card = "section[aria-labelledby=reviews-title]";
    assert!(
        !ada.get(&path).await.expect(200).html().has(card),
        "nobody said anything"
    );
    site.world
        .so(r#"UPDATE release SET review = '{"status": "REJECTED", "comments": {"why": "<b>Too</b> small"}}'"#)
        .await;
    for (status, comment, when) in [("REJECTED", "old", "2 days"), ("APPROVED", "newer", "1 day")] {
        sqlx::query(
            r#"INSERT INTO release_file_review (release_file_id, status, comments, created_at, created_by_id)
               SELECT f.id, $1, json_build_object('said', $2), now() - $3::interval, u.id
               FROM release_file f, "user" u WHERE f.name = 'a.txt' AND u.username = 'checker'"#,
        )
        .bind(status)
        .bind(comment)
        .bind(when)
        .execute(site.db.pool())
        .await
        .unwrap();
    }
    let html = ada.get(&path).await.expect(200).html();
    assert_accessible(&html);
    let text = html.text(card).unwrap();
    for words in [
        "Rejected",
        "<b>Too</b> small",
        "1 file approved",
        "a.txt Approved by Checker",
        "newer",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("old"), "the newest of each file: {text}");
    nobody(&site).await.get(&path).await.expect(404);
}
