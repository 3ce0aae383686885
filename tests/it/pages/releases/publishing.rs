//! Publishing, rejecting, withdrawing; and that all places agree on what is public.

use rocket::http::Method;
use sqlx::PgPool;

use super::{OUTPUTS, PREPARE, WORKSPACE, act, nobody, site, states};
use crate::pages::lists::assert_accessible;
use crate::support::Site;

/// Whether everybody finds it: in the workspace's list, on the project's page, and the file itself. All must agree.
async fn is_public(site: &Site, snapshot: i32, file: &str) -> bool {
    let stranger = site.anonymous();
    let link = format!("a[href='{OUTPUTS}{snapshot}/']");
    let found = [
        stranger.get(OUTPUTS).await.expect(200).html().has(&link),
        stranger.get("/project/").await.expect(200).html().has(&link),
        stranger.get(&format!("/project/ws/published/{file}/")).await.status == 200,
        stranger
            .get(WORKSPACE)
            .await
            .expect(200)
            .body
            .contains("1 set of files is public"),
    ];
    assert!(found.iter().all(|place| *place == found[0]), "{found:?}");
    found[0]
}

#[sqlx::test]
async fn what_is_published_is_public_everywhere_until_it_is_withdrawn(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let file = &released.files[0];
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let publisher = site.sign_in("publisher").await;
    assert!(!is_public(&site, n, file).await, "it waits");

    let answer = act(&publisher, n, "publish").await.expect(302);
    assert_eq!(answer.location(), format!("{OUTPUTS}{n}/"));
    assert!(
        publisher
            .get(OUTPUTS)
            .await
            .body
            .contains("are published. Everybody can see them now.")
    );
    assert!(is_public(&site, n, file).await);

    act(&publisher, n, "withdraw").await.expect(302);
    assert!(!is_public(&site, n, file).await, "gone at once");
    assert_eq!(states(&site).await, ["Withdrawn"]);

    // Asked for again, it is the same snapshot, and public only when that is decided too.
    let ada = site.sign_in("ada").await;
    let html = ada.get(PREPARE).await.html();
    let seen = html.attribute("input[name=seen]", "value").unwrap();
    let answer = ada
        .post(PREPARE, &[("seen", &seen), ("choice", "all")])
        .await
        .expect(302);
    assert_eq!(answer.location(), format!("{OUTPUTS}{n}/"));
    assert!(!is_public(&site, n, file).await);
    assert_eq!(states(&site).await, ["Waiting for a decision"]);
    act(&publisher, n, "publish").await.expect(302);
    assert!(is_public(&site, n, file).await);

    // Asking for what is public changes nothing.
    let answer = ada
        .post(PREPARE, &[("seen", &seen), ("choice", "all")])
        .await
        .expect(302);
    assert_eq!(answer.location(), format!("{OUTPUTS}{n}/"));
    assert!(ada.get(OUTPUTS).await.body.contains("published already"));
    assert!(is_public(&site, n, file).await);

    let history = ada.get(&format!("{OUTPUTS}{n}/history/")).await.expect(200).html();
    assert_accessible(&history);
    let steps = history.texts("main .list li");
    let told = [
        "Published by Publisher",
        "Asked to be published by Ada",
        "Withdrawn by Publisher",
        "Published by Publisher",
        "Asked to be published by Ada",
        "Prepared by Ada",
    ];
    assert_eq!(steps.len(), told.len(), "{steps:?}");
    for (step, words) in steps.iter().zip(told) {
        assert!(step.starts_with(words), "{steps:?}");
    }
    let kinds: Vec<String> = sqlx::query_scalar(
        "SELECT type FROM auditable_event WHERE type LIKE '%publish%' OR type LIKE 'snapshot%' ORDER BY id",
    )
    .fetch_all(site.db.pool())
    .await
    .unwrap();
    assert_eq!(
        kinds,
        [
            "snapshot_published",
            "snapshot_withdrawn",
            "publish_requested",
            "snapshot_published"
        ]
    );
}

#[sqlx::test]
async fn what_is_rejected_was_never_public(pool: PgPool) {
    let site = site(pool).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let publisher = site.sign_in("publisher").await;
    act(&publisher, n, "reject").await.expect(302);
    assert!(!is_public(&site, n, &released.files[0]).await);
    assert_eq!(states(&site).await, ["Rejected"]);
    // Who decides too late is told, and changes nothing.
    for what in ["publish", "reject", "withdraw"] {
        act(&publisher, n, what).await.expect(302);
        let body = publisher.get(OUTPUTS).await.body;
        assert!(body.contains("Nothing was changed."), "{what}");
    }
    assert_eq!(states(&site).await, ["Rejected"]);
    assert!(!is_public(&site, n, &released.files[0]).await);
    assert_eq!(site.world.number("SELECT count(*) FROM publish_request").await, 1);
}

#[sqlx::test]
async fn two_who_decide_at_once_decide_once(pool: PgPool) {
    let site = site(pool).await;
    site.world
        .global_roles("second", &["OutputPublisher", "ProjectCollaborator"])
        .await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1,2")]).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let (first, second) = (site.sign_in("publisher").await, site.sign_in("second").await);
    let (one, other) = tokio::join!(act(&first, n, "publish"), act(&second, n, "reject"));
    one.expect(302);
    other.expect(302);
    let told = [first.get("/").await.body, second.get("/").await.body];
    assert_eq!(
        told.iter()
            .filter(|body| body.contains("Somebody else has decided"))
            .count(),
        1
    );
    assert_eq!(
        site.world
            .number("SELECT count(*) FROM publish_request WHERE decision IS NOT NULL")
            .await,
        1
    );
}

#[sqlx::test]
async fn a_public_file_needs_one_published_snapshot(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1"), ("b.csv", b"2")])
        .await;
    let path = format!("/project/ws/published/{}/", released.files[0]);
    let one = site.snapshot("ws", "ada", &released.files, true).await;
    let other = site.snapshot("ws", "ada", &released.files[..1], true).await;
    let publisher = site.sign_in("publisher").await;
    act(&publisher, one, "withdraw").await.expect(302);
    site.anonymous().get(&path).await.expect(200);
    act(&publisher, other, "withdraw").await.expect(302);
    site.anonymous().get(&path).await.expect(404);
}

#[sqlx::test]
async fn who_may_not_decide_learns_of_no_draft(pool: PgPool) {
    let site = site(pool).await;
    let released = site
        .release("ws", "tpp", "ada", &[("a.csv", b"1"), ("b.csv", b"2")])
        .await;
    let draft = site.snapshot("ws", "ada", &released.files[..1], false).await;
    let public = site.snapshot("ws", "ada", &released.files, true).await;
    site.world.workspace("project", "second").await;
    let (ada, nobody) = (site.sign_in("ada").await, nobody(&site).await);
    for what in ["publish", "reject", "withdraw"] {
        act(&nobody, draft, what).await.expect(404);
        act(&nobody, public, what).await.expect(403);
        act(&nobody, 999_999, what).await.expect(404);
        act(&ada, draft, what).await.expect(403);
        act(&ada, public, what).await.expect(403);
        let login = site
            .anonymous()
            .bare(Method::Post, &format!("{OUTPUTS}{draft}/{what}/"))
            .await
            .expect(302);
        assert!(login.location().starts_with("/login/"), "{}", login.location());
    }
    for n in [draft, public] {
        let history = format!("{OUTPUTS}{n}/history/");
        nobody.get(&history).await.expect(404);
        assert!(
            site.anonymous()
                .get(&history)
                .await
                .expect(302)
                .location()
                .starts_with("/login/")
        );
        let html = ada.get(&history).await.expect(200).html();
        assert!(!html.has("main form"), "not theirs to decide");
        ada.get(&format!("/project/second/outputs/{n}/history/"))
            .await
            .expect(404);
    }
    // The buttons are for those who decide, and for what can be decided.
    let publisher = site.sign_in("publisher").await;
    let actions = |html: crate::support::Html| html.attributes("main form", "action");
    let html = publisher
        .get(&format!("{OUTPUTS}{draft}/history/"))
        .await
        .expect(200)
        .html();
    assert_accessible(&html);
    assert_eq!(
        actions(html),
        [
            format!("{OUTPUTS}{draft}/publish/"),
            format!("{OUTPUTS}{draft}/reject/")
        ]
    );
    let html = publisher
        .get(&format!("{OUTPUTS}{public}/history/"))
        .await
        .expect(200)
        .html();
    assert_eq!(actions(html), [format!("{OUTPUTS}{public}/withdraw/")]);
}

#[sqlx::test]
async fn who_may_not_look_at_a_draft_does_not_decide_about_it(pool: PgPool) {
    let site = site(pool).await;
    site.world.global_roles("blind", &["OutputPublisher"]).await;
    let released = site.release("ws", "tpp", "ada", &[("a.csv", b"1")]).await;
    let n = site.snapshot("ws", "ada", &released.files, false).await;
    let blind = site.sign_in("blind").await;
    for what in ["publish", "reject"] {
        act(&blind, n, what).await.expect(404);
    }
    assert_eq!(states(&site).await, ["Waiting for a decision"]);
}
