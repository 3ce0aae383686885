//! How a snapshot stands, wherever it is told, and asking for it again.

use sqlx::PgPool;

use super::{OUTPUTS, act, nobody, site, states};
use crate::pages::lists::assert_accessible;
use crate::support::{Html, Site, Visitor};

/// What its own page says, and what that offers to be done, to somebody.
async fn stands(site: &Site, who: &str, n: i32) -> (String, Vec<String>, Html) {
    let path = format!("{OUTPUTS}{n}/");
    let html = site.sign_in(who).await.get(&path).await.expect(200).html();
    assert_accessible(&html);
    let actions = html.attributes("main form", "action");
    let offered = actions
        .iter()
        .filter_map(|action| action.strip_prefix(&path).map(str::to_owned))
        .collect();
    (html.text("h1 .pill").unwrap(), offered, html)
}

/// The list, the page and the history say one thing.
async fn assert_stands(site: &Site, n: i32, state: &str) {
    assert_eq!(states(site).await, [state], "in the list");
    assert_eq!(stands(site, "ada", n).await.0, state, "on its page");
    let history = format!("{OUTPUTS}{n}/history/");
    let html = site.sign_in("ada").await.get(&history).await.expect(200).html();
    assert_eq!(html.text("h1 .pill").as_deref(), Some(state), "in its history");
}

#[sqlx::test]
async fn all_places_say_how_a_snapshot_stands_and_who_decided(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let (ada, publisher) = (site.sign_in("ada").await, site.sign_in("publisher").await);
    assert_stands(&site, n, "Waiting for a decision").await;
    let (_, offered, html) = stands(&site, "ada", n).await;
    assert!(
        html.main().contains("Asked for by Ada") && offered.is_empty(),
        "{offered:?}"
    );
    assert_eq!(stands(&site, "publisher", n).await.1, ["publish/", "reject/"]);

    act(&publisher, n, "reject").await.expect(302);
    assert_stands(&site, n, "Rejected").await;
    let (_, offered, html) = stands(&site, "ada", n).await;
    assert!(html.main().contains("Rejected by Publisher"), "{}", html.main());
    assert!(html.main().contains("It was decided not to publish these files."));
    assert_eq!(offered, ["ask/"]);

    act(&ada, n, "ask").await.expect(302);
    assert_stands(&site, n, "Waiting for a decision").await;
    act(&publisher, n, "publish").await.expect(302);
    assert_stands(&site, n, "Published").await;
    let (_, offered, html) = stands(&site, "publisher", n).await;
    assert!(html.main().contains("Published by Publisher"));
    assert_eq!(offered, ["withdraw/"]);
    assert!(stands(&site, "ada", n).await.1.is_empty());

    act(&publisher, n, "withdraw").await.expect(302);
    assert_stands(&site, n, "Withdrawn").await;
    let (_, offered, html) = stands(&site, "publisher", n).await;
    assert!(html.main().contains("Withdrawn by Publisher"));
    assert!(html.main().contains("These files were public and are not any more."));
    assert_eq!(offered, ["ask/"]);

    // What was withdrawn and is rejected afterwards is rejected.
    act(&publisher, n, "ask").await.expect(302);
    act(&publisher, n, "reject").await.expect(302);
    assert_stands(&site, n, "Rejected").await;

    site.world.so("DELETE FROM publish_request").await;
    assert_stands(&site, n, "Draft").await;
    assert_eq!(stands(&site, "ada", n).await.1, ["ask/"]);
}

async fn told(who: &Visitor) -> String {
    who.get("/settings/").await.body
}

#[sqlx::test]
async fn asking_again_makes_one_request_and_none_for_what_is_public(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, true).await;
    let ada = site.sign_in("ada").await;
    let requests = async || site.world.number("SELECT count(*) FROM publish_request").await;
    act(&ada, n, "ask").await.expect(302);
    assert!(told(&ada).await.contains("published already. Nothing was changed."));
    assert_eq!(
        (requests().await, states(&site).await),
        (1, vec!["Published".to_owned()])
    );

    act(&site.sign_in("publisher").await, n, "withdraw").await.expect(302);
    // Two who ask at once ask once.
    let (one, other) = (site.sign_in("ada").await, site.sign_in("publisher").await);
    let (first, second) = tokio::join!(act(&one, n, "ask"), act(&other, n, "ask"));
    assert_eq!(first.expect(302).location(), format!("{OUTPUTS}{n}/"));
    second.expect(302);
    assert_eq!(requests().await, 3);
    let told = [told(&one).await, told(&other).await];
    let count = |words: &str| told.iter().filter(|body| body.contains(words)).count();
    assert_eq!(count("These files wait for a decision now."), 1);
    assert_eq!(count("wait for a decision already. Nothing was changed."), 1);
    // The same snapshot, and the same files.
    assert_eq!(site.world.number("SELECT count(*) FROM snapshot").await, 1);
    let asked: Vec<String> = sqlx::query_scalar("SELECT type FROM auditable_event ORDER BY id DESC LIMIT 1")
        .fetch_all(site.db.pool())
        .await
        .unwrap();
    assert_eq!(asked, ["publish_requested"]);
}

#[sqlx::test]
async fn nobody_asks_for_what_is_gone_or_not_there(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1,2"), ("b.csv", b"1")])
        .await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    act(&site.sign_in("publisher").await, n, "reject").await.expect(302);
    let ada = site.sign_in("ada").await;
    for (change, words) in [
        (
            "UPDATE release_file SET path = '', uploaded_at = NULL WHERE name = 'b.csv'",
            "has not been uploaded yet",
        ),
        (
            "UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id",
            "All of these files were withdrawn. Nothing was changed.",
        ),
    ] {
        site.world.so(change).await;
        assert!(stands(&site, "ada", n).await.1.is_empty(), "it is not offered");
        act(&ada, n, "ask").await.expect(302);
        let body = told(&ada).await;
        assert!(body.contains(words), "{words}");
    }
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 1);
}

#[sqlx::test]
async fn who_may_neither_choose_nor_decide_does_not_ask(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1"), ("b.csv", b"2")])
        .await;
    let draft = site.snapshot("ws", "ada", &released.files[..1], false).await;
    let public = site.snapshot("ws", "ada", &released.files, true).await;
    act(&site.sign_in("publisher").await, draft, "reject").await.expect(302);
    let (checker, nobody) = (site.sign_in("checker").await, nobody(&site).await);
    site.world.global_roles("blind", &["OutputPublisher"]).await;
    act(&checker, draft, "ask").await.expect(403);
    act(&nobody, draft, "ask").await.expect(404);
    act(&nobody, public, "ask").await.expect(403);
    act(&site.sign_in("blind").await, draft, "ask").await.expect(404);
    assert!(stands(&site, "checker", draft).await.1.is_empty());
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 2);
}

#[sqlx::test]
async fn a_dialog_says_what_will_happen_to_how_many_files(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1"), ("b.csv", b"2"), ("c.csv", b"3")])
        .await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id WHERE name = 'c.csv'")
        .await;
    let publisher = site.sign_in("publisher").await;
    let asks = async || stands(&site, "publisher", n).await.2.texts("main .ask");
    let questions = asks().await;
    for (question, part) in [
        (0, "Everybody will be able to read these 2 files, without signing in."),
        (0, "1 file that was withdrawn is not among them."),
        (1, "These 2 files will not be public."),
    ] {
        assert!(questions[question].contains(part), "{questions:?}");
    }
    // What has not arrived is not published, which is said before.
    site.world
        .so("UPDATE release_file SET path = '', uploaded_at = NULL WHERE name = 'b.csv'")
        .await;
    let (_, offered, html) = stands(&site, "publisher", n).await;
    assert_eq!(offered, ["reject/"]);
    assert!(html.main().contains("1 file has not been uploaded yet."));
    site.world
        .so("UPDATE release_file SET path = 'x/y', uploaded_at = now() WHERE name = 'b.csv'")
        .await;
    act(&publisher, n, "publish").await.expect(302);
    let questions = asks().await;
    assert!(
        questions[0].contains("will see these 2 files any more"),
        "{questions:?}"
    );
    act(&publisher, n, "withdraw").await.expect(302);
    let questions = asks().await;
    assert!(
        questions[0].contains("Ask again…") && questions[0].contains("These 2 files are put before"),
        "{questions:?}"
    );
}

#[sqlx::test]
async fn withdrawing_decides_a_request_that_waits_too(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, true).await;
    // As the service before left it, which let somebody ask for what is public.
    site.world
        .so(
            "INSERT INTO publish_request (snapshot_id, workspace_id, created_by_id, updated_by_id)
             SELECT id, workspace_id, created_by_id, created_by_id FROM snapshot",
        )
        .await;
    let publisher = site.sign_in("publisher").await;
    let workspace = publisher.get("/project/ws/").await.expect(200);
    assert!(
        !workspace.body.contains("for your decision"),
        "what is public does not wait"
    );
    act(&publisher, n, "withdraw").await.expect(302);
    assert_stands(&site, n, "Withdrawn").await;
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM publish_request WHERE decision IS NULL")
            .await,
        0
    );
    act(&publisher, n, "ask").await.expect(302);
    act(&publisher, n, "publish").await.expect(302);
    assert_stands(&site, n, "Published").await;
}

#[sqlx::test]
async fn what_was_withdrawn_before_it_was_public_stays_unknown(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release(
            "ws",
            "tpp",
            "ada",
            &[("shown.csv", b"1"), ("secret.csv", b"2"), ("late.csv", b"3")],
        )
        .await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let gone = "UPDATE release_file SET deleted_at = clock_timestamp(), deleted_by_id = created_by_id WHERE name = ";
    let delete = async |name: &str| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{gone}'{name}'")))
            .execute(site.db.pool())
            .await
            .unwrap();
    };
    delete("secret.csv").await;
    act(&site.sign_in("publisher").await, n, "publish").await.expect(302);
    delete("late.csv").await;
    let api = format!("/api/v2/workspaces/ws/snapshots/{n}");
    let page = format!("{OUTPUTS}{n}/");
    let nobody = site.anonymous();
    let archive = nobody.get(&format!("{page}download/")).await.expect(200).body;
    assert!(!archive.contains("secret.csv"));
    for path in [&api, &page] {
        let body = nobody.get(path).await.expect(200).body;
        assert!(
            body.contains("late.csv"),
            "what was public is known to have been: {path}"
        );
        assert!(!body.contains("secret.csv"), "{path}");
    }
    assert!(
        nobody
            .get(OUTPUTS)
            .await
            .expect(200)
            .html()
            .main()
            .contains("1 withdrawn")
    );
    let ada = site.sign_in("ada").await;
    for path in [&api, &page] {
        assert!(ada.get(path).await.expect(200).body.contains("secret.csv"), "{path}");
    }
    assert!(ada.get(OUTPUTS).await.expect(200).html().main().contains("2 withdrawn"));
}

#[sqlx::test]
async fn of_nothing_nothing_is_published(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    site.world
        .so("UPDATE release_file SET deleted_at = now(), deleted_by_id = created_by_id")
        .await;
    assert_eq!(stands(&site, "publisher", n).await.1, ["reject/"]);
    let publisher = site.sign_in("publisher").await;
    act(&publisher, n, "publish").await.expect(302);
    assert!(told(&publisher).await.contains("All of these files were withdrawn."));
    let api = format!("/api/v2/workspaces/ws/snapshots/{n}/publish");
    publisher.post_json(&api, &serde_json::json!({})).await.expect(409);
    assert_stands(&site, n, "Waiting for a decision").await;
}
